import { z } from 'zod';

/** More alerts than this in one call are counted and not read: Alertmanager sends without a limit unless `max_alerts` says one. */
const MAX_ALERTS = 500;
const MAX_CHARS = 10_000;
const text = z.string().transform((whole) => whole.slice(0, MAX_CHARS));
const labels = z.record(z.string().max(200), text);
/** Go's zero time stands for "not yet": `0001-01-01T00:00:00Z`. */
const time = z.iso.datetime({ offset: true });

const alertSchema = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels,
  annotations: labels.default({}),
  startsAt: time,
  endsAt: time,
  fingerprint: z.string().max(100).default(''),
});
type Alert = z.infer<typeof alertSchema>;

/**
 * Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration, webhook_config; notify/webhook/webhook.go
 * and template/template.go of Alertmanager). What is not used here may be anything.
 */
const webhookSchema = z
  .looseObject({
    version: z.literal('4'),
    groupKey: z.string().min(1).max(20_000),
    status: z.enum(['firing', 'resolved']),
    receiver: text.default(''),
    groupLabels: labels.default({}),
    commonLabels: labels.default({}),
    commonAnnotations: labels.default({}),
    truncatedAlerts: z.number().default(0),
    alerts: z.array(z.unknown()),
  })
  // One that is not understood must not silence the others: Alertmanager gives a call up that is refused.
  .transform((call) => {
    const alerts: Alert[] = call.alerts.slice(0, MAX_ALERTS).flatMap((one) => alertSchema.safeParse(one).data ?? []);
    return { ...call, alerts, truncatedAlerts: call.truncatedAlerts + call.alerts.length - alerts.length };
  });
/** `truncatedAlerts`: those that Alertmanager left out, and those that are not read here. */
export type Webhook = z.infer<typeof webhookSchema>;

/** The alerts of one call that are about one host. */
export interface HostAlerts {
  /** What a label says: a host, an Ingress, a service; not yet looked up. */
  name: string;
  firing: Alert[];
  resolved: Alert[];
}

/** Pure: reads a body; a string says why not, without repeating what it held. */
export function readWebhook(body: string): Webhook | string {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch {
    return 'no JSON';
  }
  const read = webhookSchema.safeParse(raw);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return `${issue?.path.join('.').slice(0, 100) || 'the body'}: not as in version 4 of Alertmanager's webhook`;
}

/** Pure: the alerts by what they are about, by the first label that says something; those without any are left over. */
export function byHost(webhook: Webhook, hostLabels: readonly string[]): { hosts: HostAlerts[]; nameless: number } {
  const hosts = new Map<string, HostAlerts>();
  let nameless = 0;
  for (const alert of webhook.alerts) {
    const name = hostLabels
      .map((label) => alert.labels[label] ?? webhook.commonLabels[label])
      .find((said) => said?.trim());
    if (!name) {
      nameless++;
      continue;
    }
    const key = nameOf(name);
    const one = hosts.get(key) ?? { name: key, firing: [], resolved: [] };
    one[alert.status].push(alert);
    hosts.set(key, one);
  }
  return { hosts: [...hosts.values()], nameless };
}

/** `https://shop.example.test/health` of a blackbox exporter's `instance` is about that host. */
function nameOf(label: string): string {
  const trimmed = label.trim();
  return (/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? URL.parse(trimmed)?.host : null) ?? trimmed;
}

/** Pure: names of these alerts, so that each firing of each is one source: its fingerprint and when it began. */
export function sourcesOfAlerts(groupKey: string, alerts: readonly Alert[]): string[] {
  return alerts.slice(0, 50).map(({ fingerprint, labels: said, startsAt }) => {
    const which = fingerprint || JSON.stringify(Object.entries(said).sort());
    return `alert:${fingerprint === '' ? groupKey : ''}${which}:${Date.parse(startsAt)}`;
  });
}

/** Pure: what the alerts say, as a report. */
export function reportOf({ name, firing }: HostAlerts): string {
  const said = firing
    .slice(0, 5)
    .flatMap(({ labels: label, annotations }) => [
      label.alertname ?? 'an alert',
      ...['summary', 'description', 'message'].flatMap((part) => annotations[part] ?? []),
    ]);
  return [`${name}: alert firing`, ...new Set(said)].join('\n').slice(0, 3000);
}

/** Pure: when the earliest of these began, ISO; null: there is none. */
export function beganAt(alerts: readonly Alert[]): string | null {
  const first = Math.min(...alerts.map(({ startsAt }) => Date.parse(startsAt)));
  return Number.isFinite(first) && first > 0 ? new Date(first).toISOString() : null;
}
