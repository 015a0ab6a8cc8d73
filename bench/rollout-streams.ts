import type { Interval, SideCounts } from '../diagnostics/rollout/types.ts';
import { dice } from './dice.ts';

/** Simulated rollouts: requests one by one, on two sides, seeded. Nothing here knows how they are judged. */

/** What one request meets at second `at` of a stage; parts of one. `fresh`: on the new side. */
export interface World {
  name: string;
  /** Requests a second of both sides together. */
  rate: (at: number) => number;
  errors: (at: number, fresh: boolean) => number;
  /** Of connections. */
  resets: (at: number, fresh: boolean) => number;
  /** Handshakes that fail, by class of clients. */
  handshakes: (at: number, fresh: boolean, client: string) => number;
  /** Part of requests that take a second longer. */
  late: (at: number, fresh: boolean) => number;
  /** Part of the new side's requests that all go to the first endpoint. */
  pinned: number;
  /** Errors that one client makes in a loop, on whichever side it came to: so many, beginning with this probability a second. */
  bursts: { size: number; perSecond: number } | null;
}

const BASE = 0.001;
/** Nothing is wrong: one request in a thousand fails, one connection in two thousand is reset, on both sides. */
export const GOOD: World = {
  name: 'good',
  rate: () => 20,
  errors: () => BASE,
  resets: () => 0.0005,
  handshakes: (_at, _fresh, client) => (client === 'scanner' ? 1 : 0.0005),
  late: () => 0.004,
  pinned: 0,
  bursts: null,
};

/** Classes of clients and their parts of all handshakes. */
export const CLIENTS: { [name: string]: number } = { modern: 0.965, 'java-7': 0.03, scanner: 0.005 };
/** Buckets of Prometheus' client libraries (client_golang, `DefBuckets`), s. */
const LE = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A new connection for so many requests. */
const REQUESTS_A_CONNECTION = 2;
const ENDPOINTS = ['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080', '10.0.0.4:8080'];

/** Seeds of one scenario: far apart, whatever the scenario before used. */
export const diceOf = (scenario: string, seed: number): (() => number) => {
  let hash = 2166136261;
  for (const char of scenario) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  return dice(Math.imul(hash + seed, 0x9e3779b1) ^ (seed << 7));
};

/** Poisson by counting (small means) or by the normal law. */
function poisson(mean: number, random: () => number): number {
  if (mean > 400) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let [k, p] = [0, random()];
  const least = Math.exp(-mean);
  while (p > least) {
    k++;
    p *= random();
  }
  return k;
}
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const nothing = (): SideCounts => ({
  requests: 0,
  errors: 0,
  resets: 0,
  connections: 0,
  latency: { le: [...LE], counts: new Array<number>(LE.length + 1).fill(0) },
  handshakes: Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, { tried: 0, failed: 0 }])),
  endpoints: Object.fromEntries(ENDPOINTS.map((name) => [name, 0])),
});

function clientOf(u: number): string {
  let left = u;
  for (const [name, part] of Object.entries(CLIENTS)) {
    if (left < part) return name;
    left -= part;
  }
  return 'modern';
}

function request(side: SideCounts, world: World, at: number, fresh: boolean, random: () => number): void {
  side.requests++;
  if (random() < world.errors(at, fresh)) side.errors++;
  // Half of requests take less than 40 ms, one in a hundred more than 280 ms.
  const seconds = 0.04 * Math.exp(0.83 * normal(random)) + (random() < world.late(at, fresh) ? 1 : 0);
  const bucket = LE.findIndex((edge) => seconds <= edge);
  const counts = side.latency?.counts as number[];
  const index = bucket < 0 ? LE.length : bucket;
  counts[index] = (counts[index] as number) + 1;
  const to = fresh && random() < world.pinned ? 0 : Math.floor(random() * ENDPOINTS.length);
  const name = ENDPOINTS[to] as string;
  side.endpoints[name] = (side.endpoints[name] ?? 0) + 1;
  if (random() * REQUESTS_A_CONNECTION >= 1) return;
  side.connections++;
  if (random() < world.resets(at, fresh)) side.resets++;
  const client = clientOf(random());
  const made = side.handshakes[client] as { tried: number; failed: number };
  made.tried++;
  if (random() < world.handshakes(at, fresh, client)) made.failed++;
}

/** All intervals of one stage: `step` seconds each. */
export function* stageOf(
  world: World,
  share: number,
  from: number,
  seconds: number,
  step: number,
  random: () => number,
): Generator<Interval> {
  let burst: { fresh: boolean; left: number } | null = null;
  for (let at = from; at < from + seconds; at += step) {
    const sides = { old: nothing(), fresh: nothing() };
    const total = poisson(world.rate(at) * step, random);
    for (let i = 0; i < total; i++) {
      const fresh = random() < share;
      request(fresh ? sides.fresh : sides.old, world, at, fresh, random);
    }
    if (world.bursts) {
      if (!burst && random() < world.bursts.perSecond * step)
        burst = { fresh: random() < share, left: world.bursts.size };
      // Ten a second, as a client without patience does.
      const now = burst ? Math.min(burst.left, 10 * step) : 0;
      if (burst) {
        const side = burst.fresh ? sides.fresh : sides.old;
        side.requests += now;
        side.errors += now;
        const counts = side.latency?.counts as number[];
        counts[0] = (counts[0] as number) + now;
        burst.left -= now;
        if (burst.left <= 0) burst = null;
      }
    }
    yield {
      from: new Date(START + 1000 * at).toISOString(),
      to: new Date(START + 1000 * (at + step)).toISOString(),
      source: 'counters',
      ...sides,
      blind: [],
    };
  }
}
const START = Date.parse('2026-11-24T10:00:00Z');
