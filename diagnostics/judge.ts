import { eventsOf, onsetFrom } from './began.ts';
import { whereItBegins } from './bisect/begins.ts';
import { confidenceOf, howOften } from './calibration.ts';
import { CAUSES } from './causes.ts';
import { clearedOf } from './cleared.ts';
import { type Doubt, doubtOf } from './doubts.ts';
import { readRows } from './findings.ts';
import { headlineOf, saysOf, telling } from './headline.ts';
import type { Judgement } from './judgement.ts';
import { nextLook } from './next-look.ts';
import { moved, type Priors } from './priors.ts';
import { isIngress, rank, reckon } from './reckon.ts';
import { type Scene, sceneOf } from './scene.ts';
import { type Suspicion, suspicionsOf } from './suspicions/index.ts';
import type { Case, Change, EvidenceRow, Finding, Path, Verdict } from './types.ts';
import { seeMore } from './unseen.ts';
import { withoutSuspicion } from './without-suspicion.ts';
import { plural } from './wording.ts';

/** Everything a verdict is computed from. Same input, same verdict: no clock, no random, no IO. */
export interface Judged {
  case: Case;
  path: Path;
  evidence: EvidenceRow[];
  changes: Change[];
  durationMs: number;
  /** Looks that were made and that were planned; left out where nobody counted. */
  looks?: NonNullable<Verdict['looks']>;
  /** What this organisation's own cases say beforehand; left out: nothing. */
  priors?: Priors;
}

/** Below this no answer is given: a confident wrong verdict is the worst outcome there is. */
const ENOUGH = 0.7;
/** What a judge is made of: how rows are read, and what is suspected. A damaged one shows what hangs on a code or a rule. */
export interface JudgeParts {
  read: typeof readRows;
  suspect: typeof suspicionsOf;
  /** How often a verdict of a strength is right; left out: as was learnt. */
  often?: typeof confidenceOf;
}
const WHOLE: JudgeParts = { read: readRows, suspect: suspicionsOf };

/** How a case is judged, step by step: what `replay --explain` prints. */
export function weigh(input: Judged, parts: JudgeParts = WHOLE): Judgement {
  const { findings, blind } = parts.read(input.evidence, input.case, input.path);
  const scene = sceneOf(
    input.case,
    input.path,
    findings,
    blind,
    input.changes,
    whereItBegins(input.evidence, input.path),
  );
  const suspicions = rank(parts.suspect(scene));
  const chosen = suspicions[0] ?? null;
  if (!chosen) return sure({ scene, suspicions, chosen, ...withoutSuspicion(scene) }, parts);
  const { confidence: seen, reckoning } = reckon(scene, chosen, suspicions.slice(1));
  const answer: Verdict['answer'] = isIngress(chosen.hop) ? 'ingress' : 'not-ingress';
  const doubt = doubtAbout({ scene, chosen, answer, cause: chosen.cause });
  const { strength: confidence, why } = moved(seen, chosen.cause, input.priors, ENOUGH, doubt);
  if (why !== null) reckoning.push(why);
  const weighed = { scene, suspicions, chosen, answer, hop: chosen.hop, cause: chosen.cause, confidence, reckoning };
  return sure(why === null ? weighed : { ...weighed, learnt: why }, parts);
}

const doubtAbout = ({
  scene,
  chosen,
  ...said
}: Pick<Judgement, 'scene' | 'chosen' | 'answer' | 'cause'>): Doubt | null =>
  doubtOf({ ...said, because: (chosen?.because ?? []).map((f) => f.code), findings: scene.findings });

/** How strongly the evidence speaks, as how often such verdicts were right; no answer where that is too seldom. */
function sure(weighed: Omit<Judgement, 'strength'>, { often = confidenceOf }: JudgeParts): Judgement {
  const { confidence: strength, answer } = weighed;
  if (answer === 'inconclusive') return { ...weighed, strength };
  const doubt = doubtAbout(weighed);
  const confidence = often(strength, doubt);
  const reckoning = [...weighed.reckoning, ...howOften(strength, doubt)];
  if (Math.min(strength, confidence) >= ENOUGH) return { ...weighed, strength, confidence, reckoning };
  return {
    ...weighed,
    strength,
    answer: 'inconclusive',
    hop: null,
    cause: null,
    confidence: Math.min(strength, confidence),
    reckoning: [...reckoning, `below ${ENOUGH}: no answer`],
  };
}

/** Hops that looks cleared and none accused. */
function ruledOut(findings: Finding[], convicted: Verdict['hop']): Verdict['ruledOut'] {
  const hops = [...new Set(findings.filter((f) => f.direction === 'clears').map((f) => f.hop))];
  return hops
    .filter((hop) => hop !== convicted && !findings.some((f) => f.hop === hop && f.direction === 'implicates'))
    .map((hop) => ({
      hop,
      because: [...new Set(findings.filter((f) => f.hop === hop && f.direction === 'clears').map((f) => f.code))],
    }));
}

const MOST_EVENTS = 50;
/** The next step of findings that clear. */
const NOTHING_TO_DO = 'Nothing to do here.';
const MORE_TIME = 'Run it again with more time (--deadline 60s)';

/** Requests of users' that were tried, and how many of them failed. */
function tried({ front, replicas }: Scene): string {
  const met = front.length ? front : replicas;
  const [ok, total] = [met.reduce((sum, m) => sum + m.ok, 0), met.reduce((sum, m) => sum + m.total, 0)];
  return `${total - ok} of ${plural(total, 'request')}`;
}

/** The finding whose next step is the verdict's, where the suspicion has none of its own. */
function asksFor({ because, next }: Suspicion): Finding | undefined {
  if (next !== undefined) return undefined;
  // What is as it should be asks for nothing, though it may be a part of the reason.
  const asking = because.filter((f) => f.next !== NOTHING_TO_DO);
  return asking.find((f) => f.direction === 'implicates') ?? asking.find((f) => f.direction === 'context');
}

/** What a person can paste to see it: the command of the finding that asks for the next step, else of the first reason that has one. */
function commandOf(judgement: Judgement): string | null {
  const { scene, chosen, answer } = judgement;
  const asking = answer !== 'inconclusive' && chosen ? asksFor(chosen) : undefined;
  const reasons = telling(judgement);
  const failed = reasons.filter((f) => f.code === 'REQUEST_FAILED');
  // Where there is no answer, that a request is answered now shows nothing.
  const open = reasons.filter((f) => f.code !== 'REQUEST_ANSWERED');
  const shown = answer === 'inconclusive' ? [...failed, ...open] : [...(asking ? [asking] : []), ...reasons];
  const met = chosen || answer === 'inconclusive' ? [] : scene.findings.filter((f) => f.code === 'REQUEST_ANSWERED');
  return [...shown, ...met].find((f) => f.reproduce !== null)?.reproduce ?? null;
}

function nextStep(judgement: Judgement): string {
  const { scene, chosen, answer, cause } = judgement;
  if (answer !== 'inconclusive' && chosen) {
    return (
      chosen.next ??
      asksFor(chosen)?.next ??
      `Look at the log of ${chosen.because[0]?.about.hop ?? chosen.hop} for these requests, and at what changed there last.`
    );
  }
  if (cause === 'client-side') return 'Try from another network or browser, and send the exact error text.';
  if (cause === 'no-fault-found')
    return 'If it still fails for you, send the exact error text and the time: your own network or VPN is the next suspect.';
  if (scene.begins === 'unsure') return `${MORE_TIME}: ${tried(scene)} fail, too few to say at which hop that begins.`;
  if (scene.failing && !scene.path.routed)
    return `Add ${scene.case.target.host} to the inventory's routes, so that I can look at each hop behind it.`;
  const missing = nextLook(scene);
  if (missing) return missing.reason === 'deadline' ? `${MORE_TIME}: ${missing.detail}.` : seeMore(missing.detail);
  if (scene.failing) return 'Run the command and look at what it answers; I see that it fails, not why.';
  return chosen?.next ?? 'Tell me when it happens again, with the exact error text.';
}

/** The verdict on a case: pure, deterministic, and the same for the same evidence on any day. */
export function judge(input: Judged, parts: JudgeParts = WHOLE): Verdict {
  const judgement = weigh(input, parts);
  const { scene, answer, hop, cause, confidence, strength, chosen } = judgement;
  const convicting = answer === 'inconclusive' ? [] : (chosen?.because ?? []);
  const clearing =
    cause === 'no-fault-found' || cause === 'client-side'
      ? scene.findings.filter(
          (f) => f.code === 'REQUEST_ANSWERED' || f.code === 'ENDPOINT_ANSWERS' || f.code === 'NO_ERRORS_LOGGED',
        )
      : [];
  const step = nextStep(judgement);
  return {
    version: 1,
    case: input.case.id,
    target: { host: input.case.target.host, port: input.case.target.port, path: input.case.target.path },
    answer,
    hop,
    cause,
    confidence,
    strength,
    ...(judgement.learnt !== undefined && { learnt: judgement.learnt }),
    because: [...new Set([...convicting, ...clearing].map((f) => f.code))],
    ruledOut: answer === 'inconclusive' ? [] : ruledOut(scene.findings, hop),
    blind: scene.blind,
    nextStep: step,
    command: commandOf(judgement),
    findings: scene.findings,
    timeline: eventsOf(scene).slice(-MOST_EVENTS),
    onset: onsetFrom(scene),
    durationMs: Math.round(input.durationMs),
    ...(input.looks && { looks: input.looks }),
    headline: headlineOf(judgement),
    cleared: clearedOf(judgement),
    says: saysOf(judgement, cause ? ((CAUSES as { [id: string]: { title: string } })[cause]?.title ?? null) : null),
  };
}
