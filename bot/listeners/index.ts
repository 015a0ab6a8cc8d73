import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { ACTIONS } from '../blocks/verdict.ts';
import { VOTE_CALLBACK } from '../blocks/who-was-right.ts';
import { registerRolloutListeners } from '../rollouts/listeners/index.ts';
import { actionEvidence } from './action-evidence.ts';
import { actionRunAgain } from './action-run-again.ts';
import { actionWhoWasRight } from './action-who-was-right.ts';
import { commandIngressCheck } from './command-ingress-check.ts';
import type { ListenerDeps } from './deps.ts';
import { eventAppHomeOpened } from './event-app-home-opened.ts';
import { eventAppMention } from './event-app-mention.ts';
import { eventMessage } from './event-message.ts';
import { shortcutTriageMessage } from './shortcut-triage-message.ts';
import { viewWhoWasRight } from './view-who-was-right.ts';

/** Wires Slack's ids to the listeners. */
export function registerListeners(app: App, deps: ListenerDeps): void {
  app.command('/ingress-check', commandIngressCheck(deps));
  app.shortcut({ callback_id: 'triage_message', type: 'message_action' }, shortcutTriageMessage(deps));
  app.event('app_mention', eventAppMention(deps));
  app.event('message', eventMessage(deps));
  app.event('app_home_opened', eventAppHomeOpened(deps));
  app.action<BlockAction<ButtonAction>>({ type: 'block_actions', action_id: ACTIONS.evidence }, actionEvidence(deps));
  app.action<BlockAction<ButtonAction>>({ type: 'block_actions', action_id: ACTIONS.again }, actionRunAgain(deps));
  app.action<BlockAction<ButtonAction>>({ type: 'block_actions', action_id: ACTIONS.right }, actionWhoWasRight(deps));
  app.view({ callback_id: VOTE_CALLBACK, type: 'view_submission' }, viewWhoWasRight(deps));
  registerRolloutListeners(app, deps);
}
