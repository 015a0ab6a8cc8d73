/** The line that gives each kind of proxy a page with counters, for an inventory that names none. */
const METRICS: { [kind: string]: string } = {
  nginx: 'add "location = /nginx_status { stub_status; allow 127.0.0.1; deny all; }" to nginx.conf',
  'ingress-nginx': 'start the controller with --enable-metrics=true (port 10254)',
  traefik: 'start Traefik with --metrics.prometheus=true',
  haproxy: 'add "http-request use-service prometheus-exporter if { path /metrics }" to a frontend',
  'haproxy-ingress': 'set prometheus-port: "9105" in its ConfigMap',
  envoy: 'give Envoy an admin listener (/stats/prometheus)',
  apache: 'load mod_status and add "SetHandler server-status" (/server-status?auto)',
};

/** What to switch on, and how to name it, where a proxy's counters are not known. */
export function hintFor(kind: string): string {
  const line = METRICS[kind];
  const other = kind.startsWith('haproxy')
    ? ', or name its stats socket as admin:'
    : kind === 'envoy'
      ? ', or name its admin address as admin:'
      : '';
  return `${line ? `${line}, then ` : ''}name it as metrics:${other}`;
}
