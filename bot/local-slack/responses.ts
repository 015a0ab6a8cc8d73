import type { ResponseTarget } from './capabilities.ts';
import type { Core } from './core.ts';
import { SlackError } from './errors.ts';
import { botFields } from './shapes.ts';
import type { Ephemeral, Fields, Message } from './types.ts';
import { readContent } from './web-api/chat.ts';
import { flag, text } from './web-api/method.ts';

/**
 * An app's answer to a command or an interaction, through its ack or a response URL: private unless it says `in_channel`.
 * It may be given in a channel that the bot is not in.
 * @throws SlackError no_text, invalid_blocks, channel_not_found and others that chat.postMessage has
 * @see https://docs.slack.dev/interactivity/handling-user-interaction
 */
export function respond(core: Core, target: ResponseTarget, answer: Fields): void {
  const channel = core.workspace.channels.get(target.channel);
  const app = core.apps.get(target.app);
  if (!channel || !app) throw new SlackError('channel_not_found');
  if (channel.archived) throw new SlackError('is_archived');

  if (flag(answer, 'delete_original')) {
    removeOriginal(core, target);
    return;
  }
  const content = readContent(answer);
  if (!content.text && !content.blocks?.length && !content.attachments) throw new SlackError('no_text');
  if (flag(answer, 'replace_original') && target.origin) {
    replaceOriginal(core, target, content);
    return;
  }

  const asked = text(answer, 'thread_ts');
  const parent = asked ? core.workspace.findMessage(channel, asked) : undefined;
  const thread = parent ? { thread_ts: parent.thread_ts ?? parent.ts } : {};
  if (text(answer, 'response_type') === 'in_channel') {
    core.workspace.post(channel, { ...botFields(core.workspace, app), ...content, ...thread });
    return;
  }
  core.workspace.whisper({
    channel: channel.id,
    user: target.user,
    from: app.id,
    text: content.text,
    ...(content.blocks && { blocks: content.blocks }),
    ...thread,
  });
}

function original(core: Core, target: ResponseTarget): Message | undefined {
  const channel = core.workspace.channels.get(target.channel);
  const message = channel && core.workspace.findMessage(channel, target.origin?.ts);
  return message?.app_id === target.app ? message : undefined;
}

function removeOriginal(core: Core, target: ResponseTarget): void {
  if (!target.origin) throw new SlackError('no_text');
  if (target.origin.ephemeral) {
    core.workspace.unwhisper(target.user, target.channel, target.origin.ts);
    return;
  }
  const message = original(core, target);
  const channel = core.workspace.channels.get(target.channel);
  if (!message || !channel) throw new SlackError('message_not_found');
  core.workspace.remove(channel, message);
}

function replaceOriginal(
  core: Core,
  target: ResponseTarget,
  content: Fields & { text: string; blocks?: Fields[] },
): void {
  const origin = target.origin;
  if (!origin) return;
  if (origin.ephemeral) {
    const kept = core.workspace.ephemerals.find((e) => e.ts === origin.ts && e.user === target.user);
    if (!kept) throw new SlackError('message_not_found');
    const fresh: Ephemeral = { ...kept, text: content.text };
    delete fresh.blocks;
    if (content.blocks) fresh.blocks = content.blocks;
    core.workspace.ephemerals.splice(core.workspace.ephemerals.indexOf(kept), 1, fresh);
    core.workspace.announce({ type: 'ephemeral', ephemeral: fresh });
    return;
  }
  const message = original(core, target);
  const channel = core.workspace.channels.get(target.channel);
  if (!message || !channel) throw new SlackError('message_not_found');
  core.workspace.edit(channel, message, { text: content.text, blocks: content.blocks });
}
