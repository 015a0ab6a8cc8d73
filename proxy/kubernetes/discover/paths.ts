import { fits } from '../../adapters/routes/pattern.ts';
import { hostMatches } from '../../inventory/path.ts';

/** 0: any host, 1: a pattern, 2: the host itself. */
export const hostRank = (pattern: string | null): number => (pattern === null ? 0 : pattern.startsWith('*') ? 1 : 2);

/**
 * Does a host pattern of a route cover a host? One label in place of the star (Ingress, networking.k8s.io/v1), but for
 * nginx, whose `server_name *.x` takes any number of them, and for the Gateway API, which says so.
 */
export function hostCovers(pattern: string | null, host: string, labels: 'one' | 'many'): boolean {
  if (pattern === null) return true;
  if (!hostMatches(pattern, host)) return false;
  return labels === 'many' || !pattern.startsWith('*.') || host.split('.').length === pattern.split('.').length;
}

const bare = (path: string): string => path.split(/[?#]/)[0] || '/';

/** `/api` covers `/api` and `/api/x`, not `/apix` (Ingress Prefix, Gateway API PathPrefix). */
export function byElements(prefix: string, path: string): boolean {
  const asked = bare(path);
  const start = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return start === '' || asked === start || asked.startsWith(`${start}/`);
}

/** `/api` covers `/apix` too: nginx' plain locations, Traefik's PathPrefix, HAProxy's `beg`. */
export const byCharacters = (prefix: string, path: string): boolean => bare(path).startsWith(prefix);

export const exactly = (wanted: string, path: string): boolean => bare(path) === wanted;

/** As nginx' `location ~* "^PATH"`; a pattern that JavaScript cannot judge covers nothing. */
export function byPattern(pattern: string, path: string): boolean {
  const judge = (): boolean | null => fits(`^${pattern}`, bare(path), 'i');
  // On a busy machine the first try may run out of its time without a fault of the pattern.
  return (judge() ?? judge()) === true;
}
