import type { Change, Path } from '../../../diagnostics/types.ts';
import { type ClusterChange, EVERYWHERE } from './change.ts';

/** Changes of one cluster in a stretch of time (ISO), in any order. Throws BlindLook when it cannot tell. */
export interface ClusterFeed {
  between(from: string, until: string): Promise<ClusterChange[]>;
}

const namespaceOf = (name: string): string[] => (name.includes('/') ? [`Namespace ${name.split('/', 1)[0]}`] : []);

/** Patterns that cover a host: itself, `*.` before each of its parents, any. */
function hostNames(host: string): string[] {
  const labels = host.toLowerCase().split('.');
  return [host.toLowerCase(), ...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`), '*'];
}

interface Names {
  /** What a timeline may call a part of this path: hops, instances, endpoints. */
  parts: Set<string>;
  hops: Set<string>;
  /** Everything that a change may be about to concern this path. */
  all: Set<string>;
}

/** Names of what a path consists of, as changes call it. */
export function namesOf(path: Pick<Path, 'host' | 'hops'>): Names {
  const hops = new Set(path.hops.map((hop) => hop.name));
  const parts = new Set([
    ...hops,
    ...path.hops.flatMap((hop) => [...hop.instances.map((i) => i.name), ...(hop.endpoints ?? []).map((e) => e.name)]),
  ]);
  const objects = path.hops.flatMap((hop) => hop.from.map((one) => one.replace(/ \(.*$/, '')));
  const nodes = path.hops.flatMap((hop) => hop.instances.flatMap((one) => (one.node ? [one.node] : [])));
  const namespaces = path.hops
    .filter((hop) => hop.hop === 'proxy' || hop.hop === 'service')
    .flatMap((hop) => namespaceOf(hop.name));
  const hosts = hostNames(path.host).map((host) => `Host ${host}`);
  return { parts, hops, all: new Set([...parts, ...objects, ...nodes, ...namespaces, ...hosts, EVERYWHERE]) };
}

/** What pods do within this time of each other, for the same hop, is one line, ms. */
const TOGETHER_MS = 60_000;
const MOST_NAMED = 3;
/** Told twice, by the object itself and by an event about it. */
const TOLD_TWICE = new Set(['node-lost', 'node-ready', 'terminated', 'cordon']);

/**
 * Pure: those of a cluster's changes that concern a path, oldest first. What is about a part that is gone by now is said of
 * its hop, and what many pods of one hop did together is one change.
 */
export function changesOn(path: Pick<Path, 'host' | 'hops'>, changes: ClusterChange[]): Change[] {
  const { parts, hops, all } = namesOf(path);
  const open = new Map<string, { change: Change; names: string[]; began: number; first: ClusterChange }>();
  const out: Change[] = [];
  const last = new Map<string, number>();
  const relevant = changes
    .filter((one) => one.about.some((name) => all.has(name)))
    .sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
  for (const one of relevant) {
    const { at, kind, object, summary, by } = one;
    const hop = one.about.find((name) => hops.has(name));
    const before = last.get(`${kind} ${object}`);
    last.set(`${kind} ${object}`, Date.parse(at));
    if (TOLD_TWICE.has(kind) && before !== undefined && Date.parse(at) - before <= TOGETHER_MS) continue;
    const known = parts.has(object) || !hop;
    const change: Change = {
      at,
      kind,
      object: known ? object : hop,
      summary: known ? summary : `${object}: ${summary}`,
      ...(by !== undefined && { by }),
    };
    const key = one.often && hop ? `${hop} ${kind}` : null;
    const group = key === null ? undefined : open.get(key);
    if (group && Date.parse(at) - group.began <= TOGETHER_MS) {
      if (!group.names.includes(object)) group.names.push(object);
      const { length } = group.names;
      if (length > 1) {
        group.change.object = hop as string;
        const more = length > MOST_NAMED ? ` and ${length - MOST_NAMED} more` : '';
        group.change.summary = `${length} pods (${group.names.slice(0, MOST_NAMED).join(', ')}${more}): ${group.first.summary}`;
      }
      continue;
    }
    out.push(change);
    if (key !== null) open.set(key, { change, names: [object], began: Date.parse(at), first: one });
  }
  return out;
}
