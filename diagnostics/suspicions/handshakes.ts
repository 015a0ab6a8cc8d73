import type { Scene } from '../scene.ts';
import { host, proxyName, type Rule, suspect, text } from './suspicion.ts';

/**
 * A server's own word for "we have nothing in common", as programs show it to people: the alerts handshake_failure,
 * protocol_version and insufficient_security (RFC 8446, section 6.2), by OpenSSL, Java, Chrome and Firefox.
 */
const REFUSED_BY_SERVER =
  /alert[ :_]+(handshake|protocol)[ _](failure|version)|insufficient[ _]security|ERR_SSL_VERSION_OR_CIPHER_MISMATCH|NO_CYPHER_OVERLAP/i;
/** The same in the words of the servers' logs: OpenSSL (nginx, HAProxy), Go (Traefik). */
const NOTHING_SHARED =
  /no shared cipher|unsupported protocol|version too low|no cipher suite supported by both|offered only unsupported versions/i;
/** A few such lines every server has, from scanners. */
const MORE_THAN_SCANNERS = 3;

const readAloud = (scene: Scene): boolean =>
  REFUSED_BY_SERVER.test([scene.case.report ?? '', ...scene.case.symptoms.errors].join('\n'));

/**
 * A report shows the alert of a server that shares nothing with its client, and the proxy's own log has such refusals. That
 * our handshake passes refutes neither: we offer more than those clients do.
 */
export const handshakesRefused: Rule = (scene) => {
  if (!readAloud(scene) || scene.failing !== 0) return null;
  const logged = scene
    .all('HANDSHAKES_REFUSED')
    .filter((f) => NOTHING_SHARED.test(text(f.facts.sample)) && Number(f.facts.count) >= MORE_THAN_SCANNERS);
  const [first] = logged;
  if (!first) return null;
  return suspect('tls-policy-too-strict', logged, 0.85, {
    fits: true,
    sentence: `${proxyName(scene, first)} lets current clients in to ${host(scene)}, and refused ${first.facts.count} handshakes with which it shares no version or suite: the alert that was reported says just that`,
    next: 'See what these clients offer (versions, suites, the kind of key they take), and whether the certificate or the list of suites changed since they worked.',
  });
};

/** Such an alert, and no log that says why: nothing that our own handshake shows explains it away. Never enough for an answer. */
export const alertUnexplained: Rule = (scene) => {
  if (!readAloud(scene) || scene.failing !== 0 || scene.case.symptoms.onlyReporter) return null;
  return suspect('tls-policy-too-strict', scene.all('REQUEST_ANSWERED'), 0.6, {
    fits: true,
    sentence: `the alert that was reported is a server's word that it shares nothing with that client, and ${host(scene)} lets in whatever I offered`,
    next: "Send me the name and version of the client that is refused; the proxy's error log at level info says what it did not share.",
  });
};
