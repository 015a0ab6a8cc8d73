import { answeredWith, host, type Rule, serviceName, suspect, text } from './suspicion.ts';

/**
 * Callers are sent to localhost, and every endpoint asked directly, with the right host, says the very same: it does not know
 * its own public address. Proxies pass a Location on as it came, unless they are told to put another host in its place.
 */
export const sentHome: Rule = (scene) => {
  const own = scene.all('ENDPOINT_LEADS_TO_LOCALHOST');
  const met = scene.all('LEADS_TO_LOCALHOST').filter((f) => f.vantage === 'public' || f.vantage === 'proxy-replica');
  const reached = scene.endpoints.filter((e) => e.reached);
  const [first] = own;
  if (!first || met.length === 0 || own.length < reached.length) return null;
  if (!met.every((f) => own.some((one) => one.facts.location === f.facts.location))) return null;
  const quoted = /\blocalhost\b|\b127\.0\.0\.1\b/i.test(scene.case.report ?? '');
  // Somebody who speaks of errors, or of waiting, met something else.
  if (!quoted && !scene.reported('reset', 'wrong-content', 'redirect-loop', 'not-found', 'unspecified')) return null;
  return suspect('app-errors', [...own, ...met], quoted ? 0.93 : 0.86, {
    explains: answeredWith(scene, Number(first.facts.status)),
    fits: true,
    sentence: `${serviceName(scene)} sends callers of ${host(scene)} to ${text(first.facts.location)}, on their own machine; asked directly, it says the same`,
  });
};
