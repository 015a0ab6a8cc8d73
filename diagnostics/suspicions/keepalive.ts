import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { byStatus, endpointsFine, type Rule, serviceName, suspect } from './suspicion.ts';

/** Fewer bad or good ones may be chance. */
const FEW_BAD = 3;
const MANY_GOOD = 10;

/**
 * Either only requests that a proxy must not send twice met a broken connection, the others were repeated; or each one that
 * failed did so at the very moment that it was sent, when no application has begun to work on it.
 */
const brokenWhenUsed = (scene: Scene): Finding[] =>
  scene.all('ERRORS_MADE_BY_PROXY').filter(({ facts: { main, why, errors, total, closedAtOnce } }) => {
    const alone = Array.isArray(why) && why.length === 1;
    const broken = main === 'no-answer-once' || (main === 'closed-early' && closedAtOnce === errors);
    return alone && broken && Number(errors) >= FEW_BAD && Number(total) - Number(errors) >= MANY_GOOD;
  });

/** Connections that the proxy kept open for the next request were closed by the application first. */
export const keepaliveShorter: Rule = (scene) => {
  const complaints = scene.all('UPSTREAM_CLOSED_EARLY');
  const found = complaints.length ? complaints : brokenWhenUsed(scene);
  if (found.length === 0 || !endpointsFine(scene) || scene.case.symptoms.course === 'steady') return null;
  if (!scene.reported('errors-5xx', 'reset', 'unspecified')) return null;
  return suspect('app-keepalive-shorter', found, complaints.length ? 0.82 : 0.78, {
    explains: byStatus(scene, 502, 503),
    fits: true,
    sentence: `endpoints of ${serviceName(scene)} now and then close a connection just before they get the next request on it`,
  });
};
