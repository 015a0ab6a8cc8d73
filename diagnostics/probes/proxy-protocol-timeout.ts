import type { Io } from '../io/io.ts';
import type { TlsVersion } from '../wire/tls-hello.ts';
import { begin, type HeaderTry, type ProbeTarget } from './proxy-protocol-beginnings.ts';

/** How long a listener waits for its header. */
export interface HeaderPatience {
  /** Where it is known to a few per cent, ms; null: it was not seen to end. */
  timeoutMs: number | null;
  /** A header this late was still taken, and one that late no more, ms; null: no such was tried. */
  betweenMs: [number, number | null] | null;
  /** What was sent late, for the record. */
  tries: HeaderTry[];
  connections: number;
}

/** Lateness worth trying: 11 s is beyond the 10 s that go-proxyproto waits since 0.7, 61 s beyond the 60 s of nginx and Traefik 3. */
const LATER_MS = [1_000, 3_000, 6_000, 11_000, 31_000, 61_000];
const ANSWER_MS = 600;

type Asked = { io: Io; to: ProbeTarget; version: TlsVersion; signal: AbortSignal };

async function lateBy({ io, to, version, signal }: Asked, delayMs: number): Promise<HeaderTry | null> {
  const payload = to.tls ? 'hello' : 'get';
  const made = await begin(io, to, { sent: 'delayed', payload, delayMs }, signal, version);
  if ('unreachable' in made) return null;
  const { text: _, ...kept } = made;
  return kept;
}

/** From tries in any order: the latest header that was taken before the first that was not. */
function boundary(tries: HeaderTry[], through: (t: HeaderTry) => boolean): [number, number | null] {
  const sorted = tries.toSorted((a, b) => (a.delayMs ?? 0) - (b.delayMs ?? 0));
  const failed = sorted.findIndex((t) => !through(t));
  const taken = failed === -1 ? sorted.at(-1) : sorted[failed - 1];
  return [taken?.delayMs ?? 0, sorted[failed]?.delayMs ?? null];
}

/** A connection on which nothing is ever said: ms until the listener ends it, or null when it outlives our wait. */
async function silence({ io, to, signal }: Asked, waitMs: number): Promise<number | null> {
  const conversation = await io.converse({ address: to.address, send: [], keep: 1, patienceMs: waitMs }, signal);
  return conversation.ending === 'fin' || conversation.ending === 'rst' ? Math.round(conversation.ms) : null;
}

/** Between two latenesses, in `steps` equal steps, all at once. */
const steps = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(low + ((i + 1) * (high - low)) / (count + 1)));

/**
 * How late a header may be. Where `late` (the try with a header late by `lateMs`) was not taken, the place is found with
 * ever smaller steps; else later ones are tried, and a silent connection is waited for, as far as `deadlineMs` allows.
 */
export async function headerPatience(
  asked: Asked,
  known: { lateMs: number; taken: boolean; through: (t: HeaderTry) => boolean },
  deadlineMs: number,
): Promise<HeaderPatience> {
  const tries: HeaderTry[] = [];
  const tryAll = async (delays: number[]): Promise<HeaderTry[]> => {
    const made = (await Promise.all(delays.map((delay) => lateBy(asked, delay)))).filter((t) => t !== null);
    tries.push(...made);
    return made;
  };
  if (!known.taken) {
    let [low, high]: [number, number] = [0, known.lateMs];
    let connections = 0;
    for (const count of [5, 4]) {
      const [taken, refused] = boundary(await tryAll(steps(low, high, count)), known.through);
      connections += count;
      low = Math.max(low, taken);
      high = refused ?? high;
    }
    return { timeoutMs: Math.round((low + high) / 20) * 10, betweenMs: [low, high], tries: [], connections };
  }
  const delays = LATER_MS.filter((delay) => delay + ANSWER_MS <= deadlineMs);
  const [ended, made] = await Promise.all([silence(asked, deadlineMs), tryAll(delays)]);
  const betweenMs: [number, number | null] = made.length ? boundary(made, known.through) : [known.lateMs, null];
  return { timeoutMs: ended, betweenMs, tries, connections: delays.length + 1 };
}
