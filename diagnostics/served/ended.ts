import type { Draft, FindingSpec, ReadScope } from '../define-check.ts';
import type { Alike, ServedRequests } from '../io/proxy-reader.ts';
import { clock, duration, plural, share } from '../wording.ts';
import { grepFor, statusPattern } from './shared.ts';

/** Requests that never became whole, or whose caller was gone: what an access log shows of the side in front of the proxy. Pure. */

interface Ended {
  proxy: string;
  kind: string;
  count: number;
  all: number;
  total: number;
  leastMs: number;
  mostMs: number;
  source: string;
  [key: string]: string | number;
}
export interface EndedFacts {
  CALLERS_LEFT_ALIKE: Ended;
  REQUESTS_UNSENT_IN_TIME: Ended;
  OTHERS_ANSWERED_SINCE: {
    proxy: string;
    kind: string;
    count: number;
    answered: number;
    half: string;
    now: string;
    source: string;
  };
}

/** Fewer than this are no pattern. */
const A_PATTERN = 3;

/** A limit ends nearly all of a kind after the same time; people leave when they like, some of them at once. */
const isPattern = (alike: Alike | undefined): alike is Alike =>
  alike !== undefined && alike.count >= A_PATTERN && alike.count * 2 > alike.all;

/** What the ends of requests say of who waited for whom, and whether others were served meanwhile. */
export function readEnded(served: ServedRequests, scope: ReadScope, proxy: string): Draft<EndedFacts>[] {
  const { total, source, left, unsent, bad } = served;
  const kind = scope.hop?.kind ?? '';
  const found: Draft<EndedFacts>[] = [];
  if (isPattern(left)) found.push({ code: 'CALLERS_LEFT_ALIKE', facts: { proxy, kind, ...left, total, source } });
  if (isPattern(unsent))
    found.push({ code: 'REQUESTS_UNSENT_IN_TIME', facts: { proxy, kind, ...unsent, total, source } });
  // A 400 is nobody's business but that of who asks about certificates, handshakes or just that status.
  const { kinds, statuses } = scope.case.symptoms;
  const asked = kinds.includes('certificate') || kinds.includes('handshake') || statuses.includes(400);
  if (bad && asked && bad.answeredSince >= A_PATTERN) {
    const facts = { proxy, kind, count: bad.count, answered: bad.answeredSince, half: bad.half };
    found.push({ code: 'OTHERS_ANSWERED_SINCE', facts: { ...facts, now: scope.case.at, source } });
  }
  return found;
}

const after = ({ leastMs, mostMs }: Ended): string =>
  duration(leastMs) === duration(mostMs) ? duration(mostMs) : `${duration(leastMs)} to ${duration(mostMs)}`;

export const ENDED_FINDINGS: { [K in keyof EndedFacts]: FindingSpec<EndedFacts[K]> } = {
  CALLERS_LEFT_ALIKE: {
    hop: 'client',
    direction: 'context',
    title: 'Callers left after the same time, before there was an answer',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.all)} callers that left before their answer did so after ${after(f)}: a limit in front of it, not their patience.`,
    next: () =>
      'Look for that time among the timeouts of what is in front of this proxy, and of the program that asks.',
    reproduce: (f) => grepFor(f.source, statusPattern(f.kind, '499')),
  },
  REQUESTS_UNSENT_IN_TIME: {
    hop: 'proxy',
    direction: 'context',
    title: 'The proxy gave up reading requests after the same time',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests ended with 408 after ${after(f)}: it waited that long for the rest of the request, and no longer.`,
    next: () => 'Hold this time against what the proxy allows for a request (nginx: client_body_timeout).',
    reproduce: (f) => grepFor(f.source, statusPattern(f.kind, '408')),
  },
  OTHERS_ANSWERED_SINCE: {
    hop: 'proxy',
    direction: 'context',
    title: 'Others were answered while the proxy refused some with 400',
    says: (f) =>
      `${f.proxy}'s log: it refused ${plural(f.count, 'request')} itself with 400, and amid them others were answered well (${f.answered} since ${clock(f.half, f.now)}).`,
    next: () => 'Compare one that was refused with one that was answered: who sent it, and with which certificate.',
    reproduce: (f) => grepFor(f.source, statusPattern(f.kind, '400')),
  },
};
