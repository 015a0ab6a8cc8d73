import { isIP } from 'node:net';
import { checkNamed } from './checks/index.ts';
import type { Planned } from './define-check.ts';
import { reasonOf } from './errors.ts';
import { joinAddress, splitAddress } from './io/address.ts';
import { hurriedIo } from './io/hurried.ts';
import type { Io } from './io/io.ts';
import { BlindLook } from './io/proxy-reader.ts';
import type { BlindReason, EvidenceRow, Json, Look } from './types.ts';
import { withoutSecrets } from './without-secrets.ts';
import { seen } from './wording.ts';

/** Vantages whose address is a place on the network; the others name files and pages, which need no resolving. */
const ON_THE_NETWORK = new Set(['public', 'load-balancer', 'node-port', 'proxy-replica', 'service', 'endpoint']);

/** What a row may hold at most, bytes of JSON: a look never makes a case too large to store. */
const MAX_ROW_BYTES = 256 * 1024;

function whyBlind(
  error: unknown,
  look: Look,
  address: string,
  signal: AbortSignal,
): { reason: BlindReason; detail: string } {
  if (error instanceof BlindLook) return { reason: error.reason, detail: error.message };
  if (signal.aborted)
    return {
      reason: 'deadline',
      detail: `${look.check}${address ? ` at ${address}` : ''} was not finished within the time it had`,
    };
  return { reason: 'our-bug', detail: reasonOf(error) };
}

/** ip:port of everything that an address leads to; a look without a network address is asked as it is. */
async function addressesOf(io: Io, look: Look, signal: AbortSignal): Promise<string[]> {
  const parts = splitAddress(look.address);
  if (!ON_THE_NETWORK.has(look.vantage) || !parts || parts.port === null || isIP(parts.host)) return [look.address];
  const { addresses, error } = await io.resolve(parts.host, signal);
  if (addresses.length === 0)
    throw new BlindLook('resolver', `${parts.host} does not resolve here (${error ?? 'no address'})`);
  return addresses.map((ip) => joinAddress(ip, parts.port as number));
}

/**
 * Makes one planned look: resolves its address, asks every address it leads to, and turns whatever goes wrong on our
 * side into a blind row. Never throws. `budgetMs` caps the check's own budget; `signal` ends it at once.
 * `hurry` ends its waiting for answers, and keeps what was seen. `onBug` hears of exceptions that are our own, with their stack.
 */
export async function runLook(
  planned: Planned,
  io: Io,
  options: { budgetMs: number; signal?: AbortSignal; hurry?: AbortSignal; onBug?: (error: unknown) => void },
): Promise<EvidenceRow[]> {
  const { look, blind } = planned;
  const began = performance.now();
  const startedAt = io.now().toISOString();
  const row = (
    address: string,
    rest: { data: Json } | { blind: { reason: BlindReason; detail: string } },
  ): EvidenceRow => ({
    v: 1,
    look: { ...look, address: withoutSecrets(address) },
    startedAt,
    ms: Math.round(performance.now() - began),
    ...('blind' in rest ? { blind: { ...rest.blind, detail: seen(withoutSecrets(rest.blind.detail)) } } : rest),
  });
  if (blind) return [row(look.address, { blind })];
  const check = checkNamed(look.check);
  if (!check)
    return [row(look.address, { blind: { reason: 'our-bug', detail: `there is no check named ${look.check}` } })];
  const limit = AbortSignal.timeout(Math.ceil(Math.max(1, Math.min(check.budgetMs, options.budgetMs))));
  const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
  const asking = options.hurry ? hurriedIo(io, options.hurry) : io;
  const failed = (address: string, error: unknown): EvidenceRow => {
    const why = whyBlind(error, look, address, signal);
    if (why.reason === 'our-bug') options.onBug?.(error);
    return row(address, { blind: why });
  };
  try {
    // A signal that has already fired tells nobody any more: without this a look could begin after its deadline.
    signal.throwIfAborted();
    const addresses = await addressesOf(io, look, signal);
    signal.throwIfAborted();
    return await Promise.all(
      addresses.map(async (address) => {
        try {
          const data = await raced(check.look(asking, look, address, signal), signal);
          const text = JSON.stringify(data);
          if (text.length > MAX_ROW_BYTES)
            return row(address, { blind: { reason: 'too-large', detail: 'what was seen is too large to keep' } });
          const kept = withoutSecrets(text);
          return row(address, { data: kept === text ? data : (JSON.parse(kept) as Json) });
        } catch (error) {
          return failed(address, error);
        }
      }),
    );
  } catch (error) {
    return [failed(look.address, error)];
  }
}

/** A look that ignores its signal must not hold up the case: its row is then blind, and what it does is nobody's. */
function raced<T>(look: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([look, promise]).finally(() => signal.removeEventListener('abort', abort));
}
