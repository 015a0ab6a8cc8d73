import { isIP } from 'node:net';
import type { Draft, FindingSpec } from '../define-check.ts';
import { splitAddress } from '../io/address.ts';
import type { Io } from '../io/io.ts';
import type { NodeHealth } from '../io/proxy-health.ts';
import type { Look } from '../types.ts';
import { duration, plural, shellWord } from '../wording.ts';

type Base = {
  node: string;
  dropped: number;
  overMs: number;
  unanswered: number;
  asked: number;
  /** Interfaces whose filter is strict; null: the page does not say. */
  strict: string[] | null;
  source: string;
};

export interface ReturnPathFacts {
  REVERSE_PATH_DROPS: Base;
  REVERSE_PATH_SILENT: Base;
}

/** What became of our own requests between two readings of a node's reverse-path filter. */
export interface Asked {
  asked: number;
  unanswered: number;
  dropped: number;
  overMs: number;
}

/** Where users come in, as a look carries it from the plan. */
export interface Front {
  scheme: 'https' | 'http';
  host: string;
  path: string;
  addresses: string[];
}

/** For each address: enough to meet one bad target of several, and few enough beside what other looks ask. */
const TRIES = 4;
/** A single packet is dropped on any node now and then; a lost connection repeats its own within a second. */
const LEAST = 2;
const PATIENCE_MS = 1_200;

/**
 * Asks as users do, and reads the node again: only what its filter drops while our own requests stay without an answer
 * says something. Null where the page has no such counter, or no address is known. Throws BlindLook.
 */
export async function askAndReadAgain(
  io: Io,
  look: Look,
  before: NodeHealth,
  signal: AbortSignal,
): Promise<{ after: NodeHealth; asked: Asked } | null> {
  const front = look.with.front as unknown as Front | undefined;
  if (!before.reversePath || !front?.addresses.length) return null;
  const { scheme, host, path } = front;
  const addresses = front.addresses.filter((address) => isIP(splitAddress(address)?.host ?? '') !== 0);
  const began = performance.now();
  const attempts = await Promise.all(
    addresses.flatMap((address) =>
      Array.from({ length: TRIES }, () =>
        io.request({ address, scheme, host, path, proxyHeader: 'none', patienceMs: PATIENCE_MS }, signal),
      ),
    ),
    // An address that may not be asked takes nothing from what the page says.
  ).catch(() => []);
  signal.throwIfAborted();
  if (attempts.length === 0) return null;
  const after = await io.proxy.node(look.at.part ?? look.at.hop, signal);
  const total = after.reversePath?.dropped ?? 0;
  return {
    after,
    asked: {
      asked: attempts.length,
      unanswered: attempts.filter((one) => one.error === 'TIMEOUT').length,
      // One that went back began anew: nothing is said.
      dropped: Math.max(0, total - before.reversePath.dropped),
      overMs: Math.round(performance.now() - began),
    },
  };
}

/** Pure: what the filter did while we asked. Drops while all of our own requests were answered may be anybody's. */
export function readReturnPath(health: NodeHealth & { asked?: Asked | null }, node: string): Draft<ReturnPathFacts>[] {
  const { asked, reversePath, source } = health;
  if (!asked || !reversePath) return [];
  const facts: Base = { node, ...asked, strict: reversePath.strict, source };
  if (asked.dropped >= LEAST)
    return [{ code: 'REVERSE_PATH_DROPS', ...(asked.unanswered === 0 && { direction: 'context' as const }), facts }];
  return asked.unanswered > 0 && asked.dropped === 0 ? [{ code: 'REVERSE_PATH_SILENT', facts }] : [];
}

const lost = (f: Base): string =>
  f.unanswered === f.asked
    ? `none of my ${plural(f.asked, 'request')} was answered`
    : `${f.unanswered} of my ${plural(f.asked, 'request')} got no answer`;
const grep = (f: Base): string => `curl -s ${shellWord(f.source)} | grep -aE 'IPReversePathFilter|rp_filter'`;

export const RETURN_PATH_FINDINGS: { [K in keyof ReturnPathFacts]: FindingSpec<ReturnPathFacts[K]> } = {
  REVERSE_PATH_DROPS: {
    hop: 'node',
    direction: 'implicates',
    title: 'A node drops what comes in by another interface than answers leave by',
    says: (f) =>
      `${f.node} dropped ${plural(f.dropped, 'packet')} within ${duration(f.overMs)} for its reverse-path filter${f.strict?.length ? ` (strict on ${f.strict.join(', ')})` : ''}, while ${lost(f)}: what it drops came in by one interface, and the way back leads out of another.`,
    next: (f) =>
      `Make answers leave ${f.node} by the interface they came in on (ip rule from the address, a table of its own); until then rp_filter 2 on that interface.`,
    reproduce: grep,
  },
  REVERSE_PATH_SILENT: {
    hop: 'node',
    direction: 'context',
    title: "A node's reverse-path filter drops nothing while requests get no answer",
    says: (f) => `${f.node}'s reverse-path filter dropped nothing while ${lost(f)}.`,
    next: () => 'Nothing to do here.',
    reproduce: grep,
  },
};
