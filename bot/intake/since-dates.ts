import { hourOf } from './since-clock.ts';
import { type Clock, clockNamed, clockOf, instantOf, UNITS, ZONE_NAMES } from './zones.ts';

const ISO = /\b(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::\d{2})?(?:[.,]\d{1,9})? ?(Z|UTC|[+-]\d{2}:?\d{2})?/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** "16 Nov 18:00", "Nov 16, 18:00", "16.11. 18:00", "16.11.2026 18:00". */
const DATED = new RegExp(
  `\\b(?:(\\d{1,2})(?:st|nd|rd|th|\\.)? (${MONTHS.join('|')})[a-z]{0,6}\\.?|(${MONTHS.join('|')})[a-z]{0,6}\\.? (\\d{1,2})(?:st|nd|rd|th)?|(\\d{1,2})\\. ?(\\d{1,2})\\.)(?: ?\\d{4})?,?(?: at| um| v| o)? (\\d{1,2})[:.](\\d{2})(?: ?(am|pm))?(?: ?\\(?(${ZONE_NAMES})\\)?(?![a-z]))?`,
  'i',
);
const SLACK = 5 * UNITS.minute;
const OLDEST = 60 * UNITS.day;

/** Pure: the moment of a date with a time in folded text, ms, if it is over and not too old; null: it names none. */
export function stampOf(text: string, now: number, clock: Clock): number | null {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, zone] = iso;
    const shift = zone ? (/^(?:z|utc)$/i.test(zone) ? clockOf(null) : clockNamed(`utc${zone}`)) : clock;
    const at = instantOf(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), shift ?? clock);
    if (at <= now + SLACK && now - at < OLDEST) return at;
  }
  const dated = DATED.exec(text);
  if (dated) {
    const [, day1, month1, month2, day2, day3, month3, hour, minute, half, zone] = dated;
    const name = (month1 ?? month2)?.toLowerCase();
    const month = name === undefined ? Number(month3) - 1 : MONTHS.indexOf(name);
    const own = zone ? (clockNamed(zone) ?? clock) : clock;
    const year = new Date(now + clock(now)).getUTCFullYear();
    const at = instantOf(year, month, Number(day1 ?? day2 ?? day3), hourOf(Number(hour), half), Number(minute), own);
    if (at <= now + SLACK && now - at < OLDEST) return at;
  }
  return null;
}
