import type { WebClient } from '@slack/web-api';

const MAX_KNOWN = 2000;
/** Slack wants its answer within three seconds: a time zone is worth waiting for only this long. */
const WAIT_MS = 600;

/** People's time zones, remembered. Null where Slack does not say in time: times are then read as UTC. */
export function zoneFinder(client: WebClient): (user: string | null) => Promise<string | null> {
  const known = new Map<string, Promise<string | null>>();
  return async (user) => {
    if (user === null) return null;
    let zone = known.get(user);
    if (!zone) {
      zone = client.users.info({ user }).then(
        (answer) => answer.user?.tz ?? null,
        () => {
          known.delete(user);
          return null;
        },
      );
      if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? '');
      known.set(user, zone);
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), WAIT_MS);
    });
    return Promise.race([zone, late]).finally(() => clearTimeout(timer));
  };
}
