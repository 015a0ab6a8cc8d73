import type { CountedInAll, ProxyHealth } from '../../../diagnostics/io/proxy-health.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import { samples } from '../metrics/prometheus.ts';
import { kernelFile } from './machine.ts';

type Connections = NonNullable<ProxyHealth['connections']>;

/** nginx: src/event/ngx_event.c, DEFAULT_CONNECTIONS. */
const NGINX_DEFAULT = 512;
/** What a page says of the whole process: its limit, or at least what it dropped for one that it does not tell. */
export function ofProcess(connections: ProxySample['connections'], dropped: CountedInAll | null): Connections | null {
  const { active, limit } = connections;
  if (active === null || (!limit && !dropped?.total)) return null;
  return { now: active, limit: limit || null, fullAt: limit || null, what: 'the whole process', dropped };
}

/** `events` stands near the top of the main file. */
const HEAD_BYTES = 256 * 1024;

/** Connections that one nginx worker may have, from its main file; null: no such file. Pure but for reading it. */
export async function workerConnections(config: string | null): Promise<number | null> {
  const text = config === null ? null : await kernelFile(config, HEAD_BYTES);
  if (text === null) return null;
  const value = /^[^#\n]*\bworker_connections\s+(\d+)\s*;/m.exec(text)?.[1];
  return value ? Number(value) : NGINX_DEFAULT;
}

/**
 * An nginx worker with a sixteenth of its slots left closes idle connections to make room, and refuses where it has none
 * (nginx: src/core/ngx_connection.c, ngx_drain_connections; measured on 1.22.1: 30 of 32 sockets and no request served).
 */
export const nginxFullAt = (limit: number): number => limit - Math.floor(limit / 16);

/**
 * Of a HAProxy metrics page, whichever is nearest to its limit: the process (global maxconn) or one frontend (its own
 * maxconn; what comes above waits in the kernel's accept queue, whose length is that maxconn again; measured on 2.6.12).
 */
export function haproxyConnections(page: string): (Connections & { limit: number }) | null {
  const found = new Map<string, { now?: number; limit?: number }>();
  const put = (what: string, part: { now?: number; limit?: number }): void => {
    found.set(what, { ...found.get(what), ...part });
  };
  const NAMES = /^haproxy_(process_(current|max)_connections|frontend_(current|limit)_sessions)$/;
  for (const { name, labels, value } of samples(page, (one) => NAMES.test(one))) {
    const what = name.startsWith('haproxy_process') ? 'the whole process' : `frontend ${labels.proxy}`;
    put(what, /current/.test(name) ? { now: value } : { limit: value });
  }
  return [...found]
    .flatMap(([what, { now, limit }]) =>
      now !== undefined && limit ? [{ now, limit, fullAt: limit, what, dropped: null }] : [],
    )
    .reduce<(Connections & { limit: number }) | null>(
      (worst, one) => (!worst || one.now / one.limit > worst.now / worst.limit ? one : worst),
      null,
    );
}
