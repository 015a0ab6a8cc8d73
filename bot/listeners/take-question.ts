import { TriageError } from '../../diagnostics/errors.ts';
import type { Case, Path } from '../../diagnostics/types.ts';
import type { CaseRecord, Cases } from '../../workers/cases.ts';
import type { Place } from '../../workers/queues.ts';
import { explainedBy } from '../../workers/shared-hop.ts';
import { whichHostText } from '../blocks/help.ts';
import {
  againPointerText,
  notAllowedText,
  pointerText,
  sharedPointerText,
  stormPointerText,
  tooManyText,
} from '../blocks/refusal.ts';
import { inventoryOf } from '../intake.ts';
import { filledIn } from '../model/fill-in.ts';
import { questionNote } from '../permissions/notes.ts';
import { refusedQuestion } from '../permissions/questions.ts';
import type { ListenerDeps } from './deps.ts';

/** Within this time after a verdict a report about the same host is a recurrence, unless configured, ms. */
const RECURRENCE_MS = 4 * 60 * 60 * 1000;

/** A question, however it was asked. */
export interface Question {
  way: 'command' | 'shortcut' | 'mention' | 'message' | 'button' | 'alert';
  text: string;
  /** What is kept as the report; null when only a target was given. */
  report: string | null;
  place: Place;
  /** When it was written, ISO. */
  at: string;
  since: string | null;
  /** Names of what was received: the same ones never make a second case. */
  sources: string[];
  /** Written by a bot that CONFIG trusts: it may ask whatever the rules about people say. */
  trusted?: boolean;
}

export type Taken =
  | { is: 'opened' | 'joined' | 'seen'; case: string }
  | { is: 'no-report' }
  /** `ruled`: by the rules about people, which noted it. */
  | { is: 'refused' | 'limited'; text: string; ruled?: true }
  | { is: 'which-host'; text: string };

/** From a question to a queued case. Whatever it returns from is safe in Redis; QueueAway passes through. */
export async function takeQuestion(question: Question, deps: ListenerDeps): Promise<Taken> {
  const taken = await take(question, deps);
  deps.metrics.opened.inc({ way: question.way, result: taken.is });
  const note = questionNote(question, taken);
  if (note !== null) deps.audit?.note(note);
  return taken;
}

async function take(question: Question, deps: ListenerDeps): Promise<Taken> {
  const { intake, desk } = deps;
  const known = await deps.freshInventory();
  const tz = await deps.zoneOf(question.place.user);
  const plain = intake.readReport(question.text, { at: question.at, tz }, known);
  if (question.way === 'message' && !plain.report) return { is: 'no-report' };
  // Before anything is spent on it.
  const early = await refusedQuestion(question, 'later', ['ask'], deps);
  if (early !== null) return early;
  const reading = await filledIn(plain, question.text, known, deps.model);
  const inventory = await inventoryOf({ known: () => known, forHost: deps.inventoryFor }, reading);
  const now = new Date(deps.now());
  const made = intake.openCase(reading, {
    id: intake.newCaseId(now),
    at: now.toISOString(),
    report: question.report,
    inventory,
    deadlineMs: deps.deadlineMs,
  });
  if ('missing' in made) return { is: 'which-host', text: whichHostText(inventory, reading.ambiguous) };
  if ('refused' in made) return { is: 'refused', text: notAllowedText(made.refused) };
  const one = question.since === null ? made.case : { ...made.case, since: question.since };
  try {
    const path = intake.findPath(inventory, one.target);
    const acts = path.hops.length === 0 ? (['ask', 'probe'] as const) : (['ask'] as const);
    const no = await refusedQuestion(question, [one.target.host], acts, deps);
    if (no !== null) return no;
    const planned = intake.planLooks(one, path);
    const { sources } = question;
    const overheard = question.way === 'message' || question.way === 'alert';
    const { limits } = deps;
    let place = question.place;
    let shared: { case: string; hop: string } | null = null;
    const how = overheard ? ('report' as const) : ('direct' as const);
    const asked = { case: one, path, planned, place, sources, ...(limits && { asked: { how, limits } }) };
    const claim = await desk.open(asked, async (cases) => {
      const again = await repeated(one, cases, deps);
      if (overheard && again !== null) place = threadOf(again, place);
      if (overheard) shared = await guilty(one, path, cases);
      return { place, join: shared?.case ?? null, again: again?.case.id ?? null };
    });
    if (claim.is === 'limited') {
      deps.log.warn({ by: claim.by, way: question.way, channel: place.channel }, 'a question over the limits');
      return { is: 'limited', text: tooManyText(claim.by, 60 - (Math.floor(deps.now() / 1000) % 60)) };
    }
    deps.log.info(
      { case: claim.case, is: claim.is, way: question.way, host: one.target.host, channel: place.channel },
      'question',
    );
    // In a storm a person is pointed to the case once; whatever else they report is counted there.
    const counted = overheard && claim.busy === true && claim.newcomer === false;
    if (claim.is !== 'opened' || place !== question.place)
      await pointTo(claim.case, claim.is === 'joined' && counted, { question, one, shared, claim: claim.is }, deps);
    return { is: claim.is, case: claim.case };
  } catch (error) {
    if (error instanceof TriageError) return { is: 'refused', text: notAllowedText(error.message) };
    throw error;
  }
}

/** The finished case about the same host that this one repeats, or null. */
async function repeated(one: Case, cases: Cases, deps: ListenerDeps): Promise<CaseRecord | null> {
  const last = await cases.lastOf(one);
  const at = last?.finishedAt ?? null;
  return last !== null && at !== null && deps.now() - at < (deps.recurrenceMs ?? RECURRENCE_MS) ? last : null;
}

/** The old case's thread, if it is in the same channel and its message is there; else where it was asked. */
function threadOf(last: CaseRecord, place: Place): Place {
  const { channel, ts, refused } = last.message;
  if (channel !== place.channel || ts === null || refused !== null) return place;
  return { ...place, thread: last.place.thread ?? ts };
}

/** A case about another host that convicted a hop on this path a moment ago, if that explains what is reported. */
async function guilty(one: Case, path: Path, cases: Cases): Promise<{ case: string; hop: string } | null> {
  const names = [...new Set(path.hops.map((hop) => hop.name))];
  for (const { record } of await cases.guiltyHops(names)) {
    const hop = explainedBy(record, path, one.symptoms);
    if (hop !== null) return { case: record.case.id, hop };
  }
  return null;
}

/** One pointer with the permalink, in the thread where it was asked or privately; safe to repeat. */
async function pointTo(
  id: string,
  countedOnly: boolean,
  asked: { question: Question; one: Case; shared: { case: string; hop: string } | null; claim: string },
  deps: ListenerDeps,
): Promise<void> {
  const { question, one, shared } = asked;
  const { place } = question;
  if (countedOnly || !id.startsWith('c-')) return;
  const record = await deps.desk.cases.load(id);
  // Seen again: its own message is the answer, or else the pointer may have died with the process that owed it.
  const own = record?.place;
  if (own && own.channel === place.channel && own.thread === place.thread && own.responseUrl === place.responseUrl) {
    if (asked.claim === 'seen') return;
  }
  if (asked.claim === 'seen' && record === null) return;
  const { host } = one.target;
  const same = record === null || record.case.target.host.toLowerCase() === host.toLowerCase();
  const recurs = asked.claim === 'opened' || (same && record?.again != null && own?.user === place.user);
  const text = recurs
    ? againPointerText(host)
    : same
      ? pointerText(host)
      : shared?.case === id
        ? sharedPointerText(host, shared.hop)
        : stormPointerText(host);
  const privately = question.way === 'command' || question.way === 'shortcut';
  if (!privately && place.thread !== null) await deps.desk.cases.ownThread(place.channel, place.thread, id);
  await deps.desk.point(place, id, privately, text, question.sources[0] ?? one.id);
}

/** Answers a question that made no case, in the place where it was asked: a refusal to the person alone. */
export async function sayWhyNot(question: Question, taken: Taken, deps: ListenerDeps): Promise<void> {
  if (taken.is !== 'refused' && taken.is !== 'limited' && taken.is !== 'which-host') return;
  const { place, sources } = question;
  await deps.desk.say({
    place,
    private: taken.is !== 'which-host' || question.way === 'shortcut',
    text: taken.text,
    about: null,
    sources,
  });
}
