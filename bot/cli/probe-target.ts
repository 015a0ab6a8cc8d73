import { isIP } from 'node:net';
import { TriageError } from '../../diagnostics/errors.ts';
import { joinAddress, splitAddress } from '../../diagnostics/io/address.ts';
import type { Io } from '../../diagnostics/io/io.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { emptyInventory } from '../../proxy/inventory/inventory.ts';
import { ioFor } from '../../proxy/triage.ts';

/** HOST:PORT of a probe command, resolved: the first address of the name. `trust`: PEM files of authorities to trust too. */
export async function probeTarget(
  text: string,
  usage: string,
  trust: string[] = [],
): Promise<{ host: string; address: string; io: Io }> {
  const parts = splitAddress(text);
  if (!parts) throw new TriageError('wrong-usage', `${text} is no HOST:PORT\nusage: ${usage}`);
  const io = ioFor({ ...emptyInventory(), trust }, parts.host);
  const { addresses, error } = await io.resolve(parts.host, AbortSignal.timeout(5_000)).catch((problem: unknown) => {
    if (problem instanceof BlindLook) throw new TriageError('unavailable', problem.message, { cause: problem });
    throw problem;
  });
  const ip = addresses[0];
  if (ip === undefined) throw new TriageError('unavailable', `${parts.host} does not resolve (${error})`);
  return { host: parts.host, address: joinAddress(ip, parts.port ?? 443), io };
}

/** SNI for a host: addresses are no names. */
export const sniOf = (host: string): string | null => (isIP(host) ? null : host);

/** What a probe command's IO refused becomes the documented exit code. */
export async function orNotAllowed<T>(probe: Promise<T>): Promise<T> {
  return probe.catch((error: unknown) => {
    if (error instanceof BlindLook)
      throw new TriageError(error.reason === 'not-allowed' ? 'not-allowed' : 'unavailable', error.message, {
        cause: error,
      });
    throw error;
  });
}
