import { byStatus, early, failingBy, host, proxyName, type Rule, suspect, text } from './suspicion.ts';

export const proxyProtocolUnexpected: Rule = (scene) => {
  const found = scene.all('PROXY_HEADER_UNEXPECTED');
  const logged = scene.all('PROXY_HEADER_LINES_LOGGED');
  const explains = early(scene);
  // A declared sender may be wrong: only failing requests, or the proof from outside, make it a fault.
  const proven = found.some((f) => f.facts.seenFrom === 'outside');
  if (found.length === 0 || (explains === 0 && !proven && logged.length === 0)) return null;
  const sender = text(found[0]?.facts.sender) || 'the hop in front';
  const fits = scene.reported('handshake', 'reset', 'errors-5xx', 'unspecified');
  return suspect(
    'proxy-protocol-unexpected',
    [...found, ...scene.all('PLAINTEXT_ON_TLS_PORT'), ...logged],
    proven ? 0.99 : explains > 0 ? 0.98 : 0.75,
    {
      explains,
      fits,
      sentence: `${proxyName(scene, found[0])} rejects connections to ${host(scene)}, since ${sender} puts a PROXY header before them that it does not parse`,
    },
  );
};

export const proxyProtocolMissing: Rule = (scene) => {
  const found = scene.all('PROXY_HEADER_MISSING');
  const explains = early(scene);
  const proven = found.some((f) => f.facts.seenFrom === 'outside');
  if (found.length === 0 || (explains === 0 && !proven)) return null;
  const sender = text(found[0]?.facts.sender) || 'the hop in front';
  return suspect('proxy-protocol-missing', found, proven ? 0.99 : 0.96, {
    explains,
    fits: scene.reported('handshake', 'reset', 'errors-5xx', 'unspecified', 'timeout'),
    sentence: `${proxyName(scene, found[0])} closes connections to ${host(scene)}, since it demands a PROXY header that ${sender} does not send`,
  });
};

export const plaintextToTlsPort: Rule = (scene) => {
  const found = scene.all('HTTP_SENT_TO_TLS_PORT');
  if (found.length === 0) return null;
  return suspect('plaintext-to-tls-port', found, 0.95, {
    explains: byStatus(scene, 400),
    fits: true,
    sentence: `${proxyName(scene)} gets clear HTTP on its TLS port for ${host(scene)} and refuses it`,
  });
};

/**
 * Nobody declared what the balancer sends. Its targets are healthy and answer us, a PROXY header would break each of
 * them, and every connection through it ends before a word: a header that nobody asked for looks just like that.
 */
export const proxyHeaderSuspected: Rule = (scene) => {
  const found = scene.all('PROXY_HEADER_WOULD_BREAK');
  const balancer = scene.path.hops.find((h) => h.hop === 'load-balancer');
  const healthy = balancer?.targets?.some((t) => t.health === 'healthy') ?? false;
  const ended = failingBy(scene, (f) => f.error === 'CLOSED' || f.error === 'RESET' || f.error === 'PLAINTEXT');
  if (found.length === 0 || !healthy || ended < 0.9 || !scene.replicas.every((m) => m.ok === m.total)) return null;
  return suspect(
    'proxy-protocol-unexpected',
    [...found, ...scene.findings.filter((f) => f.code === 'REQUEST_FAILED' && f.vantage === 'public')],
    0.78,
    {
      explains: ended,
      fits: true,
      sentence: `connections to ${host(scene)} through ${balancer?.name} end before a word, while the proxies answer us: a PROXY header that ${proxyName(scene, found[0])} does not parse would do just that`,
    },
  );
};

export const noHealthyTarget: Rule = (scene) => {
  const balancer = scene.path.hops.find((h) => h.hop === 'load-balancer');
  if (
    !balancer ||
    scene.replicas.length === 0 ||
    scene.has('PROXY_HEADER_MISSING') ||
    scene.has('PROXY_HEADER_UNEXPECTED')
  )
    return null;
  const explains = early(scene);
  if (explains < 0.5 || !scene.replicas.every((m) => m.ok === m.total)) return null;
  const dead = balancer.targets?.length
    ? balancer.targets.every((t) => t.health !== null && t.health !== 'healthy')
    : false;
  const because = scene.findings.filter((f) => f.code === 'REQUEST_FAILED' && f.vantage === 'public');
  const proof = scene.findings.filter((f) => f.code === 'REQUEST_ANSWERED' && f.vantage === 'proxy-replica');
  return {
    cause: dead ? 'lb-no-healthy-target' : null,
    hop: 'load-balancer',
    because: [...because, ...proof],
    strength: dead ? 0.9 : 0.8,
    explains,
    fits: true,
    sentence: `requests to ${host(scene)} fail at ${balancer.name}, while every proxy behind it answers the same request`,
  };
};
