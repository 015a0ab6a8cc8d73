import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import { readCarried } from '../blocks/buttons.ts';
import { alreadyText, FORM_LATE_TEXT, notDecidedText, ROLLOUT_GONE_TEXT } from '../blocks/texts.ts';
import { openForm } from './command.ts';
import type { RolloutDeps } from './deps.ts';
import { rememberName } from './people.ts';

type Click = SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs;

/** [Announce it]: the form, filled with what was noticed. */
export function actionAnnounce(deps: RolloutDeps) {
  return async ({ action, body, ack, client, respond }: Click): Promise<void> => {
    await ack();
    const only = (text: string) => respond({ response_type: 'ephemeral', replace_original: false, text });
    const record = await deps.rolloutParts.desk.store.load(readCarried(action.value)?.id ?? '');
    if (record === null) return void (await only(ROLLOUT_GONE_TEXT));
    const here = { user: body.user.id, channel: body.channel?.id ?? null };
    const no = await deps.rolloutParts.mayNot?.({ ...here, record: null, hosts: record.rollout.hosts });
    if (no) return void (await only(no));
    const { by, id, title, old, fresh } = record.rollout;
    if (by !== null) {
      const name = (await deps.rolloutParts.names.of([by]))[by] ?? 'somebody';
      return void (by === body.user.id || (await only(alreadyText(name))));
    }
    const draft = { ...here, noticed: id, title, old, fresh, details: null };
    if (!(await openForm(deps, client, body.trigger_id, draft))) await only(FORM_LATE_TEXT);
  };
}

/** [It is nothing]: watched no more, and said so with a name. */
export function actionNothing(deps: RolloutDeps) {
  return async ({ action, body, ack, respond }: Click): Promise<void> => {
    await ack();
    const only = (text: string) => respond({ response_type: 'ephemeral', replace_original: false, text });
    const record = await deps.rolloutParts.desk.store.load(readCarried(action.value)?.id ?? '');
    if (record === null) return void (await only(ROLLOUT_GONE_TEXT));
    const no = await deps.rolloutParts.mayNot?.({ user: body.user.id, channel: body.channel?.id ?? null, record });
    if (no) return void (await only(no));
    if (record.rollout.by !== null) return void (await only(notDecidedText('It was announced meanwhile.')));
    await rememberName(deps, body.user);
    const what = record.state === 'running' ? ('stop' as const) : ('cancel' as const);
    const at = new Date(deps.now()).toISOString();
    const decision = { what, by: body.user.id, at, stage: record.stage, reason: 'It is nothing' };
    const decided = await deps.rolloutParts.desk.decide(record.rollout.id, decision);
    if (decided?.is === 'refused' && decided.record.decisions.at(-1)?.by !== body.user.id)
      await only(notDecidedText(decided.why));
  };
}
