import type { Scene } from '../scene.ts';
import { hopTitle } from '../settings/look.ts';
import type { Finding, PathHop } from '../types.ts';
import { host, type Rule, serviceName, suspect, text } from './suspicion.ts';

/** Requests that were refused as too large behind the proxy whose log shows it: by the next proxy, or by the application? */

/** Fewer are no pattern. */
const A_PATTERN = 3;

const passedOn = (scene: Scene): Finding[] =>
  scene.all('TOO_LARGE_PASSED_ON').filter((f) => Number(f.facts.count) >= A_PATTERN);

/** A 413 was reported, and no proxy is known to have made one itself. */
const nobodysOwn = (scene: Scene): boolean =>
  (scene.reported('too-large') || scene.case.symptoms.statuses.includes(413)) &&
  !scene.has('REQUESTS_TOO_LARGE') &&
  !scene.has('BODY_TOO_LARGE');

const isNginx = (hop: PathHop): boolean => hop.kind === 'nginx' || hop.kind === 'ingress-nginx';

/** What stands behind the proxy that wrote a log. */
const behind = (scene: Scene, { about }: Finding): PathHop | undefined => {
  const { hops } = scene.path;
  return hops[hops.findIndex((hop) => hop.name === about.hop && hop.hop === 'proxy') + 1];
};

/**
 * The outer of two proxies passed on 413s from behind: the next proxy is configured for less than the outer one, and the answers
 * are as long as the page that nginx has for it. "The upstream answered it" is not the application where a proxy is the upstream.
 */
export const innerSizeLimit: Rule = (scene) => {
  if (!nobodysOwn(scene)) return null;
  for (const found of passedOn(scene)) {
    const next = behind(scene, found);
    if (found.facts.told !== 'behind' || found.facts.page !== 'nginx') continue;
    if (next?.hop !== 'proxy' || !isNginx(next)) continue;
    const shrinks = scene.all('BODY_LIMIT_SHRINKS_INWARDS').filter((f) => f.facts.inner === hopTitle(next));
    const [limit] = shrinks;
    if (!limit) continue;
    return suspect('size-limit', [found, ...shrinks], 0.9, {
      fits: true,
      sentence: `${hopTitle(next)} refuses requests to ${host(scene)} that are larger than it lets through, though ${text(limit.facts.outer)} in front takes them`,
      next: limit.next,
    });
  }
  return null;
};

/**
 * nginx writes each 413 of its own to its error log (ngx_http_core_module, `client intended to send too large body`): one that
 * reaches back to the first of them, and has none of these, says that they came from behind.
 */
const notInErrorLog = (scene: Scene, found: Finding): Finding[] =>
  scene
    .all('NO_COMPLAINTS')
    .filter(
      (f) =>
        f.about.hop === found.about.hop &&
        f.about.part === found.about.part &&
        typeof f.facts.from === 'string' &&
        Date.parse(f.facts.from) <= Date.parse(text(found.facts.first)),
    );

/**
 * The innermost proxy passed on a 413 from behind: its log says so, or its error log knows nothing of them; and the answers are
 * not as long as nginx' own page, so that no nginx that nobody knows of stands between.
 */
export const appTooLarge: Rule = (scene) => {
  if (!nobodysOwn(scene)) return null;
  for (const found of passedOn(scene)) {
    const next = behind(scene, found);
    const here = scene.path.hops.find((hop) => hop.name === found.about.hop && hop.hop === 'proxy');
    if (!here || (next?.hop !== 'service' && next?.hop !== 'app') || found.facts.page === 'nginx') continue;
    const told = found.facts.told === 'behind';
    const clean = notInErrorLog(scene, found);
    // Two signs that do not depend on each other: a page of one's own (error_page) may be of any length.
    if (!told && !(isNginx(here) && found.facts.page === 'other' && clean.length > 0)) continue;
    return suspect('app-errors', told ? [found] : [found, ...clean], told ? 0.86 : 0.84, {
      fits: true,
      sentence: `${serviceName(scene)} refuses large requests itself (413); ${hopTitle(here)} lets them through and passes its answer on`,
      next: `Raise the limit on bodies in ${serviceName(scene)} itself: its framework's or its web server's.`,
    });
  }
  return null;
};
