import { defineCheck } from '../define-check.ts';
import type { RequestSpec } from '../io/io.ts';
import type { WatchedReload } from '../io/watch-reload.ts';
import { hostAndPort } from '../reproduce.ts';
import type { Case, Instance, PathHop } from '../types.ts';
import { postsOf } from '../vantages.ts';
import { duration, shellWord } from '../wording.ts';

/** How long idle connections are held, ms: what a case of seconds has to spare. */
const HOLD_MS = 1_500;
/** Apart by more than reloads need to end all of them (nginx: within a few ms), so that idle timeouts end them apart. */
const OPEN_AT = [0, 250, 500];
const TOGETHER_MS = 100;

interface Watch {
  tls: boolean;
  host: string;
  seen: WatchedReload;
}

interface WatchFacts {
  RELOAD_SEEN_FROM_OUTSIDE: {
    address: string;
    host: string;
    tls: boolean;
    closed: number;
    heldMs: number;
    endedMs: number;
    sessions: string;
  };
  TLS_SESSIONS_LOST: { address: string; host: string; heldMs: number };
  NO_RELOAD_SEEN: { address: string; held: number; total: number; heldMs: number };
}

/** A reload ends what people hold open: only then, or when asked for, is the wait worth it. */
const concerns = (triage: Case): boolean =>
  triage.only?.includes('reload-from-outside') || triage.symptoms.kinds.includes('disconnects');

/** Its own traces tell more, and of the past too. */
const tellsItself = (instance: Instance | undefined): boolean =>
  Boolean(instance && (instance.errorLog || instance.pidFile || instance.metrics || instance.admin));

/** How many ended together, and when; 0 when those that ended did so one by one, as an idle timeout does. */
function together(idle: WatchedReload['idle']): { closed: number; endedMs: number } {
  const ends = idle.flatMap((one) => one.endedMs ?? []).sort((a, b) => a - b);
  const [first, last] = [ends[0], ends.at(-1)];
  const alike = first !== undefined && last !== undefined && ends.length >= 2 && last - first <= TOGETHER_MS;
  // Those that were opened later than the end are no witnesses; all the others must agree.
  const witnesses = alike ? idle.filter((one) => one.idleMs < last).length : 0;
  return alike && witnesses === ends.length ? { closed: ends.length, endedMs: last } : { closed: 0, endedMs: 0 };
}

const PHRASE: { [sessions: string]: string } = {
  lost: ', and TLS sessions from before are not resumed any more',
  kept: '; TLS sessions from before are still resumed',
  unknown: '',
};

/**
 * A reload leaves two marks outside: idle connections of every age end at the same moment, and TLS sessions from before
 * are not resumed. Watched for a moment at replicas whose own logs and pages nobody named.
 */
export const reloadFromOutside = defineCheck<Watch, WatchFacts>({
  id: 'reload-from-outside',
  title: 'A reload, seen from outside',
  asks: 'Does a replica reload while its idle connections are watched?',
  vantages: ['proxy-replica'],
  budgetMs: 9_000,
  plan: ({ case: triage, path }) =>
    (concerns(triage) ? postsOf(path, triage.target) : [])
      .filter((post) => post.hop === 'proxy' && path.routed)
      .flatMap((post) => {
        const hop: PathHop | undefined = path.hops.find((one) => one.name === post.at.hop);
        const instance = hop?.instances.find((one) => one.name === post.at.part || one.https === post.address);
        if (tellsItself(instance) && !triage.only?.includes('reload-from-outside')) return [];
        const { vantage, at, address, scheme, header } = post;
        const { host, path: page } = triage.target;
        const asked = { tls: scheme === 'https', host, path: page, header };
        return [{ look: { check: 'reload-from-outside', vantage, hop: post.hop, at, address, with: asked } }];
      }),
  async look(io, look, address, signal) {
    const { tls, host, path, header } = look.with as {
      tls: boolean;
      host: string;
      path: string;
      header: RequestSpec['proxyHeader'];
    };
    const scheme = tls ? 'https' : 'http';
    const spec = { address, scheme, host, path, proxyHeader: header, holdMs: HOLD_MS, openAt: OPEN_AT } as const;
    return { tls, host, seen: await io.watchReload({ ...spec, openAt: [...OPEN_AT] }, signal) };
  },
  read({ seen, host, tls }, { address }) {
    const { closed, endedMs } = together(seen.idle);
    const { before, after } = seen.resumption;
    const sessions = before !== true || after === null ? 'unknown' : after ? 'kept' : 'lost';
    const { heldMs } = seen;
    if (closed > 0)
      return [{ code: 'RELOAD_SEEN_FROM_OUTSIDE', facts: { address, host, tls, closed, heldMs, endedMs, sessions } }];
    if (sessions === 'lost') return [{ code: 'TLS_SESSIONS_LOST', facts: { address, host, heldMs } }];
    const outlived = seen.idle.filter((one) => one.endedMs === null).length;
    return outlived > 0
      ? [{ code: 'NO_RELOAD_SEEN', facts: { address, held: outlived, total: seen.idle.length, heldMs } }]
      : [];
  },
  findings: {
    RELOAD_SEEN_FROM_OUTSIDE: {
      hop: 'proxy',
      direction: 'context',
      title: 'All idle connections ended at the same moment',
      says: (f) =>
        `${f.address} ended ${f.closed} of ${f.closed} idle connections of different age at the same moment, ${duration(f.endedMs)} after the watch began${PHRASE[f.sessions] ?? ''}: it reloaded or restarted.`,
      next: () => 'See what reloads the proxy just now, and how often; its log names each.',
      reproduce: (f) =>
        `printf 'HEAD / HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n' ${shellWord(f.host)} | ${
          f.tls
            ? `timeout 60 openssl s_client -quiet -connect ${shellWord(f.address)} -servername ${shellWord(f.host)}`
            : `nc -w 60 ${hostAndPort(f.address)}`
        }; date`,
    },
    TLS_SESSIONS_LOST: {
      hop: 'proxy',
      direction: 'context',
      title: 'TLS sessions from a moment ago are not resumed any more',
      says: (f) =>
        `${f.address} resumed a TLS session and ${duration(f.heldMs)} later does not any more: its ticket keys changed, as with a reload or restart.`,
      next: () => 'See whether the proxy reloaded; a ticket key file keeps sessions over reloads.',
      reproduce: (f) =>
        `s=$(mktemp); openssl s_client -connect ${shellWord(f.address)} -servername ${shellWord(f.host)} -tls1_2 -sess_out "$s" </dev/null >/dev/null 2>&1; sleep 10; openssl s_client -connect ${shellWord(f.address)} -servername ${shellWord(f.host)} -tls1_2 -sess_in "$s" </dev/null 2>/dev/null | grep -E '^(New|Reused),'`,
    },
    NO_RELOAD_SEEN: {
      hop: 'proxy',
      direction: 'context',
      title: 'Idle connections outlived the watch',
      says: (f) => `${f.held} of ${f.total} idle connections at ${f.address} stayed open for ${duration(f.heldMs)}.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
  },
});
