import { bold, plain } from './mrkdwn.ts';

/** A target that may not be probed: what to add, and where. */
export function notAllowedText(refused: string): string {
  const hint = /\ballow\b/.test(refused)
    ? ''
    : ' To change that, add the host or its network to `allow` in the inventory.';
  return `${plain(refused)}${hint}`;
}

/** A `since=` that nobody understands. */
export function wrongSinceText(since: string): string {
  return `I do not understand \`since=${plain(since).replaceAll('`', '').slice(0, 60)}\`. Use \`30m\`, \`4h\`, \`2d\` or a time in the past such as \`2026-11-21T09:30Z\`.`;
}

export const QUEUE_AWAY_TEXT =
  'I could not take this: my queue is away, so nothing has been started. Please ask again in a minute.';

export const CASE_GONE_TEXT = 'I do not have this case any more. Ask again with `/ingress-check`.';
export const CASE_BUSY_TEXT = 'I am looking already; the message above changes when I know more.';

/** To somebody who asks about a host that has an open case; the permalink follows. */
export function pointerText(host: string): string {
  return `${bold(`I am on ${plain(host)} already.`)} One case for all who ask:`;
}

/** To somebody whose host goes through a hop that another case convicted a moment ago; the permalink follows. */
export function sharedPointerText(host: string, hop: string): string {
  return `${bold(`${plain(host)} goes through ${plain(hop)} too, where something is wrong.`)} If it goes on after that is mended, ask me with \`/ingress-check ${plain(host)}\`. One case for both:`;
}

/** To somebody whose report came in a storm of them; the permalink follows. */
export function stormPointerText(host: string): string {
  return `${bold(`Many reports at once: ${plain(host)} is counted among them.`)} If the answer does not fit it, ask me with \`/ingress-check ${plain(host)}\`. One case for all:`;
}

/** To somebody who reports what was answered some hours ago; the permalink of the new look follows. */
export function againPointerText(host: string): string {
  return `${bold(`${plain(host)} again.`)} I look anew, where I answered last time:`;
}

/** Over a limit: what is used up, and when to try again (s). */
export function tooManyText(by: 'all' | 'channel' | 'person', seconds: number): string {
  const who = { all: 'everybody together has', channel: 'this channel has', person: 'you have' }[by];
  return `I did not look: ${who} asked more this minute than I may take. Please ask again in ${Math.max(5, seconds)} s; open cases go on.`;
}

/** Before a verdict that may not be posted where it was asked for. */
export function cannotPostText(reason: string): string {
  const why: Record<string, string> = {
    not_in_channel: 'I am not in this channel: `/invite` me to have the answer here for all to see.',
    channel_not_found: 'I cannot see this channel: `/invite` me to have the answer here for all to see.',
    is_archived: 'This channel is archived.',
  };
  return why[reason] ?? `Slack does not let me post here (${plain(reason)}).`;
}

export const PARENT_GONE_TEXT = '_The message that I answer here has been deleted._';
