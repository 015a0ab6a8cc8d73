import { wrongSinceText } from '../blocks/refusal.ts';
import type { ListenerDeps } from '../listeners/deps.ts';
import { readSince } from '../listeners/since.ts';
import { changesText } from './changes-text.ts';

/** Without `since=` changes of this long are told, ms. */
const USUAL_MS = 24 * 60 * 60 * 1000;
const MAX_CHARS = 3900;

/** `/ingress-check changes [host] [since=4h]`: the same text that "who changed what?" gets under a case. */
export async function changesAnswer(about: string, since: string | null, deps: ListenerDeps): Promise<string> {
  const now = deps.now();
  const until = new Date(now).toISOString();
  const from = since === null ? new Date(now - USUAL_MS).toISOString() : readSince(since, now);
  if (from === null) return wrongSinceText(since ?? '');
  const known = await deps.freshInventory();
  const reading = deps.intake.readReport(about, { at: until, tz: null }, known);
  const host = reading.hosts[0] ?? null;
  const target = host === null ? null : ({ host, port: 443, path: '/', scheme: 'https' } as const);
  const found = (await deps.changesSince?.(from, target)) ?? { changes: [], blind: 'nobody tells me of changes' };
  return changesText(found.changes, { of: host ?? 'every host', from, until, blind: found.blind }).slice(0, MAX_CHARS);
}
