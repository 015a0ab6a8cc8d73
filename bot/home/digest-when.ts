import { clockOf, instantOf } from '../intake/zones.ts';

export const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** When the weekly digest is due: `at` is `09:00` in the IANA zone `tz`. */
export interface DigestTime {
  day: (typeof DAYS)[number];
  at: string;
  tz: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** A digest that is later than this is skipped: the week that it tells of is over. */
export const LATEST_MS = DAY_MS;
const MOST_MISSED = 8;

/** Pure: the newest moment (ms) at which a digest was due, not after `now`. */
export function lastDue(when: DigestTime, now: number): number {
  const clock = clockOf(when.tz);
  const [hour = 9, minute = 0] = when.at.split(':').map(Number);
  const local = new Date(now + clock(now));
  const back = (local.getUTCDay() - DAYS.indexOf(when.day) + 7) % 7;
  const at = (days: number) =>
    instantOf(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() - days, hour, minute, clock);
  return at(back) <= now ? at(back) : at(back + 7);
}

/** What is to be done now. `missed`: moments between the last digest and this one, oldest first, ms. */
type Due = { is: 'nothing' } | { is: 'first' | 'too-late'; due: number } | { is: 'due'; due: number; missed: number[] };

/** Pure: whether a digest is due. `last`: the one that was taken up last, ms; null: none ever, and nothing was missed then. */
export function dueNow(when: DigestTime, last: number | null, now: number): Due {
  const due = lastDue(when, now);
  if (last === null) return { is: 'first', due };
  if (last >= due) return { is: 'nothing' };
  if (now - due > LATEST_MS) return { is: 'too-late', due };
  const missed: number[] = [];
  for (
    let before = lastDue(when, due - 1);
    before > last && missed.length < MOST_MISSED;
    before = lastDue(when, before - 1)
  )
    missed.unshift(before);
  return { is: 'due', due, missed };
}
