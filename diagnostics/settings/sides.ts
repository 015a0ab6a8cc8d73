import type { ProxySettings, Setting } from '../io/proxy-settings.ts';
import type { Json, Path, PathHop } from '../types.ts';
import { hopTitle, type PathSettings, settingsOfHop } from './look.ts';

/** A number with where it is known from: `file:line`, an attribute, or `default`. */
export interface Known {
  value: number;
  from: string;
}

/** What one hop does with time and room, towards whoever calls it and towards what is behind it. Seconds; 0: no limit. */
export interface Side {
  name: string;
  title: string;
  hop: PathHop['hop'];
  /** `silent`: it forgets idle flows without a word (NLB); `http`: it keeps connections of its own; `tcp`: passes on. */
  kind: 'http' | 'tcp' | 'silent';
  /** How long it keeps an idle connection of its caller, and one of its own to the next hop. */
  idleIn: Known | null;
  idleOut: Known | null;
  /** How long it waits for the next hop to say something. */
  wait: Known | null;
  connect: Known | null;
  /** Tries after the first, each with its pause, s. */
  retries: { count: number; pause: number };
  body: Known | null;
  /** Connections that it takes from its callers at once, all replicas together. */
  room: Known | null;
}

const NOTHING = { idleIn: null, idleOut: null, wait: null, connect: null, body: null, room: null };

/** `60`, `"60"`, `"60s"`, `"500ms"` as declared in an inventory. */
function declared(value: Json | undefined): number | null {
  if (typeof value === 'number') return value >= 0 ? value : null;
  const match = typeof value === 'string' ? /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(value.trim()) : null;
  return match ? Number(match[1]) * ({ ms: 0.001, s: 1, m: 60 }[match[2] ?? 's'] as number) : null;
}

function attribute(hop: PathHop, key: string, fallback: number): Known {
  const stated = declared(hop.attributes[key]);
  return stated === null ? { value: fallback, from: `default of ${hop.kind}` } : { value: stated, from: key };
}

/** Balancers that have no file: attributes, else what they do unless told otherwise (field: AWS NLB, ALB and CLB guides, GCE load balancing). */
function balancerSide(hop: PathHop): Partial<Side> | null {
  if (hop.kind === 'aws-alb') {
    // Its idle timeout is also how long it waits for an answer (ALB guide, HTTP 504).
    const idle = attribute(hop, 'idle_timeout.timeout_seconds', 60);
    return { kind: 'http', idleIn: idle, idleOut: idle, wait: idle, connect: { value: 10, from: 'fixed' } };
  }
  if (hop.kind === 'aws-clb') {
    const idle = attribute(hop, 'connection_settings.idle_timeout', 60);
    return { kind: 'http', idleIn: idle, idleOut: idle, wait: idle };
  }
  if (hop.kind === 'aws-nlb') {
    const idle = attribute(hop, 'tcp.idle_timeout.seconds', 350);
    return { kind: 'silent', idleIn: idle, idleOut: idle };
  }
  if (hop.kind === 'gce') {
    const idle = { value: 600, from: 'fixed by GCE' };
    return { kind: 'http', idleIn: idle, idleOut: idle, wait: attribute(hop, 'timeout_sec', 30) };
  }
  return null;
}

const known = (setting: Setting<number> | undefined): Known | null =>
  setting ? { value: setting.value, from: setting.where ?? 'default' } : null;

/** Connections of all replicas together; null where it depends on the machine's cores. */
function roomOf(settings: ProxySettings, replicas: number): Known | null {
  const { connections, connectionsAre, workers } = settings.limits;
  if (!connections) return null;
  if (connectionsAre === 'in-all') return { value: connections.value * replicas, from: connections.where ?? 'default' };
  if (typeof workers?.value !== 'number') return null;
  // A proxied request takes two connections of a worker, one on each side (nginx.org, worker_connections).
  const each = settings.upstreams.length ? connections.value / 2 : connections.value;
  return { value: Math.floor(each * workers.value) * replicas, from: connections.where ?? 'default' };
}

function proxySide(hop: PathHop, settings: ProxySettings): Partial<Side> {
  const { timeouts, limits, upstreams } = settings;
  const [upstream] = upstreams;
  const kept = upstream?.keepalive?.idleSeconds;
  return {
    kind: upstream?.mode ?? 'http',
    idleIn: known(timeouts.clientIdle),
    idleOut:
      upstream?.mode === 'http' && kept != null
        ? { value: kept, from: timeouts.upstreamIdle?.where ?? 'default' }
        : null,
    wait: known(timeouts.upstreamRead),
    connect: known(timeouts.connect),
    retries: { count: upstream?.retries?.count ?? 0, pause: upstream?.retries?.waitSeconds ?? 0 },
    body: known(limits.bodyBytes),
    room: roomOf(settings, Math.max(1, hop.instances.length)),
  };
}

function appSide(hop: PathHop): Partial<Side> {
  const idle = declared(hop.settings.keepalive_timeout);
  return { kind: 'http', idleIn: idle === null ? null : { value: idle, from: 'declared' } };
}

/** Pure: the hops of a path that say something of time and room, outermost first. Nodes pass connections on. */
export function sidesOf(row: PathSettings, path: Path): Side[] {
  return path.hops.flatMap((hop): Side[] => {
    const settings = settingsOfHop(row, hop);
    const said = settings
      ? proxySide(hop, settings)
      : hop.hop === 'service' || hop.hop === 'app'
        ? appSide(hop)
        : balancerSide(hop);
    const base = {
      name: hop.name,
      title: hopTitle(hop),
      hop: hop.hop,
      kind: 'tcp' as const,
      retries: { count: 0, pause: 0 },
    };
    if (said) return [{ ...base, ...NOTHING, ...said }];
    return hop.hop === 'node' || hop.hop === 'dns' || hop.hop === 'client' ? [] : [{ ...base, ...NOTHING }];
  });
}

/** "60 s", "0.5 s", "10 min". */
export const seconds = (value: number): string =>
  value >= 600 && value % 60 === 0 ? `${value / 60} min` : `${Math.round(value * 1000) / 1000} s`;
