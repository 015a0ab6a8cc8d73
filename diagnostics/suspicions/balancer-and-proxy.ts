import { isIP } from 'node:net';
import { splitAddress } from '../io/address.ts';
import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { duration } from '../wording.ts';
import {
  byStatus,
  early,
  failingBy,
  frontName,
  host,
  proxyName,
  type Rule,
  suspect,
  text,
  unparsed,
} from './suspicion.ts';

/** What is only declared of a sender, where its own cloud says otherwise: that accuses nobody. */
const refuted = (scene: Scene, found: Finding): boolean =>
  found.facts.seenFrom !== 'outside' &&
  scene
    .all('BALANCER_SENDS_OTHERWISE')
    .some((f) => f.about.hop === found.facts.sender && f.facts.declared === found.facts.declared);

/** A fault writes a line for every connection; so many in the time in question are not left by looks like ours. */
const MANY_LINES = 50;

/** Our requests get through: then only a report of connections that end tells of users who met it at another time or place. */
const mayHaveMet = (scene: Scene): boolean =>
  scene.failing !== 0 || scene.reported('handshake', 'reset', 'unspecified');

export const proxyProtocolUnexpected: Rule = (scene) => {
  const found = scene.all('PROXY_HEADER_UNEXPECTED').filter((f) => !refuted(scene, f));
  const logged = scene.all('PROXY_HEADER_LINES_LOGGED');
  const explains = unparsed(scene);
  // A declared sender may be wrong: only failing requests, or the proof from outside, make it a fault.
  const proven = found.some((f) => f.facts.seenFrom === 'outside');
  if (found.length === 0 || (explains === 0 && !proven && logged.length === 0)) return null;
  if (explains === 0 && !mayHaveMet(scene)) return null;
  const sender = frontName(scene, text(found[0]?.facts.sender));
  const fits = scene.reported('handshake', 'reset', 'errors-5xx', 'unspecified');
  // It is over, and such a header ends connections before any status.
  const wasSo =
    logged.some((f) => Number(f.facts.count) >= MANY_LINES) && scene.reported('handshake', 'reset', 'unspecified');
  return suspect(
    'proxy-protocol-unexpected',
    [...found, ...scene.all('PLAINTEXT_ON_TLS_PORT'), ...logged],
    proven ? 0.99 : explains > 0 ? 0.98 : wasSo ? 0.85 : 0.75,
    {
      explains,
      fits,
      sentence:
        explains > 0 || proven
          ? `${proxyName(scene, found[0])} rejects connections to ${host(scene)}, since ${sender} puts a PROXY header (the caller's address) before them that it does not parse`
          : `${proxyName(scene, found[0])} rejected connections to ${host(scene)} that ${sender} had put a PROXY header (the caller's address) before, which it does not parse`,
    },
  );
};

export const proxyProtocolMissing: Rule = (scene) => {
  const found = scene.all('PROXY_HEADER_MISSING').filter((f) => !refuted(scene, f));
  const explains = early(scene);
  const proven = found.some((f) => f.facts.seenFrom === 'outside');
  if (found.length === 0 || (explains === 0 && !(proven && mayHaveMet(scene)))) return null;
  const sender = frontName(scene, text(found[0]?.facts.sender));
  return suspect('proxy-protocol-missing', found, proven ? 0.99 : 0.96, {
    explains,
    fits: scene.reported('handshake', 'reset', 'errors-5xx', 'unspecified', 'timeout'),
    sentence: `${proxyName(scene, found[0])} closes connections to ${host(scene)}, since it demands a PROXY header (the caller's address, put first) that ${sender} does not send`,
  });
};

export const plaintextToTlsPort: Rule = (scene) => {
  const found = scene.all('HTTP_SENT_TO_TLS_PORT');
  const innermost = found.at(-1);
  if (!innermost) return null;
  // The answer comes through the hop that was asked: it is the one behind it that gets clear HTTP.
  const names = scene.path.hops.map((h) => h.name);
  const sender = innermost.about.hop;
  const receiver = scene.path.hops[names.indexOf(sender) + 1];
  const to = receiver && receiver.hop === 'proxy' ? receiver.name : 'what is behind it';
  return suspect('plaintext-to-tls-port', found, 0.95, {
    explains: byStatus(scene, 400),
    fits: true,
    sentence: `${sender} passes on requests for ${host(scene)} in clear HTTP to the TLS port of ${to}, which refuses them`,
    next: `Let ${sender} speak TLS to ${to} (nginx: proxy_pass https://…), or send to a port there that takes clear HTTP.`,
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
    [...found, ...scene.all('REQUEST_FAILED').filter((f) => f.vantage === 'public')],
    0.78,
    {
      explains: ended,
      fits: true,
      sentence: `connections to ${host(scene)} through ${balancer?.name} end before a word, while the proxies answer us: a PROXY header (the caller's address) that ${proxyName(scene, found[0])} does not parse would do just that`,
      next: `See whether ${balancer?.name} sends the PROXY protocol: if so, switch it off there, or on at ${proxyName(scene, found[0])}. Both sides must agree.`,
    },
  );
};

/** Every replica that is known answers, and the balancer in front of them does not, or not always. */
export const onlyBalancerFails = (scene: Scene): number => {
  if (scene.replicas.length === 0 || !scene.replicas.every((m) => m.ok === m.total)) return 0;
  const headers = [...scene.all('PROXY_HEADER_MISSING'), ...scene.all('PROXY_HEADER_UNEXPECTED')];
  if (headers.some((f) => !refuted(scene, f))) return 0;
  return early(scene);
};

/** Every target that the balancer is known to have refuses connections; one that we could not ask may well take them. */
function allRefuse(scene: Scene, dead: Finding[]): boolean {
  const targets = scene.path.hops.find((h) => h.hop === 'load-balancer')?.targets ?? [];
  return targets.length > 0 && targets.every((t) => dead.some((f) => f.facts.address === t.address));
}

export const staleTarget: Rule = (scene) => {
  const dead = scene.all('TARGET_REFUSES');
  const strangers = dead.filter((f) => f.facts.known === false);
  if (strangers.length === 0 || allRefuse(scene, dead)) return null;
  const fits = scene.reported('reset', 'errors-5xx', 'timeout', 'unspecified', 'handshake');
  const explains = onlyBalancerFails(scene);
  // Everything fails: one dead target among others is not why.
  if (explains > 0.95 || (explains === 0 && !(fits && scene.case.symptoms.course !== 'steady'))) return null;
  return suspect('lb-target-stale', strangers, 0.95, {
    explains,
    fits,
    sentence: `${strangers[0]?.about.hop} still sends part of the connections for ${host(scene)} to ${strangers.map((f) => text(f.facts.address)).join(', ')}, where nobody listens any more`,
  });
};

/** Why it takes its servers for dead, in its own words. */
const why = (told: Finding | undefined): string =>
  text(told?.facts.why) ? `: its health check takes all for dead (${text(told?.facts.why)})` : '';

export const noHealthyTarget: Rule = (scene) => {
  const balancer = scene.path.hops.find((h) => h.hop === 'load-balancer');
  const dead = scene.all('TARGET_REFUSES');
  const told = scene.all('BALANCER_HAS_NO_SERVER').filter((f) => f.about.hop === balancer?.name);
  const unhealthy = [...scene.all('TARGETS_ALL_UNHEALTHY'), ...told];
  if (!balancer || (!allRefuse(scene, dead) && unhealthy.length === 0)) return null;
  // Proxies that are down themselves are the cause, not the balancer that finds them so.
  const explains = onlyBalancerFails(scene) || (scene.replicas.length === 0 ? early(scene) : 0);
  if (explains === 0) return null;
  return suspect(
    'lb-no-healthy-target',
    [...dead, ...unhealthy, ...scene.all('REQUEST_FAILED').filter((f) => f.vantage === 'public')],
    // Where no replica was asked they may be down, or what they ask for its health.
    scene.replicas.length > 0 || allRefuse(scene, dead) ? 0.93 : 0.75,
    {
      explains,
      fits: true,
      sentence: `${frontName(scene, balancer.name)} has no target that it sends ${host(scene)} to${why(told[0])}${scene.replicas.length ? ', while every proxy behind it answers when asked directly' : ''}`,
    },
  );
};

/** Slow through the balancer, quick at every proxy behind it. */
export const balancerSlow: Rule = (scene) => {
  const slow = scene.all('REQUEST_SLOW').filter((f) => f.vantage === 'public' && f.hop === 'load-balancer');
  const behind = Math.max(0, ...scene.replicas.map((m) => m.ms));
  const first = slow[0];
  if (
    !first ||
    scene.replicas.length === 0 ||
    Number(first.facts.ms) < 3 * behind ||
    Number(first.facts.ms) - behind < 1_000
  )
    return null;
  return suspect(
    'lb-slow',
    [...slow, ...scene.all('REQUEST_ANSWERED').filter((f) => f.vantage === 'proxy-replica')],
    0.92,
    {
      explains: 1,
      fits: scene.reported('slow', 'timeout', 'unspecified'),
      sentence: `${first.about.hop} itself adds the time to ${host(scene)}: ${(Number(first.facts.ms) / 1000).toFixed(1)} s through it, ${Math.round(behind)} ms straight to the proxies behind it`,
      next: `Look at ${first.about.hop} itself: its load, its queue, and what it does to each request.`,
    },
  );
};

/** The balancer fails where what is behind it does not, and no finding says why. */
export const balancerFails: Rule = (scene) => {
  const balancer = scene.path.hops.find((h) => h.hop === 'load-balancer');
  const explains = onlyBalancerFails(scene);
  if (!balancer || explains === 0 || !scene.front.some((m) => m.hop === balancer.name)) return null;
  // What fails only at addresses of the name that are not the balancer's may never have met it.
  const own = splitAddress(balancer.address ?? '')?.host ?? '';
  const failing = scene.front.filter((m) => m.ok < m.total).map((m) => splitAddress(m.address)?.host);
  if (isIP(own) !== 0 && failing.length > 0 && !failing.includes(own)) return null;
  const because = scene.findings.filter(
    (f) =>
      (f.code === 'REQUEST_FAILED' && f.vantage === 'public') ||
      (f.code === 'REQUEST_ANSWERED' && f.vantage === 'proxy-replica'),
  );
  // People are said to wait, and we gave up waiting there: it holds what it takes, longer than our own looks last.
  const waits = scene.front.flatMap((m) => m.failures).every((f) => f.error === 'TIMEOUT');
  if (waits && scene.reported('slow'))
    return suspect('lb-slow', because, 0.85, {
      explains,
      fits: true,
      sentence: `${frontName(scene, balancer.name)} takes requests to ${host(scene)} and gives no answer in time, while every proxy behind it answers within ${duration(Math.max(1, ...scene.replicas.map((m) => m.ms)))}`,
      next: `Look at ${balancer.name} itself: its load, its queue, and what it does to each request.`,
    });
  return {
    cause: null,
    hop: 'load-balancer',
    because,
    strength: explains >= 0.5 ? 0.8 : 0.76,
    explains,
    fits: true,
    sentence: `${explains < 0.95 ? 'some ' : ''}requests to ${host(scene)} fail at ${frontName(scene, balancer.name)}, while every proxy behind it answers the same request`,
  };
};
