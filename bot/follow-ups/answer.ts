import type { CaseRecord } from '../../workers/cases.ts';
import type { Place } from '../../workers/queues.ts';
import { knownText } from '../changes/text.ts';
import type { ListenerDeps } from '../listeners/deps.ts';
import { classifyFollowUp, type FollowUp } from './classify.ts';
import { notSeenText, otherHostText, rolloutText, whatToDoText, whyText } from './evidence-text.ts';

/** A reply in a case's thread. */
export interface Reply {
  text: string;
  place: Place;
  /** When it was written, ISO. */
  at: string;
  sources: string[];
}

/** So long before the trouble began changes are told, ms. */
const BEFORE_MS = 60 * 60 * 1000;
/** Other machines' clocks may be so far ahead of ours, ms. */
const AHEAD_MS = 60_000;

/**
 * Answers a reply in the thread of a case, at most once, from what is stored and a new run where only that can tell. False: it
 * is none of the few questions, or the case has no answer yet; then nothing is said. It opens no case. QueueAway passes through.
 */
export async function answerReply(reply: Reply, record: CaseRecord, deps: ListenerDeps): Promise<boolean> {
  // Sent again because the process died that had begun another run for it: the run is there, its answer is still owed.
  const owed = record.verdict === null && (await deps.desk.cases.seenAs(reply.sources)) === record.case.id;
  if (record.verdict === null && !owed) return false;
  const known = deps.inventory();
  const reading = deps.intake.readReport(reply.text, { at: reply.at, tz: null }, known);
  const asked = classifyFollowUp(reply.text, reading.hosts, record.case.target.host);
  if (asked === null) return askModel(reply, record, deps);
  deps.metrics.opened.inc({ way: 'reply', result: asked.kind });
  if (asked.kind === 'still-broken' || asked.kind === 'works-now') {
    await lookAgain(asked.kind, reply, record, deps);
    return true;
  }
  if (record.verdict === null) return false;
  const text = await textOf(asked, record, deps);
  await deps.desk.say({ place: reply.place, private: false, text, about: null, sources: reply.sources });
  return true;
}

async function textOf(
  asked: Exclude<FollowUp, { kind: 'still-broken' | 'works-now' }>,
  record: CaseRecord,
  deps: ListenerDeps,
): Promise<string> {
  const { verdict } = record;
  if (verdict === null) throw new Error('a case without a verdict');
  const now = deps.now();
  if (asked.kind === 'why') return whyText(verdict);
  if (asked.kind === 'not-seen') return notSeenText(verdict);
  if (asked.kind === 'what-to-do') return whatToDoText(verdict);
  if (asked.kind === 'rollout') {
    const rollouts = (await deps.rolloutParts?.desk.store.recent(20)) ?? [];
    return rolloutText(record, verdict, rollouts, asked.named, new Date(now).toISOString());
  }
  if (asked.kind === 'other-host') {
    const inventory = await deps.inventoryFor(asked.host, '/');
    const target = { ...record.case.target, host: asked.host, path: '/' };
    return otherHostText(record, verdict, deps.intake.findPath(inventory, target));
  }
  const began = Date.parse(verdict.onset?.at ?? record.case.since ?? record.case.at);
  const from = new Date(began - BEFORE_MS).toISOString();
  const fresh = (await deps.changesSince?.(from, record.case.target)) ?? { changes: [], blind: null };
  const seen = new Set(fresh.changes.map((one) => `${one.at} ${one.object} ${one.kind}`));
  const all = [...fresh.changes, ...verdict.timeline.filter((one) => !seen.has(`${one.at} ${one.object} ${one.kind}`))];
  const happened = all.filter(({ at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) <= now + AHEAD_MS);
  const blind = fresh.blind === null ? [] : [fresh.blind];
  return knownText({ happened, blind }, { host: record.case.target.host, from, now });
}

/** Another run in the same message; what is said beside it names that, and later what came of it. */
async function lookAgain(
  reason: 'still-broken' | 'works-now',
  reply: Reply,
  record: CaseRecord,
  deps: ListenerDeps,
): Promise<void> {
  const one = { ...record.case, at: new Date(deps.now()).toISOString() };
  await deps.freshInventory();
  const path = deps.intake.findPath(await deps.inventoryFor(one.target.host, one.target.path), one.target);
  const planned = deps.intake.planLooks(one, path);
  const ask = { case: one, path, planned, place: record.place, sources: reply.sources, reason };
  const answer = await deps.desk.again(ask);
  if (answer === 'busy') return;
  const name = reply.sources[0] ?? record.case.id;
  const run = (await deps.desk.cases.load(record.case.id))?.run ?? record.run + 1;
  await deps.desk.followUp(name, { case: record.case.id, run, question: reason, place: reply.place });
}

/** The optional model may answer what the patterns do not know; without one nothing is said. */
async function askModel(reply: Reply, record: CaseRecord, deps: ListenerDeps): Promise<boolean> {
  if (!deps.model || !/\?\s*$/.test(reply.text)) return false;
  const text = await deps.model.answer(reply.text, record);
  if (text === null) return false;
  await deps.desk.say({ place: reply.place, private: false, text, about: null, sources: reply.sources });
  return true;
}
