import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from '@slack/bolt';
import { QueueAway } from '../../workers/open-case.ts';
import { helpText } from '../blocks/help.ts';
import { QUEUE_AWAY_TEXT, wrongSinceText } from '../blocks/refusal.ts';
import { changesAnswer } from '../changes/answer.ts';
import type { ListenerDeps } from './deps.ts';
import { readSince, splitSince } from './since.ts';
import { takeQuestion } from './take-question.ts';

/** `/ingress-check [host or words] [since=30m]`: acknowledged once the case is queued. */
export function commandIngressCheck(deps: ListenerDeps) {
  return async ({ command, ack }: SlackCommandMiddlewareArgs & AllMiddlewareArgs): Promise<void> => {
    const only = (text: string) => ack({ response_type: 'ephemeral', text });
    const { text, since } = splitSince(command.text ?? '');
    if (text === '' || /^help$/i.test(text)) return only(helpText(deps.inventory()));
    const changes = /^changes?\b\s*(.*)$/is.exec(text);
    const no = changes && mayNotSee(changes[1] ?? '', command, deps);
    if (no) return only(no);
    if (changes) return only(await changesAnswer(changes[1] ?? '', since, deps));
    const from = since === null ? null : readSince(since, deps.now());
    if (since !== null && from === null) return only(wrongSinceText(since));
    const place = {
      channel: command.channel_id,
      thread: null,
      user: command.user_id,
      responseUrl: command.response_url ?? null,
    };
    const at = new Date(deps.now()).toISOString();
    const sources = [`trigger:${command.trigger_id}`];
    try {
      const taken = await takeQuestion({ way: 'command', text, report: text, place, at, since: from, sources }, deps);
      if (taken.is === 'refused' || taken.is === 'limited' || taken.is === 'which-host') return only(taken.text);
      await ack();
    } catch (error) {
      if (!(error instanceof QueueAway)) throw error;
      deps.metrics.opened.inc({ way: 'command', result: 'queue-away' });
      deps.log.warn({ channel: command.channel_id }, 'a command was turned away: the queue is away');
      await only(QUEUE_AWAY_TEXT);
    }
  };
}

/** Changes are told to who may ask about their host, or about everything; null: they may. */
function mayNotSee(about: string, command: { user_id: string; channel_id: string }, deps: ListenerDeps): string | null {
  const at = new Date(deps.now()).toISOString();
  const named = deps.intake.readReport(about, { at, tz: null }, deps.inventory()).hosts;
  const hosts = named.length === 0 ? ('all' as const) : named;
  const wish = { user: command.user_id, act: 'ask', channel: command.channel_id, hosts } as const;
  return deps.mayNot?.(wish, 'changes') ?? null;
}
