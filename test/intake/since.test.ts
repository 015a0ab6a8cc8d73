import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sinceIn } from '../../bot/intake/since.ts';

const PRAGUE_SUMMER = ['2026-07-14T12:34:00Z', 'Europe/Prague'] as const;
const PRAGUE_WINTER = ['2026-11-17T08:20:00Z', 'Europe/Prague'] as const;
const NEW_YORK = ['2026-03-10T15:30:00Z', 'America/New_York'] as const;
const TOKYO = ['2026-06-02T06:10:00Z', 'Asia/Tokyo'] as const;
const KOLKATA = ['2026-08-19T05:05:00Z', 'Asia/Kolkata'] as const;
const NOBODY = ['2026-05-05T16:45:00Z', null] as const;

/** What is said, when and where, and what it means. */
const SAID: [text: string, written: readonly [string, string | null], since: string | null][] = [
  // Times of day, in the writer's zone on both sides of a change of clocks.
  ['since 14:00', PRAGUE_SUMMER, '2026-07-14T12:00:00Z'],
  ['since 9:00', PRAGUE_WINTER, '2026-11-17T08:00:00Z'],
  ['since 1pm', PRAGUE_SUMMER, '2026-07-14T11:00:00Z'],
  ['since 11am', NEW_YORK, '2026-03-10T15:00:00Z'],
  ['started 14:03', TOKYO, '2026-06-02T05:03:00Z'],
  ['at about 10:30', KOLKATA, '2026-08-19T05:00:00Z'],
  ['since 16:00', NOBODY, '2026-05-05T16:00:00Z'],
  // The hours around the change itself: Europe 29 March and 25 October 2026, America 8 March and 1 November.
  ['since 01:30', ['2026-03-29T01:30:00Z', 'Europe/Prague'], '2026-03-29T00:30:00Z'],
  ['since 03:10', ['2026-03-29T01:30:00Z', 'Europe/Prague'], '2026-03-29T01:10:00Z'],
  ['since yesterday 18:00', ['2026-03-29T10:00:00Z', 'Europe/Prague'], '2026-03-28T17:00:00Z'],
  ['since yesterday 18:00', ['2026-10-25T10:00:00Z', 'Europe/Prague'], '2026-10-24T16:00:00Z'],
  ['since yesterday 18:00', ['2026-11-01T16:00:00Z', 'America/New_York'], '2026-10-31T22:00:00Z'],
  ['since 3:15am', ['2026-03-08T08:00:00Z', 'America/New_York'], '2026-03-08T07:15:00Z'],
  // What has not come yet today was yesterday.
  ['since 23:00', PRAGUE_WINTER, '2026-11-16T22:00:00Z'],
  // A zone that is said wins over the writer's.
  ['since 16:00 CET', ['2026-11-17T16:20:00Z', 'America/New_York'], '2026-11-17T15:00:00Z'],
  ['since 08:00 UTC', PRAGUE_WINTER, '2026-11-17T08:00:00Z'],
  ['since 10:15 EST', ['2026-11-17T16:20:00Z', 'Europe/Prague'], '2026-11-17T15:15:00Z'],
  ['since 9:00 ET', NEW_YORK, '2026-03-10T13:00:00Z'],
  ['since 13:00 UTC+2', PRAGUE_SUMMER, '2026-07-14T11:00:00Z'],
  ['since 2026-03-10T14:45:00Z', NEW_YORK, '2026-03-10T14:45:00Z'],
  ['since 2026-03-10 10:45', NEW_YORK, '2026-03-10T14:45:00Z'],
  ['since 2026-03-10T15:45:00+01:00', NEW_YORK, '2026-03-10T14:45:00Z'],
  ['since Nov 16 18:00', PRAGUE_WINTER, '2026-11-16T17:00:00Z'],
  ['seit 16.11. 18:00', PRAGUE_WINTER, '2026-11-16T17:00:00Z'],
  ['since monday 10:00', PRAGUE_WINTER, '2026-11-16T09:00:00Z'],
  // Spans.
  ['for about 20 min', NOBODY, '2026-05-05T16:25:00Z'],
  ['for the last 5 minutes', NOBODY, '2026-05-05T16:40:00Z'],
  ['half an hour ago', NOBODY, '2026-05-05T16:15:00Z'],
  ['for an hour and a half', NOBODY, '2026-05-05T15:15:00Z'],
  ['2 hours ago', NOBODY, '2026-05-05T14:45:00Z'],
  ['for 1h 30m', NOBODY, '2026-05-05T15:15:00Z'],
  ['down 10 minutes', NOBODY, '2026-05-05T16:35:00Z'],
  ['since half past four', NOBODY, '2026-05-05T16:30:00Z'],
  // Other languages.
  ['ab 9 Uhr', PRAGUE_WINTER, '2026-11-17T08:00:00Z'],
  ['seit 40 Minuten', NOBODY, '2026-05-05T16:05:00Z'],
  ['seit einer halben Stunde', NOBODY, '2026-05-05T16:15:00Z'],
  ['od 8:45', PRAGUE_WINTER, '2026-11-17T07:45:00Z'],
  ['už půl hodiny', NOBODY, '2026-05-05T16:15:00Z'],
  ['před 10 minutami', NOBODY, '2026-05-05T16:35:00Z'],
  ['od 15 minut', NOBODY, '2026-05-05T16:30:00Z'],
  ['depuis 10 minutes', NOBODY, '2026-05-05T16:35:00Z'],
  ['depuis 15h20', NOBODY, '2026-05-05T15:20:00Z'],
  ['desde hace una hora', NOBODY, '2026-05-05T15:45:00Z'],
  ['há 30 minutos', NOBODY, '2026-05-05T16:15:00Z'],
  ["da mezz'ora", NOBODY, '2026-05-05T16:15:00Z'],
  ['al 20 minuten', NOBODY, '2026-05-05T16:25:00Z'],
  // No beginning at all.
  ['every request takes 3 s', NOBODY, null],
  ['closes after exactly 60s', NOBODY, null],
  ['10s per click', NOBODY, null],
  ['p99 at 9s', NOBODY, null],
  ['version 14.03 is bad', NOBODY, null],
  ['since 25:99', NOBODY, null],
  ['everybody and now nobody', NOBODY, null],
];

for (const [text, [at, tz], since] of SAID)
  test(`since: ${text} (${tz ?? 'no zone'}, ${at})`, () => {
    const got = sinceIn(text, at, tz);
    assert.equal(got && new Date(got).toISOString(), since && new Date(since).toISOString());
  });
