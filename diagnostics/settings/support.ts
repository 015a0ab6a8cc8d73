/** Versions of which nobody mends anything any more, with the day on which that began and where it stands. */

interface Ended {
  line: string;
  /** ISO date of the last support of any kind. */
  since: string;
  /** What to go to. */
  to: string;
}

/**
 * Traefik's lines (traefik: docs/content/deprecation/releases.md, read 2026-08): end of security support, which for 3.x
 * ends with active support.
 */
const TRAEFIK: { [line: string]: string } = {
  '2.11': '2026-02-01',
  '3.0': '2024-07-15',
  '3.1': '2024-10-28',
  '3.2': '2025-01-06',
  '3.3': '2025-05-05',
  '3.4': '2025-07-23',
  '3.5': '2025-11-07',
  '3.6': '2026-05-05',
};

/** kubernetes.io/blog/2025/11/11/ingress-nginx-retirement: best-effort maintenance until March 2026. */
const INGRESS_NGINX = '2026-04-01';

const number = (text: string): number => Number(text);

/** Is the software out of support on a day? null: no, or nobody stated it. */
export function endedSupport(kind: string, version: string | null, day: string): Ended | null {
  if (kind === 'ingress-nginx')
    return day >= INGRESS_NGINX
      ? { line: 'ingress-nginx', since: INGRESS_NGINX, to: 'Gateway API or another controller' }
      : null;
  if (kind !== 'traefik') return null;
  const [, major = '', minor = ''] = /^(?:traefik )?v?(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (!major) return null;
  const line = `${major}.${minor}`;
  const since =
    TRAEFIK[line] ?? (number(major) < 2 || (number(major) === 2 && number(minor) <= 10) ? '2024-02-12' : null);
  return since && day >= since ? { line: `Traefik ${line}`, since, to: 'the newest 3.x' } : null;
}

/** v2.5.4 to v2.10.7 and the betas of 3.0 take a PROXY header that is 200 ms late for clear text (traefik#10047, fixed by #10320). */
export function hasLateHeaderBug(version: string | null): boolean {
  const [, major, minor, patch] = /^(?:traefik )?v?(\d+)\.(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (major === '3') return /3\.0\.0-beta[1-5]$/.test(version ?? '');
  if (major !== '2') return false;
  const [second, third] = [number(minor ?? ''), number(patch ?? '')];
  return (second > 5 || (second === 5 && third >= 4)) && second <= 10;
}
