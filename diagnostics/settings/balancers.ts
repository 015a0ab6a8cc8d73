import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import type { Path, PathHop } from '../types.ts';

/** May this balancer's cloud be asked for it? */
export const asksCloud = (hop: PathHop): boolean =>
  hop.hop === 'load-balancer' && (hop.arn !== undefined || hop.cloud !== undefined);

/** A cloud that takes longer is left out: what else a look can see must not wait for it, ms. */
const PATIENCE_MS = 3_000;

/** Attributes as the balancers' cloud tells them, by the hop's name. */
export interface Told {
  [hop: string]: { [attribute: string]: string };
}

/** Asks each of these balancers. What cannot be read is missing: the check balancer-settings says why. */
export async function askBalancers(io: Io, names: string[], signal: AbortSignal): Promise<Told> {
  const told: Told = {};
  const own = AbortSignal.timeout(PATIENCE_MS);
  await Promise.all(
    names.map(async (name) => {
      try {
        const seen = await io.balancer?.describe(name, AbortSignal.any([signal, own]));
        if (seen) told[name] = seen.attributes;
      } catch (error) {
        if (!(error instanceof BlindLook) && (signal.aborted || !own.aborted)) throw error;
      }
    }),
  );
  return told;
}

/** Pure: the path with what the clouds say of its balancers; it wins over what is declared. */
export const withTold = (path: Path, told: Told | undefined): Path =>
  told && Object.keys(told).length
    ? {
        ...path,
        hops: path.hops.map((hop) =>
          told[hop.name] ? { ...hop, attributes: { ...hop.attributes, ...told[hop.name] } } : hop,
        ),
      }
    : path;
