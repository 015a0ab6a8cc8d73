import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { list, type Raw, raw } from '../../../proxy/kubernetes/pick.ts';
import { type Plural, RESOURCES } from '../../../proxy/kubernetes/resources.ts';
import { ClusterStore, keyOf, type Missing } from '../../../proxy/kubernetes/view.ts';
import { asServed } from './as-served.ts';

const ROOT = join(import.meta.dirname, '../../fixtures/kubernetes');
export const SCENARIOS = join(ROOT, 'scenarios');

/** One question to a scenario's cluster, and the right answer. What is left out of a hop is not compared. */
export interface Expected {
  host: string;
  path?: string;
  /** Where names lead to now. */
  dns?: { [name: string]: string[] };
  /** Kinds that may not be read. */
  denied?: Plural[];
  hops: ({ name: string; hop: string; kind: string } & Raw)[];
  route?: string | null;
  /** Parts of the sentences, one for each, in order; left out: none at all. */
  ambiguous?: string[];
  unserved?: string[];
  unknown?: string[];
  others?: string[];
}

const documents = (file: string): Raw[] =>
  parseAllDocuments(readFileSync(file, 'utf8'))
    .map((one) => raw(one.toJS()))
    .flatMap((one) => (Array.isArray(one.items) ? list(one.items) : [one]))
    .filter((one) => Object.keys(one).length > 0);

const plurals = Object.keys(RESOURCES) as Plural[];

/** A view of these raw objects, as if they had just been listed. */
export function viewOf(objects: Raw[], denied: Plural[] = [], cluster = 'prod'): ClusterStore {
  const store = new ClusterStore(cluster);
  store.asOf = '2026-11-21T15:40:30.000Z';
  for (const object of objects) {
    const plural = plurals.find((one) => RESOURCES[one].kind === object.kind);
    if (!plural || denied.includes(plural)) continue;
    const kept = RESOURCES[plural].trim(object) as { meta: { namespace: string; name: string } };
    store.set(plural, keyOf(kept.meta.namespace, kept.meta.name), kept as never);
  }
  store.missing = denied.map(
    (plural): Missing => ({ plural, namespace: '', reason: 'denied', detail: `grant list on ${plural}` }),
  );
  return store;
}

/** Objects of a scenario: its parts (`parts: [nodes, …]` in the first document) and its own. */
export function objectsOf(name: string): Raw[] {
  const own = documents(join(SCENARIOS, name, 'objects.yaml'));
  const parts = own.flatMap((one) => (Array.isArray(one.parts) ? (one.parts as string[]) : []));
  const shared = parts.flatMap((part) => documents(join(ROOT, 'parts', `${part}.yaml`)));
  return asServed([...shared, ...own.filter((one) => one.parts === undefined)]);
}

export const scenarios = (): string[] => readdirSync(SCENARIOS).sort();

export function expectationsOf(name: string): { asks: Expected[]; inventory: string | null } {
  const file = join(SCENARIOS, name, 'inventory.yaml');
  return {
    asks: JSON.parse(readFileSync(join(SCENARIOS, name, 'expect.json'), 'utf8')) as Expected[],
    inventory: existsSync(file) ? file : null,
  };
}
