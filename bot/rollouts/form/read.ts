import type { Side, Stage } from '../../../workers/rollouts/types.ts';
import { clockOf, instantOf } from '../../intake/zones.ts';
import type { Details } from './draft.ts';
import {
  FIELDS,
  type Field,
  type FieldErrors,
  LONGEST,
  MOST_CHANNELS,
  MOST_HOSTS,
  MOST_STAGES,
  oneLine,
  type Submitted,
  VALUE,
} from './fields.ts';
import { NOT_YET, type SideChoice } from './sides.ts';

const HOST = /^(?=.{1,253}$)(?!-)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!-)[a-z0-9_-]{1,63})*$/;
/** Clocks differ, and forms lie open: a window may have begun this long ago, ms. */
const BEGAN_MS = 60 * 60_000;
const LONGEST_WINDOW_MS = 90 * 24 * 60 * 60_000;
const FURTHEST_MS = 400 * 24 * 60 * 60_000;

/** What a page holds, or what is wrong with it, by field. */
export type Read<T> = { value: T } | { errors: FieldErrors };

/** The first page: what changes, from which side to which. Pure. */
export function readSides(
  values: Submitted,
  choices: readonly SideChoice[],
): Read<{ title: string; old: Side; fresh: Side }> {
  const errors: FieldErrors = {};
  const title = text(values, 'title', errors, 'Say in a few words what changes, such as “Traefik 2.10.7 → 3.7”.');
  const old = choices.find((one) => one.value === picked(values, 'old'))?.side;
  const chosen = picked(values, 'fresh');
  const fresh =
    chosen === NOT_YET && old
      ? { hop: old.hop, instances: [], title: 'the new side, not in the inventory yet' }
      : choices.find((one) => one.value === chosen)?.side;
  if (!old)
    errors[FIELDS.old] = 'Choose the proxies that serve now. The inventory may have changed: open the form again.';
  if (!fresh) errors[FIELDS.fresh] = 'Choose the proxies that take over.';
  if (old && fresh && sameSide(old, fresh))
    errors[FIELDS.fresh] = 'The old and the new side are the same: nothing could be compared.';
  if (old && fresh && Object.keys(errors).length === 0) return { value: { title, old, fresh } };
  return { errors };
}

/** The second page: why, for whom, when, how to undo. `zone`: the author's, null is read as UTC. Pure. */
export function readDetails(values: Submitted, zone: string | null, now: number): Read<Details> {
  const errors: FieldErrors = {};
  const details: Details = {
    why: text(values, 'why', errors, 'Say why: people accept more when they know.'),
    notice: text(values, 'notice', errors, null),
    oldClients: text(values, 'oldClients', errors, null),
    undo: text(values, 'undo', errors, 'Say how to undo it, and how long that takes.'),
    hosts: readHosts(raw(values, 'hosts'), errors),
    channels: readChannels(values, errors),
    stages: readStages(raw(values, 'stages'), errors),
    window: readWindow(values, zone, now, errors),
  };
  return Object.keys(errors).length === 0 ? { value: details } : { errors };
}

function text(
  values: Submitted,
  field: keyof typeof LONGEST & Field,
  errors: FieldErrors,
  missing: string | null,
): string {
  const typed = raw(values, field);
  const max = LONGEST[field];
  if (typed.length > max) errors[FIELDS[field]] = `That is ${typed.length} characters; it must be at most ${max}.`;
  const read = oneLine(typed.slice(0, max));
  if (read === '' && missing !== null) errors[FIELDS[field]] = missing;
  return read;
}

function readHosts(typed: string, errors: FieldErrors): string[] {
  const fail = (why: string): string[] => {
    errors[FIELDS.hosts] = why;
    return [];
  };
  if (typed.length > LONGEST.hosts) return fail(`At most ${LONGEST.hosts} characters.`);
  const words = oneLine(typed)
    .toLowerCase()
    .split(/[\s,;]+/)
    .map((word) => word.replace(/^https?:\/\//, '').replace(/[/.]+$/, ''))
    .filter((word) => word !== '');
  const hosts = [...new Set(words)];
  if (hosts.length > MOST_HOSTS) return fail(`${hosts.length} hosts; at most ${MOST_HOSTS}. Leave it empty for all.`);
  const wrong = hosts.find((host) => !HOST.test(host));
  if (wrong !== undefined) return fail(`“${wrong.slice(0, 60)}” is no host name.`);
  return hosts;
}

function readChannels(values: Submitted, errors: FieldErrors): string[] {
  const chosen = (values[FIELDS.channels]?.[VALUE]?.selected_conversations ?? []).filter((id) =>
    /^[CGD][A-Z0-9]{2,30}$/.test(id),
  );
  if (chosen.length > MOST_CHANNELS) errors[FIELDS.channels] = `${chosen.length} channels; at most ${MOST_CHANNELS}.`;
  return [...new Set(chosen)].slice(0, MOST_CHANNELS);
}

/** `10, 50, 100`: per cent, rising, up to all. */
function readStages(typed: string, errors: FieldErrors): Stage[] {
  const fail = (why: string): Stage[] => {
    errors[FIELDS.stages] = why;
    return [];
  };
  const words = oneLine(typed.slice(0, LONGEST.stages + 1))
    .split(/[\s,;%→>/]+/)
    .filter((word) => word !== '');
  const shares = words.map((word) =>
    /^all$/i.test(word) ? 100 : /^\d{1,3}(\.\d{1,2})?$/.test(word) ? Number(word) : Number.NaN,
  );
  if (typed.length > LONGEST.stages || shares.length > MOST_STAGES) return fail(`At most ${MOST_STAGES} stages.`);
  if (shares.length === 0) return fail('Name at least one stage, such as 10, 50, 100.');
  if (shares.some((share) => !(share > 0 && share <= 100)))
    return fail('Numbers above 0 up to 100, such as 10, 50, 100.');
  if (shares.some((share, i) => i > 0 && share <= (shares[i - 1] ?? 0)))
    return fail('Each stage must be larger than the one before it.');
  if (shares.at(-1) !== 100) return fail('The last stage must be 100: until then it is not done.');
  return shares.map((share) => ({ share: share / 100, at: null }));
}

function readWindow(values: Submitted, zone: string | null, now: number, errors: FieldErrors): Details['window'] {
  const part = (field: Field, kind: 'selected_date' | 'selected_time') =>
    values[FIELDS[field]]?.[VALUE]?.[kind] ?? null;
  const parts = {
    fromDate: part('fromDate', 'selected_date'),
    fromTime: part('fromTime', 'selected_time'),
    toTime: part('toTime', 'selected_time'),
    toDate: part('toDate', 'selected_date') ?? part('fromDate', 'selected_date'),
  };
  const { fromDate, fromTime, toDate, toTime } = parts;
  if ([fromDate, fromTime, toTime].every((one) => one === null) && part('toDate', 'selected_date') === null)
    return null;
  for (const field of ['fromDate', 'fromTime', 'toTime'] as const)
    if (parts[field] === null)
      errors[FIELDS[field]] = 'A window needs a day, a begin and an end; leave all empty for none.';
  const from = instant(fromDate, fromTime, zone);
  const to = instant(toDate, toTime, zone);
  if (from === null || to === null) {
    if (fromDate && fromTime && from === null) errors[FIELDS.fromDate] = 'That is no day and time.';
    else if (toTime && fromDate && to === null) errors[FIELDS.toTime] = 'That is no day and time.';
    return null;
  }
  if (to <= from) errors[FIELDS.toTime] = 'The end is not after the begin.';
  else if (to - from > LONGEST_WINDOW_MS) errors[FIELDS.toTime] = 'That is longer than 90 days.';
  if (from < now - BEGAN_MS) errors[FIELDS.fromDate] = 'That is in the past.';
  else if (from > now + FURTHEST_MS) errors[FIELDS.fromDate] = 'That is more than a year ahead.';
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** The moment at which the author's clock shows this, ms; null: there is no such day or time. */
function instant(date: string | null, time: string | null, zone: string | null): number | null {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date ?? '');
  const clock = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time ?? '');
  if (!day || !clock) return null;
  const [year, month, dom] = day.slice(1).map(Number) as [number, number, number];
  const check = new Date(Date.UTC(year, month - 1, dom));
  if (check.getUTCMonth() !== month - 1 || check.getUTCDate() !== dom) return null;
  return instantOf(year, month - 1, dom, Number(clock[1]), Number(clock[2]), clockOf(zone));
}

function raw(values: Submitted, field: Field): string {
  return values[FIELDS[field]]?.[VALUE]?.value ?? '';
}

function picked(values: Submitted, field: Field): string | null {
  return values[FIELDS[field]]?.[VALUE]?.selected_option?.value ?? null;
}

function sameSide(a: Side, b: Side): boolean {
  return a.hop === b.hop && JSON.stringify(a.instances) === JSON.stringify(b.instances);
}
