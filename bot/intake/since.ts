/** Since when: the words of people, in the writer's own zone. */

const MINUTE = 60_000;
const UNITS: { [unit: string]: number } = {
  s: 1_000,
  m: MINUTE,
  h: 60 * MINUTE,
  d: 24 * 60 * MINUTE,
  w: 7 * 24 * 60 * MINUTE,
};
const NUMBERS: { [word: string]: number } = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  half: 0.5,
};

/** Offset of a zone at an instant, ms east of UTC. Unknown zones count as UTC. */
function offsetAt(instant: number, zone: string): number {
  try {
    const parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }).formatToParts(instant);
    const get = (type: string): number => Number(parts.find((p) => p.type === type)?.value);
    return (
      Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second')) -
      Math.floor(instant / 1000) * 1000
    );
  } catch {
    return 0;
  }
}

/** The latest instant, not after `now`, at which the clock in the zone shows this time of day. */
function lastTime(hour: number, minute: number, now: number, zone: string, daysBack = 0): number {
  const offset = offsetAt(now, zone);
  const local = new Date(now + offset);
  const wanted = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() - daysBack, hour, minute);
  const instant = wanted - offsetAt(wanted - offset, zone);
  return instant > now + 5 * MINUTE ? instant - UNITS.d! : Math.min(instant, now);
}

const SPAN =
  /\b(?:(?:since|for|last|past|over|already|seit|in den letzten)\s+(?:about|around|roughly|approx\.?|circa|the last|the past|at least|almost|nearly|over|etwa|ca\.?)?\s*|~\s*)?(\d+(?:[.,]\d+)?|an?|one|two|three|four|five|ten|fifteen|twenty|thirty|half an?)\s*(seconds?|secs?|minutes?|mins?|minuten?|m|hours?|hrs?|stunden?|h|days?|tagen?|d)\b(\s+ago)?/gi;
const CLOCK =
  /\b(since|at|from|after|around|started|starting|begann|seit|ab|um)\s+(?:(?:about|around|ca\.?|roughly|at)\s+)?(yesterday\s+(?:at\s+)?)?(?:(\d{1,2})[:.h](\d{2})(?::\d{2})?\s*(am|pm)?|(\d{1,2})\s*(am|pm|uhr|o'clock))(\s*(?:utc|gmt|z)\b)?/i;
const ISO = /\b(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)/;

function unitOf(word: string): number {
  const w = word.toLowerCase();
  if (w.startsWith('s') && !w.startsWith('st')) return UNITS.s!;
  if (w.startsWith('st') || w.startsWith('h')) return UNITS.h!;
  if (w.startsWith('d') || w.startsWith('t')) return UNITS.d!;
  return UNITS.m!;
}

function spanOf(text: string): number | null {
  for (const match of text.matchAll(SPAN)) {
    const [whole, count = '', unit = '', ago] = match;
    // "takes 3 s" is how long a request takes, not since when: a span needs a word that makes it one.
    if (!ago && !/^(since|for|last|past|over|already|seit|in den)/i.test(whole)) continue;
    if (/^for\b/i.test(whole) && unitOf(unit) < MINUTE) continue;
    const word = count.toLowerCase().split(' ')[0] as string;
    const value = NUMBERS[word] ?? Number(count.replace(',', '.'));
    if (Number.isFinite(value) && value > 0) return value * unitOf(unit);
  }
  if (/\b(since|for|over|seit)\s+(an?|the last|one|einer)\s+(hour|stunde)\b/i.test(text)) return UNITS.h!;
  if (/\bhalf an hour ago\b|\b(since|for) half an hour\b/i.test(text)) return UNITS.h! / 2;
  return null;
}

/** Pure: since when, ISO, or null when the text does not say. `at` is when it was written, `tz` the writer's zone. */
export function sinceIn(text: string, at: string, tz: string | null): string | null {
  const now = Date.parse(at);
  const zone = tz ?? 'UTC';
  const iso = (ms: number): string => new Date(ms).toISOString();
  const stamp = ISO.exec(text);
  if (stamp) {
    const said = (stamp[1] as string).replace(/\s*UTC$/, 'Z').replace(' ', 'T');
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(said);
    const ms = Date.parse(zoned ? said : `${said}Z`);
    const instant = zoned ? ms : ms - offsetAt(ms, zone);
    if (instant <= now + 5 * MINUTE && now - instant < 60 * UNITS.d!) return iso(Math.min(instant, now));
  }
  const span = spanOf(text);
  if (span !== null) return iso(now - span);
  const clock = CLOCK.exec(text);
  if (clock) {
    const [, , yesterday, h1, m1, half1, h2, half2, utc] = clock;
    const half = (half1 ?? half2 ?? '').toLowerCase();
    let hour = Number(h1 ?? h2);
    if (half === 'pm' && hour < 12) hour += 12;
    if (half === 'am' && hour === 12) hour = 0;
    const minute = Number(m1 ?? 0);
    if (hour < 24 && minute < 60) return iso(lastTime(hour, minute, now, utc ? 'UTC' : zone, yesterday ? 1 : 0));
  }
  const since =
    /\b(since|seit|from)\s+(this morning|noon|midday|midnight|yesterday|last night|today|heute morgen|gestern|heute)\b/i.exec(
      text,
    );
  if (since) {
    const word = (since[2] as string).toLowerCase();
    if (word === 'noon' || word === 'midday') return iso(lastTime(12, 0, now, zone));
    if (word === 'midnight' || word === 'today' || word === 'heute') return iso(lastTime(0, 0, now, zone));
    if (word === 'yesterday' || word === 'gestern') return iso(lastTime(9, 0, now, zone, 1));
    if (word === 'last night') return iso(lastTime(22, 0, now, zone, 1));
    return iso(lastTime(8, 0, now, zone));
  }
  return null;
}
