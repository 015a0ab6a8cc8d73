import type { ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import type { AccessRow } from './access-row.ts';

/**
 * Bytes of nginx' own page for 413 without the name at its end (ngx_http_special_response.c), and that name: `nginx` (server_tokens
 * off), `nginx/1.28.0`, or with the name of a build behind it. Measured on nginx 1.22.1: 183.
 */
const PAGE_BYTES = 171;
const NAME_BYTES = { least: 'nginx'.length, most: 'nginx/1.29.10 (Debian)'.length };

const isOwnPage = (bytes: number): boolean =>
  bytes >= PAGE_BYTES + NAME_BYTES.least && bytes <= PAGE_BYTES + NAME_BYTES.most;

/** Requests refused as too large (413) that the proxy is not known to have refused itself: added up in `out`. */
export function addTooLarge(out: ServedRequests, row: AccessRow): void {
  if (row.status !== 413 || row.maker === 'proxy' || row.maker === 'client') return;
  out.tooLarge ??= { behind: 0, untold: 0, sized: 0, asNginx: 0, first: null };
  const counts = out.tooLarge;
  if (row.maker === 'upstream') counts.behind++;
  else counts.untold++;
  if (row.bytes !== undefined) counts.sized++;
  if (row.bytes !== undefined && isOwnPage(row.bytes)) counts.asNginx++;
  if (row.at === null) return;
  if (counts.first === null || row.at < Date.parse(counts.first)) counts.first = new Date(row.at).toISOString();
}
