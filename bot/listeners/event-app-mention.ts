import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import { helpText } from '../blocks/help.ts';
import { answerReply } from '../follow-ups/answer.ts';
import { neededForReply, refusalOf } from '../permissions/replies.ts';
import type { ListenerDeps } from './deps.ts';
import { isoOf, wordsOf } from './message-text.ts';
import { sourcesOf } from './sources.ts';
import { type Question, sayWhyNot, takeQuestion } from './take-question.ts';

function namesAnother(text: string, at: string, own: string, deps: ListenerDeps): boolean {
  const { hosts } = deps.intake.readReport(text, { at, tz: null }, deps.inventory());
  return hosts.some((host) => host.toLowerCase() !== own.toLowerCase());
}

/** A mention, in a channel or in a thread: answered in the thread. An error leaves it unacknowledged, to be sent again. */
export function eventAppMention(deps: ListenerDeps) {
  return async ({ event, body, client, context }: SlackEventMiddlewareArgs<'app_mention'> & AllMiddlewareArgs) => {
    // An edit that adds the mention, or a bot that mentions us, is no question.
    if ('edited' in event || event.bot_id !== undefined) return;
    const own = wordsOf(event).replaceAll(`<@${context.botUserId}>`, ' ').trim();
    const place = {
      channel: event.channel,
      thread: event.thread_ts ?? event.ts,
      user: event.user ?? null,
      responseUrl: null,
    };
    const sources = sourcesOf(body.event_id, event.channel, event.ts);
    if (/^(help)?[?!.]*$/i.test(own) && event.thread_ts === undefined) {
      await deps.desk.say({ place, private: false, text: helpText(deps.inventory()), about: null, sources });
      return;
    }
    const at = isoOf(event.ts, deps.now());
    const about = event.thread_ts === undefined ? null : await deps.desk.cases.ofThread(event.channel, event.thread_ts);
    // Under a case of ours a mention is first of all a question about it; one that names another host is a new one.
    const needed =
      about === null
        ? []
        : [{ act: 'ask' as const, hosts: [about.case.target.host] }, ...neededForReply(own, about, deps)];
    const no = refusalOf(needed, place, 'mention', deps);
    if (no) return void (await deps.desk.say({ place, private: true, text: no, about: null, sources }));
    if (about !== null && !namesAnother(own, at, about.case.target.host, deps)) {
      if (await answerReply({ text: own, place, at, sources }, about, deps)) {
        const facts = { way: 'mention', is: 'answered', case: about.case.id, text: own };
        deps.audit?.note({
          kind: 'question',
          by: place.user,
          in: place.channel,
          facts,
          once: `question:${sources[0]}`,
        });
        return;
      }
    }
    const ask = (text: string): Question => ({ way: 'mention', text, report: text, place, at, since: null, sources });
    let taken = await takeQuestion(ask(own), deps);
    if (taken.is === 'which-host' && event.thread_ts !== undefined) {
      // "@bot is it the ingress?" under a report means that report.
      const root = await client.conversations.replies({ channel: event.channel, ts: event.thread_ts, limit: 1 });
      const above = root.messages?.[0];
      if (above) taken = await takeQuestion(ask(`${own}\n${wordsOf(above as { text?: string })}`), deps);
    }
    await sayWhyNot(ask(own), taken, deps);
  };
}
