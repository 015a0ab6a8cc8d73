import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { ProxySettings } from '../io/proxy-settings.ts';
import { withTold } from '../settings/balancers.ts';
import {
  hopTitle,
  lookAtSettings,
  type PathSettings,
  planSettings,
  settingsOfHop,
  showLine,
} from '../settings/look.ts';
import { type Side, seconds, sidesOf } from '../settings/sides.ts';
import type { PathHop } from '../types.ts';
import { fileName } from '../wording.ts';

/** Two neighbours of the path and the number that each of them holds to; `from`: `file:line`, an attribute, `default`. */
type Pair = {
  outer: string;
  inner: string;
  outerValue: number;
  innerValue: number;
  outerFrom: string;
  innerFrom: string;
};

interface LimitFacts {
  PROXY_CLOSES_IDLE_FIRST: Pair;
  APP_CLOSES_IDLE_FIRST: Pair;
  BALANCER_FORGETS_IDLE_FIRST: Pair;
  OUTER_GIVES_UP_FIRST: Pair & { hopName: string };
  CONNECT_TRIES_OUTLAST_CALLER: Pair & { tries: number; each: number };
  BODY_LIMIT_SHRINKS_INWARDS: Pair;
  ROOM_SHRINKS_INWARDS: Pair;
  WAITS_FOR_UPSTREAM: {
    proxy: string;
    hopName: string;
    seconds: number;
    from: string;
    tries: number;
    connect: number | null;
    connectFrom: string | null;
    /** Most bytes of an answer's headers that it takes; null: not known. */
    answerHeader: number | null;
    [key: string]: string | number | null;
  };
  HOLDS_REQUESTS_BACK: {
    proxy: string;
    hopName: string;
    perSecond: number;
    waiting: number;
    seconds: number;
    at: string;
    from: string;
  };
  LIMITS_IN_ORDER: { hops: string[]; boundaries: number };
}

const pair = (outer: Side, inner: Side, of: Side['wait'], against: Side['wait']): Pair => ({
  outer: outer.title,
  inner: inner.title,
  outerValue: of?.value ?? 0,
  innerValue: against?.value ?? 0,
  outerFrom: of?.from ?? '',
  innerFrom: against?.from ?? '',
});

/** Who closes or forgets an idle connection first, where the other one may still use it. */
function idle(outer: Side, inner: Side): Draft<LimitFacts>[] {
  const found: Draft<LimitFacts>[] = [];
  if (!inner.idleIn) return found;
  if (
    outer.kind === 'silent' &&
    outer.idleOut &&
    (inner.idleIn.value === 0 || inner.idleIn.value > outer.idleOut.value)
  )
    found.push({ code: 'BALANCER_FORGETS_IDLE_FIRST', facts: pair(outer, inner, outer.idleOut, inner.idleIn) });
  // nginx: keepalive_timeout 0 closes after each answer: nothing is kept, so nothing races.
  if (outer.kind !== 'http' || !outer.idleOut || inner.idleIn.value === 0) return found;
  if (inner.idleIn.value >= outer.idleOut.value) return found;
  const facts = pair(outer, inner, outer.idleOut, inner.idleIn);
  found.push(
    inner.hop === 'service' || inner.hop === 'app'
      ? { code: 'APP_CLOSES_IDLE_FIRST', facts }
      : { code: 'PROXY_CLOSES_IDLE_FIRST', facts },
  );
  return found;
}

/** Who gives up first on an answer, and on a connection. */
function waits(outer: Side, inner: Side): Draft<LimitFacts>[] {
  const found: Draft<LimitFacts>[] = [];
  const limit = outer.wait?.value ?? 0;
  if (!outer.wait || limit === 0) return found;
  if (inner.wait && (inner.wait.value === 0 || inner.wait.value > limit))
    found.push({
      code: 'OUTER_GIVES_UP_FIRST',
      hop: outer.hop,
      facts: { ...pair(outer, inner, outer.wait, inner.wait), hopName: outer.name },
    });
  const tries = inner.retries.count + 1;
  const all = inner.connect ? inner.connect.value * tries + inner.retries.pause * inner.retries.count : 0;
  if (inner.connect && all > limit)
    found.push({
      code: 'CONNECT_TRIES_OUTLAST_CALLER',
      facts: {
        ...pair(outer, inner, outer.wait, { value: all, from: inner.connect.from }),
        tries,
        each: inner.connect.value,
      },
    });
  return found;
}

function rooms(outer: Side, inner: Side): Draft<LimitFacts>[] {
  const found: Draft<LimitFacts>[] = [];
  if (
    outer.body &&
    inner.body &&
    inner.body.value > 0 &&
    (outer.body.value === 0 || outer.body.value > inner.body.value)
  )
    found.push({ code: 'BODY_LIMIT_SHRINKS_INWARDS', facts: pair(outer, inner, outer.body, inner.body) });
  if (outer.room && inner.room && outer.room.value > inner.room.value)
    found.push({ code: 'ROOM_SHRINKS_INWARDS', facts: pair(outer, inner, outer.room, inner.room) });
  return found;
}

/** How long each proxy waits: what a duration in a report or a log is held against. */
function waitOf(hop: PathHop, settings: ProxySettings): Draft<LimitFacts>[] {
  const { upstreamRead, connect } = settings.timeouts;
  if (!upstreamRead) return [];
  const retries = settings.upstreams[0]?.retries;
  // A time-out is tried again only where it is among what is retried (nginx: `timeout`, HAProxy: response-timeout).
  const again = retries?.on.some((on) => on === 'timeout' || on === 'response-timeout') ?? false;
  return [
    {
      code: 'WAITS_FOR_UPSTREAM',
      facts: {
        proxy: hopTitle(hop),
        hopName: hop.name,
        seconds: upstreamRead.value,
        from: upstreamRead.where ?? 'default',
        tries: again ? (retries?.count ?? 0) + 1 : 1,
        connect: connect?.value ?? null,
        connectFrom: connect ? (connect.where ?? 'default') : null,
        answerHeader: settings.limits.answerHeaderBytes?.value ?? null,
      },
    },
  ];
}

/** A limit that lets what comes too fast wait, in place of refusing it. */
function heldOf(hop: PathHop, settings: ProxySettings): Draft<LimitFacts>[] {
  const held = settings.limits.heldBack;
  if (!held) return [];
  const facts = { proxy: hopTitle(hop), hopName: hop.name, ...held.value, from: held.where ?? 'default' };
  return [{ code: 'HOLDS_REQUESTS_BACK', facts }];
}

function read(row: PathSettings, scope: ReadScope): Draft<LimitFacts>[] {
  const sides = sidesOf(row, withTold(scope.path, row.balancers));
  const found = sides.slice(1).flatMap((inner, i) => {
    const outer = sides[i] as Side;
    return [...idle(outer, inner), ...waits(outer, inner), ...rooms(outer, inner)];
  });
  const context = scope.path.hops
    .filter((hop) => hop.hop === 'proxy')
    .flatMap((hop) => {
      const settings = settingsOfHop(row, hop);
      return settings ? [...waitOf(hop, settings), ...heldOf(hop, settings)] : [];
    });
  if (found.length === 0)
    found.push({
      code: 'LIMITS_IN_ORDER',
      facts: { hops: sides.map((side) => side.title), boundaries: Math.max(0, sides.length - 1) },
    });
  return [...found, ...context];
}

/** Where a setting stands, without the folders before the file: the command beside it has them. */
const of = (from: string): string => (from === 'default' ? 'its default' : fileName(from));
const limit = (value: number): string => (value === 0 ? 'without limit' : seconds(value));
const bytes = (value: number): string =>
  value === 0
    ? 'no limit'
    : value >= 1024 ** 2
      ? `${Math.round(value / 1024 ** 2)} MiB`
      : `${Math.round(value / 1024)} KiB`;
const show = (f: Pair): string | null => showLine(f.innerFrom) ?? showLine(f.outerFrom);

/** Are the limits and timeouts along the path in an order in which nobody cuts what another one still uses? */
export const limitsAndTimeouts = defineCheck<PathSettings, LimitFacts>({
  id: 'limits-and-timeouts',
  title: 'Limits and timeouts along the path',
  asks: 'Does one hop close, cut or refuse what the hop in front of it still counts on?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: (scope) => planSettings('limits-and-timeouts', scope),
  look: (io, look, _address, signal) => lookAtSettings(io, look, signal),
  read,
  findings: {
    PROXY_CLOSES_IDLE_FIRST: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The proxy closes idle connections before the balancer stops using them',
      says: (f) =>
        `${f.inner} closes an idle connection after ${seconds(f.innerValue)} (${of(f.innerFrom)}), ${seconds(f.outerValue - f.innerValue)} before ${f.outer} stops reusing it at ${seconds(f.outerValue)} (${of(f.outerFrom)}): a request sent in that moment is lost.`,
      next: (f) => `Keep idle connections of callers in ${f.inner} longer than ${seconds(f.outerValue)}.`,
      reproduce: show,
    },
    APP_CLOSES_IDLE_FIRST: {
      hop: 'app',
      direction: 'context',
      title: 'The application closes idle connections before the proxy stops using them',
      says: (f) =>
        `${f.inner} closes an idle connection after ${seconds(f.innerValue)} (${of(f.innerFrom)}), ${seconds(f.outerValue - f.innerValue)} before ${f.outer} stops reusing it at ${seconds(f.outerValue)} (${of(f.outerFrom)}): a request sent in that moment gets a 502.`,
      next: (f) =>
        `Raise the application's keep-alive above ${seconds(f.outerValue)}, or lower the proxy's below ${seconds(f.innerValue)}.`,
      reproduce: (f) => showLine(f.outerFrom),
    },
    BALANCER_FORGETS_IDLE_FIRST: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer forgets idle connections that the proxy keeps',
      says: (f) =>
        `${f.outer} forgets an idle connection after ${seconds(f.outerValue)} (${of(f.outerFrom)}) without a word, while ${f.inner} keeps it ${limit(f.innerValue)} (${of(f.innerFrom)}): who uses it again gets a reset that no proxy logs.`,
      next: (f) =>
        `Close idle connections in ${f.inner} before ${seconds(f.outerValue)}, or send TCP keep-alives more often than that.`,
      reproduce: show,
    },
    OUTER_GIVES_UP_FIRST: {
      hop: 'proxy',
      direction: 'context',
      title: 'An outer hop gives up before the inner one',
      says: (f) =>
        `${f.outer} waits ${seconds(f.outerValue)} for an answer (${of(f.outerFrom)}), ${f.inner} behind it ${limit(f.innerValue)} (${of(f.innerFrom)}): what takes longer is cut by ${f.outer}, and ${f.inner} sees only a caller that left.`,
      next: (f) => `Let ${f.outer} wait a little longer than ${f.inner}, so that who gives up is who can say why.`,
      reproduce: (f) => showLine(f.outerFrom) ?? showLine(f.innerFrom),
    },
    CONNECT_TRIES_OUTLAST_CALLER: {
      hop: 'proxy',
      direction: 'context',
      title: 'Tries to connect take longer than the caller waits',
      says: (f) =>
        `${f.inner} tries ${f.tries} ${f.tries === 1 ? 'time' : 'times'} for ${seconds(f.each)} to connect (${of(f.innerFrom)}), up to ${seconds(f.innerValue)}, while ${f.outer} waits ${seconds(f.outerValue)} (${of(f.outerFrom)}): a dead endpoint costs the whole request.`,
      next: (f) =>
        `Lower the connect timeout of ${f.inner}: a connection inside a network is made in milliseconds or not at all.`,
      reproduce: show,
    },
    BODY_LIMIT_SHRINKS_INWARDS: {
      hop: 'proxy',
      direction: 'context',
      title: 'An inner proxy takes smaller bodies than the outer one',
      says: (f) =>
        `${f.outer} takes bodies up to ${bytes(f.outerValue)} (${of(f.outerFrom)}), ${f.inner} behind it ${bytes(f.innerValue)} (${of(f.innerFrom)}): what lies between is refused with 413 after it was sent.`,
      next: (f) => `Give ${f.inner} at least the limit of ${f.outer}.`,
      reproduce: show,
    },
    ROOM_SHRINKS_INWARDS: {
      hop: 'proxy',
      direction: 'context',
      title: 'An inner proxy takes fewer connections than the outer one sends',
      says: (f) =>
        `${f.outer} takes up to ${f.outerValue} connections (${of(f.outerFrom)}), all replicas of ${f.inner} together ${f.innerValue} (${of(f.innerFrom)}): a full house in front is too much behind.`,
      next: (f) => `Raise the limit of ${f.inner}, or add replicas.`,
      reproduce: show,
    },
    WAITS_FOR_UPSTREAM: {
      hop: 'proxy',
      direction: 'context',
      title: 'How long the proxy waits for what is behind it',
      says: (f) =>
        `${f.proxy} waits ${limit(f.seconds)} for an answer (${of(f.from)})${f.connect === null ? '' : ` and ${limit(f.connect)} for a connection${of(f.connectFrom ?? '') === of(f.from) ? '' : ` (${of(f.connectFrom ?? '')})`}`}${f.tries > 1 ? `, and tries up to ${f.tries} times` : ''}.`,
      next: () => 'Hold the times of failed requests against it.',
      reproduce: (f) => showLine(f.from) ?? showLine(f.connectFrom),
    },
    HOLDS_REQUESTS_BACK: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy keeps requests waiting that come faster than a limit of its own',
      says: (f) =>
        `${f.proxy} lets ${f.perSecond >= 1 ? `${Math.round(f.perSecond * 10) / 10} requests a second` : `${Math.round(f.perSecond * 60)} requests a minute`} through to ${f.at} and keeps up to ${f.waiting} more waiting, the last for ${seconds(f.seconds)} (${of(f.from)}).`,
      next: (f) =>
        `Raise the rate for ${f.at}, or let a burst through at once (nginx: nodelay); callers behind one address share one limit.`,
      reproduce: (f) => showLine(f.from),
    },
    LIMITS_IN_ORDER: {
      hop: 'proxy',
      direction: 'context',
      title: 'Limits and timeouts along the path are in order',
      says: (f) =>
        `No limit or timeout that is known cuts what the hop in front still counts on (${f.hops.join(', ')}).`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
  },
});
