import type { Scene } from './scene.ts';
import type { Change, Verdict } from './types.ts';
import { clock, duration } from './wording.ts';

/** When the trouble began, by what, and the change shortly before it that a person would want to know of. */
interface Began {
  at: string;
  /** `metrics` or `access log`. */
  from: string;
  /** The last change before it; context, never a cause by itself. */
  after: Change | null;
}

/** A change longer before than this is no news, ms. */
const SHORTLY_MS = 30 * 60_000;
/** Clocks and samples are this inexact: a change this long after the begin still counts as before it, ms. */
const SLACK_MS = 20_000;

const FIRST_ERROR = new Set(['ERRORS_MADE_UPSTREAM', 'ERRORS_MADE_BY_PROXY', 'ERRORS_LOGGED']);
const STARTS = new Set(['COUNTERS_BEGAN_ANEW', 'PROCESS_STARTED_RECENTLY', 'PROXY_RESTARTED_RECENTLY']);
/** Two traces of one start lie this near, ms: recorders look every some seconds. */
const SAME_MS = 30_000;
const RELOADS = new Set(['RELOADED_RECENTLY', 'RELOAD_REFUSED', 'RELOAD_STORM']);

/** Reloads and restarts as changes: what the proxies' own traces add to the change feed. Oldest first. */
export function eventsOf(scene: Scene): Change[] {
  const reloads = scene.findings
    .filter((f) => RELOADS.has(f.code))
    .map((f) => ({
      at: String(f.facts.at ?? f.facts.last ?? f.at),
      kind: f.code === 'RELOAD_REFUSED' ? 'reload-refused' : 'reload',
      object: f.about.part ?? f.about.hop,
      summary: f.says,
    }));
  const restarts = scene.findings
    .filter((f) => STARTS.has(f.code))
    .map((f) => ({
      at: String(f.facts.last ?? f.facts.at),
      kind: 'restart',
      object: f.about.part ?? f.about.hop,
      summary: f.says,
    }));
  // The same start is seen in the process table, in the counters and in the log: one event within some seconds.
  const starts = restarts.filter(
    (one, i) =>
      !restarts
        .slice(0, i)
        .some((other) => other.object === one.object && Math.abs(Date.parse(other.at) - Date.parse(one.at)) < SAME_MS),
  );
  return [...scene.changes, ...reloads, ...starts].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** The begin as the counters show it; where they are about this host, their most telling one. */
function counted(scene: Scene): { at: string; latest: string } | null {
  const errors = scene
    .all('ERRORS_BEGAN')
    .filter((f) => f.facts.at !== null && f.facts.scope !== 'proxy')
    .sort((a, b) => Number(b.facts.errors) - Number(a.facts.errors));
  const first = errors[0];
  if (first) return { at: String(first.facts.at), latest: String(first.facts.latest) };
  const slow = scene.reported('slow', 'timeout') ? scene.all('SLOWNESS_BEGAN')[0] : undefined;
  return slow ? { at: String(slow.facts.at), latest: String(slow.facts.at) } : null;
}

/** Pure: when did it begin, and what changed last before that? null: nothing that was looked at shows a begin. */
function beganOf(scene: Scene): Began | null {
  const byCounters = counted(scene);
  const logged = scene.findings
    .filter((f) => FIRST_ERROR.has(f.code) && typeof f.facts.first === 'string')
    .map((f) => String(f.facts.began ?? f.facts.first))
    .sort()[0];
  const at = byCounters?.at ?? logged;
  if (at === undefined) return null;
  const until = Date.parse(byCounters?.latest ?? at) + SLACK_MS;
  const after = eventsOf(scene).findLast(
    (change) => Date.parse(change.at) <= until && Date.parse(change.at) >= Date.parse(at) - SHORTLY_MS,
  );
  return { at, from: byCounters ? 'metrics' : 'access log', after: after ?? null };
}

/** Most characters of a change's own words that are repeated. */
const SUMMARY = 120;

/** What a proxy's own traces tell, in few words: the sentence of the finding would say its name and the time again. */
const DONE: { [kind: string]: string } = {
  restart: 'was started',
  reload: 'took a new configuration',
  'reload-refused': 'refused a new configuration',
};

/** "Began at 14:03 UTC, 2 min after a change of metabase (deploy): 1.52.1." */
export function beganSentence(scene: Scene): string | null {
  const began = beganOf(scene);
  if (!began) return null;
  const { at, after } = began;
  const time = clock(at, scene.case.at);
  const begin = `Began ${/^\d\d:/.test(time) ? 'at ' : ''}${time}`;
  if (!after) return `${begin}.`;
  const ms = Math.max(0, Date.parse(at) - Date.parse(after.at));
  const done = scene.changes.includes(after) ? undefined : DONE[after.kind];
  // The records of a process begin with it: whether it was so before, they do not say.
  if (done && after.kind === 'restart' && ms < SAME_MS)
    return `${begin}, as far as the records go: ${after.object} ${done} then.`;
  const what = done
    ? `${after.object} ${done}`
    : `a change of ${after.object} (${after.kind}): ${after.summary.slice(0, SUMMARY).replace(/\.$/, '')}`;
  return `${begin}, ${ms < 5_000 ? 'right' : duration(ms)} after ${what}.`;
}

export const onsetFrom = (scene: Scene): Verdict['onset'] => {
  const began = beganOf(scene);
  return began && { at: began.at, from: began.from };
};
