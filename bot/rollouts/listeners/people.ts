import type { AllMiddlewareArgs } from '@slack/bolt';
import { oneLine } from '../form/fields.ts';
import type { RolloutDeps } from './deps.ts';

/** Remembers who acted by the name that people know, so that messages can say it without a mention. Never throws for Slack. */
export async function rememberName(
  deps: RolloutDeps,
  client: AllMiddlewareArgs['client'],
  user: { id: string; name?: string },
): Promise<void> {
  const known = await deps.rolloutParts.names.of([user.id]);
  if (known[user.id] !== undefined) return;
  const told = await client.users.info({ user: user.id }).then(
    ({ user: one }) => one?.real_name || one?.profile?.display_name || one?.name,
    () => undefined,
  );
  const name = oneLine(told ?? user.name ?? '').replace(/^@+/, '');
  if (name !== '') await deps.rolloutParts.names.save(user.id, name);
}
