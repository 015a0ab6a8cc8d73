import { isIP } from 'node:net';
import { defineCheck } from '../define-check.ts';
import { probeTls } from '../probes/tls-probe.ts';
import { profilesNamed, readTls, type TlsData, type TlsFacts } from '../readings/tls.ts';
import { postsOf } from '../vantages.ts';
import { clock, shellWord } from '../wording.ts';

const PATIENCE_MS = 4_000;

const sClient = (f: { address: string; servername: string | null }, more = ''): string =>
  `openssl s_client -connect ${shellWord(f.address)}${f.servername ? ` -servername ${shellWord(f.servername)}` : ''}${more} </dev/null`;
const dates = (f: { address: string; servername: string | null }): string =>
  `${sClient(f)} 2>/dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName`;

/** Why a client stays outside, after "cannot get in:". */
function whyOut(result: string, versions: readonly string[]): string {
  if (result === 'no-shared-version') return `it speaks none of ${versions.join(', ')}`;
  if (result === 'no-shared-cipher') return 'it shares no cipher suite';
  if (result === 'certificate-key') return "it cannot use the certificate's kind of key";
  if (result === 'certificate-signature') return "it does not accept the certificate's signature";
  return result === 'refused' ? 'its hello is turned away' : 'it shares no key exchange group';
}

const WAYS_IN: { readonly [result: string]: string } = {
  'no-shared-version': 'Allow an older version',
  'no-shared-group': 'Allow one of its key exchange groups',
  'certificate-key': 'Serve an RSA certificate',
  'certificate-signature': 'Serve a certificate that is signed with SHA-256',
};

/** Words that make the whole enumeration worth its connections. */
const ABOUT_TLS = new Set(['handshake']);

/**
 * TLS as clients meet it: does the listener speak TLS at all, with a valid certificate for this name and a whole chain,
 * and (where the report is about TLS) with versions and suites that old clients share.
 */
export const tls = defineCheck<TlsData, TlsFacts>({
  id: 'tls',
  title: 'TLS, certificates and old clients',
  asks: 'Does the TLS listener let its clients in, with a certificate they accept?',
  vantages: ['public', 'load-balancer', 'proxy-replica'],
  budgetMs: 8_000,
  plan: ({ case: triage, path }) =>
    postsOf(path, triage.target)
      .filter(
        (post) =>
          post.scheme === 'https' &&
          (post.hop === 'proxy' || post.hop === 'load-balancer' || post.hop === 'cdn' || post.vantage === 'public'),
      )
      .map((post) => ({
        look: {
          check: 'tls',
          vantage: post.vantage,
          hop: 'proxy',
          at: post.at,
          address: post.address,
          with: {
            servername: isIP(triage.target.host) ? null : triage.target.host,
            header: post.header,
            whole: triage.symptoms.kinds.some((kind) => ABOUT_TLS.has(kind)) || profilesNamed(triage).length > 0,
          },
        },
      })),
  async look(io, look, address, signal) {
    const { servername, header, whole } = look.with as {
      servername: string | null;
      header: TlsData['header'];
      whole: boolean;
    };
    const to = { address, servername, proxyHeader: header };
    const seen = await io.handshake({ ...to, patienceMs: PATIENCE_MS }, signal);
    // Clear text is told apart by its bytes, which only the probe sees; a refusal is worth one look at what is spoken.
    const probe = whole || seen.error === 'PLAINTEXT' || seen.alert !== null ? await probeTls(io, to, signal) : null;
    return { servername, header, seen, probe };
  },
  read: readTls,
  findings: {
    TLS_ACCEPTED: {
      hop: 'proxy',
      direction: 'clears',
      title: 'A current client gets in, with a valid certificate',
      says: (f) => `${f.address} speaks ${f.version} with a valid certificate (until ${f.until.slice(0, 10)}).`,
      next: () => 'Nothing to do here.',
      reproduce: (f) => sClient(f),
    },
    CERTIFICATE_EXPIRED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The served certificate is past its end',
      says: (f) =>
        `${f.address} serves ${f.intermediate ? 'an intermediate' : 'a'} certificate (${f.subject}) that ended ${clock(f.notAfter, f.at)}, ${f.days === 0 ? 'within the last day' : f.days === 1 ? 'a day ago' : `${f.days} days ago`}.`,
      next: (f) =>
        f.intermediate
          ? "Put the issuer's current intermediate into the served file and reload the proxy; the host's own certificate is still valid."
          : 'Renew the certificate and reload the proxy; then see why the renewal did not happen by itself.',
      reproduce: dates,
    },
    CERTIFICATE_NOT_YET_VALID: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The served certificate is not valid yet',
      says: (f) =>
        `${f.address} serves a certificate (${f.subject}) that is valid only from ${clock(f.notBefore, f.at)} on.`,
      next: () => 'Serve the previous certificate until then, and look at the clock of the machine that issued it.',
      reproduce: dates,
    },
    CERTIFICATE_ENDS_SOON: {
      hop: 'proxy',
      direction: 'context',
      title: 'The served certificate ends soon',
      says: (f) => `The certificate at ${f.address} ends in ${f.days} days (${f.notAfter.slice(0, 10)}).`,
      next: () => 'See that its renewal is scheduled.',
      reproduce: dates,
    },
    CERTIFICATE_WRONG: {
      hop: 'proxy',
      direction: 'implicates',
      title: "Another host's certificate is served, or the proxy's default one",
      says: (f) =>
        `${f.address} serves a${f.selfSigned ? ' self-signed' : ''} certificate for ${f.names.slice(0, 3).join(', ') || f.subject}, not for ${f.host}.`,
      next: (f) =>
        `Give ${f.host} its certificate: its secret or file is missing, unreadable or bound to another name.`,
      reproduce: dates,
    },
    CERTIFICATE_CHAIN_INCOMPLETE: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The intermediate certificate is not sent',
      says: (f) =>
        `${f.address} sends its certificate without the intermediate (${f.issuer}). Browsers may fetch it themselves; curl, Java and others refuse.`,
      next: () => 'Add the intermediate to the bundle that the proxy loads, then reload.',
      reproduce: (f) => sClient(f, ' -showcerts'),
    },
    CERTIFICATE_UNTRUSTED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The served certificate comes from an authority that nobody trusts',
      says: (f) =>
        `${f.address} serves a ${f.selfSigned ? 'self-signed certificate' : `certificate of ${f.issuer}`}, which clients do not trust.`,
      next: () =>
        'Serve the certificate of a trusted authority; if this authority is your own, name it under `trust` in the inventory.',
      reproduce: dates,
    },
    PLAINTEXT_ON_TLS_PORT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The TLS port answers in clear text',
      says: (f) => `${f.address} answers a TLS handshake in clear text: ${f.looksLike}.`,
      next: () => 'See what stands before the handshake: a PROXY header that is not parsed, or a listener without TLS.',
      reproduce: (f) => sClient(f),
    },
    TLS_REFUSED: {
      hop: 'proxy',
      direction: 'context',
      title: 'The handshake of a current client fails',
      says: (f) => `The TLS handshake at ${f.address} fails: ${f.how}.`,
      next: () =>
        'See whether the certificate, its kind of key, or the list of versions and suites changed since it worked.',
      reproduce: (f) => sClient(f),
    },
    TLS_LONG_HELLO_REFUSED: {
      hop: 'proxy',
      direction: 'context',
      title: 'Short hellos are let through, and none of usual length',
      says: (f) =>
        `${f.address} lets a TLS hello of ${f.works} bytes through and ends one of ${f.bytes} bytes (${f.got}). Current browsers send more than 1500.`,
      next: () =>
        'Look for a firewall or balancer in between that inspects TLS: its limit for the first packet is too small.',
      reproduce: (f) => `${sClient(f)}; ${sClient(f, ' -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256')}`,
    },
    TLS_CLIENT_CERTIFICATE_DEMANDED: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The listener demands a client certificate in the handshake',
      says: (f) =>
        `${f.address} demands a client certificate and refuses callers without one${f.alert === null ? '' : ` (TLS alert ${f.alert})`}.`,
      next: () => 'Switch the client certificate demand off for this host, or give its callers certificates.',
      reproduce: (f) => sClient(f),
    },
    TLS_CLIENT_LOCKED_OUT: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'A client that must work shares no version, suite or group with the listener',
      says: (f) => `${f.client} cannot get in at ${f.address}: ${whyOut(f.result, f.versions)}.`,
      next: (f) => `${WAYS_IN[f.result] ?? 'Allow one of its cipher suites'} for this host only, or update the client.`,
      reproduce: (f) =>
        sClient(
          f,
          f.result === 'no-shared-version' ? ' -tls1_2' : ' -tls1_2 -cipher AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA',
        ),
    },
  },
});
