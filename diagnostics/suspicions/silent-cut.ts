import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { duration } from '../wording.ts';
import { ANYONE_WAITS_MS, host, near, type Rule, suspect, text } from './suspicion.ts';

/** The callers of a proxy behind this balancer that left just when the balancer's time was over. */
const leftThen = (scene: Scene, limit: number): Finding[] =>
  scene
    .all('CALLERS_LEFT_ALIKE')
    .filter((f) => near(Number(f.facts.leastMs), limit) && near(Number(f.facts.mostMs), limit));

/**
 * The balancer is configured to end what is silent for a short time, the proxy behind it would wait longer, and its log has
 * callers that all left after just that time: the balancer ended their connections before there was an answer (HAProxy:
 * `timeout server` and `timeout client`, flags sD and cD; in TCP mode nobody is told why).
 */
export const balancerCutsAnswers: Rule = (scene) => {
  if (!scene.reported('reset', 'timeout', 'disconnects', 'errors-5xx', 'slow', 'unspecified')) return null;
  for (const limit of scene.all('OUTER_GIVES_UP_FIRST')) {
    const ms = Number(limit.facts.outerValue) * 1000;
    const left = limit.hop === 'load-balancer' && ms < ANYONE_WAITS_MS ? leftThen(scene, ms) : [];
    if (left.length === 0) continue;
    return suspect('lb-idle-timeout', [...left, limit, ...scene.all('SLOW_UPSTREAM')], 0.9, {
      fits: true,
      sentence: `${text(limit.facts.outer)} ends connections of ${host(scene)} on which nothing is said for ${duration(ms)}, while ${text(limit.facts.inner)} behind it still waits for the answer`,
      next: `Raise the timeout of ${text(limit.facts.outer)} above what the slowest answers need.`,
    });
  }
  return null;
};

/**
 * The half of it: callers that all left after the same time, and nobody known who ends connections then; or connections that are
 * said to end, which need not be those of quick requests, and no log that shows how others fared. Never enough for an answer.
 */
export const cutOutOfSight: Rule = (scene) => {
  if (scene.failing !== 0 || !scene.reported('reset', 'timeout', 'disconnects')) return null;
  const left = scene.all('CALLERS_LEFT_ALIKE').filter((f) => Number(f.facts.mostMs) < ANYONE_WAITS_MS);
  const unseen = scene.blind.some((b) => b.check === 'upstream-attribution');
  const [first] = left;
  if ((!first && !unseen) || scene.case.symptoms.onlyReporter) return null;
  return {
    cause: null,
    hop: first ? 'load-balancer' : 'proxy',
    because: first ? left : scene.all('REQUEST_ANSWERED'),
    strength: first ? 0.6 : 0.5,
    explains: 0,
    fits: true,
    sentence: first
      ? `callers of ${host(scene)} left after the same ${duration(Number(first.facts.mostMs))}, and I don't know who in front of the proxy ends connections then`
      : `connections to ${host(scene)} are said to end, quick requests need not be among them, and a log that would show the others could not be read`,
  };
};
