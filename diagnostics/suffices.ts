import { isCompared } from './bisect/worth.ts';
import { checkNamed } from './checks/index.ts';
import type { Planned } from './define-check.ts';
import { type Judged, weigh } from './judge.ts';
import type { BisectData } from './readings/path-bisect.ts';
import type { Scene } from './scene.ts';
import { RULES } from './suspicions/index.ts';
import type { EvidenceRow } from './types.ts';

/** From here on an answer stays one, whatever lowers its confidence (a rival: x 0.9). */
const STRONG = 0.9;
/** It explains all that fails now: no rule further down the list can explain more. */
const ALL = 0.875;

/** Parts of a scene that looks change, beside the findings by their codes. */
type Part = 'front' | 'balancers' | 'replicas' | 'endpoints' | 'failing' | 'slowMs' | 'begins' | 'findings' | 'blind';
const PARTS: ReadonlySet<string> = new Set<Part>([
  'front',
  'balancers',
  'replicas',
  'endpoints',
  'failing',
  'slowMs',
  'begins',
  'findings',
  'blind',
]);

/** The scene, with every code and part that is read of it noted down. */
function watched(scene: Scene, read: (name: string) => void): Scene {
  const noted = {
    has: (code: string): boolean => {
      read(code);
      return scene.has(code);
    },
    all: (code: string): ReturnType<Scene['all']> => {
      read(code);
      return scene.all(code);
    },
  };
  return new Proxy(scene, {
    get(target, name: keyof Scene) {
      if (name === 'has' || name === 'all') return noted[name];
      if (PARTS.has(name)) read(name);
      return target[name];
    },
  });
}

/** What a look that is not over yet may change of a scene. */
function touches({ look }: Planned, scene: Scene): Set<string> {
  // Any look may turn out blind, or find something.
  const touched = new Set<string>(['findings', 'blind', ...Object.keys(checkNamed(look.check)?.findings ?? {})]);
  const add = (...parts: Part[]): void => {
    for (const part of parts) touched.add(part);
  };
  if (look.check === 'endpoint-answers') add('endpoints', 'begins');
  if (look.check !== 'path-bisect') return touched;
  if (look.vantage === 'public') add('front', 'replicas', 'failing', 'slowMs', 'begins');
  else add('replicas', 'balancers', 'begins');
  // Where the front could not be looked at, the replicas stand for it.
  if (scene.front.length === 0) add('failing', 'slowMs');
  return touched;
}

/**
 * Did every request of users' get an answer, get through its handshake, or wait in vain once it was sent whole? Then no PROXY
 * header stood in its way: a listener that minds one, or its lack, answers or closes at once (measured on nginx, HAProxy,
 * Apache, Caddy, hitch and stunnel).
 */
function noHeaderInTheWay(rows: EvidenceRow[]): boolean {
  const front = rows.filter((row) => row.look.check === 'path-bisect' && row.look.vantage === 'public' && !row.blind);
  const outcomes = front.flatMap((row) => (row.data as unknown as BisectData).outcomes);
  return (
    outcomes.length > 0 &&
    outcomes.every(({ sample }) => sample.phase === 'done' || (sample.phase === 'answer' && sample.error === 'TIMEOUT'))
  );
}

/** Looks whose findings are about something that is known already not to be the matter. */
function idle({ look }: Planned, rows: EvidenceRow[]): boolean {
  return look.check === 'proxy-protocol' && noHeaderInTheWay(rows);
}

/**
 * Pure: does what was seen suffice, whatever the looks that are still to come would see? Then it is the cause that stays.
 * Null: a look that is pending could change the answer, its hop or its cause.
 *
 * It is a proof, not a guess: rules are pure functions of a scene and are run here on one that notes what they read. The
 * first rule that explains all of the trouble wins; if nothing that it and the more specific rules before it have read can
 * be touched by a pending look, they will say the same at the end. Where none explains all, all rules have to. What does
 * not show in users' requests now never suffices.
 */
export function suffices(seen: Judged, pending: Planned[]): { cause: string } | null {
  const { scene, chosen } = weigh(seen);
  if (!chosen || chosen.cause === null || chosen.strength < STRONG || chosen.explains === 0) return null;
  if (scene.begins === 'unsure' && isCompared(chosen)) return null;
  if (scene.front.length === 0 || scene.failing === null) return null;
  const read = new Set<string>();
  const noted = watched(scene, (name) => read.add(name));
  for (const rule of RULES) if ((rule(noted)?.explains ?? 0) >= ALL) break;
  const open = pending.filter((planned) => !planned.blind && !idle(planned, seen.evidence));
  return open.some((planned) => !read.isDisjointFrom(touches(planned, scene))) ? null : { cause: chosen.cause };
}

/** How long every look may take though the answer is there: they tell when it began and what else was found clean, ms. */
export const GRACE_MS = 1_200;
/** What has not answered by now will not be told from what never answers: nobody waits that long without complaint, ms. */
export const HUNG_MS = 3_300;
/** Looks that wait for answers to plain requests. */
const REQUESTS = new Set(['path-bisect', 'endpoint-answers']);

/** What looks under way should do: go on, end their waiting with what they have, or stop. */
export type Course = 'go-on' | 'hurry' | 'stop';

/**
 * Pure: how the looks of a case go on, `elapsedMs` after they began. Those that wait for an answer to a plain request hurry
 * when it is late, unless a 504 is in play: then it matters whether the application takes longer than people wait.
 */
export function courseOf(seen: Judged, pending: Planned[], elapsedMs: number): Course {
  if (elapsedMs < GRACE_MS || pending.length === 0) return 'go-on';
  if (suffices(seen, pending)) return 'stop';
  const late = pending.filter(({ look, blind }) => !blind && REQUESTS.has(look.check));
  if (elapsedMs < HUNG_MS || late.length === 0) return 'go-on';
  return timeoutsMatter(seen) || onlyTheFrontIsLate(seen, late) ? 'go-on' : 'hurry';
}

/** All proxies have answered and only what is in front of them is late: slow or silent makes two causes there. */
function onlyTheFrontIsLate({ evidence }: Judged, late: Planned[]): boolean {
  const inFront = (vantage: string): boolean => vantage === 'public' || vantage === 'load-balancer';
  return (
    late.every(({ look }) => inFront(look.vantage)) &&
    evidence.some((row) => row.look.check === 'path-bisect' && !inFront(row.look.vantage) && !row.blind)
  );
}

function timeoutsMatter({ case: triage, evidence }: Judged): boolean {
  if (triage.symptoms.statuses.includes(504)) return true;
  return evidence.some(
    (row) =>
      row.look.check === 'path-bisect' &&
      !row.blind &&
      (row.data as unknown as BisectData).outcomes.some((o) => o.sample.status === 504),
  );
}
