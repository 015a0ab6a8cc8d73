import { bold, clip, plain } from '../blocks/mrkdwn.ts';
import { hour, moment } from '../rollouts/blocks/times.ts';
import type { Happened, Known } from './known.ts';

/** More is a log, not an answer. */
const MOST_OBJECTS = 12;
const MOST_EACH = 4;
const MOST_SUMMARY = 140;
const MOST_NAME = 90;
const MOST_CHARS = 3_700;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Pure: changes by object, the object that changed last first, each with its newest. `from`: ISO; `now`: ms. Everybody sees their own time. */
export function knownText(known: Known, about: { host: string | null; from: string; now: number }): string {
  const { from, now } = about;
  const where = about.host === null ? '' : ` on the path of ${plain(about.host)}`;
  const since = now - Date.parse(from) < DAY_MS / 2 ? hour(from) : moment(from);
  const unseen =
    known.blind.length === 0
      ? ''
      : `*Not seen:* ${known.blind
          .slice(0, 6)
          .map((line) => clip(plain(line), 300))
          .join('; ')}.`;
  const groups = byObject(known.happened);
  const total = known.happened.length;
  if (total === 0) {
    const first = known.blind.length === 0 ? 'Nothing changed' : 'I know of no change';
    return [`${bold(`${first}${where} since ${since}.`)}`, unseen].filter((line) => line !== '').join('\n');
  }
  const head = bold(`${total} ${total === 1 ? 'change' : 'changes'}${where} since ${since}, newest first:`);
  const lines = [head];
  const room = MOST_CHARS - unseen.length;
  let told = 0;
  for (const { object, all } of groups.slice(0, MOST_OBJECTS)) {
    const block = objectLines(object, all, now).join('\n');
    if (lines.join('\n').length + block.length > room) break;
    lines.push(block);
    told += 1;
  }
  if (groups.length > told)
    lines.push(`_and changes of ${groups.length - told} more; \`since=1h\` or a host shows fewer_`);
  if (unseen !== '') lines.push(unseen);
  return lines.join('\n');
}

/** Pure: changes of each object, newest first, the one that changed last first. */
export function byObject(happened: readonly Happened[]): { object: string; all: Happened[] }[] {
  const groups = new Map<string, Happened[]>();
  for (const one of happened.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))) {
    const all = groups.get(one.object);
    if (all) all.push(one);
    else groups.set(one.object, [one]);
  }
  return [...groups].map(([object, all]) => ({ object, all }));
}

function objectLines(object: string, all: readonly Happened[], now: number): string[] {
  const lines = all.slice(0, MOST_EACH).map((one) => lineOf(one, now));
  const more = all.length > MOST_EACH ? [`   _and ${all.length - MOST_EACH} more before_`] : [];
  return [bold(clip(plain(object.trim() || 'something'), MOST_NAME)), ...lines, ...more];
}

function lineOf(one: Happened, now: number): string {
  const at = now - Date.parse(one.at) < DAY_MS / 2 ? hour(one.at) : moment(one.at);
  const summary = clip(plain(one.summary.replace(/\s+/g, ' ').replace(/\.$/, '')), MOST_SUMMARY);
  const by = one.by ? `, by ${clip(plain(one.by), 60)}` : '';
  return `• ${at} ${clip(plain(one.kind), 30)}: ${summary}${by}`;
}
