import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import type { Json, PathHop } from '../../diagnostics/types.ts';
import { emptyInventory, type Inventory } from './model.ts';
import { type HopFile, inventorySchema, KINDS, KNOWN_KEYS } from './schema.ts';

/** An inventory is written by people; one larger than this is something else. */
const MAX_BYTES = 8 * 1024 * 1024;

/** 1-based line of the node that a path of keys leads to; of the nearest parent where the key itself is missing. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const at = path.slice(0, depth) as (string | number)[];
    const node = depth === 0 ? document.contents : document.getIn(at, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error(`${size} bytes is no inventory (at most ${MAX_BYTES})`);
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory' : reasonOf(error);
    throw new TriageError('unreadable', `${file}: ${reason}`, { cause: error });
  }
}

function unknownKeys(document: Document, lines: LineCounter, file: string): string[] {
  const warnings: string[] = [];
  const look = (path: (string | number)[], known: readonly string[]): void => {
    const node = path.length ? document.getIn(path, true) : document.contents;
    if (!isMap(node)) return;
    for (const { key } of node.items) {
      const name = String((key as { value?: unknown })?.value ?? key);
      if (known.includes(name)) continue;
      warnings.push(
        `${file}:${lineOf(document, lines, [...path, name])}: unknown key ${[...path, name].join('.')} is ignored`,
      );
    }
  };
  look([], KNOWN_KEYS.inventory);
  const hops = document.get('hops', true);
  if (isMap(hops)) {
    for (const { key } of hops.items) {
      const name = String((key as { value?: unknown })?.value ?? key);
      look(['hops', name], KNOWN_KEYS.hop);
      for (const [part, known] of [
        ['instances', KNOWN_KEYS.instance],
        ['endpoints', KNOWN_KEYS.endpoint],
      ] as const) {
        const items = document.getIn(['hops', name, part]) as { items?: unknown[] } | undefined;
        for (let i = 0; i < (items?.items?.length ?? 0); i++) look(['hops', name, part, i], known);
      }
    }
  }
  return warnings;
}

/** Paths are relative to the file; URLs stay what they are. */
function absolute(base: string, path: string | null): string | null {
  if (path === null || isAbsolute(path)) return path;
  return resolve(base, path);
}
const absoluteUnlessUrl = (base: string, text: string | null): string | null =>
  text !== null && /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : absolute(base, text);

function toHop(name: string, hop: HopFile, base: string, file: string, warnings: string[]): PathHop {
  const kind = hop.kind ?? (hop.hop === 'service' ? 'service' : 'other');
  const known = (KINDS as readonly string[]).includes(kind);
  if (!known) warnings.push(`${file}: hops.${name}.kind: ${kind} is not known; read as other`);
  const scheme = hop.scheme ?? (hop.hop === 'service' || hop.hop === 'app' ? 'http' : 'https');
  const listeners = [
    ...(hop.address ? [{ address: hop.address, scheme }] : []),
    ...(hop.listeners ?? []).map((l) => ({ address: l.address, scheme: l.scheme ?? scheme })),
  ].filter((listener, i, all) => all.findIndex((other) => other.address === listener.address) === i);
  return {
    name,
    hop: hop.hop,
    kind: known ? kind : 'other',
    address: hop.address ?? listeners[0]?.address ?? null,
    listeners,
    scheme,
    sends: hop.sends,
    to: hop.to,
    expects: hop.expects,
    targets:
      hop.targets?.map((t, i) => ({ name: t.name ?? `target-${i + 1}`, address: t.address, health: t.health })) ?? null,
    attributes: hop.attributes ?? {},
    settings: (hop.settings ?? {}) as { [key: string]: Json },
    instances: (hop.instances ?? []).map((instance) => {
      const {
        name: instanceName,
        https,
        http,
        metrics,
        admin,
        node,
        config,
        accessLog,
        logFormat,
        errorLog,
        pidFile,
        ...more
      } = instance;
      return {
        name: instanceName,
        https,
        http,
        metrics,
        admin: absoluteUnlessUrl(base, admin),
        node,
        config: absolute(base, config),
        accessLog: absolute(base, accessLog),
        logFormat,
        errorLog: absolute(base, errorLog),
        pidFile: absolute(base, pidFile),
        more: more as { [key: string]: Json },
      };
    }),
    endpoints:
      hop.endpoints === undefined
        ? null
        : (hop.endpoints ?? []).map((endpoint, i) => ({
            name: endpoint.name ?? `${name}-${i + 1}`,
            address: endpoint.address,
            ports: endpoint.ports ?? [],
            zone: endpoint.zone,
            ready: endpoint.ready,
            startedAt: endpoint.startedAt,
            metrics: endpoint.metrics,
          })),
    health: hop.health,
    from: [`${file}: hops.${name}`],
    ...(hop.arn && { arn: hop.arn }),
  };
}

/** Reads an inventory file. Throws TriageError `unreadable` naming file, line, key and reason. */
export async function loadInventory(path: string): Promise<Inventory> {
  const file = resolve(path);
  const source = await readText(file);
  const lines = new LineCounter();
  // Anchors are useful, thousands of them are an attack: the parser refuses to expand more than this.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken) throw new TriageError('unreadable', `${path}:${lines.linePos(broken.pos[0]).line}: ${reasonOf(broken)}`);
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 200 });
  } catch (error) {
    throw new TriageError('unreadable', `${path}:1: ${reasonOf(error)}`, { cause: error });
  }
  if (plain === null || plain === undefined)
    throw new TriageError('unreadable', `${path}:1: the file is empty; an inventory begins with "version: 1"`);
  const parsed = inventorySchema.safeParse(plain);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = issue?.path ?? [];
    throw new TriageError(
      'unreadable',
      `${path}:${lineOf(document, lines, at)}: ${at.join('.') || 'the file'}: ${issue?.message ?? 'not an inventory'}`,
    );
  }
  const base = dirname(file);
  const data = parsed.data;
  const warnings = unknownKeys(document, lines, path);
  const hops = Object.fromEntries(
    Object.entries(data.hops ?? {}).map(([name, hop]) => [name, toHop(name, hop, base, path, warnings)]),
  );
  const lower = <T>(record: { [key: string]: T }): { [key: string]: T } =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key.toLowerCase(), value]));
  for (const [i, route] of (data.routes ?? []).entries()) {
    for (const hop of route.via) {
      if (Object.hasOwn(hops, hop)) continue;
      throw new TriageError(
        'unreadable',
        `${path}:${lineOf(document, lines, ['routes', i, 'via'])}: routes.${i}.via: there is no hop named ${hop}`,
      );
    }
  }
  return {
    ...emptyInventory(),
    file,
    name: path,
    kubernetes: data.kubernetes
      ? {
          kubeconfig: absolute(base, data.kubernetes.kubeconfig),
          context: data.kubernetes.context,
          namespaces: data.kubernetes.namespaces ?? [],
        }
      : null,
    aws: data.aws
      ? {
          region: data.aws.region,
          endpoint: data.aws.endpoint,
          profile: data.aws.profile,
          credentials: absolute(base, data.aws.credentials),
        }
      : null,
    prometheus: data.prometheus,
    changes: absolute(base, data.changes),
    aliases: Object.fromEntries(
      Object.entries(lower(data.aliases ?? {})).map(([alias, host]) => [alias, host.toLowerCase()]),
    ),
    allow: data.allow ?? null,
    trust: (data.trust ?? []).map((one) => absolute(base, one) as string),
    dns: lower(data.dns ?? {}),
    routes: (data.routes ?? []).map((route) => ({
      host: route.host.toLowerCase(),
      path: route.path ?? '/',
      via: route.via,
    })),
    hops,
    nodes: data.nodes ?? [],
    warnings,
  };
}
