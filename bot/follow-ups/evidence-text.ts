import type { Finding, Path, Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import { convictedHops } from '../../workers/shared-hop.ts';
import { bestCommand } from '../best-command.ts';
import { code, plain } from '../blocks/mrkdwn.ts';
import { changeLine, stamp } from './changes-text.ts';

const MOST_REASONS = 5;

/** Pure: "why?": the findings that the answer rests on, each with the command that shows it. */
export function whyText(verdict: Verdict): string {
  const telling = verdict.because.flatMap((name) => verdict.findings.find((finding) => finding.code === name) ?? []);
  if (telling.length === 0)
    return `Nothing that I saw decides it. ${verdict.says.slice(0, 2).map(plain).join(' ')} ${notSeenText(verdict)}`.trim();
  const lines = telling.slice(0, MOST_REASONS).map((finding) => `• ${reasonLine(finding)}`);
  const cleared =
    verdict.cleared.length === 0 ? '' : `\n*Cleared:* ${verdict.cleared.slice(0, 4).map(plain).join('; ')}.`;
  return `*Because of this:*\n${lines.join('\n')}${cleared}`;
}

function reasonLine(finding: Finding): string {
  return `${plain(finding.says)}${finding.reproduce === null ? '' : ` ${code(finding.reproduce)}`}`;
}

/** Pure: "what did you not see?": each thing once, with what would let it be seen. */
export function notSeenText(verdict: Verdict): string {
  const details = [...new Set(verdict.blind.map((blind) => plain(blind.detail)))];
  if (details.length === 0) return 'I could look everywhere that I wanted to.';
  const more = details.length > 8 ? `\n_and ${details.length - 8} more_` : '';
  return `*Not seen (${details.length}):*\n${details
    .slice(0, 8)
    .map((detail) => `• ${detail}`)
    .join('\n')}${more}`;
}

/** Pure: "what should I do?": the one next step, with its command. */
export function whatToDoText(verdict: Verdict): string {
  const command = bestCommand(verdict);
  return `*Next:* ${plain(verdict.nextStep)}${command === null ? '' : `\nTo see it for yourself: ${code(command)}`}`;
}

/** Pure: "what about that other host?", from the path that it takes and what this case convicted. */
export function otherHostText(record: CaseRecord, verdict: Verdict, other: Path): string {
  const host = plain(other.host);
  const ask = `Ask me for its own look: \`/ingress-check ${host}\`.`;
  if (!other.routed || other.hops.length === 0)
    return `I know no route to ${host}, so this answer says nothing about it. ${ask}`;
  const names = new Set(other.hops.map((hop) => hop.name));
  const guilty = convictedHops(record).find((hop) => names.has(hop));
  if (guilty !== undefined)
    return `${host} goes through \`${plain(guilty)}\` too, which is what fails here: expect the same there. ${ask}`;
  const shared = record.path.hops.filter((hop) => names.has(hop.name)).map((hop) => `\`${plain(hop.name)}\``);
  const way = other.hops.map((hop) => plain(hop.name)).join(' → ');
  if (shared.length === 0) return `${host} takes another path (${way}) and shares no hop with this one. ${ask}`;
  return `${host} shares ${shared.join(', ')} with this path, and ${
    verdict.answer === 'not-ingress' ? 'none of these is at fault here' : 'I cannot tell yet whether these are at fault'
  }. ${ask}`;
}

/** Pure: "is it because of the rollout?": from the path, the times and the verdict. `now`: ISO. */
export function rolloutText(
  record: CaseRecord,
  verdict: Verdict,
  rollouts: readonly RolloutRecord[],
  named: readonly string[],
  now: string,
): string {
  const host = record.case.target.host;
  const product = named.map((name) => name.toLowerCase());
  const fits = (text: string) => product.length === 0 || product.some((name) => text.toLowerCase().includes(name));
  const began = verdict.onset?.at ?? record.case.since ?? record.case.at;
  const meant = rollouts.filter(({ rollout }) => fits(rollout.title)).sort((a, b) => startOf(b) - startOf(a))[0];
  if (meant) return tiedText(meant, record, verdict, began, now);
  const beside = record.path.others.find((hop) => product.some((name) => `${hop.kind} ${hop.name}`.includes(name)));
  const known = product.some((name) => record.path.hops.some((hop) => `${hop.kind} ${hop.name}`.includes(name)));
  if (beside && !known)
    return `*No.* ${plain(beside.kind)} \`${plain(beside.name)}\` is not on the path of ${plain(host)}.`;
  const changes = verdict.timeline.filter((one) => Date.parse(one.at) <= Date.parse(began) + 60_000);
  const last = changes.findLast((one) => fits(`${one.kind} ${one.object} ${one.summary}`)) ?? changes.at(-1);
  const none = `I know of no rollout${product.length === 0 ? '' : ` of ${plain(named.join(' '))}`} around then.`;
  return last
    ? `${none} The last change before it began: ${changeLine(last, now)}.`
    : `${none} Nothing changed on this path either.`;
}

function startOf(one: RolloutRecord): number {
  return Date.parse(one.stages.find((stage) => stage !== null)?.startedAt ?? one.rollout.createdAt);
}

function tiedText(one: RolloutRecord, record: CaseRecord, verdict: Verdict, began: string, now: string): string {
  const { rollout } = one;
  const host = record.case.target.host;
  const title = plain(rollout.title);
  const first = one.stages.find((stage) => stage !== null)?.startedAt ?? null;
  // Announced without hosts it is about all that its sides serve.
  const all = rollout.hosts.length === 0;
  if (
    all
      ? !record.path.hops.some(({ name }) => name === rollout.old.hop || name === rollout.fresh.hop)
      : !rollout.hosts.includes(host)
  )
    return `*No.* ${title} does not serve ${plain(host)}: ${all ? 'its path leads through neither side' : `${rollout.hosts.length} other hosts are in it`}.`;
  if (first === null) return `*No.* ${title} has not begun: no stage of it was started.`;
  const ahead = Date.parse(first) - Date.parse(began);
  if (ahead > 60_000)
    return `*No.* It began at ${stamp(began, now)}, ${Math.round(ahead / 60_000)} min before the first step of ${title} (${stamp(first, now)}).`;
  if (convictedHops(record).includes(rollout.fresh.hop))
    return `*Yes, as far as I see:* \`${plain(rollout.fresh.hop)}\` is at fault, and ${title} put it there at ${stamp(first, now)}.${rollout.undo === '' ? '' : ` *Undo:* ${plain(rollout.undo)}`}`;
  if (verdict.answer === 'not-ingress')
    return `*No.* ${plain(host)} is in ${title}, but the fault is behind it: asked directly, without any proxy, it shows the same.`;
  return `*I cannot tell yet.* ${plain(host)} is in ${title}, which began at ${stamp(first, now)}, but nothing that I saw leads to it or clears it.`;
}
