import { GCE_DETAILS } from '../cloud/words.ts';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { instanceLooks, questionOf, questionOn } from '../instance-looks.ts';
import type { BalancerLog } from '../io/balancer-reader.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import { clock, share, shellWord } from '../wording.ts';

type Base = {
  balancer: string;
  count: number;
  total: number;
  word: string;
  says: string;
  first: string;
  last: string;
  now: string;
  source: string;
};

interface LogFacts {
  BACKEND_CLOSED_FIRST: Base;
  BACKEND_NOT_REACHED: Base;
  NO_BACKEND_TO_PICK: Base;
  BACKEND_TOO_LATE: Base;
  BACKEND_ANSWERED_ERRORS: Base;
  CALLERS_LEFT: Base;
  BALANCER_ERRORS_UNEXPLAINED: Base;
  BALANCER_LOGGED_NO_ERRORS: { balancer: string; total: number; source: string; covers: boolean };
}

const CODES: { [word: string]: Exclude<keyof LogFacts, 'BALANCER_LOGGED_NO_ERRORS'> } = {
  backend_connection_closed_before_data_sent_to_client: 'BACKEND_CLOSED_FIRST',
  failed_to_connect_to_backend: 'BACKEND_NOT_REACHED',
  failed_to_pick_backend: 'NO_BACKEND_TO_PICK',
  backend_timeout: 'BACKEND_TOO_LATE',
  response_sent_by_backend: 'BACKEND_ANSWERED_ERRORS',
  backend_connection_closed_after_partial_response_sent: 'BACKEND_ANSWERED_ERRORS',
  client_disconnected_before_any_response: 'CALLERS_LEFT',
  client_disconnected_after_partial_response: 'CALLERS_LEFT',
};

function read(data: BalancerLog, scope: ReadScope): Draft<LogFacts>[] {
  const balancer = scope.look.at.hop;
  const { from } = questionOf(scope.look).window;
  if (data.total === 0) return [];
  const found = data.details.map(({ word, count, first, last }) => ({
    code: (Object.hasOwn(CODES, word) ? CODES[word] : undefined) ?? ('BALANCER_ERRORS_UNEXPLAINED' as const),
    facts: {
      balancer,
      count,
      total: data.total,
      word: word || 'no word',
      says:
        (Object.hasOwn(GCE_DETAILS, word) ? GCE_DETAILS[word] : undefined)?.says ?? 'what it means is not known here',
      first,
      last,
      now: scope.case.at,
      source: data.source,
    },
  }));
  if (data.errors > 0) return found;
  const covers = data.reachesBackTo !== null && data.reachesBackTo <= from;
  return [
    ...found,
    {
      code: 'BALANCER_LOGGED_NO_ERRORS',
      ...(covers ? {} : { direction: 'context' as const }),
      facts: { balancer, total: data.total, source: data.source, covers },
    },
  ];
}

const says = (f: Base): string =>
  `${share(f.count, f.total)} requests at ${f.balancer} from ${clock(f.first, f.now)} to ${clock(f.last, f.now)}: ${f.says} (${f.word}).`;
const grep = (f: Base): string | null =>
  f.word === 'no word' ? null : `grep -a ${shellWord(f.word)} ${shellWord(f.source)} | tail -n 5`;

/** What does the log of the cloud's balancer say of the side that ended the requests? */
export const balancerLog = defineCheck<BalancerLog, LogFacts>({
  id: 'balancer-log',
  title: "The cloud balancer's own log",
  asks: 'Which side ended the requests that failed, as the balancer wrote it down?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: (scope) =>
    instanceLooks(
      'balancer-log',
      scope.path.hops.filter((hop) => hop.hop === 'load-balancer' && hop.kind === 'gce'),
      (one) => one.accessLog,
      questionOn(scope),
    ),
  look(io, look, _address, signal) {
    if (!io.balancer) throw new BlindLook('not-configured', 'no log of a balancer can be read here');
    const { host, window } = questionOf(look);
    return io.balancer.log(look.at, host, window, signal);
  },
  read,
  findings: {
    BACKEND_CLOSED_FIRST: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'Backends closed connections that the balancer still used',
      says,
      next: () =>
        'Keep idle connections of callers longer than 600 s in what is behind it (620 s): the balancer keeps its own for 600 s.',
      reproduce: grep,
    },
    BACKEND_NOT_REACHED: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer could not connect to a backend',
      says,
      next: () => "See which backend it was, and whether the firewall lets the balancer's ranges in.",
      reproduce: grep,
    },
    NO_BACKEND_TO_PICK: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer had no healthy backend',
      says,
      next: () => 'See what its health check asks, and what the backends answer to that.',
      reproduce: grep,
    },
    BACKEND_TOO_LATE: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'A backend took longer than the balancer waits',
      says,
      next: () => "See who is slow behind it; the backend service's timeout (30 s unless set) is how long it waits.",
      reproduce: grep,
    },
    BACKEND_ANSWERED_ERRORS: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'The errors came from behind the balancer',
      says,
      next: () => 'Look behind it: at the proxy and the application.',
      reproduce: grep,
    },
    CALLERS_LEFT: {
      hop: 'client',
      direction: 'context',
      title: 'Callers left before their answer was whole',
      says,
      next: () => 'Look at how long they waited.',
      reproduce: grep,
    },
    BALANCER_ERRORS_UNEXPLAINED: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer logged errors whose side is not known here',
      says,
      next: (f) => `Look ${f.word} up in the documentation of the balancer's log.`,
      reproduce: grep,
    },
    BALANCER_LOGGED_NO_ERRORS: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'The balancer logged no errors',
      says: (f) => `None of ${f.total} requests in the log of ${f.balancer} failed.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
  },
});
