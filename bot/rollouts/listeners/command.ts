import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from '@slack/bolt';
import { reasonOf } from '../../../diagnostics/errors.ts';
import { messageStore } from '../../../workers/messages.ts';
import type { RolloutRecord } from '../../../workers/rollouts/types.ts';
import {
  FORM_LATE_TEXT,
  lineOf,
  listText,
  ROLLOUT_AWAY_TEXT,
  ROLLOUT_GONE_TEXT,
  ROLLOUT_HELP_TEXT,
} from '../blocks/texts.ts';
import { withoutTokens } from '../blocks/times.ts';
import { nameOf } from '../bring.ts';
import type { Draft } from '../form/draft.ts';
import { LONGEST, oneLine } from '../form/fields.ts';
import { sideChoices } from '../form/sides.ts';
import { loadingView, noProxiesView, sidesView } from '../form/views.ts';
import type { RolloutDeps } from './deps.ts';

const LISTED = 15;

/** `/ingress-rollout [list | help | r-… | what changes]`: without words, or with the words of a title, the form. */
export function commandIngressRollout(deps: RolloutDeps) {
  return async ({ command, ack, client }: SlackCommandMiddlewareArgs & AllMiddlewareArgs): Promise<void> => {
    const only = (text: string) => ack({ response_type: 'ephemeral', text });
    const text = (command.text ?? '').trim();
    if (/^help$/i.test(text)) return only(ROLLOUT_HELP_TEXT);
    try {
      if (/^list$/i.test(text)) return await only(await listed(deps));
      if (/^r-\d{8}-[0-9a-z]{1,32}$/i.test(text)) return await only(await shown(deps, text.toLowerCase()));
      const no = await deps.rolloutParts.mayNot?.({ user: command.user_id, channel: command.channel_id, record: null });
      if (no) return await only(no);
      const opened = await openForm(deps, client, command.trigger_id, {
        user: command.user_id,
        channel: command.channel_id,
        noticed: null,
        title: oneLine(text).slice(0, LONGEST.title),
        old: null,
        fresh: null,
        details: null,
      });
      return opened ? await ack() : await only(FORM_LATE_TEXT);
    } catch (error) {
      deps.log.warn({ reason: reasonOf(error) }, 'a rollout command failed');
      await only(ROLLOUT_AWAY_TEXT);
    }
  };
}

/** Opens the form at once and fills it when the inventory is read. False: Slack would not open it. */
export async function openForm(
  deps: RolloutDeps,
  client: AllMiddlewareArgs['client'],
  trigger: string,
  draft: Draft,
): Promise<boolean> {
  const opened = await client.views.open({ trigger_id: trigger, view: loadingView() }).catch((error: unknown) => {
    deps.log.warn({ reason: reasonOf(error) }, 'the form was not opened');
    return null;
  });
  const view = opened?.view?.id;
  if (view === undefined) return false;
  await deps.rolloutParts.drafts.save(view, draft);
  const choices = sideChoices(await deps.freshInventory(), [draft.old, draft.fresh]);
  const page = choices.length === 0 ? noProxiesView() : sidesView(choices, draft);
  // Somebody who closed the form meanwhile loses nothing.
  await client.views.update({ view_id: view, view: page }).catch((error: unknown) => {
    deps.log.warn({ reason: reasonOf(error) }, 'the form was not filled');
  });
  return true;
}

async function listed(deps: RolloutDeps): Promise<string> {
  const records = await deps.rolloutParts.desk.store.recent(LISTED);
  const links = await Promise.all(
    records.map(async (record) => [record.rollout.id, await linkOf(deps, record)] as const),
  );
  const known = links.flatMap(([id, link]) => (link === null ? [] : [[id, link]]));
  return withoutTokens(listText(records, Object.fromEntries(known)));
}

/** One rollout; where a channel refused it before, it is tried again, since the bot may have been invited since. */
async function shown(deps: RolloutDeps, id: string): Promise<string> {
  const { desk } = deps.rolloutParts;
  const record = await desk.store.load(id);
  if (record === null) return ROLLOUT_GONE_TEXT;
  const messages = messageStore(deps.redis);
  let again = false;
  for (const channel of channelsOf(deps, record)) {
    const name = nameOf(record, channel, 'announcement');
    if ((await messages.load(name)).refused === null) continue;
    await messages.set(name, { refused: null }, 24 * 60 * 60);
    again = true;
  }
  if (again) {
    await messages.set(`${id}:author`, { told: null }, 24 * 60 * 60);
    await desk.store.update(id, async (before) => ({ to: before, tell: true }));
    await desk.tell(id, new Date(deps.now()).toISOString());
  }
  return withoutTokens(lineOf(record, (await linkOf(deps, record)) ?? undefined));
}

async function linkOf(deps: RolloutDeps, record: RolloutRecord): Promise<string | null> {
  const messages = messageStore(deps.redis);
  for (const channel of channelsOf(deps, record)) {
    const { permalink } = await messages.load(nameOf(record, channel, 'announcement'));
    if (permalink !== null) return permalink;
  }
  return null;
}

function channelsOf(deps: RolloutDeps, { rollout }: RolloutRecord): readonly string[] {
  return rollout.channels.length > 0 ? rollout.channels : (deps.rolloutParts.always() ?? []);
}
