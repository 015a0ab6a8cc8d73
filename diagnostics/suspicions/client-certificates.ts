import type { Scene } from '../scene.ts';
import { failingBy, host, proxyName, type Rule, suspect, text } from './suspicion.ts';

/** What is wrong with a certificate whoever checks it: not valid yet, ended, revoked (OpenSSL: X509_V_ERR 9, 10 and 23). */
const ITS_OWN_FAULT = /^(9|10|23):/;
/**
 * Words that only a caller meets who did send a certificate: nginx's page (ngx_http_special_response.c) and the alerts that
 * are about one (RFC 8446, section 6.2).
 */
const ONE_WAS_SENT =
  /The SSL certificate error|alert[ :]+(bad[ _]certificate|unsupported[ _]certificate|certificate[ _](revoked|expired|unknown)|unknown[ _]ca)/i;
/** Words that only a caller meets who sent none. */
const NONE_WAS_SENT = /No required SSL certificate|certificate[ _]required|BAD_SSL_CLIENT_AUTH_CERT/i;

/** A listener asks callers for a certificate. Is that the fault, or are others let in with theirs, and one caller's own is bad? */
export const clientCertificate: Rule = (scene) => {
  const found = [...scene.all('CLIENT_CERTIFICATE_DEMANDED'), ...scene.all('TLS_CLIENT_CERTIFICATE_DEMANDED')];
  if (found.length === 0) return null;
  const explains = failingBy(scene, (f) => f.status === 400 || f.error !== null);
  // Our requests get through without one: where it is demanded, users need not pass.
  if (scene.failing === 0 && !scene.reported('handshake', 'certificate', 'reset', 'forbidden')) return null;
  const doubted = demandIsMet(scene, explains);
  if (doubted) return doubted;
  return suspect('tls-client-certificate-required', found, 0.95, {
    explains,
    fits: true,
    sentence: `${proxyName(scene)} demands a client certificate for ${host(scene)}`,
  });
};

/** That we are refused without a certificate proves nothing where others come with one: such a demand is by design. */
function demandIsMet(scene: Scene, explains: number): ReturnType<Rule> {
  const report = scene.case.report ?? '';
  const others = scene.all('OTHERS_ANSWERED_SINCE');
  const refused = scene.all('CLIENT_CERTIFICATE_REFUSED');
  const sent = ONE_WAS_SENT.test(report);
  if (NONE_WAS_SENT.test(report) || (others.length === 0 && refused.length === 0 && !sent)) return null;
  const bad = refused.filter((f) => f.facts.oneClient === 'yes' && ITS_OWN_FAULT.test(text(f.facts.why)));
  const why = text(bad[0]?.facts.why).replace(/^\d+:/, '');
  if (bad.length > 0 && bad.length === refused.length && others.length > 0)
    return suspect('client-side', [...bad, ...others], 0.9, {
      explains,
      fits: true,
      sentence: `the certificate that one caller of ${host(scene)} comes with is refused (${why}), while ${proxyName(scene, bad[0])} lets others in with theirs`,
      next: 'Tell whoever calls from there what is wrong with the certificate that they send; they have to renew it.',
    });
  return suspect('tls-client-certificate-required', [...others, ...refused, ...scene.all('REQUEST_FAILED')], 0.6, {
    explains,
    fits: true,
    sentence: `${proxyName(scene)} demands a client certificate for ${host(scene)}, as it may well be meant: ${others.length ? 'others are let in with theirs' : 'whoever reported it did send one'}, and I have none to show`,
    next: "Compare the certificate that the caller sends with what the listener trusts; the proxy's error log at level info says why one is refused.",
  });
}
