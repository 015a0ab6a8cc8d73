import type { Judgement } from './judgement.ts';
import type { Met } from './scene.ts';
import { plural } from './wording.ts';

/** Below this many requests a log without errors says nothing. */
const ENOUGH_LOGGED = 10;

const allOf = (count: number): string => (count === 2 ? 'both' : `all ${count}`);
/** "its endpoint answers", "all 4 endpoints answer". */
export const endpointsAnswer = (count: number): string =>
  count === 1 ? 'its endpoint answers' : `${allOf(count)} endpoints answer`;

/** Requests of several places together. */
export const requests = (met: Met[]): { ok: number; total: number } => ({
  ok: met.reduce((s, m) => s + m.ok, 0),
  total: met.reduce((s, m) => s + m.total, 0),
});

/** What was looked at and found clean: counts with totals, the accused first. Never said of what was not looked at. */
export function clearedOf(judgement: Judgement): string[] {
  const { scene, hop, answer } = judgement;
  if (answer === 'inconclusive') return [];
  const said: string[] = [];
  const reached = scene.endpoints.filter((e) => e.reached);
  if (hop !== 'app' && hop !== 'none' && reached.length && reached.every((e) => e.failing === 0 && e.slowMs === null)) {
    said.push(`the application: ${endpointsAnswer(reached.length)} when asked directly`);
  }
  const replicas = requests(scene.replicas);
  if (hop !== 'proxy' && hop !== 'none' && replicas.total > 0 && replicas.ok === replicas.total)
    said.push(`the proxies: ${replicas.ok} of ${replicas.total} requests straight to them are answered`);
  const accused = (code: string): boolean => judgement.chosen?.because.some((f) => f.code === code) ?? false;
  const tls = scene.all('TLS_ACCEPTED');
  if (tls.length && !scene.findings.some((f) => f.check === 'tls' && f.direction === 'implicates'))
    said.push(`TLS: ${plural(tls.length, 'listener')} with a valid certificate`);
  // Only a hop in front can send a header, and what the cloud says of it may be against what is declared.
  if (
    scene.path.hops.some((h) => h.hop === 'load-balancer') &&
    !judgement.cause?.startsWith('proxy-protocol') &&
    scene.has('PROXY_HEADERS_AGREE') &&
    !scene.has('PROXY_HEADER_UNEXPECTED') &&
    !scene.has('PROXY_HEADER_MISSING')
  )
    said.push('PROXY protocol: both sides agree');
  const even = scene.all('ENDPOINTS_SHARE_EVENLY');
  if (even.length && !accused('ENDPOINT_SHARE_SKEWED'))
    said.push(`balance: ${even.reduce((sum, f) => sum + Number(f.facts.requests), 0)} requests, evenly shared`);
  const quiet = scene.all('NO_RECENT_RELOAD');
  if (quiet.length && !scene.has('RELOADED_RECENTLY') && !scene.has('RELOAD_STORM') && !scene.has('RELOAD_REFUSED'))
    said.push('no reload in the time in question');
  const logs = scene.all('NO_ERRORS_LOGGED');
  const logged = logs.reduce((sum, f) => sum + Number(f.facts.total), 0);
  if (
    logged >= ENOUGH_LOGGED &&
    !scene.has('REQUESTS_LIMITED') &&
    !scene.has('REQUESTS_TOO_LARGE') &&
    !scene.has('ERRORS_MADE_UPSTREAM') &&
    !scene.has('ERRORS_MADE_BY_PROXY')
  )
    said.push(`the proxies' logs: no 5xx among ${plural(logged, 'request')}`);
  return said;
}
