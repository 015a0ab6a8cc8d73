import type { Draft, ReadScope } from '../define-check.ts';
import type { HandshakeSeen, RequestSpec } from '../io/io.ts';
import { CLIENT_PROFILES } from '../probes/client-profiles.ts';
import type { TlsProbe } from '../probes/tls-probe.ts';
import type { Case } from '../types.ts';
import { alertName } from '../wire/tls-answer.ts';

/** One handshake, and all that the listener speaks where that was asked. */
export interface TlsData {
  servername: string | null;
  header: RequestSpec['proxyHeader'];
  seen: HandshakeSeen;
  /** The whole enumeration, made where the report is about TLS; null elsewhere. */
  probe: TlsProbe | null;
}

/** A certificate that ends sooner than this is worth a word, days. */
const SOON_DAYS = 21;
const DAY_MS = 86_400_000;

/** Facts of each finding of the check `tls`. */
export interface TlsFacts {
  TLS_ACCEPTED: { address: string; version: string; cipher: string; until: string; servername: string | null };
  CERTIFICATE_EXPIRED: {
    address: string;
    subject: string;
    notAfter: string;
    days: number;
    at: string;
    servername: string | null;
    /** It is the intermediate that was sent with the host's own certificate, and that one is still valid. */
    intermediate?: true;
  };
  CERTIFICATE_NOT_YET_VALID: {
    address: string;
    subject: string;
    notBefore: string;
    at: string;
    servername: string | null;
  };
  CERTIFICATE_ENDS_SOON: {
    address: string;
    subject: string;
    notAfter: string;
    days: number;
    servername: string | null;
  };
  CERTIFICATE_WRONG: {
    address: string;
    names: string[];
    subject: string;
    selfSigned: boolean;
    host: string;
    servername: string | null;
  };
  CERTIFICATE_CHAIN_INCOMPLETE: { address: string; subject: string; issuer: string; servername: string | null };
  CERTIFICATE_UNTRUSTED: {
    address: string;
    subject: string;
    issuer: string;
    selfSigned: boolean;
    servername: string | null;
  };
  PLAINTEXT_ON_TLS_PORT: {
    address: string;
    firstBytes: string;
    looksLike: string;
    servername: string | null;
    /** A PROXY header of ours stood before the hello: it may be that which is answered. */
    withHeader?: true;
  };
  TLS_REFUSED: { address: string; how: string; alert: number | null; servername: string | null };
  TLS_LONG_HELLO_REFUSED: { address: string; got: string; bytes: number; works: number; servername: string | null };
  TLS_CLIENT_CERTIFICATE_DEMANDED: { address: string; alert: number | null; servername: string | null };
  TLS_CLIENT_LOCKED_OUT: {
    address: string;
    client: string;
    profile: string;
    result: string;
    versions: string[];
    named: boolean;
    widespread: boolean;
    servername: string | null;
  };
}

/** Clients that a listener of today is still expected to let in: TLS 1.2 with what was usual in 2012. */
const WIDESPREAD = new Set([
  'java-8-early',
  'java-8',
  'java-11',
  'android-4.4',
  'android-5',
  'openssl-1.0.1',
  'openssl-1.0.2',
  'openssl-1.1.0',
  'openssl-1.1.1',
  'browser',
]);

/** Profiles that the words of a report mean. */
export function profilesNamed(triage: Case): string[] {
  const text = [triage.report ?? '', ...triage.symptoms.clients].join(' ').toLowerCase();
  const has = (word: string): boolean =>
    new RegExp(`(?<![\\w.])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w])`).test(text);
  return CLIENT_PROFILES.filter((profile) =>
    profile.words.some((word) => has(word) || (word === 'icm_http' && text.includes(word))),
  ).map((p) => p.profile);
}

/**
 * The issuer of the leaf as it was sent, if it has ended and no valid one of its name was sent beside it. Further up nothing
 * is said: a root that ended long ago is often sent still, and clients stop at the newer one that they trust (RFC 4158).
 */
function endedIssuer(seen: HandshakeSeen, now: number): HandshakeSeen['certificates'][number] | null {
  const [leaf, ...rest] = seen.certificates;
  const issuers = rest.filter((one) => one.subject === leaf?.issuer && one.subject !== leaf.subject);
  const ended = (one: { notAfter: string }): boolean => Date.parse(one.notAfter) <= now;
  return issuers.every(ended) ? (issuers[0] ?? null) : null;
}

function readCertificate(seen: HandshakeSeen, scope: ReadScope, servername: string | null): Draft<TlsFacts>[] {
  const leaf = seen.certificates[0];
  if (!leaf) return [];
  const found: Draft<TlsFacts>[] = [];
  const base = { address: scope.address, subject: leaf.subject, servername };
  const now = Date.parse(scope.at);
  const days = Math.floor((Date.parse(leaf.notAfter) - now) / DAY_MS);
  if (Date.parse(leaf.notAfter) <= now)
    found.push({
      code: 'CERTIFICATE_EXPIRED',
      facts: {
        ...base,
        notAfter: leaf.notAfter,
        days: Math.floor((now - Date.parse(leaf.notAfter)) / DAY_MS),
        at: scope.at,
      },
    });
  const issuer = endedIssuer(seen, now);
  if (Date.parse(leaf.notAfter) > now && issuer)
    found.push({
      code: 'CERTIFICATE_EXPIRED',
      facts: {
        ...base,
        subject: issuer.subject,
        notAfter: issuer.notAfter,
        days: Math.floor((now - Date.parse(issuer.notAfter)) / DAY_MS),
        at: scope.at,
        intermediate: true,
      },
    });
  else if (Date.parse(leaf.notAfter) > now && days < SOON_DAYS)
    found.push({ code: 'CERTIFICATE_ENDS_SOON', facts: { ...base, notAfter: leaf.notAfter, days } });
  if (Date.parse(leaf.notBefore) > now)
    found.push({ code: 'CERTIFICATE_NOT_YET_VALID', facts: { ...base, notBefore: leaf.notBefore, at: scope.at } });
  if (seen.nameMatches === false && servername) {
    found.push({
      code: 'CERTIFICATE_WRONG',
      facts: { ...base, names: leaf.names.slice(0, 10), selfSigned: seen.chain === 'self-signed', host: servername },
    });
  } else if (seen.chain === 'self-signed' || seen.chain === 'untrusted') {
    found.push({
      code: 'CERTIFICATE_UNTRUSTED',
      facts: { ...base, issuer: leaf.issuer, selfSigned: seen.chain === 'self-signed' },
    });
  }
  if (seen.chain === 'incomplete' && seen.nameMatches !== false)
    found.push({ code: 'CERTIFICATE_CHAIN_INCOMPLETE', facts: { ...base, issuer: leaf.issuer } });
  return found;
}

/** A chain that is not whole is a finding of its own; who was not answered is not known to be locked out. */
const isLockedOut = (result: TlsProbe['clients'][number]['result']): boolean =>
  result !== 'ok' && result !== 'certificate-chain' && result !== 'unknown';

function readClients(probe: TlsProbe, scope: ReadScope, servername: string | null): Draft<TlsFacts>[] {
  // Offers that were not answered may have hidden a suite: then nothing is said of who gets in.
  if (probe.unanswered > 0) return [];
  const named = profilesNamed(scope.case);
  return probe.clients
    .filter(
      (client) => isLockedOut(client.result) && (named.includes(client.profile) || WIDESPREAD.has(client.profile)),
    )
    .map((client) => ({
      code: 'TLS_CLIENT_LOCKED_OUT',
      facts: {
        address: scope.address,
        client: client.title,
        profile: client.profile,
        result: client.result,
        versions: probe.versions,
        named: named.includes(client.profile),
        widespread: WIDESPREAD.has(client.profile),
        servername,
      },
    }));
}

/** It lets short hellos through and none of usual length: mostly a box in between, which reads the first bytes only. */
function readChoke(probe: TlsProbe | null, address: string, servername: string | null): Draft<TlsFacts>[] {
  const choke = probe?.choke;
  if (!choke) return [];
  const facts = { address, got: choke.got, bytes: choke.bytes, works: choke.works.bytes, servername };
  return [{ code: 'TLS_LONG_HELLO_REFUSED', facts }];
}

const OUTDATED = new Set(['SSLv3', 'TLSv1', 'TLSv1.1']);

/** Pure: what a listener lets in, and with which certificate. */
export function readTls(data: TlsData, scope: ReadScope): Draft<TlsFacts>[] {
  const { seen, servername, probe } = data;
  const address = scope.address;
  const plaintext = probe?.plaintext;
  if (plaintext) {
    const headed = data.header !== 'none' && { withHeader: true as const };
    return [{ code: 'PLAINTEXT_ON_TLS_PORT', facts: { address, ...plaintext, servername, ...headed } }];
  }
  if (seen.error !== null) {
    // Nobody there is for other checks to say; here only what was said in TLS, or instead of it.
    if (['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(seen.error)) return [];
    const how =
      seen.alert !== null
        ? `alert ${seen.alert}, ${alertName(seen.alert)}`
        : seen.error === 'CLOSED'
          ? 'closed without a word'
          : seen.error === 'RESET'
            ? 'reset'
            : seen.error.toLowerCase();
    if (probe?.asksForCertificate)
      return [{ code: 'TLS_CLIENT_CERTIFICATE_DEMANDED', facts: { address, alert: seen.alert, servername } }];
    return [
      { code: 'TLS_REFUSED', facts: { address, how, alert: seen.alert, servername } },
      ...readChoke(probe, address, servername),
    ];
  }
  // Our own handshake takes every version, to see the certificate; a current client stops at TLS 1.2 (RFC 8996).
  if (seen.version !== null && OUTDATED.has(seen.version))
    return [
      ...readCertificate(seen, scope, servername),
      {
        code: 'TLS_REFUSED',
        facts: { address, how: `it speaks nothing newer than ${seen.version}`, alert: 70, servername },
      },
      ...(probe ? readClients(probe, scope, servername) : []),
    ];
  const certificate = readCertificate(seen, scope, servername);
  const clients = [...(probe ? readClients(probe, scope, servername) : []), ...readChoke(probe, address, servername)];
  const spoilt = certificate.some((f) => f.code !== 'CERTIFICATE_ENDS_SOON');
  const leaf = seen.certificates[0];
  if (spoilt || !leaf) return [...certificate, ...clients];
  return [
    {
      code: 'TLS_ACCEPTED',
      facts: { address, version: seen.version ?? '', cipher: seen.cipher ?? '', until: leaf.notAfter, servername },
    },
    ...certificate,
    ...clients,
  ];
}
