import type { Conversation, Io } from '../io/io.ts';
import { bytes } from '../wire/bytes.ts';
import { proxyV1, proxyV2Local } from '../wire/proxy-header.ts';
import { answerIsWhole } from '../wire/tls-answer.ts';
import type { TlsVersion } from '../wire/tls-hello.ts';
import { DOCUMENTED_CLIENT, outcomeOf, PATIENCE_MS, payloadOf } from './proxy-protocol-beginnings.ts';
import { LATE_MS } from './proxy-protocol-probe.ts';

/** What an inventory allows of a burst: `settings.handshake_burst` of a proxy. Without it there is none. */
export interface BurstLimits {
  /** Connections in all, at one address. */
  connections: number;
  /** New connections a second. */
  perSecond: number;
}

/** Caps that no configuration lifts: a probe must not be the trouble it looks for. */
const MOST = { connections: 400, perSecond: 400 } as const;
const FEWEST = 20;
/** Longest burst, s. */
const WINDOW_S = 5;
/** A burst begins when the other looks of its case are mostly over: what it stirs up must not be what they see. */
const HEAD_START_MS = 1_000;

/** Reads `settings.handshake_burst`: a number of connections, or both numbers; null: not allowed, or not understood. */
export function burstLimits(setting: unknown): BurstLimits | null {
  const told = typeof setting === 'number' ? { connections: setting } : setting;
  if (typeof told !== 'object' || told === null) return null;
  const { connections, perSecond } = told as { [key: string]: unknown };
  if (typeof connections !== 'number' || !(connections >= FEWEST)) return null;
  const rate = typeof perSecond === 'number' && perSecond >= 1 ? perSecond : MOST.perSecond / 2;
  const perSecondAllowed = Math.min(MOST.perSecond, rate);
  // What would not be over in time is not begun.
  const most = Math.min(MOST.connections, Math.floor(connections), Math.floor(perSecondAllowed * WINDOW_S));
  return most < FEWEST ? null : { connections: most, perSecond: perSecondAllowed };
}

/**
 * `prompt`: as users come in. `late`: what is to be looked at comes late: the client's first bytes, and with them the
 * header of a balancer that holds it back. `control`: as late, but without a header that could be late.
 */
type SeriesName = 'prompt' | 'late' | 'control';

/** How the connections of one series ended; the sum of all is `total`. */
export interface Series {
  name: SeriesName;
  total: number;
  ok: number;
  clearText: number;
  reset: number;
  closed: number;
  timeout: number;
  alert: number;
  /** No connection came about. */
  refused: number;
  /** First bytes of one answer in clear text, hex. */
  sample: string | null;
}

export interface BurstTarget {
  address: string;
  host: string;
  /** The header that the hop in front sends; `none` where we stand in front of it, as users do. */
  header: 'none' | 'v1' | 'local';
}

const HEADERS = {
  none: () => new Uint8Array(0),
  local: proxyV2Local,
  v1: () =>
    proxyV1({ source: DOCUMENTED_CLIENT, destination: '198.51.100.20', sourcePort: 51_234, destinationPort: 443 }),
};

type Segments = { bytes: Uint8Array; afterMs?: number }[];

function segments(to: BurstTarget, name: SeriesName, demands: boolean, version: TlsVersion): Segments {
  const hello = payloadOf('hello', to.host, version);
  const header = HEADERS[to.header]();
  if (name === 'prompt') return [{ bytes: bytes(header, hello) }];
  if (name === 'late') return [{ bytes: bytes(header, hello), afterMs: LATE_MS }];
  // A listener that demands a header gets it at once: then only the hello is late.
  return demands ? [{ bytes: header }, { bytes: hello, afterMs: LATE_MS }] : [{ bytes: hello, afterMs: LATE_MS }];
}

const empty = (name: SeriesName): Series => ({
  name,
  total: 0,
  ok: 0,
  clearText: 0,
  reset: 0,
  closed: 0,
  timeout: 0,
  alert: 0,
  refused: 0,
  sample: null,
});

const COUNTED = {
  tls: 'ok',
  http: 'clearText',
  'plaintext-error': 'clearText',
  reset: 'reset',
  closed: 'closed',
  timeout: 'timeout',
  alert: 'alert',
} as const;
const NEVER_STOOD = new Set(['refused', 'unreachable', 'connect-timeout']);

function count(series: Series, conversation: Conversation): void {
  series.total++;
  if (NEVER_STOOD.has(conversation.ending)) {
    series.refused++;
    return;
  }
  const { outcome } = outcomeOf(conversation);
  series[COUNTED[outcome]]++;
  if (COUNTED[outcome] === 'clearText') series.sample ??= conversation.bytes.slice(0, 128);
}

/** In front of the balancer users' own connections are the control: there is no header of ours to leave out. */
const turnsOf = (header: BurstTarget['header']): SeriesName[] =>
  header === 'none' ? ['prompt', 'late'] : ['prompt', 'late', 'prompt', 'control'];

/**
 * So many handshakes, evenly spaced, the series by turns, so that load that comes and goes meets all of them alike.
 * Only hellos are sent and first answers read; nothing is kept open. Throws BlindLook `not-allowed` and the signal.
 */
export async function handshakeBurst(
  io: Io,
  to: BurstTarget,
  limits: BurstLimits,
  signal: AbortSignal,
): Promise<Series[]> {
  await pause(HEAD_START_MS, signal);
  const talk = (send: Segments): Promise<Conversation> =>
    io.converse(
      { address: to.address, send, keep: 128, enough: answerIsWhole, patienceMs: PATIENCE_MS + LATE_MS },
      signal,
    );
  // What the listener speaks, and whether it goes without a header, is found out once, before.
  const speaks = async (version: TlsVersion, name: SeriesName, demands: boolean): Promise<boolean> => {
    const answer = await talk(segments(to, name, demands, version));
    return outcomeOf(answer).outcome === 'tls';
  };
  const version = (await speaks('TLSv1.2', 'prompt', true)) ? 'TLSv1.2' : 'TLSv1.3';
  const demands = to.header !== 'none' && !(await speaks(version, 'control', false));
  const turns = turnsOf(to.header);
  const all = new Map(turns.map((name) => [name, empty(name)]));
  await Promise.all(
    Array.from({ length: limits.connections }, async (_, i) => {
      const name = turns[i % turns.length] as SeriesName;
      await pause((i * 1_000) / limits.perSecond, signal);
      count(all.get(name) as Series, await talk(segments(to, name, demands, version)));
    }),
  );
  return [...all.values()];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', abort);
    resolve();
  }, ms);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return promise;
}
