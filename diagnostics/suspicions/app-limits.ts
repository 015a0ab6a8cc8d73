import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { answeredWith, byStatus, type Rule, serviceName, suspect } from './suspicion.ts';

/** 429 of an application, which counts by a caller's address, and answers whoever asks it directly. */

/** So many are no accident, and this share more than what one greedy caller of a busy site makes. */
const A_PATTERN = { count: 3, share: 0.05 };

/** Any proxy is known to have refused requests for a limit of its own. */
const limitsItself = (scene: Scene): boolean =>
  ['REQUESTS_LIMITED', 'RATE_LIMIT_LOGGED', 'PROXY_LIMITS_REQUESTS'].some(scene.has);

const isInnermost = ({ path: { hops } }: Scene, { about }: Finding): boolean => {
  const next = hops[hops.findIndex((hop) => hop.name === about.hop && hop.hop === 'proxy') + 1];
  return next === undefined || next.hop === 'service' || next.hop === 'app';
};

/**
 * Did the 429s of the time in question come from behind a proxy? By its log, many of them, and none of any proxy's own. Whoever
 * asks an endpoint directly is another caller to it, so that its good answer says nothing here. `app`: from behind the innermost
 * proxy; `behind`: there is another one between.
 */
export function limitedBehind(scene: Scene): 'app' | 'behind' | null {
  if (limitsItself(scene)) return null;
  const many = scene
    .all('APP_LIMITS_REQUESTS')
    .filter(({ facts }) => Number(facts.count) >= Math.max(A_PATTERN.count, A_PATTERN.share * Number(facts.total)));
  return many.length === 0 ? null : many.some((f) => isInnermost(scene, f)) ? 'app' : 'behind';
}

/** A 429 was reported, the log says that those came from behind the innermost proxy, and none of the proxies made any itself. */
export const appLimits: Rule = (scene) => {
  const found = scene.all('APP_LIMITS_REQUESTS').filter((f) => isInnermost(scene, f));
  if (found.length === 0 || limitsItself(scene) || !scene.case.symptoms.statuses.includes(429)) return null;
  return suspect('app-errors', found, 0.88, {
    explains: answeredWith(scene, 429) + byStatus(scene, 429),
    fits: true,
    sentence: `${serviceName(scene)} answered 429 itself in the time in question; the proxy passed it on`,
    next: `See by which address ${serviceName(scene)} counts callers: behind a proxy all of them come from one, unless it is told to trust X-Forwarded-For.`,
  });
};
