import { oneLine } from '../form/fields.ts';
import type { RolloutDeps } from './deps.ts';

/** Remembers who acted by the name that people know, so that messages can say it without a mention. Never throws for Slack. */
export async function rememberName(deps: RolloutDeps, user: { id: string; name?: string }): Promise<void> {
  const known = await deps.rolloutParts.names.of([user.id]);
  if (known[user.id] !== undefined) return;
  const name = (await deps.nameOf?.(user.id)) ?? oneLine(user.name ?? '').replace(/^@+/, '');
  if (name !== '') await deps.rolloutParts.names.save(user.id, name);
}
