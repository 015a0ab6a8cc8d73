import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { BalancerReader } from './balancer-reader.ts';
import type { ClusterReader } from './cluster-reader.ts';
import type { Guard } from './guard.ts';
import { handshake } from './handshake.ts';
import { request } from './http.ts';
import type { Io, ProxyReader } from './io.ts';
import { BlindLook } from './proxy-reader.ts';
import { resumption } from './resumption.ts';
import { converse } from './sockets.ts';
import { trustIn } from './trust.ts';
import { watchReload } from './watch-reload.ts';

/** Most addresses of one name that are asked: more would be a flood in the name of one question. */
export const MAX_ADDRESSES = 8;
/** Longest wait for the resolver, ms. */
const RESOLVE_PATIENCE_MS = 4_000;

interface LiveIoOptions {
  guard: Guard;
  /** PEM files of authorities trusted besides the system's. */
  trust: string[];
  /** Answers to use instead of the resolver's. */
  dns: { [host: string]: string[] };
  proxy: ProxyReader;
  cluster?: ClusterReader | null;
  balancer?: BalancerReader | null;
}

/** Names that do not exist are data; a resolver that cannot be asked is blind. */
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME']);

/** The real world, behind a guard: sockets, TLS, the resolver and the proxies' own traces. */
export function liveIo(options: LiveIoOptions): Io {
  const { guard } = options;
  const trust = (): ReturnType<typeof trustIn> => trustIn(options.trust);
  return {
    now: () => new Date(),
    async resolve(host, signal) {
      if (isIP(host)) return { addresses: [host], error: null };
      const name = host.toLowerCase();
      const told = Object.hasOwn(options.dns, name) ? options.dns[name] : undefined;
      if (told) return { addresses: told.slice(0, MAX_ADDRESSES), error: null };
      signal.throwIfAborted();
      // getaddrinfo answers as programs on this machine see the name (hosts file included), but cannot be cancelled.
      const answer = await Promise.race([
        lookup(host, { all: true, verbatim: true }).then(
          (found) => ({ addresses: found.map((a) => a.address).slice(0, MAX_ADDRESSES), error: null }),
          (error: NodeJS.ErrnoException) => ({ addresses: [] as string[], error: error.code ?? 'UNKNOWN' }),
        ),
        new Promise<'late'>((resolve) => {
          const timer = setTimeout(() => resolve('late'), RESOLVE_PATIENCE_MS);
          timer.unref();
          signal.addEventListener('abort', () => resolve('late'), { once: true });
        }),
      ]);
      if (answer === 'late')
        throw new BlindLook(
          'resolver',
          `the resolver gave no answer for ${host} within ${RESOLVE_PATIENCE_MS / 1000} s`,
        );
      if (answer.error && !NO_SUCH_NAME.has(answer.error)) {
        throw new BlindLook('resolver', `the resolver could not be asked for ${host} (${answer.error})`);
      }
      // ENOTFOUND from getaddrinfo also stands for "no resolver reachable" on some systems: ask whether one is configured.
      if (answer.error && new Resolver().getServers().length === 0)
        throw new BlindLook('resolver', 'no resolver is configured here');
      return answer;
    },
    converse: (spec, signal) => converse(spec, guard, signal),
    request: (spec, signal) => request(spec, guard, trust(), signal),
    handshake: (spec, signal) => handshake(spec, guard, trust(), signal),
    watchReload: (spec, signal) => watchReload(spec, guard, trust(), signal),
    resumption: (spec, signal) => resumption(spec, guard, signal),
    trusted: () => ({ roots: trust().roots, given: options.trust.length > 0 }),
    proxy: options.proxy,
    cluster: options.cluster ?? null,
    balancer: options.balancer ?? null,
  };
}
