import { bareHourOf, clockTimeOf } from './since-clock.ts';
import { stampOf } from './since-dates.ts';
import { signedSpanOf, signedTimeOf } from './since-signs.ts';
import { spanIn } from './since-spans.ts';
import { dayPartOf, spokenTimeOf } from './since-spoken.ts';
import { fold } from './words.ts';
import { clockOf } from './zones.ts';

/**
 * Pure: since when, in the words of people and the writer's own zone: ISO, or null when the text does not say. `at` is when it was
 * written, `tz` the writer's zone.
 */
export function sinceIn(text: string, at: string, tz: string | null): string | null {
  const now = Date.parse(at);
  if (Number.isNaN(now)) return null;
  const clock = clockOf(tz);
  const said = fold(text);
  const ago = (span: number | null): number | null => (span ? now - span : null);
  const instant =
    stampOf(said, now, clock) ??
    ago(spanIn(said)) ??
    ago(signedSpanOf(said.normalize('NFC'))) ??
    clockTimeOf(said, now, clock) ??
    spokenTimeOf(said, now, clock) ??
    bareHourOf(said, now, clock) ??
    signedTimeOf(said.normalize('NFC'), now, clock) ??
    dayPartOf(said, now, clock);
  return instant === null ? null : new Date(Math.min(instant, now)).toISOString();
}
