/** Times for people in many zones: Slack shows each reader their own, everything else reads UTC. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Slack's own form for a moment (docs.slack.dev/messaging/formatting-message-text, "Date formatting"). */
const TOKEN = /<!date\^\d+\^[^|<>]*\|([^<>]*)>/g;

/** `Tuesday 24 Nov`, in UTC. */
function dayOf(at: number): string {
  const date = new Date(at);
  return `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** A moment: the reader's own day and time where Slack draws it, `Tuesday 24 Nov 08:00 UTC` elsewhere. `at` is ISO. */
export function moment(at: string): string {
  const ms = Date.parse(at);
  return token(ms, '{date_short_pretty} {time}', `${dayOf(ms)} ${timeOf(ms)} UTC`);
}

/** A time of today or of a day that was just named: `08:00 UTC` elsewhere. `at` is ISO. */
export function hour(at: string): string {
  const ms = Date.parse(at);
  return token(ms, '{time}', `${timeOf(ms)} UTC`);
}

/** `08:00 to 10:00 UTC`, of a day that was just named; one time where both are in the same minute. Both ISO. */
export function hours(from: string, to: string): string {
  const [a, b] = [Date.parse(from), Date.parse(to)];
  if (timeOf(a) === timeOf(b)) return hour(to);
  return `${token(a, '{time}', timeOf(a))} to ${hour(to)}`;
}

/** From when to when: the reader's times, and UTC beside them since people on a call compare. */
export function windowText(window: { from: string; to: string }): string {
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const sameDay = dayOf(from) === dayOf(to);
  const own = `${token(from, '{date_long_pretty} {time}', `${dayOf(from)} ${timeOf(from)}`)} to ${token(
    to,
    sameDay ? '{time}' : '{date_long_pretty} {time}',
    sameDay ? timeOf(to) : `${dayOf(to)} ${timeOf(to)}`,
  )}`;
  const utc = `${timeOf(from)} to ${timeOf(to)} UTC`;
  return `${own} (${sameDay ? utc : `${dayOf(from)} ${timeOf(from)} to ${dayOf(to)} ${timeOf(to)} UTC`})`;
}

/** The same text for what draws no dates: notifications, screen readers, logs. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, '$1').replace(
    // Where the first form was UTC already, its copy in brackets says nothing new.
    /(\S+ \d+ \S+ )?(\d\d:\d\d to (?:\S+ \d+ \S+ )?\d\d:\d\d) \((?:\S+ \d+ \S+ )?\d\d:\d\d to (?:\S+ \d+ \S+ )?\d\d:\d\d UTC\)/g,
    '$1$2 UTC',
  );
}

function token(ms: number, form: string, otherwise: string): string {
  if (!Number.isFinite(ms)) return 'an unknown time';
  return `<!date^${Math.floor(ms / 1000)}^${form}|${otherwise}>`;
}
