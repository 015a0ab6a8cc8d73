import type { Scene } from '../scene.ts';
import { duration } from '../wording.ts';
import { ANYONE_WAITS_MS, endpointsFine, host, proxyName, type Rule, suspect } from './suspicion.ts';

/** Is the report about requests that are large, or take long to send? */
const ofUploads = (scene: Scene): boolean => scene.reported('too-large') || /\bupload/i.test(scene.case.report ?? '');

/**
 * Long uploads fail with a 504 that the proxy made, though it waits without limit for answers: then the time that it allows
 * is that for reading the request (Traefik: `respondingTimeouts.readTimeout`, 60 s from 3.0 on; measured on 3.7.9 with 2 s). A
 * connection that came about too late would be a 504 too, and small requests would meet it as well: all of ours are fine.
 */
export const uploadCutShort: Rule = (scene) => {
  if (!ofUploads(scene) || scene.failing !== 0 || !endpointsFine(scene)) return null;
  const cut = scene.all('ERRORS_MADE_BY_PROXY').filter((f) => f.facts.main === 'proxy-timeout');
  const unlimited = scene
    .all('WAITS_FOR_UPSTREAM')
    .filter((f) => f.facts.seconds === 0 && cut.some((one) => one.about.hop === f.about.hop));
  const [first] = cut;
  if (!first || unlimited.length === 0) return null;
  return suspect('proxy-timeout-too-short', [...cut, ...unlimited], 0.8, {
    fits: true,
    sentence: `${proxyName(scene, first)} gives up on uploads to ${host(scene)} that take longer than it reads a request for`,
    next: 'Let the proxy read requests for as long as the longest upload takes (Traefik: transport.respondingTimeouts.readTimeout of the entry point).',
  });
};

/**
 * Uploads are said to fail, and the proxy's log has requests that it gave up reading, all after the same short time (nginx:
 * `client_body_timeout`, a 408 after as long as nothing came; ngx_http_request_body.c). What was not sent whole by then never
 * reached the application.
 */
export const requestsUnsent: Rule = (scene) => {
  if (!(ofUploads(scene) || scene.case.symptoms.statuses.includes(408)) || (scene.failing ?? 1) > 0.5) return null;
  const found = scene.all('REQUESTS_UNSENT_IN_TIME').filter((f) => Number(f.facts.mostMs) < ANYONE_WAITS_MS);
  const [first] = found;
  if (!first) return null;
  return suspect('proxy-timeout-too-short', found, 0.85, {
    fits: true,
    sentence: `${proxyName(scene, first)} gives up on uploads to ${host(scene)} after ${duration(Number(first.facts.mostMs))} in which it waits for the rest of them`,
    next: 'Let the proxy wait longer for slow senders (nginx: client_body_timeout, 60 s unless set).',
  });
};
