import type { Draft, FindingSpec, ReadScope } from '../define-check.ts';
import type { ServedRequests } from '../io/proxy-reader.ts';
import { plural, share } from '../wording.ts';
import { grepFor, statusPattern } from './shared.ts';

/** Refusals (4xx) of the very status that was reported, as an access log counts them, whoever made them. Pure. */

export interface ReportedFacts {
  REPORTED_STATUS_LOGGED: {
    proxy: string;
    kind: string;
    status: number;
    count: number;
    total: number;
    /** Of `count`: made by the proxy itself, and passed on from behind; null: the log or an old row does not tell. */
    made: number;
    passedOn: number | null;
    /** Of those passed on, answers to HEAD, which monitors and robots send. */
    head: number;
    ofHost: boolean;
    source: string;
  };
}

/** 413 and 429 have findings of their own, and 401 and 403 that the proxy made. */
const TOLD_ELSEWHERE = new Set([413, 429]);
const BY_RULE = new Set([401, 403]);

/** Each 4xx that the report names and the log has, with who made it. */
export function readReported(served: ServedRequests, scope: ReadScope, proxy: string): Draft<ReportedFacts>[] {
  const { statuses, madeByProxy, passedOn, passedOnHead, total, source } = served;
  const named = scope.case.symptoms.statuses.filter((s) => s >= 400 && s < 500 && !TOLD_ELSEWHERE.has(s));
  return [...new Set(named)]
    .filter((status) => (statuses[status] ?? 0) > 0 && !(BY_RULE.has(status) && madeByProxy[status]))
    .map((status) => ({
      code: 'REPORTED_STATUS_LOGGED',
      facts: {
        proxy,
        kind: scope.hop?.kind ?? '',
        status,
        count: statuses[status] as number,
        total,
        made: madeByProxy[status] ?? 0,
        passedOn: passedOn?.[status] ?? null,
        head: passedOnHead?.[status] ?? 0,
        ofHost: !source.includes('names no hosts'),
        source,
      },
    }));
}

const whose = (f: ReportedFacts['REPORTED_STATUS_LOGGED']): string =>
  f.made === f.count
    ? ', all of them made by the proxy itself'
    : f.made === 0 && f.passedOn === f.count
      ? `, all of them passed on from behind it${f.head === f.count ? ' and answers to HEAD, which browsers do not send' : ''}`
      : f.made === 0
        ? ''
        : `, ${f.made} of them made by the proxy itself`;

export const REPORTED_FINDINGS: { [K in keyof ReportedFacts]: FindingSpec<ReportedFacts[K]> } = {
  REPORTED_STATUS_LOGGED: {
    hop: 'proxy',
    direction: 'context',
    title: 'The log has the status that was reported',
    says: (f) =>
      `${f.proxy}'s log: ${share(f.count, f.total)} requests${f.ofHost ? '' : ' (of any host)'} got a ${f.status}${whose(f)}.`,
    next: (f) => `Look at ${plural(f.count, 'such line')}: which pages and callers they have in common.`,
    reproduce: (f) => grepFor(f.source, statusPattern(f.kind, String(f.status))),
  },
};
