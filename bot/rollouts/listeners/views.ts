import type {
  AllMiddlewareArgs,
  BlockAction,
  ButtonAction,
  SlackActionMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from '@slack/bolt';
import { rolloutId } from '../../../workers/rollouts/store.ts';
import type { Rollout } from '../../../workers/rollouts/types.ts';
import { announced } from '../../permissions/notes.ts';
import { alreadyText, FORM_GONE_TEXT, notDecidedText, OVER_TEXT, ROLLOUT_GONE_TEXT } from '../blocks/texts.ts';
import type { Draft } from '../form/draft.ts';
import { FIELDS, submittedIn } from '../form/fields.ts';
import { readDetails, readSides } from '../form/read.ts';
import { hostsThrough, sideChoices } from '../form/sides.ts';
import { detailsView, doneView, previewView, sidesView } from '../form/views.ts';
import type { RolloutDeps } from './deps.ts';
import { rememberName } from './people.ts';

type Submit = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** Cases that are looked through for channels in which these hosts are talked about. */
const CASES_SEEN = 100;
const MOST_SUGGESTED = 5;

/** First page sent: what, from where to where. Answers with errors, or with the second page. */
export function viewSides(deps: RolloutDeps) {
  return async ({ ack, view, body }: Submit): Promise<void> => {
    const draft = await deps.rolloutParts.drafts.load(view.id);
    if (draft === null) return ack({ response_action: 'update', view: doneView(FORM_GONE_TEXT) });
    const inventory = await deps.freshInventory();
    const read = readSides(submittedIn(view.state.values), sideChoices(inventory, [draft.old, draft.fresh]));
    if ('errors' in read) return ack({ response_action: 'errors', errors: read.errors });
    const { title, old, fresh } = read.value;
    // Other sides, other hosts: what was typed for the old ones does not fit any more.
    const details = JSON.stringify(draft.old) === JSON.stringify(old) ? draft.details : null;
    const next: Draft = { ...draft, title, old, fresh, details };
    await deps.rolloutParts.drafts.save(view.id, next);
    const hosts = hostsThrough(inventory, old.hop);
    const zone = await deps.zoneOf(body.user.id);
    const always = deps.rolloutParts.always() ?? [];
    const channels = (await channelsOfHosts(deps, hosts)).filter((one) => !always.includes(one));
    const oldClients = (await deps.rolloutParts.oldClients?.(old, inventory).catch(() => '')) ?? '';
    const known = { hosts, channels, always: [...always], zone, oldClients };
    await ack({ response_action: 'update', view: detailsView(next, known) });
  };
}

/** Second page sent: why, for whom, when. Answers with errors, or with a preview. */
export function viewDetails(deps: RolloutDeps) {
  return async ({ ack, view, body }: Submit): Promise<void> => {
    const draft = await deps.rolloutParts.drafts.load(view.id);
    if (draft === null) return ack({ response_action: 'update', view: doneView(FORM_GONE_TEXT) });
    const read = readDetails(submittedIn(view.state.values), await deps.zoneOf(body.user.id), deps.now());
    if ('errors' in read) return ack({ response_action: 'errors', errors: read.errors });
    const next: Draft = { ...draft, details: read.value };
    const rollout = rolloutOf(next, deps);
    if (rollout === null) return ack({ response_action: 'update', view: doneView(FORM_GONE_TEXT) });
    if (rollout.channels.length === 0) {
      const errors = { [FIELDS.channels]: 'No channel is configured for rollouts: choose at least one.' };
      return ack({ response_action: 'errors', errors });
    }
    await deps.rolloutParts.drafts.save(view.id, next);
    await ack({ response_action: 'update', view: previewView(rollout, rollout.channels) });
  };
}

/** The last page sent: it is announced, once for each form. */
export function viewPreview(deps: RolloutDeps) {
  return async ({ ack, view, body }: Submit): Promise<void> => {
    const draft = await deps.rolloutParts.drafts.load(view.id);
    const rollout = draft === null ? null : rolloutOf(draft, deps);
    if (draft === null || rollout === null) return ack({ response_action: 'update', view: doneView(FORM_GONE_TEXT) });
    const no = await deps.rolloutParts.mayNot?.({
      user: body.user.id,
      channel: draft.channel,
      record: null,
      hosts: rollout.hosts,
    });
    if (no) return ack({ response_action: 'update', view: doneView(no) });
    await rememberName(deps, body.user);
    if (draft.noticed === null) await deps.rolloutParts.desk.create(rollout, [`view:${view.id}`]);
    else {
      const why = await announceNoticed(deps, draft.noticed, rollout);
      if (why !== null) return ack({ response_action: 'update', view: doneView(why) });
    }
    deps.log.info({ rollout: rollout.id, noticed: draft.noticed, by: body.user.id }, 'a rollout is announced');
    // One of our own making is noted where it is created.
    if (draft.noticed !== null) deps.audit?.note(announced(body.user.id, draft.noticed, rollout.title, rollout.hosts));
    await ack();
  };
}

/** [Change something] in the preview: back to the first page, with everything as it was. */
export function actionEdit(deps: RolloutDeps) {
  const sidesOf = async (draft: Draft) =>
    sidesView(sideChoices(await deps.freshInventory(), [draft.old, draft.fresh]), draft);
  return async ({ ack, body, client }: SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs) => {
    await ack();
    const view = body.view?.id;
    if (view === undefined) return;
    const draft = await deps.rolloutParts.drafts.load(view);
    const page = draft === null ? doneView(FORM_GONE_TEXT) : await sidesOf(draft);
    await client.views.update({ view_id: view, view: page });
  };
}

/**
 * What was noticed becomes announced in its own messages; its stages stay, since some may have been seen already. Null: it is, also
 * when the same form was sent twice; else why it is not.
 */
async function announceNoticed(deps: RolloutDeps, id: string, rollout: Rollout): Promise<string | null> {
  const { desk, names } = deps.rolloutParts;
  let mine = false;
  const record = await desk.store.update(id, async (before) => {
    mine = before.rollout.by === null && (before.state === 'planned' || before.state === 'running');
    if (!mine) return null;
    const stages = before.state === 'planned' ? rollout.stages : before.rollout.stages;
    const { createdAt, noticed } = before.rollout;
    const kept = before.state === 'planned' ? rollout.stages.map(() => null) : before.stages;
    return { to: { ...before, rollout: { ...rollout, id, stages, createdAt, noticed }, stages: kept }, tell: true };
  });
  if (record === null) return ROLLOUT_GONE_TEXT;
  const { by } = record.rollout;
  if (!mine && by !== rollout.by)
    return by === null ? notDecidedText(OVER_TEXT) : alreadyText((await names.of([by]))[by] ?? 'somebody');
  await desk.tell(id, new Date(deps.now()).toISOString());
  return null;
}

/** The rollout that a form describes; null: a page is missing. */
function rolloutOf(draft: Draft, deps: RolloutDeps): Rollout | null {
  const { old, fresh, details, title, user } = draft;
  if (old === null || fresh === null || details === null) return null;
  const { channels, oldClients, ...rest } = details;
  return {
    version: 1,
    id: rolloutId(deps.now()),
    title,
    ...rest,
    ...(oldClients !== '' && { oldClients }),
    channels: [...new Set([...(deps.rolloutParts.always() ?? []), ...channels])],
    old,
    fresh,
    by: user,
    noticed: null,
    createdAt: new Date(deps.now()).toISOString(),
  };
}

/** Channels in which somebody asked about these hosts lately: the people there will want to know. */
async function channelsOfHosts(deps: RolloutDeps, hosts: readonly string[]): Promise<string[]> {
  const recent = await deps.desk.cases.recent(CASES_SEEN).catch(() => []);
  const found = recent
    .filter((one) => hosts.includes(one.case.target.host) && /^C[A-Z0-9]+$/.test(one.place.channel))
    .map((one) => one.place.channel);
  return [...new Set(found)].slice(0, MOST_SUGGESTED);
}
