import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import { QueueAway } from '../../workers/open-case.ts';
import { CASE_BUSY_TEXT, CASE_GONE_TEXT, QUEUE_AWAY_TEXT } from '../blocks/refusal.ts';
import { neededToLookAgain, refusalOf } from '../permissions/replies.ts';
import type { ListenerDeps } from './deps.ts';

/** [Run again]: the same question, looked at anew, in the same message. */
export function actionRunAgain(deps: ListenerDeps) {
  return async ({
    action,
    body,
    ack,
    respond,
  }: SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs) => {
    const only = (text: string) => respond({ response_type: 'ephemeral', replace_original: false, text });
    try {
      const record = await deps.desk.cases.load(action.value ?? '');
      if (record === null) {
        await ack();
        await only(CASE_GONE_TEXT);
        return;
      }
      const channel = record.place.channel;
      const no = refusalOf(neededToLookAgain(record), { user: body.user.id, channel }, 'button', deps);
      if (no) {
        await ack();
        await only(no);
        return;
      }
      const one = { ...record.case, at: new Date(deps.now()).toISOString() };
      await deps.freshInventory();
      const path = deps.intake.findPath(await deps.inventoryFor(one.target.host, one.target.path), one.target);
      const planned = deps.intake.planLooks(one, path);
      const sources = [`trigger:${body.trigger_id}`];
      const answer = await deps.desk.again({ case: one, path, planned, place: record.place, sources });
      const facts = { way: 'run-again', is: answer, case: one.id };
      deps.audit?.note({ kind: 'question', by: body.user.id, in: channel, facts, once: `question:${sources[0]}` });
      await ack();
      if (answer === 'busy') await only(CASE_BUSY_TEXT);
    } catch (error) {
      if (!(error instanceof QueueAway)) throw error;
      await ack();
      await only(QUEUE_AWAY_TEXT);
    }
  };
}
