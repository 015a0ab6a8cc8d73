import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import { reasonOf } from '../../diagnostics/errors.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { evidenceModal } from '../blocks/evidence.ts';
import { CASE_GONE_TEXT } from '../blocks/refusal.ts';
import { keepProse, keptProse } from '../model/kept-prose.ts';
import type { Prose } from '../model/prose.ts';
import { type CasePictures, drawable, pictureBlocks, picturesOf } from '../pictures/of-case.ts';
import { isDisliked, whenReady } from '../pictures/ready.ts';
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
      const [{ asked, prose }, seen] = await Promise.all([
        keptProse(deps.redis, record),
        deps.desk.cases.evidence(record.case.id).catch(() => null),
      ]);
      const modal = openModal(record, record.verdict, picturesOf(record, record.verdict, seen), prose, deps);
      await modal.whatIsThere();
      const open = () => client.views.open({ trigger_id: body.trigger_id, view: modal.view() });
      const opened = await open().catch(async (error: unknown) => {
        if (!isDisliked(error) || !(await modal.withoutPictures())) throw error;
        return open();
      });
      const update = () => whenReady(() => client.views.update({ view_id: opened.view?.id ?? '', view: modal.view() }));
      // Nobody waits for a picture or a model: what comes while the modal is open is added.
      void modal.drawTheRest(update);
      if (!asked && deps.model !== null) void modal.explain(update);
      return;
    }
    await respond({ response_type: 'ephemeral', replace_original: false, text: CASE_GONE_TEXT });
  };
}

/** The modal of one person: what is known so far, and what is added to it. Neither addition rejects. */
function openModal(record: CaseRecord, verdict: Verdict, seen: CasePictures, kept: Prose | null, deps: ListenerDeps) {
  const ids = new Map<string, string>();
  const pictures = drawable(seen);
  let prose = kept;
  const quietly = async (what: string, work: () => Promise<void>) =>
    work().catch((error: unknown) =>
      deps.log.debug({ case: record.case.id, reason: reasonOf(error) }, `${what} came too late`),
    );
  return {
    view: () => evidenceModal(record, verdict, prose, pictureBlocks(seen, ids)),

    /** Pictures that somebody looked at before. */
    async whatIsThere(): Promise<void> {
      for (const picture of pictures) {
        const id = (await deps.gallery?.known(picture)) ?? null;
        if (id !== null) ids.set(picture.svg, id);
      }
    },

    /** Somebody deleted their files. False: there were none. */
    async withoutPictures(): Promise<boolean> {
      const shown = pictures.filter(({ svg }) => ids.delete(svg));
      for (const picture of shown) await deps.gallery?.forget(picture);
      return shown.length > 0;
    },

    drawTheRest: (update: () => Promise<unknown>) =>
      quietly('a picture', async () => {
        const missing = pictures.filter(({ svg }) => !ids.has(svg));
        for (const picture of missing) {
          const id = (await deps.gallery?.show(picture)) ?? null;
          if (id !== null) ids.set(picture.svg, id);
        }
        if (missing.some(({ svg }) => ids.has(svg))) await update();
      }),

    explain: (update: () => Promise<unknown>) =>
      quietly('prose', async () => {
        prose = (await deps.model?.prose(verdict, record)) ?? null;
        await keepProse(deps.redis, record, prose);
        if (prose !== null) await update();
      }),
  };
}
