import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { PathHop } from '../../diagnostics/types.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { RecorderStore } from '../../workers/recorder/store.ts';
import { grownBetween, totalsOf } from '../../workers/rollouts/totals.ts';

/** What the recorder's last minutes say of one instance. Unknown is never well: `not-asked` says why. */
export type InstanceHealth = { name: string } & (
  | {
      is: 'asked';
      /** Time of the newest sample, ISO. */
      at: string;
      /** Over the stretch of `ms`; counts across a restart are left out. */
      ms: number;
      requests: number;
      /** null: this proxy counts without statuses. */
      errors: number | null;
      restarts: number;
    }
  | { is: 'not-asked'; why: string }
);

/** A managed proxy with its instances. */
export interface ProxyHealth {
  name: string;
  kind: string;
  instances: InstanceHealth[];
}

/** The stretch that is looked at, and how many samples of it are compared: a person waits. */
const STRETCH_MS = 5 * 60_000;
const MOST_SAMPLES = 6;
const MOST_INSTANCES = 40;
/** A proxy whose newest sample is older than this many periods is not asked any more. */
const OLD_PERIODS = 3;

/** Health of all managed proxies, as far as the recorder tells. Never rejects. */
export async function proxyHealth(
  inventory: Pick<Inventory, 'hops'>,
  recorder: Pick<RecorderStore, 'samples'> | null,
  now: number,
): Promise<ProxyHealth[]> {
  const isManaged = (hop: PathHop) => hop.hop === 'proxy' || (hop.hop === 'load-balancer' && hop.instances.length > 0);
  const hops = Object.values(inventory.hops).filter(isManaged);
  const asked = new Set(hops.flatMap((hop) => hop.instances).slice(0, MOST_INSTANCES));
  return Promise.all(
    hops.map(async (hop) => ({
      name: hop.name,
      kind: hop.kind,
      instances: await Promise.all(
        hop.instances.map((one) =>
          asked.has(one)
            ? instanceHealth(hop, one, recorder, now)
            : ({ name: one.name, is: 'not-asked', why: 'too many to show' } as const),
        ),
      ),
    })),
  );
}

async function instanceHealth(
  hop: PathHop,
  one: PathHop['instances'][number],
  recorder: Pick<RecorderStore, 'samples'> | null,
  now: number,
): Promise<InstanceHealth> {
  const not = (why: string): InstanceHealth => ({ name: one.name, is: 'not-asked', why });
  if (one.metrics === null && one.admin === null) return not('neither `metrics` nor `admin` in the inventory');
  if (recorder === null) return not('the recorder is off');
  const window = { from: new Date(now - STRETCH_MS).toISOString(), to: new Date(now).toISOString() };
  const held = await recorder.samples(hop.name, one.name, window).catch(() => 'away' as const);
  if (held === 'away') return not('the recorder could not be read');
  const missed = held?.missed.at(-1);
  const last = held?.samples.at(-1);
  if (!held || !last || held.samples.length < 2) return not(missed?.why ?? 'nothing was recorded in the last 5 min');
  if (now - Date.parse(last.at) > OLD_PERIODS * held.everyMs) return not(missed?.why ?? 'its last sample is old');
  return { name: one.name, ...healthOf(hop.kind, thin(held.samples), held.breaks) };
}

/** Pure: what happened over some samples of one instance, oldest first. */
export function healthOf(
  kind: string,
  samples: readonly ProxySample[],
  breaks: readonly string[] = [],
): Omit<Extract<InstanceHealth, { is: 'asked' }>, 'name'> {
  const totals = samples.map((sample) => ({ at: sample.at, totals: totalsOf(sample, []) }));
  let [requests, errors, ms, restarts]: [number, number | null, number, number] = [0, 0, 0, 0];
  for (const [i, after] of totals.entries()) {
    const before = totals[i - 1];
    if (!before || breaks.includes(after.at)) continue;
    const grown = grownBetween(before.totals, after.totals, kind);
    if (grown.is === 'anew') {
      restarts += 1;
      continue;
    }
    ms += Date.parse(after.at) - Date.parse(before.at);
    requests += grown.counts.requests;
    errors = errors === null || grown.unread.includes('errors') ? null : errors + grown.counts.errors;
  }
  return { is: 'asked', at: samples.at(-1)?.at ?? '', ms, requests, errors, restarts };
}

function thin(samples: readonly ProxySample[]): ProxySample[] {
  const step = Math.ceil(Math.max(1, samples.length - 1) / (MOST_SAMPLES - 1));
  const last = samples.length - 1;
  return samples.filter((_, i) => (last - i) % step === 0);
}
