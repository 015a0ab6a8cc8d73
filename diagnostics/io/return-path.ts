import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Look } from '../types.ts';
import { splitAddress } from './address.ts';
import type { Io } from './io.ts';
import type { NodeHealth } from './proxy-health.ts';

/** What became of our own requests, and what a node's reverse-path filter dropped meanwhile, and just before. */
export interface Asked {
  asked: number;
  unanswered: number;
  dropped: number;
  overMs: number;
  quiet: number;
  quietMs: number;
}

/** Where users come in, as a look carries it from the plan. */
export interface Front {
  scheme: 'https' | 'http';
  host: string;
  path: string;
  addresses: string[];
}

/** Over all addresses: enough to stand out from what other looks ask meanwhile, where one target of two is bad too. */
const TRIES = 12;
const PATIENCE_MS = 1_200;
/** The first packet of a connection is dropped at once; its repetition comes a second later. */
const AT_ONCE_MS = 200;
/** Other looks begin with this one, and their first packets must be over before what is usual is counted. */
const SETTLE_MS = 400;

/**
 * Reads the node, asks as users do, and reads it again at once: only what its filter drops beyond what it always does, while
 * our own requests stay without an answer, says something. Null where the page has no such counter, or no address is known.
 * Throws BlindLook.
 */
export async function askAndReadAgain(
  io: Io,
  look: Look,
  first: NodeHealth,
  signal: AbortSignal,
): Promise<{ after: NodeHealth; asked: Asked } | null> {
  const front = look.with.front as unknown as Front | undefined;
  if (!first.reversePath || !front?.addresses.length) return null;
  const { scheme, host, path } = front;
  const addresses = front.addresses.filter((address) => isIP(splitAddress(address)?.host ?? '') !== 0);
  if (addresses.length === 0) return null;
  const read = async (): Promise<{ health: NodeHealth; total: number; at: number }> => {
    const health = await io.proxy.node(look.at.part ?? look.at.hop, signal);
    return { health, total: health.reversePath?.dropped ?? 0, at: performance.now() };
  };
  await pause(SETTLE_MS, undefined, { signal });
  const begin = await read();
  await pause(AT_ONCE_MS, undefined, { signal });
  const quiet = await read();
  // An address that may not be asked takes nothing from what the page says.
  const requests = Promise.all(
    addresses.flatMap((address) =>
      Array.from({ length: Math.ceil(TRIES / addresses.length) }, () =>
        io.request({ address, scheme, host, path, proxyHeader: 'none', patienceMs: PATIENCE_MS }, signal),
      ),
    ),
  ).catch(() => []);
  await pause(AT_ONCE_MS, undefined, { signal });
  const after = await read();
  const attempts = await requests;
  signal.throwIfAborted();
  if (attempts.length === 0) return null;
  // A counter that went back began anew: nothing is said.
  return {
    after: after.health,
    asked: {
      asked: attempts.length,
      unanswered: attempts.filter((one) => one.error === 'TIMEOUT').length,
      dropped: Math.max(0, after.total - quiet.total),
      overMs: Math.max(1, Math.round(after.at - quiet.at)),
      quiet: Math.max(0, quiet.total - begin.total),
      quietMs: Math.max(1, Math.round(quiet.at - begin.at)),
    },
  };
}
