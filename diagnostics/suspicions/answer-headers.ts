import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { byStatus, endpointsFine, host, proxyName, type Rule, serviceName, suspect } from './suspicion.ts';

/** What nginx takes where nobody said so: one page of memory (ngx_http_proxy_module, proxy_buffer_size). */
const TAKEN: { readonly [kind: string]: number } = { nginx: 4096, 'ingress-nginx': 4096 };

/** Nearly every request for the page must fail: its headers are as large each time. */
const EACH_TIME = 0.9;

/** What the proxy that made an error takes of an answer's headers, bytes, and whether that was read from its configuration. */
function limitOf(scene: Scene, { about }: Finding): { bytes: number; read: boolean } | null {
  const written = scene.all('WAITS_FOR_UPSTREAM').find((f) => f.facts.hopName === about.hop)?.facts.answerHeader;
  if (typeof written === 'number') return { bytes: written, read: true };
  const usual = TAKEN[scene.path.hops.find((h) => h.name === about.hop)?.kind ?? ''];
  return usual === undefined ? null : { bytes: usual, read: false };
}

/**
 * A proxy makes a 502 of each answer, the endpoints give it well when asked directly, and each time with more headers than
 * that proxy takes: it must refuse them, whatever else may be wrong (nginx: ngx_http_upstream_process_header).
 */
export const answerHeadersTooBig: Rule = (scene) => {
  const broken = scene.all('PROXY_GATEWAY_ERROR').filter((f) => f.facts.status === 502);
  const found = scene.all('ENDPOINT_HEADERS_LARGE');
  const first = broken[0];
  const limit = first && limitOf(scene, first);
  // A hop behind that one may have answered it: then whose limit it was is not seen.
  const last = scene.path.hops.findLast((h) => h.hop === 'proxy')?.name;
  if (!first || !limit || first.about.hop !== last || found.length === 0) return null;
  if (!endpointsFine(scene) || byStatus(scene, 502) < EACH_TIME) return null;
  const least = Math.min(...found.map((f) => Number(f.facts.bytes)));
  if (found.length < scene.endpoints.filter((e) => e.reached).length || least <= limit.bytes) return null;
  // Where nobody saw the limit: a proxy that lets other pages through reaches the application, one that breaks all of them need not.
  const home = broken.map((f) => f.facts.home).find((status) => typeof status === 'number');
  if (!limit.read && Number(home ?? 0) >= 500) return null;
  const strength = limit.read ? 0.93 : home === undefined ? 0.75 : 0.88;
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(bytes % 1024 ? 1 : 0)} KiB`;
  return suspect('size-limit', [...found, ...broken], strength, {
    explains: byStatus(scene, 502),
    fits: true,
    sentence: `${proxyName(scene, first)} takes ${kib(limit.bytes)} of headers of an answer${limit.read ? '' : ', unless it is told to take more'}, and ${serviceName(scene)} answers ${scene.case.target.path} of ${host(scene)} with ${kib(least)}`,
  });
};
