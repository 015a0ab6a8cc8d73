import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import { WebAPIPlatformError } from '@slack/web-api';
import { reasonOf } from '../../diagnostics/errors.ts';
import { homeFacts } from '../home/facts.ts';
import { scorePicture } from '../home/score.ts';
import { homeView } from '../home/view.ts';
import { isDisliked, whenReady } from '../pictures/ready.ts';
import type { ListenerDeps } from './deps.ts';

/**
 * App Home, made anew each time somebody opens it: in words at once; the score's picture is added when it has been drawn and nobody
 * published a newer page meanwhile. The messages tab is none of our business.
 */
export function eventAppHomeOpened(deps: ListenerDeps) {
  return async ({ event, client }: SlackEventMiddlewareArgs<'app_home_opened'> & AllMiddlewareArgs): Promise<void> => {
    if (event.tab !== 'home') return;
    const facts = await homeFacts(deps, async (channel, ts) => {
      const answer = await client.chat.getPermalink({ channel, message_ts: ts });
      return answer.permalink ?? null;
    });
    const picture = facts.score === null ? null : scorePicture(facts.score);
    const known = picture === null ? null : ((await deps.gallery?.known(picture)) ?? null);
    const publish = async (file: string | null, hash: string | undefined): Promise<string | null> => {
      try {
        const view = homeView(facts, file);
        const made = await client.views.publish({ user_id: event.user, view, ...(hash !== undefined && { hash }) });
        return made.view?.hash ?? null;
      } catch (error) {
        // Somebody published after this event was sent: that page is as new as ours.
        if (error instanceof WebAPIPlatformError && error.data.error === 'hash_conflict') return null;
        throw error;
      }
    };
    const before = (event.view as { hash?: string } | undefined)?.hash;
    const hash = await publish(known, before).catch(async (error: unknown) => {
      if (picture === null || known === null || !isDisliked(error)) throw error;
      await deps.gallery?.forget(picture);
      return publish(null, before);
    });
    if (picture === null || known !== null || hash === null || !deps.gallery) return;
    void deps.gallery
      .show(picture)
      .then((file) => (file === null ? null : whenReady(() => publish(file, hash))))
      .catch((error: unknown) => deps.log.debug({ reason: reasonOf(error) }, "Home's picture came too late"));
  };
}
