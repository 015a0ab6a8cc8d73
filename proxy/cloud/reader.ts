import type { BalancerReader, BalancerSeen } from '../../diagnostics/io/balancer-reader.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { PathHop } from '../../diagnostics/types.ts';
import type { Inventory } from '../inventory/model.ts';
import { partNamed } from '../inventory/model.ts';
import { type AwsPlace, type Clients, clientsFor } from './aws/clients.ts';
import { countersOf } from './aws/counters.ts';
import { describeClassic } from './aws/describe-classic.ts';
import { describeV2 } from './aws/describe-v2.ts';
import { type BalancerName, balancerName } from './aws/name.ts';
import { gceLog } from './gce-log.ts';

/** Several checks of one case ask for the same balancer: it is described once, and again after this long, ms. */
const FRESH_MS = 10_000;
const MOST_KEPT = 50;
/** One description is three rounds of questions, some of them tried again. */
const PATIENCE_MS = 9_000;

/** Longest text of a cloud that is kept. */
const TEXT = 300;
/** Texts of a cloud are data: no control characters, none that is endless. */
function plain<T>(value: T): T {
  if (typeof value === 'string') return value.replace(/\p{Cc}/gu, ' ').slice(0, TEXT) as T;
  if (Array.isArray(value)) return value.map(plain) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [plain(key), plain(one)])) as T;
}

type Described = { arn: string; seen: BalancerSeen };
const kept = new Map<string, { at: number; described: Promise<Described> }>();

async function describe(place: AwsPlace, name: BalancerName): Promise<Described> {
  const clients = await clientsFor(place);
  // Not the caller's signal: others wait for the same answer.
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const found =
    (name.classic === true ? null : await describeV2(clients, name, signal)) ??
    (name.classic === false ? null : await describeClassic(clients, name, signal));
  if (!found)
    throw new BlindLook(
      'not-configured',
      `AWS in ${place.region} knows no balancer ${name.arn ?? name.dnsName}; correct arn: of the hop, or the region`,
    );
  return { arn: found.arn, seen: plain(found.seen) };
}

function describedOnce(place: AwsPlace, name: BalancerName): Promise<Described> {
  const key = JSON.stringify([place, name]);
  const known = kept.get(key);
  if (known && performance.now() - known.at < FRESH_MS) return known.described;
  const described = describe(place, name);
  described.catch(() => kept.delete(key));
  kept.delete(key);
  kept.set(key, { at: performance.now(), described });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  return described;
}

/** Waits no longer than the caller does. */
async function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Asks the balancers that an inventory names: AWS by its interfaces, GCE by its log. Cheap until it is asked. */
export function balancerReader(inventory: Inventory): BalancerReader {
  const hopNamed = (name: string): PathHop => {
    const hop = Object.values(inventory.hops).find((one) => one.name === name && one.hop === 'load-balancer');
    if (!hop) throw new BlindLook('not-configured', `the inventory names no balancer ${name}`);
    return hop;
  };
  const placed = (hopName: string): { place: AwsPlace; name: BalancerName } => {
    const hop = hopNamed(hopName);
    const name = balancerName(hop);
    if (!name)
      throw new BlindLook(
        'not-configured',
        `${hopName}: which balancer of AWS it is is not known; name it as arn: under its hop`,
      );
    const { aws } = inventory;
    if (!hop.arn && !aws)
      throw new BlindLook(
        'not-configured',
        `${hopName}: AWS may not be asked; a line "aws: {}" in the inventory allows it (read rights: docs/clouds.md)`,
      );
    const region = name.region ?? aws?.region;
    if (!region)
      throw new BlindLook('not-configured', `${hopName}: its region is not known; name it as aws: { region: … }`);
    return {
      name,
      place: {
        region,
        endpoint: aws?.endpoint ?? null,
        profile: aws?.profile ?? null,
        credentials: aws?.credentials ?? null,
      },
    };
  };
  return {
    async describe(hop, signal) {
      const { place, name } = placed(hop);
      return (await until(describedOnce(place, name), signal)).seen;
    },
    async counters(hop, window, signal) {
      const { place, name } = placed(hop);
      const { arn, seen } = await until(describedOnce(place, name), signal);
      const clients: Clients = await clientsFor(place);
      return countersOf(clients, { kind: seen.kind, arn, zones: seen.zones }, window, signal);
    },
    async log(of, host, window) {
      const found = partNamed(inventory, of);
      if (!found?.instance.accessLog)
        throw new BlindLook(
          'not-configured',
          `${of.hop}: no log of it is known; export its Cloud Logging entries to a file and name it as accessLog:`,
        );
      return gceLog(found.instance.accessLog, host, window);
    },
  };
}
