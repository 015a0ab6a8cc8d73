import { BlindLook, type ReloadHistory } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from '../metrics/page.ts';
import { samples } from '../metrics/prometheus.ts';

function nothing(source: string): ReloadHistory {
  return {
    sources: [source],
    reloads: [],
    reachesBackTo: null,
    servingSince: null,
    lastRefused: null,
    oldWorkers: null,
    workers: null,
    workerBytes: null,
    configWrittenAt: null,
  };
}

async function values(url: string, reach: Reach, signal: AbortSignal, names: string[]): Promise<Map<string, number>> {
  const page = await reach.page(url, signal);
  const found = new Map<string, number>();
  for (const sample of samples(page, (name) => names.includes(name))) found.set(sample.name, sample.value);
  return found;
}

const iso = (seconds: number | undefined): string | null => (seconds ? new Date(seconds * 1000).toISOString() : null);

const NGINX = 'nginx_ingress_controller_';

/** ingress-nginx says of its last reload whether it was taken and when; null without a metrics page. */
export async function ingressNginxReloads(
  instance: Instance,
  reach: Reach,
  signal: AbortSignal,
): Promise<ReloadHistory | null> {
  if (!instance.metrics) return null;
  const names = ['config_last_reload_successful', 'config_last_reload_successful_timestamp_seconds'].map(
    (name) => NGINX + name,
  );
  const found = await values(instance.metrics, reach, signal, names);
  const ok = found.get(`${NGINX}config_last_reload_successful`);
  if (ok === undefined) return null;
  const at = iso(found.get(`${NGINX}config_last_reload_successful_timestamp_seconds`));
  return {
    ...nothing('metrics'),
    reloads: at ? [{ at, ok: true, error: null, where: null }] : [],
    servingSince: at,
    lastRefused: ok === 0,
  };
}

/** What Traefik, HAProxy and Envoy say of reloads on their metrics pages. Throws BlindLook where they say nothing. */
export async function metricReloads(
  hop: PathHop,
  instance: Instance,
  reach: Reach,
  signal: AbortSignal,
): Promise<ReloadHistory> {
  if (!instance.metrics) {
    throw new BlindLook(
      'not-configured',
      `${instance.name}: no metrics page is known, and only that shows reloads of ${hop.kind}; name it as metrics:`,
    );
  }
  if (hop.kind === 'traefik') {
    // A gauge with a Unix time, not 0/1; v3 has no metric for a refused file (traefik: pkg/observability/metrics).
    const found = await values(instance.metrics, reach, signal, [
      'traefik_config_last_reload_success',
      'traefik_config_last_reload_failure',
    ]);
    const at = iso(found.get('traefik_config_last_reload_success'));
    const failed = iso(found.get('traefik_config_last_reload_failure'));
    if (!at && !failed) throw new BlindLook('not-configured', `${instance.metrics} has no Traefik reload metrics`);
    const reloads = [
      at ? { at, ok: true, error: null, where: null } : null,
      failed ? { at: failed, ok: false, error: null, where: null } : null,
    ]
      .filter((r) => r !== null)
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    return {
      ...nothing('metrics'),
      reloads,
      servingSince: at,
      lastRefused: failed ? Date.parse(failed) > Date.parse(at ?? '1970-01-01T00:00:00Z') : null,
    };
  }
  if (hop.kind === 'haproxy' || hop.kind === 'haproxy-ingress') {
    // Every reload starts a new process, so its start time is the last reload (haproxy: addons/promex).
    const found = await values(instance.metrics, reach, signal, ['haproxy_process_start_time_seconds']);
    const at = iso(found.get('haproxy_process_start_time_seconds'));
    if (!at) throw new BlindLook('not-configured', `${instance.metrics} has no HAProxy process metrics`);
    return { ...nothing('metrics'), reloads: [{ at, ok: true, error: null, where: null }], servingSince: at };
  }
  throw new BlindLook('not-configured', `${hop.name}: reloads of ${hop.kind} cannot be read yet`);
}
