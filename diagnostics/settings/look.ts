import type { Planned, Scope } from '../define-check.ts';
import { reasonOf } from '../errors.ts';
import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import type { ProxySettings } from '../io/proxy-settings.ts';
import type { Instance, Look, PathHop } from '../types.ts';
import { shellWord } from '../wording.ts';
import { askBalancers, asksCloud, type Told } from './balancers.ts';
import { clusterSettings, TOLD_BY_OBJECTS } from './cluster.ts';

/** One proxy's configuration in a row; null where it could not be read, and why. */
export interface PartSettings {
  hop: string;
  part: string;
  settings: ProxySettings | null;
  cannot: string | null;
  /** The kernel's bound of accept queues there; null: not visible, or not asked for. */
  somaxconn: number | null;
}

/** What the proxies along a path are configured to do: one row holds both sides of every boundary. */
export interface PathSettings {
  parts: PartSettings[];
  /** Attributes that a cloud tells of its balancers; left out: none was asked. */
  balancers?: Told;
}

const READABLE = new Set(['nginx', 'ingress-nginx', 'haproxy', 'haproxy-ingress', 'traefik', 'envoy']);
/** Replicas of one hop that are read: they should be alike, and a hundred of them say no more. */
const REPLICAS = 3;
/** Servers and upstreams that a row keeps of each part. */
const KEPT = 20;

/** Their admin pages tell the whole configuration; HAProxy's socket and nginx' API do not. */
const BY_ADMIN = new Set(['traefik', 'envoy']);

/** A cluster's objects tell how it is set up: of all replicas at once. */
const byObjects = (hop: PathHop): boolean => hop.discovered === true && TOLD_BY_OBJECTS.has(hop.kind);

const tells = (kind: string, instance: Instance): boolean =>
  instance.config !== null || (instance.admin !== null && BY_ADMIN.has(kind));

/** Hops of the path that have a configuration to read, with the parts that are read. */
const readable = (hops: PathHop[]): { hop: PathHop; parts: Instance[] }[] =>
  hops
    .filter((hop) => READABLE.has(hop.kind))
    .map((hop) => {
      const own = hop.instances.filter((one) => tells(hop.kind, one)).slice(0, REPLICAS);
      return { hop, parts: own.length === 0 && byObjects(hop) ? hop.instances.slice(0, 1) : own };
    })
    .filter(({ parts }) => parts.length > 0);

/** Pure: one look at all configurations of the path. Without any there is none, unless it was asked for by name. */
export function planSettings(check: string, { case: triage, path }: Scope): Planned[] {
  const found = readable(path.hops);
  const proxy = found.find(({ hop }) => hop.hop === 'proxy') ?? found[0];
  const first = path.hops.find((hop) => hop.hop === 'proxy');
  const balancers = path.hops.filter(asksCloud).map((hop) => hop.name);
  const look: Look = {
    check,
    vantage: 'inside',
    hop: 'proxy',
    at: { hop: proxy?.hop.name ?? first?.name ?? '', part: proxy?.parts[0]?.name ?? first?.instances[0]?.name ?? null },
    address: proxy?.parts[0]?.config ?? proxy?.parts[0]?.admin ?? '',
    with: {
      host: triage.target.host,
      parts: found.flatMap(({ hop, parts }) =>
        parts.map((part) => ({
          hop: hop.name,
          part: part.name,
          ...(!tells(hop.kind, part) && { objects: true }),
        })),
      ),
      ...(balancers.length && { balancers }),
    },
  };
  if (proxy) return [{ look }];
  if (!triage.only?.includes(check)) return [];
  const detail = `no configuration of a proxy on this path is known; name the file as config: under its instance`;
  return [{ look, blind: { reason: 'not-configured', detail } }];
}

const shortened = (settings: ProxySettings): ProxySettings => ({
  ...settings,
  listeners: settings.listeners.slice(0, KEPT),
  upstreams: settings.upstreams.slice(0, KEPT).map((one) => ({ ...one, servers: one.servers.slice(0, KEPT) })),
});

async function toldByObjects(io: Io, name: string, signal: AbortSignal): Promise<ProxySettings> {
  const { cluster } = io;
  if (!cluster) throw new BlindLook('not-configured', `the cluster that ${name} runs in is not watched`);
  const settings = clusterSettings(await cluster.proxy(name, signal));
  if (!settings) throw new BlindLook('not-configured', `flags and ConfigMap of ${name} do not say how it is set up`);
  return shortened(settings);
}

/** Reads every configuration that the plan names. Throws BlindLook where none could be read. */
export async function lookAtSettings(
  io: Io,
  look: Look,
  signal: AbortSignal,
  also: { somaxconn: boolean } = { somaxconn: false },
): Promise<PathSettings> {
  const { host, parts, balancers } = look.with as unknown as {
    host: string;
    parts: { hop: string; part: string; objects?: true }[];
    balancers?: string[];
  };
  let blind: BlindLook | null = null;
  const asked = askBalancers(io, balancers ?? [], signal);
  const read = await Promise.all(
    parts.map(async ({ objects, ...at }): Promise<PartSettings> => {
      try {
        if (objects) return { ...at, settings: await toldByObjects(io, at.hop, signal), cannot: null, somaxconn: null };
        const [settings, health] = await Promise.all([
          io.proxy.settings(at, host, signal),
          also.somaxconn ? io.proxy.health(at, signal).catch(() => null) : null,
        ]);
        return { ...at, settings: shortened(settings), cannot: null, somaxconn: health?.somaxconn ?? null };
      } catch (error) {
        if (!(error instanceof BlindLook)) throw error;
        blind ??= error;
        return { ...at, settings: null, cannot: reasonOf(error).slice(0, 300), somaxconn: null };
      }
    }),
  );
  const told = await asked;
  if (blind && read.every((one) => one.settings === null)) throw blind;
  return { parts: read, ...(Object.keys(told).length && { balancers: told }) };
}

/** The settings of a hop: those of its first part that could be read. */
export const settingsOfHop = (row: PathSettings, hop: PathHop): ProxySettings | null =>
  row.parts.find((one) => one.hop === hop.name && one.settings)?.settings ?? null;

/** "edge (nginx)". */
export const hopTitle = (hop: { name: string; kind: string }): string =>
  hop.kind === 'other' || hop.kind === 'service' || hop.kind === hop.name ? hop.name : `${hop.name} (${hop.kind})`;

/** A command that shows the line a setting stands in. */
export function showLine(where: string | null): string | null {
  const match = /^(\/[^\n]*):(\d+)$/.exec(where ?? '');
  return match ? `sed -n ${match[2]}p ${shellWord(match[1] as string)}` : null;
}
