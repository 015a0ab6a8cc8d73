import { X509Certificate } from 'node:crypto';
import { createSecureContext, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { describe, judgeChain, MAX_CHAIN } from '../wire/chain.ts';
import type { Guard } from './guard.ts';
import type { HandshakeSeen, HandshakeSpec } from './io.ts';
import { secure } from './secure.ts';
import type { Trust } from './trust.ts';
import { openWithHeader } from './with-header.ts';

/**
 * Trusts nobody, so that the chain holds what was sent and nothing from a store of ours, and is not choosy, so that
 * old servers show their certificates too.
 */
const bare = createSecureContext({ ca: [], minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' });

/** The certificates as sent, leaf first. Node links them by issuer; a root that was not sent is not among them. */
function sentBy(tls: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = tls.getPeerCertificate(true);
  const seen = new Set<string>();
  while (certificate?.raw && chain.length < MAX_CHAIN && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push(new X509Certificate(certificate.raw));
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** One whole TLS handshake, to see certificates and what a current client agrees on. What the peer does is data. */
export async function handshake(
  spec: HandshakeSpec,
  guard: Guard,
  trust: Trust,
  signal: AbortSignal,
): Promise<HandshakeSeen> {
  const seen: HandshakeSeen = {
    error: null,
    alert: null,
    version: null,
    cipher: null,
    alpn: null,
    certificates: [],
    chain: null,
    nameMatches: null,
  };
  const connected = await openWithHeader(spec, guard, spec.patienceMs, signal);
  if (!('socket' in connected)) return { ...seen, error: connected.code };
  const { socket } = connected;
  try {
    const outcome = await secure(
      socket,
      {
        servername: spec.servername,
        trust: { context: bare },
        alpn: spec.alpn ?? ['h2', 'http/1.1'],
        patienceMs: spec.patienceMs,
      },
      signal,
    );
    if ('error' in outcome) return { ...seen, error: outcome.error, alert: outcome.alert };
    const tls = outcome.value;
    const chain = sentBy(tls);
    const leaf = chain[0];
    return {
      ...seen,
      version: tls.getProtocol(),
      cipher: tls.getCipher().standardName ?? null,
      alpn: tls.alpnProtocol || null,
      certificates: chain.map(describe),
      chain: judgeChain(chain, trust.roots),
      nameMatches:
        leaf && spec.servername ? leaf.checkHost(spec.servername, { subject: 'default' }) !== undefined : null,
    };
  } finally {
    socket.destroy();
  }
}
