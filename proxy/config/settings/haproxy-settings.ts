import type { ProxySettings, Setting } from '../../../diagnostics/io/proxy-settings.ts';
import { type HaproxyLine, type HaproxySection, haproxySections, lineOf } from '../haproxy-config.ts';
import { backendsOf } from './haproxy-hosts.ts';
import { haproxyListeners, haproxyUpstream, modeOf } from './haproxy-upstreams.ts';
import { defined } from './nginx-settings.ts';
import { haproxySeconds } from './units.ts';

const whereOf = (line: HaproxyLine): string => `${line.file}:${line.line}`;

/** `timeout NAME`; none set means: for ever (haproxy warns of it at start). null: not set. */
function timeout(section: HaproxySection | null, ...names: string[]): Setting<number> | null {
  for (const name of section ? names : []) {
    const line = lineOf(section as HaproxySection, 'timeout', name);
    const value = haproxySeconds(line?.words[2] ?? '');
    if (line && value !== null) return { value, where: whereOf(line) };
  }
  return null;
}

const NONE: Setting<number> = { value: 0, where: null };

function globalCount(global: HaproxySection[], name: string): Setting<number> | undefined {
  for (const section of global) {
    const line = section.lines.findLast(({ words }) => words[0] === name);
    if (line && /^\d{1,9}$/.test(line.words[1] ?? '')) return { value: Number(line.words[1]), where: whereOf(line) };
  }
  return undefined;
}

/** Frontends that may take the host, and backends they may send it to. */
function choose(sections: HaproxySection[], host: string) {
  const fronts = sections.filter((s) => s.kind === 'frontend' || s.kind === 'listen');
  const behind = new Map(
    sections.filter((s) => s.kind === 'backend' || s.kind === 'listen').map((s) => [s.name, s] as const),
  );
  const routed = fronts
    .filter(
      (front) =>
        !front.lines.some(({ words }) => words[0] === 'stats' && words[1] === 'uri') || front.kind === 'frontend',
    )
    .map((front) => {
      const { names, named, any } = backendsOf(front, host);
      const own = front.kind === 'listen' && front.lines.some(({ words }) => words[0] === 'server') ? [front] : [];
      const found = any ? [...behind.values()] : names.map((name) => behind.get(name)).filter((s) => s !== undefined);
      return { front, named, backends: [...found, ...own] };
    })
    .filter(({ backends }) => backends.length > 0);
  const named = routed.filter((one) => one.named);
  const chosen = named.length ? named : routed;
  return { chosen, named: named[0]?.front ?? null, fronts };
}

/** Pure: what a HAProxy configuration says of a host. Defaults: haproxy: doc/configuration.txt, `where: null`. */
export function haproxySettings(lines: HaproxyLine[], host: string, source: string): ProxySettings {
  const sections = haproxySections(lines);
  const { chosen, named, fronts } = choose(sections, host);
  const front = chosen[0]?.front ?? null;
  const backends = [...new Set(chosen.flatMap((one) => one.backends))];
  const back = backends[0] ?? null;
  const global = sections.filter((s) => s.kind === 'global');
  const client = timeout(front, 'client') ?? NONE;
  const http = front !== null && modeOf(front) === 'http';
  const request = timeout(front, 'http-request') ?? client;
  const server = timeout(back, 'server') ?? NONE;
  const connect = timeout(back, 'connect') ?? NONE;
  const hard = global.flatMap((s) => s.lines).findLast(({ words }) => words[0] === 'hard-stop-after');
  const grace = global.flatMap((s) => s.lines).findLast(({ words }) => words[0] === 'grace');
  const buffer = globalCount(global, 'tune.bufsize');
  const seconds = (line: HaproxyLine): Setting<number> => ({
    value: haproxySeconds(line.words[1] ?? '') ?? 0,
    where: whereOf(line),
  });
  const preprocessed = lines.find(({ words }) => words[0]?.startsWith('.if') || words[0] === '.elif');
  return {
    source,
    takes: named ? `${named.kind} ${named.name} (${named.file}:${named.line})` : null,
    software: null,
    listeners: fronts.flatMap(haproxyListeners),
    upstreams: backends.map((section) => haproxyUpstream(section, connect.value)),
    timeouts: defined({
      ...(http && {
        clientHeader: request,
        // The next request on a kept connection: timeout http-keep-alive, else http-request, else client.
        clientIdle: timeout(front, 'http-keep-alive') ?? request,
      }),
      ...(front && { client, ...(!http && { clientIdle: client }) }),
      ...(back && {
        connect,
        upstreamRead: server,
        upstreamSend: server,
        queue: timeout(back, 'queue') ?? connect,
        ...(modeOf(back) === 'tcp' && { upstreamIdle: server }),
      }),
      drain: hard ? seconds(hard) : NONE,
      acceptAfterStop: grace ? seconds(grace) : undefined,
    }),
    limits: defined({
      workers: globalCount(global, 'nbthread') ?? { value: 'auto' as const, where: null },
      connections: globalCount(global, 'maxconn'),
      connectionsAre: 'in-all' as const,
      files: globalCount(global, 'ulimit-n'),
      // tune.bufsize 16384 less tune.maxrewrite 1024.
      headerBytes: buffer ? { value: buffer.value - 1024, where: buffer.where } : { value: 15_360, where: null },
    }),
    problems: preprocessed
      ? [{ where: whereOf(preprocessed), what: 'conditions (.if) are not judged: all their lines are taken' }]
      : [],
  };
}
