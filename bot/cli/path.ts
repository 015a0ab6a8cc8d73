import { TriageError } from '../../diagnostics/errors.ts';
import type { Path } from '../../diagnostics/types.ts';
import { findPath } from '../../proxy/inventory/inventory.ts';
import { readTarget } from '../intake.ts';
import { printJson, readArgs, withInventory } from './options.ts';
import { pathText } from './path-text.ts';

const USAGE = './dev path HOST [--inventory FILE] [--json]';

const withoutNull = (record: { [key: string]: string | null }): { [key: string]: string } =>
  Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== null));

/** The path as others read it (DESIGN 4.10). */
function asContract(path: Path): object {
  return {
    host: path.host,
    path: path.path,
    hops: path.hops.map((hop) => ({
      name: hop.name,
      hop: hop.hop,
      kind: hop.kind,
      address: hop.address,
      instances: hop.instances.map(({ name, https, http, metrics }) => ({
        name,
        ...withoutNull({ https, http, metrics }),
      })),
      endpoints: (hop.endpoints ?? []).map(({ name, address, ready }) => ({ name, address, ready })),
      from: hop.from,
    })),
    ambiguous: path.ambiguous,
    unknown: path.unknown,
    ...(path.cluster && { cluster: path.cluster, unserved: path.unserved ?? [] }),
  };
}

/** `./dev path`: the hops to a host, each with where that fact came from. */
export async function path(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    { inventory: { type: 'string' }, json: { type: 'boolean' } },
    { min: 1, max: 1 },
  );
  const found = await withInventory(values.inventory, async (source) => {
    const place = readTarget(positionals[0] as string, source.known())?.places[0];
    if (!place) throw new TriageError('wrong-usage', `${positionals[0]} is no host\nusage: ${USAGE}`);
    const inventory = await source.forHost(place.host, place.path);
    return findPath(inventory, { host: place.host, port: place.port, path: place.path });
  });
  if (values.json) printJson(asContract(found));
  else process.stdout.write(pathText(found, new Date()));
  return 0;
}
