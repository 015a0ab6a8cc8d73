import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import { reasonOf } from '../../diagnostics/errors.ts';
import { CASE_GONE_TEXT } from '../blocks/refusal.ts';
import { whoWasRightModal } from '../blocks/who-was-right.ts';
import { FORM_LATE_TEXT } from '../rollouts/blocks/texts.ts';
import type { ListenerDeps } from './deps.ts';

/** [Who was right?]: asks; the answer comes back as a view submission. */
export function actionWhoWasRight(deps: ListenerDeps) {
  return async ({
    action,
    body,
    ack,
    client,
    respond,
  }: SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs) => {
    await ack();
    const record = await deps.desk.cases.load(action.value ?? '');
    const channel = body.channel?.id ?? null;
    const hosts = record === null ? ('later' as const) : [record.case.target.host];
    const no = deps.mayNot?.({ user: body.user.id, act: 'vote', channel, hosts }, 'button');
    if (no) return void (await respond({ response_type: 'ephemeral', replace_original: false, text: no }));
    if (record !== null) {
      const before = await deps.desk.cases.votes.by(record.case.id, body.user.id);
      const view = whoWasRightModal(record, before);
      const opened = await client.views.open({ trigger_id: body.trigger_id, view }).catch((error: unknown) => {
        deps.log.warn({ reason: reasonOf(error) }, 'the form was not opened');
        return null;
      });
      if (opened === null) await respond({ response_type: 'ephemeral', replace_original: false, text: FORM_LATE_TEXT });
      return;
    }
    await respond({ response_type: 'ephemeral', replace_original: false, text: CASE_GONE_TEXT });
  };
}
