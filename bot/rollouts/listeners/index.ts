import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { NOTICED_ACTIONS, ROLLOUT_ACTIONS } from '../blocks/buttons.ts';
import { VIEWS } from '../form/fields.ts';
import { commandIngressRollout } from './command.ts';
import { actionDecide, viewReason } from './decide.ts';
import type { RolloutDeps } from './deps.ts';
import { actionAnnounce, actionNothing } from './noticed.ts';
import { actionEdit, viewDetails, viewPreview, viewSides } from './views.ts';

/** Wires Slack's ids to what rollouts listen to. */
export function registerRolloutListeners(app: App, deps: RolloutDeps): void {
  app.command('/ingress-rollout', commandIngressRollout(deps));
  const action = (id: string) => ({ type: 'block_actions' as const, action_id: id });
  for (const id of Object.values(ROLLOUT_ACTIONS))
    app.action<BlockAction<ButtonAction>>(action(id), actionDecide(deps));
  app.action<BlockAction<ButtonAction>>(action(NOTICED_ACTIONS.announce), actionAnnounce(deps));
  app.action<BlockAction<ButtonAction>>(action(NOTICED_ACTIONS.nothing), actionNothing(deps));
  app.action<BlockAction<ButtonAction>>(action('rollout_edit'), actionEdit(deps));
  const view = (id: string) => ({ callback_id: id, type: 'view_submission' as const });
  app.view(view(VIEWS.sides), viewSides(deps));
  app.view(view(VIEWS.details), viewDetails(deps));
  app.view(view(VIEWS.preview), viewPreview(deps));
  app.view(view(VIEWS.reason), viewReason(deps));
}
