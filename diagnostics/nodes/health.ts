import { reasonOf } from '../errors.ts';
import { splitAddress } from '../io/address.ts';
import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import type { HealthAnswer, TrafficNode } from './model.ts';

const MOST_ASKED = 12;
const PATIENCE_MS = 1_500;

export const hostOf = (address: string): string => splitAddress(address)?.host ?? address;

/** A part that cannot be seen is missing, and only that. */
export const tried = async <T>(cannot: string[], fallback: T, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BlindLook)) throw error;
    cannot.push(reasonOf(error).slice(0, 300));
    return fallback;
  }
};

async function healthAt(io: Io, address: string, signal: AbortSignal): Promise<HealthAnswer> {
  const host = hostOf(address);
  const answer = await io.request(
    { address, scheme: 'http', host, path: '/healthz', proxyHeader: 'none', patienceMs: PATIENCE_MS },
    signal,
  );
  const count = /"localEndpoints":\s*(\d{1,6})/.exec(answer.body)?.[1];
  return { status: answer.status, error: answer.error, endpoints: count === undefined ? null : Number(count) };
}

/** Asks the health ports of nodes that have one, the telling ones first. */
export async function askHealth(
  io: Io,
  nodes: TrafficNode[],
  addressOf: (node: TrafficNode) => string | null,
  cannot: string[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    nodes.slice(0, MOST_ASKED).map(async (node) => {
      const address = addressOf(node);
      if (address) node.health = await tried(cannot, null, () => healthAt(io, address, signal));
    }),
  );
}
