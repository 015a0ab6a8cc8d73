import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import { answerReply } from '../follow-ups/answer.ts';
import { neededForReply, refusalOf } from '../permissions/replies.ts';
import type { ListenerDeps } from './deps.ts';
import { isoOf, type Wordy, wordsOf } from './message-text.ts';
import { sourcesOf } from './sources.ts';
import { type Question, sayWhyNot, takeQuestion } from './take-question.ts';

interface Heard extends Wordy {
  subtype?: string;
  hidden?: boolean;
  channel: string;
  ts: string;
  thread_ts?: string;
  user?: string;
  bot_id?: string;
  app_id?: string;
}

/** A message in a channel that we read: a report of trouble gets one reply in its thread, anything else none. */
export function eventMessage(deps: ListenerDeps) {
  return async ({ event, body, context }: SlackEventMiddlewareArgs<'message'> & AllMiddlewareArgs): Promise<void> => {
    const heard = event as unknown as Heard;
    if (heard.thread_ts !== undefined && heard.thread_ts !== heard.ts) {
      // A mention comes as an event of its own, and is answered there.
      if (isFromPerson(heard) && !wordsOf(heard).includes(`<@${context.botUserId}>`))
        await reply(heard, heard.thread_ts, body.event_id, deps);
      return;
    }
    if (!deps.isTriageChannel(heard.channel) || !counts(heard, deps.alerts)) return;
    const text = wordsOf(heard);
    const place = { channel: heard.channel, thread: heard.ts, user: heard.user ?? null, responseUrl: null };
    const at = isoOf(heard.ts, deps.now());
    const sources = sourcesOf(body.event_id, heard.channel, heard.ts);
    const question: Question = {
      way: 'message',
      text,
      report: text,
      place,
      at,
      since: null,
      sources,
      trusted: !isFromPerson(heard),
    };
    await sayWhyNot(question, await takeQuestion(question, deps), deps);
  };
}

/** A reply in the thread of a case, in whatever channel; other threads are none of ours. */
async function reply(heard: Heard, thread: string, eventId: string, deps: ListenerDeps): Promise<void> {
  const record = await deps.desk.cases.ofThread(heard.channel, thread);
  if (record === null) return;
  const place = { channel: heard.channel, thread, user: heard.user ?? null, responseUrl: null };
  const sources = sourcesOf(eventId, heard.channel, heard.ts);
  // Overheard, as any report: silence for who may not ask.
  const text = wordsOf(heard);
  if (refusalOf(neededForReply(text, record, deps), place, 'reply', deps) !== null) return;
  if (!(await answerReply({ text, place, at: isoOf(heard.ts, deps.now()), sources }, record, deps))) return;
  const facts = { way: 'reply', is: 'answered', case: record.case.id, text };
  deps.audit?.note({ kind: 'question', by: place.user, in: place.channel, facts, once: `question:${sources[0]}` });
}

function isFromPerson(heard: Heard): boolean {
  const written = heard.subtype === undefined || heard.subtype === 'file_share';
  return written && !heard.hidden && heard.bot_id === undefined && heard.user !== undefined;
}

/** Whether a message may be a report: written by a person or a trusted bot, new, and not a reply. */
export function counts(heard: Heard, alerts: readonly string[]): boolean {
  if (heard.hidden || (heard.thread_ts !== undefined && heard.thread_ts !== heard.ts)) return false;
  // Edits, deletions and our own echo all carry a subtype.
  const fromBot = heard.bot_id !== undefined || heard.subtype === 'bot_message';
  if (!fromBot) return heard.subtype === undefined || heard.subtype === 'file_share';
  if (heard.subtype !== undefined && heard.subtype !== 'bot_message' && heard.subtype !== 'file_share') return false;
  return [heard.bot_id, heard.app_id, heard.user].some((id) => id !== undefined && alerts.includes(id));
}
