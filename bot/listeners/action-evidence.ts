import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import { reasonOf } from '../../diagnostics/errors.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { evidenceModal } from '../blocks/evidence.ts';
import { CASE_GONE_TEXT } from '../blocks/refusal.ts';
import { keepProse, keptProse } from '../model/kept-prose.ts';
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
      const { asked, prose } = await keptProse(deps.redis, record);
      const view = evidenceModal(record, record.verdict, prose);
      const opened = await client.views.open({ trigger_id: body.trigger_id, view });
      // Nobody waits for a model: what it writes is added, if it comes while the modal is open.
      if (!asked && deps.model !== null) void explain(opened.view?.id ?? '', record, record.verdict, client, deps);
      return;
    }
    await respond({ response_type: 'ephemeral', replace_original: false, text: CASE_GONE_TEXT });
  };
}

/** Adds the model's prose to an open modal. Never rejects: who has closed it, or has no model, misses nothing. */
async function explain(
  viewId: string,
  record: CaseRecord,
  verdict: Verdict,
  client: AllMiddlewareArgs['client'],
  deps: ListenerDeps,
): Promise<void> {
  try {
    const prose = (await deps.model?.prose(verdict, record)) ?? null;
    await keepProse(deps.redis, record, prose);
    if (prose !== null) await client.views.update({ view_id: viewId, view: evidenceModal(record, verdict, prose) });
  } catch (error) {
    deps.log.debug({ case: record.case.id, reason: reasonOf(error) }, 'prose came too late');
  }
}
