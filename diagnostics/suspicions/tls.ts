import type { CauseId } from '../causes.ts';
import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { replicasWell } from './lost.ts';
import { frontElsewhere, isStrange } from './names-and-places.ts';
import { byCertificate, early, host, proxyName, type Rule, suspect, text } from './suspicion.ts';

/** Does the name lead to one of our own addresses as well? Then one that is none of them is nobody's translation of ours. */
const leadsHereToo = (scene: Scene): boolean =>
  (scene.path.dns ?? []).some((ip) => !isStrange(scene, ip.includes(':') ? `[${ip}]:443` : `${ip}:443`));

/** A certificate fault counts where users meet it: at the front, or at a replica when the front is mixed or blind. */
const certificateRule =
  (codes: string[], cause: CauseId, sentence: (scene: Scene, finding: Finding) => string): Rule =>
  (scene) => {
    // What somebody else serves at an address that the name should not lead to is no fault of ours.
    const elsewhere = frontElsewhere(scene).map((m) => m.address);
    const found = codes.flatMap((code) => scene.all(code)).filter((f) => !elsewhere.includes(f.address ?? ''));
    const first = found[0];
    if (!first) return null;
    const explains = byCertificate(scene);
    const fits = scene.reported('certificate', 'handshake');
    if (explains === 0 && !fits) return null;
    // Served at none of our own addresses, while our proxies are well or what users meet was not seen: whose machine is it?
    const inside = scene.replicas.map((m) => m.address);
    const outside = found.every((f) => !inside.includes(f.address ?? '') && isStrange(scene, f.address));
    const foreign = outside && (explains === 0 || replicasWell(scene) || leadsHereToo(scene));
    return suspect(cause, found, foreign ? 0.6 : explains > 0 ? 0.98 : 0.85, {
      explains,
      fits,
      sentence: sentence(scene, first),
    });
  };

export const certificateExpired = certificateRule(
  ['CERTIFICATE_EXPIRED', 'CERTIFICATE_NOT_YET_VALID'],
  'tls-certificate-expired',
  (scene, f) =>
    f.code === 'CERTIFICATE_EXPIRED'
      ? `${proxyName(scene, f)} serves ${f.facts.intermediate === true ? 'an intermediate' : 'a'} certificate for ${host(scene)} that ended ${text(f.facts.notAfter).slice(0, 10)}`
      : `${proxyName(scene, f)} serves a certificate for ${host(scene)} that is not valid yet`,
);
/** Certificates that proxies make up when they have none, by their names (Traefik, ingress-nginx). */
function whose(f: Finding): string {
  const name = (f.facts.names as string[])[0] ?? '';
  if (name.endsWith('traefik.default')) return "Traefik's own default certificate";
  if (/ingress\.local$|Kubernetes Ingress Controller Fake Certificate/.test(`${name} ${text(f.facts.subject)}`))
    return "the ingress controller's own fake certificate";
  return name ? `a certificate for ${name}` : 'a certificate without a name';
}

export const certificateWrong = certificateRule(
  ['CERTIFICATE_WRONG', 'CERTIFICATE_UNTRUSTED'],
  'tls-certificate-wrong',
  (scene, f) =>
    f.code === 'CERTIFICATE_WRONG'
      ? `${proxyName(scene, f)} serves ${whose(f)} to callers of ${host(scene)}`
      : `${proxyName(scene, f)} serves ${f.facts.selfSigned ? 'a self-signed certificate' : 'a certificate that nobody trusts'} for ${host(scene)}`,
);
export const chainIncomplete = certificateRule(
  ['CERTIFICATE_CHAIN_INCOMPLETE'],
  'tls-chain-incomplete',
  (scene, f) => `${proxyName(scene, f)} sends the certificate of ${host(scene)} without its intermediate`,
);

export const policyTooStrict: Rule = (scene) => {
  const lockedOut = scene.all('TLS_CLIENT_LOCKED_OUT');
  const refused = scene.all('TLS_REFUSED').filter((f) => f.facts.alert === 40 || f.facts.alert === 70);
  const named = lockedOut.filter((f) => f.facts.named === true);
  const about =
    scene.reported('handshake') ||
    (named.length > 0 && scene.reported('reset', 'certificate', 'unspecified', 'errors-5xx'));
  // Where our requests get through, one listener that refuses us is none that users meet.
  const met = refused.length > 0 && (scene.failing !== 0 || scene.reported('handshake'));
  if (!met && !(about && lockedOut.length)) return null;
  const first = named[0] ?? lockedOut[0];
  const clients = [...new Set((named.length ? named : lockedOut).map((f) => text(f.facts.client)))];
  return suspect(
    'tls-policy-too-strict',
    named.length ? named : lockedOut.length ? lockedOut : refused,
    named.length || refused.length ? 0.97 : 0.88,
    {
      explains: refused.length ? early(scene) : 0,
      fits: true,
      sentence: first
        ? `${proxyName(scene, first)} lets current clients in to ${host(scene)}, but not ${clients.slice(0, 2).join(' or ')}`
        : `${proxyName(scene)} refuses the handshake of current clients for ${host(scene)}`,
    },
  );
};
