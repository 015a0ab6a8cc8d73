import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import { evidenceModal } from '../blocks/evidence.ts';
import { CASE_GONE_TEXT } from '../blocks/refusal.ts';
import type { ListenerDeps } from './deps.ts';

/** [Evidence]: everything that the verdict rests on, for the person who wants to check it. */
export function actionEvidence(deps: ListenerDeps) {
  return async ({
    action,
    body,
    ack,
    client,
    respond,
  }: SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs) => {
    await ack();
    const record = await deps.desk.cases.load(action.value ?? '');
    if (record?.verdict) {
      await client.views.open({ trigger_id: body.trigger_id, view: evidenceModal(record, record.verdict) });
      return;
    }
    await respond({ response_type: 'ephemeral', replace_original: false, text: CASE_GONE_TEXT });
  };
}
