import { join } from 'node:path';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import type { Judged } from '../../../diagnostics/judge.ts';
import type { Interval } from '../../../diagnostics/rollout/types.ts';
import type { EvidenceRow, Json, PathHop, Verdict } from '../../../diagnostics/types.ts';
import { assemble } from '../../../proxy/history/assemble.ts';
import { loadInventory } from '../../../proxy/inventory/inventory.ts';
import type { Looker } from '../../../workers/look-job.ts';
import { recorderStore } from '../../../workers/recorder/store.ts';
import type { RedisClient } from '../../../workers/redis.ts';
import { nothing } from '../../../workers/rollouts/merge.ts';
import { aSample, served } from '../../proxy/history/samples.ts';
import { plainJudge } from '../../workers/stand-ins.ts';

export const INVENTORY = join(import.meta.dirname, 'inventory.yaml');
const PERIOD_MS = 15_000;
const STORE = { everyMs: PERIOD_MS, keepMs: 7_200_000, maxBytesPerProxy: 1 << 20 };

/** What edge-1 or edge-2 counts at the nth period of half an hour: from the 80th on edge-1 fails 40 % of what it gets. */
function sampleAt(n: number, begin: number, fails: boolean): ProxySample {
  const bad = fails ? Math.max(0, n - 80) * 24 : 0;
  return aSample(0, {
    at: new Date(begin + n * PERIOD_MS).toISOString(),
    requests: served('shop@file', { 200: n * 60 - bad, 502: bad }, { host: 'shop.example.test' }),
    reloads: { ok: fails && n >= 79 ? 3 : 2, failed: 0, lastOk: true, lastAt: null, hash: null },
    process: { ...aSample(0).process, startedAt: new Date(begin - 86_400_000).toISOString() },
  });
}

const PERIODS = 120;
/** Periods that nobody sampled. */
const isHole = (n: number): boolean => n > 100 && n < 106;

export function samplesUntil(now: number, fails: boolean): ProxySample[] {
  const begin = now - PERIODS * PERIOD_MS;
  return Array.from({ length: PERIODS + 1 }, (_, n) => n)
    .filter((n) => !isHole(n))
    .map((n) => sampleAt(n, begin, fails));
}

/** Half an hour of edge-1 and edge-2 in the recorder. */
export async function record(redis: RedisClient, now: number): Promise<void> {
  const store = recorderStore(redis, STORE);
  for (const [name, fails] of [
    ['edge-1', true],
    ['edge-2', false],
  ] as const)
    for (const sample of samplesUntil(now, fails)) {
      const kept = await store.put('edge', name, Date.parse(sample.at), sample);
      if (kept.is !== 'kept') throw new Error(`${name} at ${sample.at}: ${kept.is}`);
    }
}

/** A stand-in look whose rows are what real ones of a case like this hold. */
export function looksOf(now: number): Looker {
  const rows = [history('edge-1', true, now), history('edge-2', false, now), balance()];
  return async (planned) => {
    const { address } = planned.look;
    const made = rows[Number(address.split(':')[1]) - 9000];
    const at = new Date(now).toISOString();
    return [made ?? ({ v: 1, look: planned.look, startedAt: at, ms: 1, data: { status: 502 } } satisfies EvidenceRow)];
  };
}

const look = (check: string, part: string) => ({
  ...{ check, vantage: 'inside' as const, hop: 'proxy' as const, at: { hop: 'edge', part } },
  ...{ address: 'http://127.0.0.1:9101/metrics', with: {} },
});

function history(name: string, fails: boolean, now: number): EvidenceRow {
  const samples = samplesUntil(now, fails);
  const window = { from: samples[0]?.at ?? '', to: new Date(now).toISOString() };
  const series = {
    source: 'recorder' as const,
    samples,
    missed: [],
    breaks: [],
    everyMs: PERIOD_MS,
    otherwise: 'no worker ran',
    cannotTell: [],
  };
  const found = assemble(series, 'traefik', { host: 'shop.example.test', services: [] }, window);
  const data = found as unknown as Json;
  return { v: 1, look: look('traffic-over-time', name), startedAt: window.to, ms: 12, data };
}

function balance(): EvidenceRow {
  const counts = [612, 40, 38];
  const endpoints = counts.map((requests, i) => ({
    address: `10.0.0.${i + 1}:8080`,
    requests,
    errors: 0,
    seconds: null,
  }));
  const data = { service: 'shop', shares: { source: 'metrics', from: null, to: null, endpoints } };
  return { v: 1, look: look('endpoint-balance', 'edge-1'), startedAt: new Date().toISOString(), ms: 3, data };
}

/** The answer that such rows would get. */
export function judgeOf(now: number): (input: Judged) => Verdict {
  return (input) => {
    const base = {
      check: 'traffic-over-time',
      address: null,
      vantage: 'inside' as const,
      at: '',
      facts: {},
      reproduce: null,
      next: '',
    };
    return {
      ...plainJudge(input),
      ...{ answer: 'ingress', hop: 'proxy', cause: 'reload-failed', confidence: 0.97 },
      because: ['RELOAD_REFUSED'],
      headline: 'It is the ingress: edge-1 answers 502 to 40 % of requests for shop.example.test since its reload.',
      says: ['960 of 2,400 requests through edge-1 fail, 0 of 7,200 through edge-2.'],
      cleared: ['the shop itself: 3 of 3 endpoints answer'],
      nextStep: 'Take edge-1 out of the balancer, then see its last reload.',
      onset: { at: new Date(now - 40 * PERIOD_MS).toISOString(), from: 'counters' },
      findings: [
        {
          ...base,
          code: 'RELOAD_REFUSED',
          hop: 'proxy',
          direction: 'implicates',
          about: { hop: 'edge', part: 'edge-1' },
          says: 'edge-1 serves another configuration than edge-2. Since the reload.',
        },
        {
          ...base,
          code: 'ENDPOINT_SHARE_SKEWED',
          hop: 'proxy',
          direction: 'context',
          about: { hop: 'edge', part: 'edge-1' },
          says: '10.0.0.1:8080 gets 612 of 690 requests.',
        },
        {
          ...base,
          code: 'ENDPOINTS_ANSWER',
          hop: 'app',
          direction: 'clears',
          about: { hop: 'shop', part: null },
          says: '3 of 3 endpoints answer, slowest 31 ms.',
        },
      ],
    };
  };
}

/** The hops of the inventory, for a case's path. */
export async function hopsOf(): Promise<PathHop[]> {
  const { hops } = await loadInventory(INVENTORY);
  return ['public', 'edge', 'shop'].flatMap((name) => hops[name] ?? []);
}

/** Months before this one, as verdicts left them. */
export async function months(redis: RedisClient, now: number): Promise<void> {
  const date = new Date(now);
  for (let back = 1; back <= 5; back++) {
    const month = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
    const counts = {
      ingress: back % 3,
      'not-ingress': 9 + 2 * back,
      inconclusive: 1,
      blamed: 6 + back,
      guilty: back % 2,
    };
    for (const [name, n] of Object.entries(counts)) {
      await redis.hincrby('{iti}:score', `${month}:${name}`, n);
      await redis.hincrby('{iti}:score', name, n);
    }
  }
}

/** Intervals of one stage, a minute each: the new side fails this share of its requests. */
export function intervalsOf(begin: number, count: number, bad: number): Interval[] {
  return Array.from({ length: count }, (_, i) => ({
    from: new Date(begin + i * 60_000).toISOString(),
    to: new Date(begin + (i + 1) * 60_000).toISOString(),
    source: 'counters' as const,
    old: { ...nothing(), requests: 1_000, errors: 1 },
    fresh: { ...nothing(), requests: 120, errors: Math.round(120 * bad) + (i % 5 === 0 ? 1 : 0) },
    blind: [],
  }));
}
