import { wrongSinceText } from '../blocks/refusal.ts';
import type { ListenerDeps } from '../listeners/deps.ts';
import { readSince } from '../listeners/since.ts';
import { gatherChanges } from './gather.ts';
import { inTime } from './known.ts';
import { knownText } from './text.ts';

/** Without `since=` changes of this long are told, ms. */
const USUAL_MS = 24 * 60 * 60 * 1000;
/** An inventory that takes longer is used as it was known, ms. */
const FRESH_MS = 600;

/** `/ingress-check changes [host] [since=4h]`: what changed, from every source there is, for the person who asked. */
export async function changesAnswer(about: string, since: string | null, deps: ListenerDeps): Promise<string> {
  const now = deps.now();
  const from = since === null ? new Date(now - USUAL_MS).toISOString() : readSince(since, now);
  if (from === null) return wrongSinceText(since ?? '');
  const inventory = (await inTime(deps.freshInventory(), FRESH_MS)) ?? deps.inventory();
  const reading = deps.intake.readReport(about, { at: new Date(now).toISOString(), tz: null }, inventory);
  const host = reading.hosts[0] ?? null;
  const whole = host === null ? inventory : ((await inTime(deps.inventoryFor(host, '/'), FRESH_MS)) ?? inventory);
  return knownText(await gatherChanges(from, host, whole, deps), { host, from, now });
}
