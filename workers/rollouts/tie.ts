import type { Finding, Path, Symptoms, Verdict } from '../../diagnostics/types.ts';
import { percent } from './decide.ts';
import type { Rollout, RolloutRecord, TiedCase } from './types.ts';

/** What is known of a case when its verdict is there. */
export interface EndedCase {
  id: string;
  host: string;
  at: string;
  symptoms: Symptoms;
  path: Path;
  verdict: Verdict;
  /** Parts that were looked at: check, hop, instance. */
  looked: { check: string; hop: string; part: string | null }[];
  /** Slack id of whoever reported it; null: not a person. */
  by: string | null;
}

/** Names by which paths and findings know both sides; instances null: all of the hop. */
export interface SideNames {
  old: { hops: Set<string>; instances: Set<string> | null };
  fresh: { hops: Set<string>; instances: Set<string> | null };
}

/** A complaint belongs to a rollout that ended so long ago at most, ms. */
const AFTER_MS = 60 * 60_000;
/** Clocks and counters know a begin this well, ms. */
const SLACK_MS = 60_000;

const clock = (iso: string): string => `${iso.slice(11, 16)} UTC`;

/**
 * Pure: whether a case that ended belongs to a rollout, and whether that explains it. Null: it does not belong to it. Only
 * evidence clears or confirms; what nobody saw stays open.
 */
export function tieCase(one: EndedCase, record: RolloutRecord, sides: SideNames): TiedCase | null {
  const began = record.stages[0]?.startedAt;
  const over = record.endedAt !== undefined && Date.parse(one.at) > Date.parse(record.endedAt) + AFTER_MS;
  if (began === undefined || over || record.state === 'planned' || record.state === 'cancelled') return null;
  const isOnPath = one.path.hops.some((hop) => sides.old.hops.has(hop.name) || sides.fresh.hops.has(hop.name));
  if (!isOnPath && !isNamed(one.symptoms, record.rollout)) return null;
  const tied = (guilt: TiedCase['guilt'], why: string): TiedCase => ({
    case: one.id,
    host: one.host,
    at: one.at,
    guilt,
    why,
    ...(one.by !== null && { by: one.by }),
  });
  if (!one.path.routed || one.path.hops.length === 0)
    return tied('open', `No path to ${one.host} is known, so nobody can tell whether it is behind these proxies.`);
  if (!isOnPath) return tied('cleared', `${one.host} does not go through these proxies.`);
  const onset = one.verdict.onset;
  if (onset && Date.parse(onset.at) < Date.parse(began) - SLACK_MS)
    return tied('cleared', `It began at ${clock(onset.at)}, before the first stage (${clock(began)}).`);
  if (one.verdict.answer === 'not-ingress') return tied('cleared', one.verdict.headline);
  return bySides(one, record, sides, tied);
}

/** What findings say of the two sides. */
function bySides(
  one: EndedCase,
  record: RolloutRecord,
  sides: SideNames,
  tied: (guilt: TiedCase['guilt'], why: string) => TiedCase,
): TiedCase {
  const isOf = (name: 'old' | 'fresh', about: { hop: string; part: string | null }): boolean => {
    const { hops, instances } = sides[name];
    if (!hops.has(about.hop)) return false;
    const other = sides[name === 'old' ? 'fresh' : 'old'];
    // All of a hop that both share, but for those that are the other side's by name.
    if (instances === null)
      return (
        !other.hops.has(about.hop) ||
        (about.part !== null && other.instances !== null && !other.instances.has(about.part))
      );
    return about.part !== null && instances.has(about.part);
  };
  const against = one.verdict.findings.filter(({ direction }) => direction === 'implicates');
  const of = (name: 'old' | 'fresh'): Finding[] => against.filter(({ about }) => isOf(name, about));
  const [old, fresh] = [of('old'), of('fresh')];
  const was = (name: 'old' | 'fresh', check: string): boolean =>
    one.looked.some((look) => look.check === check && isOf(name, { hop: look.hop, part: look.part })) &&
    !one.verdict.blind.some((blind) => blind.check === check);
  const onlyFresh = fresh.find(({ code, check }) => !old.some((other) => other.code === code) && was('old', check));
  const onlyOld = old.find(({ code, check }) => !fresh.some((other) => other.code === code) && was('fresh', check));
  const both = fresh.find(({ code }) => old.some((other) => other.code === code));
  if (onlyFresh && !onlyOld) return tied('confirmed', `The new side fails and the old one does not: ${onlyFresh.says}`);
  if (both && !onlyFresh && one.verdict.answer === 'ingress')
    return tied('cleared', `Both sides fail alike: ${both.says}`);
  if (onlyOld && !onlyFresh && fresh.length === 0)
    return tied('cleared', `The old side fails and the new one does not: ${onlyOld.says}`);
  const stop = record.stages[record.stage]?.judgement;
  if (stop?.result === 'stop')
    return tied('open', `The case cannot tell the sides apart, and the stage is judged badly: ${stop.headline}`);
  return tied(
    'open',
    one.verdict.answer === 'ingress'
      ? 'It is the ingress; nothing tells yet which side of the rollout.'
      : 'The evidence does not say which hop it is.',
  );
}

/** Whether a report accuses this proxy: by the words of its title and sides. */
function isNamed(symptoms: Symptoms, { title, old, fresh }: Rollout): boolean {
  const words = new Set(
    [title, old.title, fresh.title, old.hop, fresh.hop]
      .join(' ')
      .toLowerCase()
      .split(/[^a-z]+/),
  );
  return symptoms.suspects.some((suspect) => words.has(suspect.toLowerCase()));
}

/** `Traefik 2.10.7 → 3.7 (50 % since 10:20 UTC)`. */
function stageOf({ rollout, stage, stages, state, endedAt }: RolloutRecord): string {
  const since = stages[stage]?.startedAt;
  const how =
    state === 'running' && since
      ? `${percent(rollout.stages[stage]?.share ?? 1)} since ${clock(since)}`
      : `${state}${endedAt ? ` at ${clock(endedAt)}` : ''}`;
  return `${rollout.title} (${how})`;
}

/**
 * Pure: one line for each rollout that a case is tied to or whose hops stand on its path, for the verdict's message. Plain
 * text: titles are what people wrote, so it has to be escaped. `names` says by which names a rollout's hops go.
 */
export function rolloutNotes(
  caseId: string,
  path: Path,
  records: readonly RolloutRecord[],
  names: (rollout: Rollout) => Iterable<string> = ({ old, fresh }) => [old.hop, fresh.hop],
): string[] {
  return records.flatMap((record) => {
    const tied = record.cases.find((one) => one.case === caseId);
    const what = `The rollout ${stageOf(record)}`;
    if (tied) return [`${what}: ${SAID[tied.guilt]}. ${tied.why}`];
    const hops = new Set(names(record.rollout));
    const isOn = record.state === 'running' && path.hops.some((hop) => hops.has(hop.name));
    return isOn ? [`${what} is on this path.`] : [];
  });
}

const SAID = { cleared: 'cleared', confirmed: 'it is the cause', open: 'not cleared yet' } as const;
