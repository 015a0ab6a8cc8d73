import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
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
  return async ({ event, body }: SlackEventMiddlewareArgs<'message'> & AllMiddlewareArgs): Promise<void> => {
    const heard = event as unknown as Heard;
    if (!deps.isTriageChannel(heard.channel) || !counts(heard, deps.alerts)) return;
    const text = wordsOf(heard);
    const place = { channel: heard.channel, thread: heard.ts, user: heard.user ?? null, responseUrl: null };
    const at = isoOf(heard.ts, deps.now());
    const sources = sourcesOf(body.event_id, heard.channel, heard.ts);
    const question: Question = { way: 'message', text, report: text, place, at, since: null, sources };
    await sayWhyNot(question, await takeQuestion(question, deps), deps);
  };
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
