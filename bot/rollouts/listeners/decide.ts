import type {
  AllMiddlewareArgs,
  BlockAction,
  ButtonAction,
  SlackActionMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from '@slack/bolt';
import { z } from 'zod';
import { reasonOf } from '../../../diagnostics/errors.ts';
import type { Decision, RolloutRecord } from '../../../workers/rollouts/types.ts';
import { clip, plain } from '../../blocks/mrkdwn.ts';
import { ROLLOUT_ACTIONS, readCarried } from '../blocks/buttons.ts';
import { alreadyText, FORM_LATE_TEXT, notDecidedText, ROLLOUT_GONE_TEXT } from '../blocks/texts.ts';
import { shareText, stageNow } from '../blocks/words.ts';
import { LONGEST, oneLine, submittedIn, VALUE } from '../form/fields.ts';
import { doneView, reasonView } from '../form/views.ts';
import type { RolloutDeps } from './deps.ts';
import { rememberName } from './people.ts';

const WHAT = Object.fromEntries(Object.entries(ROLLOUT_ACTIONS).map(([what, action]) => [action, what]));
const ASKED = z.object({
  id: z.string().max(60),
  stage: z.int(),
  what: z.enum(Object.keys(ROLLOUT_ACTIONS) as [Decision['what'], ...Decision['what'][]]),
});

/** A decision by button. What goes against the judge's word asks for a reason first; what is stale is refused privately. */
export function actionDecide(deps: RolloutDeps) {
  return async (args: SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs): Promise<void> => {
    const { action, body, ack, client, respond } = args;
    await ack();
    const only = async (text: string): Promise<void> => {
      await respond({ response_type: 'ephemeral', replace_original: false, text });
    };
    const carried = readCarried(action.value);
    const what = WHAT[action.action_id] as Decision['what'] | undefined;
    if (carried === null || what === undefined) return;
    const record = await deps.rolloutParts.desk.store.load(carried.id);
    if (record === null) return only(ROLLOUT_GONE_TEXT);
    const no = await deps.rolloutParts.mayNot?.({ user: body.user.id, channel: body.channel?.id ?? null, record });
    if (no) return only(no);
    const word = againstWord(record, what);
    if (word !== null && record.stage === carried.stage) {
      const title = what === 'next-stage' ? 'Go on all the same?' : `${LABELS[what]} all the same?`;
      const view = reasonView({ ...carried, what }, title, word);
      const opened = await client.views.open({ trigger_id: body.trigger_id, view }).catch((error: unknown) => {
        deps.log.warn({ reason: reasonOf(error) }, 'the form was not opened');
        return null;
      });
      if (opened === null) await only(FORM_LATE_TEXT);
      return;
    }
    const why = await decide(deps, body.user, { ...carried, what, reason: '' });
    if (why !== null) await only(why);
  };
}

/** The reason of a decision against the judge's word. */
export function viewReason(deps: RolloutDeps) {
  return async ({ ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs) => {
    const asked = ASKED.safeParse(parsed(view.private_metadata));
    if (!asked.success) return ack({ response_action: 'update', view: doneView(ROLLOUT_GONE_TEXT) });
    const typed = submittedIn(view.state.values).reason?.[VALUE]?.value ?? '';
    const reason = oneLine(typed);
    const fail = (why: string) => ack({ response_action: 'errors', errors: { reason: why } });
    if (typed.length > LONGEST.reason)
      return fail(`That is ${typed.length} characters; it must be at most ${LONGEST.reason}.`);
    if (reason === '') return fail('It goes against what was measured: say why.');
    const no = await mayNot(deps, body.user.id, asked.data.id);
    if (no) return ack({ response_action: 'update', view: doneView(no) });
    const why = await decide(deps, body.user, { ...asked.data, reason });
    if (why !== null) return ack({ response_action: 'update', view: doneView(why) });
    await ack();
  };
}

const LABELS: Record<Decision['what'], string> = {
  begin: 'Begin',
  'next-stage': 'Go on',
  hold: 'Hold',
  stop: 'Stop',
  finish: 'Finish',
  cancel: 'Cancel',
  'cleaned-up': 'Cleaned up',
};

/** What the judge says against a decision; null: nothing. Pure. */
function againstWord(record: RolloutRecord, what: Decision['what']): string | null {
  if (record.state !== 'running') return null;
  const stage = stageNow(record);
  const judgement = record.stages[record.stage]?.judgement ?? null;
  const share = stage === null ? '' : ` at ${shareText(stage)}`;
  const said = judgement === null ? '' : ` “${clip(plain(judgement.headline), 300)}”`;
  if (what === 'next-stage' || what === 'finish') {
    if (judgement?.result === 'go-on') return null;
    if (judgement?.result === 'stop') return `The judge says *stop*${share}:${said}`;
    return `There is *not enough data* to tell${share}.${said}`;
  }
  if (what === 'stop' && judgement?.result === 'go-on') return `The judge says *go on*${share}:${said}`;
  if (what === 'hold' && judgement?.result === 'stop')
    return `The judge says *stop*${share}, and held is not stopped:${said}`;
  return null;
}

/** Stores a decision. Null: it is stored, or the same person clicked twice; else what to tell them, privately. */
async function decide(
  deps: RolloutDeps,
  user: { id: string; name?: string },
  { id, stage, what, reason }: { id: string; stage: number; what: Decision['what']; reason: string },
): Promise<string | null> {
  await rememberName(deps, user);
  const at = new Date(deps.now()).toISOString();
  const decided = await deps.rolloutParts.desk.decide(id, { what, by: user.id, at, stage, reason });
  deps.log.info({ rollout: id, what, stage, by: user.id, is: decided?.is ?? 'gone' }, 'a rollout is decided');
  if (decided === null) return ROLLOUT_GONE_TEXT;
  if (decided.is === 'refused') return notDecidedText(decided.why);
  if (decided.is === 'decided' || decided.by === user.id) return null;
  const { by } = decided;
  const name = by === null ? 'somebody' : ((await deps.rolloutParts.names.of([by]))[by] ?? 'somebody');
  return alreadyText(name);
}

async function mayNot(deps: RolloutDeps, user: string, id: string): Promise<string | null> {
  const record = await deps.rolloutParts.desk.store.load(id);
  return (await deps.rolloutParts.mayNot?.({ user, channel: null, record })) ?? null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
