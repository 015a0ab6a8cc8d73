import { TriageError } from '../../diagnostics/errors.ts';
import type { Place } from '../../workers/queues.ts';
import { whichHostText } from '../blocks/help.ts';
import { notAllowedText, pointerText } from '../blocks/refusal.ts';
import { inventoryOf } from '../intake.ts';
import { filledIn } from '../model/fill-in.ts';
import type { ListenerDeps } from './deps.ts';

/** A question, however it was asked. */
export interface Question {
  way: 'command' | 'shortcut' | 'mention' | 'message' | 'button';
  text: string;
  /** What is kept as the report; null when only a target was given. */
  report: string | null;
  place: Place;
  /** When it was written, ISO. */
  at: string;
  since: string | null;
  /** Names of what was received: the same ones never make a second case. */
  sources: string[];
}

export type Taken =
  | { is: 'opened' | 'joined' | 'seen' | 'no-report' }
  | { is: 'refused'; text: string }
  | { is: 'which-host'; text: string };

/** From a question to a queued case. Whatever it returns from is safe in Redis; QueueAway passes through. */
export async function takeQuestion(question: Question, deps: ListenerDeps): Promise<Taken> {
  const taken = await take(question, deps);
  deps.metrics.opened.inc({ way: question.way, result: taken.is });
  return taken;
}

async function take(question: Question, deps: ListenerDeps): Promise<Taken> {
  const { intake, desk } = deps;
  const known = await deps.freshInventory();
  const tz = await deps.zoneOf(question.place.user);
  const plain = intake.readReport(question.text, { at: question.at, tz }, known);
  if (question.way === 'message' && !plain.report) return { is: 'no-report' };
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
  if ('missing' in made) return { is: 'which-host', text: whichHostText(inventory) };
  if ('refused' in made) return { is: 'refused', text: notAllowedText(made.refused) };
  const one = question.since === null ? made.case : { ...made.case, since: question.since };
  try {
    const path = intake.findPath(inventory, one.target);
    const planned = intake.planLooks(one, path);
    const { place, sources } = question;
    const claim = await desk.open({ case: one, path, planned, place, sources });
    deps.log.info(
      { case: claim.case, is: claim.is, way: question.way, host: one.target.host, channel: place.channel },
      'question',
    );
    if (claim.is === 'joined') {
      const privately = question.way === 'command' || question.way === 'shortcut';
      await desk.point(place, claim.case, privately, pointerText(one.target.host), sources[0] ?? one.id);
    }
    return { is: claim.is };
  } catch (error) {
    if (error instanceof TriageError) return { is: 'refused', text: notAllowedText(error.message) };
    throw error;
  }
}

/** Answers a question that made no case, in the place where it was asked: a refusal to the person alone. */
export async function sayWhyNot(question: Question, taken: Taken, deps: ListenerDeps): Promise<void> {
  if (taken.is !== 'refused' && taken.is !== 'which-host') return;
  const { place, sources } = question;
  await deps.desk.say({
    place,
    private: taken.is === 'refused' || question.way === 'shortcut',
    text: taken.text,
    about: null,
    sources,
  });
}
