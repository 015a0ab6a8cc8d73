import type { Finding, PathHop, Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { clip, plain } from '../blocks/mrkdwn.ts';

/** How a hop stands after a verdict. `unseen`: nothing was found there, for or against. */
type Standing = 'broken' | 'clear' | 'unseen';

const MOST_HOPS = 12;
const MOST_SAYS = 160;
const SIGNS = { broken: '✕', clear: '●', unseen: '○' } as const;

/** Pure: how each hop of a case's path stands, outermost first. The verdict alone says what is broken. */
export function standings(
  record: CaseRecord,
  verdict: Verdict,
): { hop: PathHop; standing: Standing; because: Finding | null }[] {
  const telling = new Set(verdict.because);
  const hops = record.path.hops.slice(0, MOST_HOPS);
  const against = verdict.findings.filter(
    (one) => one.direction === 'implicates' && one.hop === verdict.hop && telling.has(one.code),
  );
  // Findings may be seen from another hop: where none names one on the path, the layer that the verdict names counts.
  const named = new Set(
    against
      .map((one) => one.about.hop)
      .filter((name) => hops.some((hop) => hop.name === name && hop.hop === verdict.hop)),
  );
  return hops.map((hop) => {
    const isBroken = named.size > 0 ? named.has(hop.name) : hop.hop === verdict.hop;
    const clears = verdict.findings.find((one) => one.direction === 'clears' && one.about.hop === hop.name);
    if (isBroken)
      return {
        hop,
        standing: 'broken',
        because: against.find((one) => one.about.hop === hop.name) ?? against[0] ?? null,
      };
    return { hop, standing: clears ? 'clear' : 'unseen', because: clears ?? null };
  });
}

/** Pure: the path as lines, the broken hop in bold; empty where no path is known. Escaped. */
export function pathText(record: CaseRecord, verdict: Verdict): string {
  const all = standings(record, verdict);
  if (all.length === 0) return '';
  const lines = all.map(({ hop, standing, because }) => {
    const name = `${plain(hop.name)} (${plain(hop.kind)})`;
    const says =
      because === null ? '' : `: ${clip(plain(because.says.split('. ')[0] ?? ''), MOST_SAYS).replace(/\.$/, '')}`;
    if (standing === 'broken') return `${SIGNS.broken} *${name}, broken*${says}`;
    return `${SIGNS[standing]} ${name}, ${standing === 'clear' ? `clear${says}` : 'nothing seen for or against'}`;
  });
  const more = record.path.hops.length > MOST_HOPS ? `\n_and ${record.path.hops.length - MOST_HOPS} more_` : '';
  return `*The path, outermost first*\n${lines.join('\n')}${more}`;
}
