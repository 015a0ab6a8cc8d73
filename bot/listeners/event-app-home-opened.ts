import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import { homeView } from '../blocks/home.ts';
import type { ListenerDeps } from './deps.ts';

/** App Home, made anew each time somebody opens it. */
export function eventAppHomeOpened(deps: ListenerDeps) {
  return async ({ event, client }: SlackEventMiddlewareArgs<'app_home_opened'> & AllMiddlewareArgs): Promise<void> => {
    if (event.tab !== 'home') return;
    const [recent, score] = await Promise.all([deps.desk.cases.recent(50), deps.desk.cases.score()]);
    await client.views.publish({ user_id: event.user, view: homeView(deps.inventory(), recent, score) });
  };
}
