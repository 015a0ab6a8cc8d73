import { reasonOf } from '../../diagnostics/errors.ts';
import type { Io, RequestSpec } from '../../diagnostics/io/io.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { Interval } from '../../diagnostics/rollout/types.ts';
import { nothing } from './merge.ts';
import { knock, PROFILES, request, type Target } from './probe-once.ts';
import type { SidePart, Sides } from './sides.ts';

/** How much our own probes may do. Both are limits for one side; the other side gets as much at the same time. */
export interface ProbeRates {
  /** Requests a second. */
  perSecond: number;
  /** Handshakes of old clients a minute. */
  clientsPerMinute: number;
}

/** Whatever is configured: requests to one side in one slot. */
const MOST_REQUESTS = 100;
const MOST_HOSTS = 5;
/** What the probes of one slot may take, as a share of the slot. */
const SPREAD = 0.6;

const headerOf = (expects: SidePart['hop']['expects']): RequestSpec['proxyHeader'] =>
  expects === 'proxy-v1' ? 'v1' : expects === 'proxy-v2' ? 'local' : 'none';

function targetsOf(parts: readonly SidePart[]): Target[] {
  return parts.flatMap((part) =>
    part.instance.https === null ? [] : [{ part, address: part.instance.https, header: headerOf(part.hop.expects) }],
  );
}

/** Hosts that can be asked for: a pattern is no name. */
const askable = (hosts: readonly string[]): string[] =>
  hosts.filter((host) => !host.includes('*')).slice(0, MOST_HOSTS);

/**
 * Sends a slot's probes to both sides at the same time: requests through every instance's own TLS listener with the hosts'
 * names, and handshakes of old clients, the same ones to both sides. `slot` (ms) says whose turn it is, so that all get
 * theirs. The interval is null where nothing could be asked on one of the sides.
 */
export async function probeSides(
  sides: Sides,
  hosts: readonly string[],
  slot: number,
  rates: ProbeRates,
  parts: { io: Io; everyMs: number; from: string | null; now: () => number; signal: AbortSignal },
): Promise<{ interval: Interval | null; blind: string[] }> {
  const { io, everyMs, now, signal } = parts;
  const names = askable(hosts);
  const targets = { old: targetsOf(sides.old), fresh: targetsOf(sides.fresh) };
  const blind = new Set<string>();
  if (names.length === 0) return { interval: null, blind: ['no host is known to ask for'] };
  for (const side of ['old', 'fresh'] as const)
    if (targets[side].length === 0) blind.add(`${side} side: no TLS listener of an instance is known`);
  if (blind.size > 0) return { interval: null, blind: [...blind] };

  const began = now();
  const turn = Math.floor(slot / everyMs);
  const requests = quota(rates.perSecond * (everyMs / 1000), turn, MOST_REQUESTS);
  const clients = quota(rates.clientsPerMinute * (everyMs / 60_000), turn, PROFILES.length);
  const pause = requests.count > 1 ? (SPREAD * everyMs) / requests.count : 0;
  const counts = { old: nothing(), fresh: nothing() };
  const asked = { old: 0, fresh: 0 };

  const one = async (side: 'old' | 'fresh', work: (target: Target, host: string) => Promise<void>, nth: number) => {
    const target = targets[side][nth % targets[side].length] as Target;
    const host = names[Math.floor(nth / targets[side].length) % names.length] as string;
    try {
      await work(target, host);
      asked[side]++;
    } catch (error) {
      if (signal.aborted) throw error;
      const why = error instanceof BlindLook ? error.message : reasonOf(error);
      if (blind.size < 10) blind.add(`${target.part.hop.name}/${target.part.instance.name}: ${why.slice(0, 160)}`);
    }
  };
  const both = (work: (side: 'old' | 'fresh') => Promise<void>) => Promise.all([work('old'), work('fresh')]);
  const loop = async () => {
    const started: Promise<unknown>[] = [];
    for (let i = 0; i < requests.count; i++) {
      if (i > 0) await sleep(pause, signal);
      const asking = both((side) =>
        one(side, (to, host) => request(io, to, host, counts[side], signal), requests.first + i),
      );
      // A process that is told to stop leaves the loop above: what is under way then fails with nobody listening.
      asking.catch(() => {});
      started.push(asking);
    }
    await Promise.all(started);
  };
  const handshakes = async () => {
    for (let i = 0; i < clients.count; i++) {
      const nth = clients.first + i;
      const profile = PROFILES[nth % PROFILES.length] as (typeof PROFILES)[number];
      // Each client visits all instances in turn.
      const round = Math.floor(nth / PROFILES.length);
      await both((side) => one(side, (to, host) => knock(io, to, host, profile, counts[side], signal), round));
    }
  };
  await Promise.all([loop(), handshakes()]);
  if (asked.old === 0 || asked.fresh === 0) return { interval: null, blind: [...blind] };
  const start = new Date(began).toISOString();
  const from = parts.from !== null && parts.from > start ? parts.from : start;
  const to = new Date(Math.max(now(), Date.parse(from) + 1)).toISOString();
  // The balance of what we spread ourselves says nothing.
  const interval: Interval = { from, to, source: 'probes', ...counts, blind: [...blind], unread: ['balance'] };
  return { interval, blind: [...blind] };
}

/** How many belong to this turn, where a rate leaves fractions: over many turns exactly the rate. */
function quota(perTurn: number, turn: number, most: number): { first: number; count: number } {
  const each = Math.min(perTurn, most);
  const first = Math.floor(turn * each);
  return { first, count: Math.floor((turn + 1) * each) - first };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(signal.reason);
  signal.throwIfAborted();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
}
