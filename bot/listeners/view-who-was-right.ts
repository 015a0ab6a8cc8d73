import type { AllMiddlewareArgs, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import type { Vote } from '../../workers/cases.ts';
import { VOTE_ACTION, VOTE_BLOCK } from '../blocks/who-was-right.ts';
import type { ListenerDeps } from './deps.ts';

const SAID: readonly string[] = ['right', 'ingress', 'not-ingress'] satisfies Vote['said'][];

/** Keeps what somebody says about a verdict, or takes it back, and shows it under the answer. */
export function viewWhoWasRight(deps: ListenerDeps) {
  return async ({ ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs): Promise<void> => {
    const id = view.private_metadata;
    const said = view.state.values[VOTE_BLOCK]?.[VOTE_ACTION]?.selected_option?.value ?? '';
    const user = body.user.id;
    const at = new Date(deps.now()).toISOString();
    const vote = SAID.includes(said) ? { user, said: said as Vote['said'], at } : null;
    await deps.desk.cases.vote(id, vote, user);
    await deps.desk.refresh(id);
    await ack();
  };
}
