/** Messages that a machine wrote: Alertmanager, Grafana, uptime monitors. They follow other rules than people do. */

/** An alert says its state in capitals, in brackets, or before a colon at its beginning. */
const STATE =
  /^[^\p{L}\p{N}\n]{0,12}(?::[a-z0-9_+-]{1,30}: ?){0,3}[^\p{L}\p{N}\n]{0,8}(?:\w{2,20}:? )?\W{0,3}(FIRING|RESOLVED|Firing|Resolved|ALERTING|Alerting|ALERT|TRIGGERED|Triggered|RECOVERED|Recovered|RECOVERY|PROBLEM|CRITICAL|OK)\b(?:[:\]*]|\s*[-|:]|\s+\w+[A-Z_])|\bis (DOWN|UP)\b|\b(Firing|FIRING)$/u;
const ENDED = /^(RESOLVED|RECOVER|OK$|UP$)/i;
/** What an alert is called when users feel it. */
const FELT =
  /5xx|error ?(?:rate|ratio|s\b)|HighError|latency|p9[059]|probe|blackbox|down\b|unreachable|unavailable|availability|http|time-?out|slow|burn ?rate|ErrorBudget|no (?:healthy|ready) (?:upstreams?|backends?|endpoints?)|cert\w* (?:has )?expired|handshake|reset/i;
/** What an alert is called when they do not, or not yet. */
const UNFELT =
  /\bdisk|filesystem|\bcpu|memory|oom|nodenotready|node \w+ (?:is|has been)|expire?s? ?(?:soon|in)|watchdog|backup|replication|volume|swap|clock|certificateexpiressoon/i;

/** Whether a message is an alert that reports trouble (`true`), one that does not (`false`), or no alert (`null`). */
export function alertState(text: string): boolean | null {
  const match = STATE.exec(text.slice(0, 400));
  if (!match) return null;
  const state = match[1] ?? match[2] ?? match[3] ?? '';
  if (ENDED.test(state)) return false;
  return FELT.test(text) && !UNFELT.test(text);
}
