import type { Draft, FindingSpec } from '../define-check.ts';
import type { NodeHealth } from '../io/proxy-health.ts';
import type { Asked } from '../io/return-path.ts';
import { duration, plural, shellWord } from '../wording.ts';

type Base = {
  node: string;
  dropped: number;
  overMs: number;
  /** Dropped in as long a time just before we asked. */
  before: number;
  unanswered: number;
  asked: number;
  /** Interfaces whose filter is strict; null: the page does not say. */
  strict: string[] | null;
  source: string;
};

export interface ReturnPathFacts {
  REVERSE_PATH_DROPS: Base;
  REVERSE_PATH_SILENT: Base;
}

/** A single packet is dropped on any node now and then. */
const LEAST = 2;

/** Pure: what the filter did while we asked. Drops that come whether we ask or not are somebody else's. */
export function readReturnPath(health: NodeHealth & { asked?: Asked | null }, node: string): Draft<ReturnPathFacts>[] {
  const { asked: seen, reversePath, source } = health;
  if (!seen || !reversePath) return [];
  const { asked, unanswered, dropped, overMs } = seen;
  const usual = (seen.quiet * overMs) / seen.quietMs;
  const facts: Base = {
    ...{ node, dropped, overMs, before: Math.round(usual), unanswered, asked },
    ...{ strict: reversePath.strict, source },
  };
  if (unanswered > 0 && dropped === 0) return [{ code: 'REVERSE_PATH_SILENT', facts }];
  if (dropped < LEAST) return [];
  // Two standard deviations of a count, and half of what our own lost requests must have added.
  const ours = unanswered > 0 && dropped - usual >= Math.max(LEAST, unanswered / 2, 2 * Math.sqrt(usual));
  return [{ code: 'REVERSE_PATH_DROPS', ...(!ours && { direction: 'context' as const }), facts }];
}

const lost = (f: Base): string =>
  f.unanswered === f.asked
    ? `none of my ${plural(f.asked, 'request')} was answered`
    : `${f.unanswered} of my ${plural(f.asked, 'request')} got no answer`;
const grep = (f: Base): string => `curl -s ${shellWord(f.source)} | grep -aE 'IPReversePathFilter|rp_filter'`;

export const RETURN_PATH_FINDINGS: { [K in keyof ReturnPathFacts]: FindingSpec<ReturnPathFacts[K]> } = {
  REVERSE_PATH_DROPS: {
    hop: 'node',
    direction: 'implicates',
    title: 'A node drops what comes in by another interface than answers leave by',
    says: (f) =>
      `${f.node} dropped ${plural(f.dropped, 'packet')} for its reverse-path filter within ${duration(f.overMs)} while I asked (${f.before || 'none'} in as long before)${f.strict?.length ? `, strict on ${f.strict.join(', ')}` : ''}; ${lost(f)}. What it drops came in by one interface, and the way back leads out of another.`,
    next: (f) =>
      `Make answers leave ${f.node} by the interface they came in on (ip rule from the address, a table of its own); until then rp_filter 2 on that interface.`,
    reproduce: grep,
  },
  REVERSE_PATH_SILENT: {
    hop: 'node',
    direction: 'context',
    title: "A node's reverse-path filter drops nothing while requests get no answer",
    says: (f) => `${f.node}'s reverse-path filter dropped nothing while ${lost(f)}.`,
    next: () => 'Nothing to do here.',
    reproduce: grep,
  },
};
