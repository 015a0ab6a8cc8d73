/** Seconds in nginx's units (nginx: src/core/ngx_parse.c); a bare number is seconds. */
const NGINX_SECONDS: { [unit: string]: number } = {
  ms: 0.001,
  s: 1,
  '': 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** `75s`, `1m30s`, `500ms` as seconds; null: no time. */
export function nginxSeconds(text: string): number | null {
  if (text === '' || text.length > 40 || !/^(?:\d+(?:ms|[smhdwMy])\s*)*(?:\d+)?$/.test(text)) return null;
  let sum = 0;
  for (const [, count, unit = ''] of text.matchAll(/(\d+)(ms|[smhdwMy])?/g))
    sum += Number(count) * (NGINX_SECONDS[unit] as number);
  return sum;
}

/** Seconds in HAProxy's units; a bare number is in `unit`, milliseconds nearly everywhere (haproxy: doc/configuration.txt 2.5). */
export function haproxySeconds(text: string, unit: 'ms' | 's' = 'ms'): number | null {
  const match = /^(\d{1,12})(us|ms|s|m|h|d)?$/.exec(text);
  if (!match) return null;
  const each = { us: 1e-6, ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 }[match[2] ?? unit] as number;
  return Number(match[1]) * each;
}

/** `1m`, `8k`, `16g` as bytes; null: no size. */
export function bytesOf(text: string): number | null {
  const match = /^(\d{1,15})([kKmMgG])?$/.exec(text);
  if (!match) return null;
  return Number(match[1]) * ({ k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? '').toLowerCase()] ?? 1);
}

const GO_SECONDS: { [unit: string]: number } = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 0.001, s: 1, m: 60, h: 3_600 };

/** Go's `1m30s`, `500ms`; a bare number is seconds, as Traefik reads it (traefik/paerser: types/duration.go). */
export function goSeconds(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value.length > 40) return null;
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (!/^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) return null;
  let sum = 0;
  for (const [, count, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(count) * (GO_SECONDS[unit as string] as number);
  return value.startsWith('-') ? -sum : sum;
}
