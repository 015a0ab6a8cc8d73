/** Times as logs write them, fast: a busy log has thousands of lines in the same second. */

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const two = (text: string, i: number): number => (text.charCodeAt(i) - 48) * 10 + text.charCodeAt(i + 1) - 48;

/** `21/Nov/2026:10:00:01 +0100` (RFC 6872's common log format). */
const CLF = /^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/;
/** ISO 8601 in UTC, with any number of fractional digits. */
const ISO_Z = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

function read(text: string): number | null {
  if (CLF.test(text)) {
    const month = MONTHS.indexOf(text.slice(3, 6)) / 3;
    if (!Number.isInteger(month) || month < 0) return null;
    const zone = (two(text, 22) * 60 + two(text, 24)) * (text[21] === '-' ? -1 : 1);
    const year = two(text, 7) * 100 + two(text, 9);
    return Date.UTC(year, month, two(text, 0), two(text, 12), two(text, 15), two(text, 18)) - zone * 60_000;
  }
  if (ISO_Z.test(text)) {
    const year = two(text, 0) * 100 + two(text, 2);
    const whole = Date.UTC(year, two(text, 5) - 1, two(text, 8), two(text, 11), two(text, 14), two(text, 17));
    return text.length > 20 ? whole + Math.floor(Number(text.slice(19, -1)) * 1000) : whole;
  }
  if (/^\d{9,11}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  return text.length < 60 ? Date.parse(text) || null : null;
}

let lastText = '';
let lastValue: number | null = null;

/** ms since the epoch of a CLF time, ISO 8601, or seconds with a fraction; null for anything else. */
export function parseTime(text: string | undefined): number | null {
  if (!text) return null;
  if (text === lastText) return lastValue;
  lastValue = read(text);
  lastText = text;
  return lastValue;
}
