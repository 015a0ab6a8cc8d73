import { CAUSES } from '../../diagnostics/causes.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import { meaning, type Vote } from '../../workers/votes.ts';
import { clip, clock, plain } from './mrkdwn.ts';

/** More are counted, not listed: vertical space is the budget. */
const LISTED = 5;
/** Of a reason under an answer; the whole stands in the export. */
const REASON_CHARS = 160;
const SAYS = { right: 'the answer is right', ingress: 'it was the ingress', 'not-ingress': 'it was not the ingress' };

/**
 * What people say under an answer, in one paragraph; empty: nobody did. `run`: the one whose answer stands above. Names are those
 * that people had when they spoke, and nobody is notified.
 */
export function votesText(votes: readonly Vote[], run: number): string {
  if (votes.length === 0) return '';
  const shown = votes.slice(-LISTED).map((vote) => oneVote(vote, run));
  const more = votes.length > LISTED ? `${votes.length - LISTED} before them; ` : '';
  return `${disagree(votes) ? '*People do not agree:*' : '*People say:*'} ${more}${shown.join('; ')}.`;
}

/** Whether what people say cannot all be true. */
export function disagree(votes: readonly Vote[]): boolean {
  const meanings = new Set(votes.map((vote) => meaning(vote.said, vote.answer)).filter((one) => one !== null));
  const causes = new Set(votes.map((vote) => vote.cause).filter((one) => one !== null));
  return meanings.size > 1 || causes.size > 1;
}

function oneVote(vote: Vote, run: number): string {
  const where = placeText(vote);
  const reason = vote.reason === '' ? '' : ` “${clip(plain(vote.reason.replace(/\s+/g, ' ')), REASON_CHARS)}”`;
  const then = vote.run === run ? '' : ', of an earlier answer';
  return `${nameOf(vote)} says ${SAYS[vote.said]}${where}${reason} (${clock(vote.at)} UTC${then})`;
}

/** `, at the proxy: it sends to endpoints that are gone`; empty: the person named no place. */
function placeText({ hop, cause }: Vote): string {
  if (hop === null) return '';
  const title = Object.hasOwn(CAUSES, cause ?? '') ? CAUSES[cause as keyof typeof CAUSES].title : null;
  if (hop === 'none') return ', with nothing wrong anywhere';
  return `, at ${hopWords(hop)}${title === null ? '' : `: ${plain(title)}`}`;
}

/** A hop as people say it. */
export function hopWords(hop: NonNullable<Verdict['hop']>): string {
  const words: Partial<Record<typeof hop, string>> = {
    client: "the caller's side",
    dns: 'DNS',
    cdn: 'the CDN',
    'load-balancer': 'the load balancer',
    app: 'the application',
    none: 'nowhere',
  };
  return words[hop] ?? `the ${hop}`;
}

function nameOf(vote: Vote): string {
  // Marks would end the line's own ones, and a name is one line.
  const name = plain(
    (vote.name ?? '')
      .replace(/[*_~`]/g, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return clip(name, 60) || 'Somebody';
}
