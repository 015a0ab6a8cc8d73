import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { share } from '../wording.ts';
import { host, proxyName, type Rule, suspect, text } from './suspicion.ts';

/** Every so many failed tries must have a slow request beside them, or it is not they that make people wait. */
const WAITED_FOR = 0.5;

/** Does the report name a status that was not among those that were given? A class (`5xx`) fits each of its own. */
const namesOthers = (scene: Scene, { facts: { statuses } }: Finding): boolean => {
  const named = scene.case.symptoms.statuses.filter((status) => status >= 500);
  const given = Array.isArray(statuses) ? statuses.map(String) : [];
  return named.length > 0 && !named.some((status) => given.includes(String(status)) || given.includes('5xx'));
};

/**
 * A proxy treats all endpoints (or the services that it draws from) of a host alike, and one of them alone failed: that is the
 * application there, not the proxy. Its counters hold it since they began, within the time in question, whoever asks now.
 */
export const oneOfSeveralFails: Rule = (scene) => {
  // What fails now is seen by requests of ours: those tell better than totals.
  if ((scene.failing ?? 1) > 0) return null;
  for (const found of scene.all('ONE_OF_SEVERAL_FAILED')) {
    const { one, errors, requests, otherErrors, otherRequests, statuses, retries, slow } = found.facts;
    const tries = `${share(Number(errors), Number(requests))} since ${text(found.facts.since).slice(11, 16)} UTC`;
    const others = share(Number(otherErrors), Number(otherRequests));
    const answered = Array.isArray(statuses) && statuses.length > 0;
    if (answered && scene.reported('errors-5xx', 'unspecified') && !namesOthers(scene, found))
      return suspect('app-errors', [found], 0.84, {
        fits: true,
        sentence: `${text(one)} answers requests for ${host(scene)} with errors itself (${tries}; the others ${others})`,
      });
    const waited =
      Number(slow ?? 0) >= WAITED_FOR * Number(errors) && Number(retries ?? 0) >= WAITED_FOR * Number(errors);
    if (waited && scene.reported('slow', 'timeout'))
      return suspect('app-slow', [found], 0.82, {
        fits: true,
        sentence: `tries at ${text(one)} fail after a while (${tries}; the others ${others}), and ${proxyName(scene, found)} makes them again elsewhere: callers of ${host(scene)} see no error and wait`,
      });
  }
  return null;
};
