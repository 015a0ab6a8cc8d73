import type { AllMiddlewareArgs, MessageShortcut, SlackShortcutMiddlewareArgs } from '@slack/bolt';
import { QueueAway } from '../../workers/open-case.ts';
import { QUEUE_AWAY_TEXT } from '../blocks/refusal.ts';
import type { ListenerDeps } from './deps.ts';
import { isoOf, type Wordy, wordsOf } from './message-text.ts';
import { type Question, sayWhyNot, takeQuestion } from './take-question.ts';

/** The message shortcut: any message becomes a question, answered in its thread. */
export function shortcutTriageMessage(deps: ListenerDeps) {
  return async (args: SlackShortcutMiddlewareArgs<MessageShortcut> & AllMiddlewareArgs): Promise<void> => {
    const { shortcut, ack, respond } = args;
    const message = shortcut.message as Wordy & { ts?: string; thread_ts?: string };
    const text = wordsOf(message);
    const thread = message.thread_ts ?? message.ts ?? shortcut.message_ts;
    const question: Question = {
      way: 'shortcut',
      text,
      report: text,
      place: { channel: shortcut.channel.id, thread, user: shortcut.user.id, responseUrl: shortcut.response_url },
      at: isoOf(message.ts, deps.now()),
      since: null,
      sources: [`trigger:${shortcut.trigger_id}`],
    };
    try {
      await sayWhyNot(question, await takeQuestion(question, deps), deps);
      await ack();
    } catch (error) {
      if (!(error instanceof QueueAway)) throw error;
      await ack();
      await respond({ response_type: 'ephemeral', replace_original: false, text: QUEUE_AWAY_TEXT });
    }
  };
}
