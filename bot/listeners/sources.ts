/**
 * The names under which an event is remembered: its own id, for redeliveries, and its message, since a mention arrives as
 * two events with two ids.
 */
export function sourcesOf(eventId: string, channel: string, ts: string): string[] {
  return [`message:${channel}-${ts}`, `event:${eventId}`];
}
