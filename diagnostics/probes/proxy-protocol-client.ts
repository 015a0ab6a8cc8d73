import type { Io, RequestSpec } from '../io/io.ts';
import { DOCUMENTED_CLIENT, type ProbeTarget } from './proxy-protocol-beginnings.ts';
import type { HeaderExpectation } from './proxy-protocol-probe.ts';

const PATIENCE_MS = 3_000;

/** Where a page says who its client is: the names of fields that carry an address, before the address on one line. */
const CLIENT_FIELD = /(forwarded|real-?ip|remote|client|peer|source|origin|\bip)\w*\W[^\n]{0,40}$/;

/** Does a line say that this address is the client's? */
function names(line: string, address: string): boolean {
  const at = line.indexOf(address);
  return at >= 0 && CLIENT_FIELD.test(` ${line.slice(0, at)}`);
}

/**
 * Which client address the far end sees, where its answer repeats it: the address of the documentation that our header
 * named, or our own (the header was read and not believed, or none was sent). Null: the answer names neither.
 */
export async function clientAddressSeen(
  io: Io,
  to: ProbeTarget,
  expects: HeaderExpectation,
  path: string,
  own: readonly string[],
  signal: AbortSignal,
): Promise<{ seen: string | null; told: string | null }> {
  const takes = expects === 'v1' || expects === 'v2' || expects === 'v1-or-v2' || expects === 'optional';
  const told = takes ? DOCUMENTED_CLIENT : null;
  const spec: RequestSpec = {
    address: to.address,
    scheme: to.tls ? 'https' : 'http',
    host: to.host,
    path,
    proxyHeader: !takes ? 'none' : expects === 'v1' ? 'v1' : 'v2',
    patienceMs: PATIENCE_MS,
    seek: [...own, ...(told ? [told] : [])],
    ...(told && { client: told }),
  };
  const { found = [] } = await io.request(spec, signal);
  // Nobody else uses that address: where it stands at all, it came from our header.
  if (told && found.some((line) => line.includes(told))) return { seen: told, told };
  return { seen: own.find((address) => found.some((line) => names(line, address))) ?? null, told };
}
