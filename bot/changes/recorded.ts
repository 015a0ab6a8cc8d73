import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import { resetBetween } from '../../proxy/history/steps.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { RecorderStore } from '../../workers/recorder/store.ts';
import type { Happened, Known } from './known.ts';

/** Proxies whose samples are gone through; a person waits for it. */
const MOST_INSTANCES = 40;
const MOST_EACH = 20;

/**
 * Pure: reloads, refused reloads and restarts between samples of one instance, oldest first. The time is that of the later sample
 * unless the proxy tells its own.
 */
export function eventsOf(
  name: string,
  kind: string,
  samples: readonly ProxySample[],
  breaks: readonly string[] = [],
): Happened[] {
  const found: Happened[] = [];
  for (const [i, after] of samples.entries()) {
    const before = samples[i - 1];
    if (!before || breaks.includes(after.at)) continue;
    const [was, is] = [before.reloads, after.reloads];
    const grew = (a: number | null, b: number | null) => (a === null || b === null || b <= a ? 0 : b - a);
    const tell = (at: string, what: string, summary: string) => found.push({ at, object: name, kind: what, summary });
    const reset = resetBetween(before, after, kind);
    if (reset?.why === 'reload') tell(reset.at, 'reload', 'reloaded: a new process, counters at zero');
    else if (reset) tell(reset.at, 'restart', reset.why === 'restart' ? 'started anew' : 'its counters began anew');
    const [ok, failed] = [grew(was.ok, is.ok), grew(was.failed, is.failed)];
    if (!reset && ok > 0)
      tell(after.at, 'reload', ok === 1 ? 'configuration reloaded' : `configuration reloaded ${ok} times`);
    if (!reset && failed > 0)
      tell(
        after.at,
        'reload',
        failed === 1 ? 'a reload was refused; the old configuration serves on' : `${failed} reloads were refused`,
      );
    if (!reset && ok === 0 && was.hash !== null && is.hash !== null && was.hash !== is.hash)
      tell(after.at, 'reload', 'another configuration is loaded');
    if (before.software !== null && after.software !== null && before.software !== after.software)
      tell(after.at, 'version', `${before.software} → ${after.software}`);
  }
  return found.slice(-MOST_EACH);
}

/** Reloads and restarts that the recorder saw since `from` (ISO), of hops named in `only` (null: all). Never rejects. */
export async function recordedSince(
  from: string,
  only: ReadonlySet<string> | null,
  inventory: Inventory,
  recorder: Pick<RecorderStore, 'samples'> | null,
  keepMs: number,
  now: number,
): Promise<Known> {
  const all = Object.values(inventory.hops)
    .filter((hop) => only === null || only.has(hop.name))
    .flatMap((hop) =>
      hop.instances.filter((one) => one.metrics !== null || one.admin !== null).map((one) => ({ hop, one })),
    );
  if (recorder === null)
    return { happened: [], blind: ['reloads and restarts: the recorder is off (`recorder: false` in CONFIG)'] };
  if (all.length === 0)
    return { happened: [], blind: ['reloads and restarts: no proxy has `metrics` or `admin` in the inventory'] };
  const window = { from, to: new Date(now).toISOString() };
  const asked = all.slice(0, MOST_INSTANCES);
  const read = await Promise.all(
    asked.map(({ hop, one }) => recorder.samples(hop.name, one.name, window).catch(() => null)),
  );
  const silent = asked.filter((_, i) => (read[i]?.samples.length ?? 0) < 2).map(({ one }) => one.name);
  const blind: string[] = [];
  if (all.length > asked.length) blind.push(`reloads and restarts of ${all.length - asked.length} more proxies`);
  if (silent.length > 0) {
    const names =
      silent.length > 3 ? `${silent.slice(0, 3).join(', ')} and ${silent.length - 3} more` : silent.join(', ');
    blind.push(`reloads and restarts of ${names}: nothing was recorded`);
  }
  if (now - Date.parse(from) > keepMs && silent.length < asked.length)
    blind.push(
      `reloads and restarts before ${new Date(now - keepMs).toISOString().slice(11, 16)} UTC: samples are not kept that long`,
    );
  const happened = asked.flatMap(({ hop, one }, i) =>
    eventsOf(one.name, hop.kind, read[i]?.samples ?? [], read[i]?.breaks),
  );
  return { happened: happened.filter(({ at }) => at >= from), blind };
}
