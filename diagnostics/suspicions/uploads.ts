import { endpointsFine, host, proxyName, type Rule, suspect } from './suspicion.ts';

/**
 * Long uploads fail with a 504 that the proxy made, though it waits without limit for answers: then the time that it allows
 * is that for reading the request (Traefik: `respondingTimeouts.readTimeout`, 60 s from 3.0 on; measured on 3.7.9 with 2 s). A
 * connection that came about too late would be a 504 too, and small requests would meet it as well: all of ours are fine.
 */
export const uploadCutShort: Rule = (scene) => {
  const uploads = scene.reported('too-large') || /\bupload/i.test(scene.case.report ?? '');
  if (!uploads || scene.failing !== 0 || !endpointsFine(scene)) return null;
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
