/** Clocks: what a time of day means in somebody's zone. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What people write after a time, in hours east of UTC, or the zone it stands for. Some letters mean several zones: CST
 * and IST are read as Chicago and India; whoever writes "EST" in summer still means the offset they wrote.
 */
const ABBREVIATIONS: { [name: string]: number | string } = {
  utc: 0,
  gmt: 0,
  z: 0,
  zulu: 0,
  wet: 0,
  west: 1,
  bst: 1,
  cet: 1,
  mez: 1,
  cest: 2,
  mesz: 2,
  sec: Number.NaN,
  eet: 2,
  eest: 3,
  msk: 3,
  trt: 3,
  gst: 4,
  ist: 5.5,
  sgt: 8,
  hkt: 8,
  awst: 8,
  jst: 9,
  kst: 9,
  acst: 9.5,
  aest: 10,
  acdt: 10.5,
  aedt: 11,
  nzst: 12,
  nzdt: 13,
  brt: -3,
  art: -3,
  ast: -4,
  edt: -4,
  est: -5,
  cdt: -5,
  cst: -6,
  mdt: -6,
  mst: -7,
  pdt: -7,
  pst: -8,
  akst: -9,
  hst: -10,
  et: 'America/New_York',
  ct: 'America/Chicago',
  mt: 'America/Denver',
  pt: 'America/Los_Angeles',
  'uk time': 'Europe/London',
  'london time': 'Europe/London',
  'prague time': 'Europe/Prague',
  'berlin time': 'Europe/Berlin',
  'cz time': 'Europe/Prague',
  'german time': 'Europe/Berlin',
  'ny time': 'America/New_York',
  eastern: 'America/New_York',
  pacific: 'America/Los_Angeles',
  'tokyo time': 'Asia/Tokyo',
};
delete ABBREVIATIONS.sec;

/** The names above and "UTC+2", as part of a pattern. */
export const ZONE_NAMES = `(?:utc|gmt) ?[+-] ?\\d{1,2}(?::?\\d{2})?|${Object.keys(ABBREVIATIONS)
  .sort((a, b) => b.length - a.length)
  .join('|')}`;

const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const before = formats.get(zone);
  if (before !== undefined) return before;
  let format: Intl.DateTimeFormat | null = null;
  try {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  } catch {
    // A zone that nobody knows counts as UTC.
  }
  if (formats.size > 500) formats.clear();
  formats.set(zone, format);
  return format;
}

/** A clock: how far it is ahead of UTC at an instant, ms. */
export type Clock = (instant: number) => number;

/** The clock of an IANA zone; an unknown one shows UTC. */
export function clockOf(zone: string | null): Clock {
  const format = zone === null ? null : formatOf(zone);
  return (instant) => {
    if (!format) return 0;
    const parts = format.formatToParts(instant);
    const get = (type: string): number => Number(parts.find((p) => p.type === type)?.value);
    const shown = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
    return shown - Math.floor(instant / 1000) * 1000;
  };
}

/** The clock of what somebody wrote after a time ("CET", "UTC+2"); null when it is no zone. */
export function clockNamed(name: string): Clock | null {
  const said = name.toLowerCase();
  const shift = /^(?:utc|gmt) ?([+-]) ?(\d{1,2})(?::?(\d{2}))?$/.exec(said);
  if (shift) {
    const ms = Number(shift[2]) * HOUR + Number(shift[3] ?? 0) * MINUTE;
    return () => (shift[1] === '-' ? -ms : ms);
  }
  const known = Object.hasOwn(ABBREVIATIONS, said) ? ABBREVIATIONS[said] : undefined;
  if (known === undefined) return null;
  return typeof known === 'string' ? clockOf(known) : () => known * HOUR;
}

/** The instant at which a clock shows this date and time; in the hour that a change of clocks repeats, the earlier. */
export function instantOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  clock: Clock,
): number {
  const wanted = Date.UTC(year, month, day, hour, minute);
  const first = wanted - clock(wanted);
  return wanted - clock(first);
}

/** The latest instant, not after `now`, at which the clock shows this time of day; `daysBack` days earlier if said. */
export function lastTime(hour: number, minute: number, now: number, clock: Clock, daysBack = 0): number {
  const local = new Date(now + clock(now));
  const at = (days: number): number =>
    instantOf(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() - days, hour, minute, clock);
  const instant = at(daysBack);
  return instant > now + 5 * MINUTE ? at(daysBack + 1) : Math.min(instant, now);
}

export const UNITS = { second: 1_000, minute: MINUTE, hour: HOUR, day: DAY, week: 7 * DAY } as const;
