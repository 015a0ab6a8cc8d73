import { CAUSES, type CauseId } from './causes.ts';
import type { Scene } from './scene.ts';
import type { Finding, Hop } from './types.ts';

/** A cause that the findings speak for: with what, how surely, and how much of the trouble it would explain. */
export interface Suspicion {
  cause: CauseId | null;
  hop: Hop;
  because: Finding[];
  /** How sure the mechanism itself is, 0 to 1, were nothing else known. */
  strength: number;
  /** Share of users' requests that it explains now, 0 to 1; a fault that healthy requests do not show explains 0. */
  explains: number;
  /** It fits what was reported, though it may not show now. */
  fits: boolean;
  /** One sentence without its full stop, for the first line. */
  sentence: string;
}

type Rule = (scene: Scene) => Suspicion | null;

const home = (cause: CauseId): Hop => CAUSES[cause].hop as Hop;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const host = (scene: Scene): string => scene.case.target.host;

function suspect(
  cause: CauseId,
  because: Finding[],
  strength: number,
  how: { explains?: number; fits?: boolean; sentence: string; hop?: Hop },
): Suspicion {
  return {
    cause,
    hop: how.hop ?? home(cause),
    because,
    strength,
    explains: Math.min(1, how.explains ?? 0),
    fits: how.fits ?? false,
    sentence: how.sentence,
  };
}

/** Share of users' requests that fail in one of these ways now. */
function failingBy(scene: Scene, test: (failure: Scene['front'][number]['failures'][number]) => boolean): number {
  const seen = scene.front.length ? scene.front : scene.replicas;
  const total = seen.reduce((sum, m) => sum + m.total, 0);
  const hit = seen
    .flatMap((m) => m.failures)
    .filter(test)
    .reduce((sum, f) => sum + f.count, 0);
  return total ? hit / total : 0;
}

/** Endings of a connection before any HTTP: what a wrong PROXY header, a dead listener or a refused hello looks like. */
const EARLY = new Set(['PLAINTEXT', 'CLOSED', 'RESET', 'TIMEOUT', 'NOT_HTTP', 'ECONNRESET', 'ECONNREFUSED']);
const early = (scene: Scene): number =>
  failingBy(scene, (f) => EARLY.has(f.error ?? '') || f.status === 400 || (f.error?.startsWith('ERR_SSL') ?? false));
const byStatus = (scene: Scene, ...statuses: number[]): number =>
  failingBy(scene, (f) => f.status !== null && statuses.includes(f.status));
const byCertificate = (scene: Scene): number =>
  failingBy(scene, (f) => /CERT|ISSUER|SIGNATURE|ALTNAME|SELF_SIGNED/.test(f.error ?? ''));
const serverErrors = (scene: Scene): number =>
  failingBy(
    scene,
    (f) => (f.status ?? 0) >= 500 || f.error === 'TIMEOUT' || f.error === 'CLOSED' || f.error === 'RESET',
  );

/** The proxy's name as people know it: "edge (nginx)". */
function proxyName(scene: Scene, finding?: Finding): string {
  const hop =
    scene.path.hops.find((h) => h.hop === 'proxy' && (!finding || h.name === finding.about.hop)) ??
    scene.path.hops.find((h) => h.hop === 'proxy');
  if (!hop) return finding?.about.hop ?? 'the proxy';
  return hop.kind === 'other' ? hop.name : `${hop.name} (${hop.kind})`;
}
const serviceName = (scene: Scene): string =>
  scene.path.hops.find((h) => h.hop === 'service' || h.hop === 'app')?.name ?? host(scene);

/** Do all endpoints that were reached answer well when asked directly? false also when none was reached. */
const endpointsFine = (scene: Scene): boolean => {
  const reached = scene.endpoints.filter((e) => e.reached);
  return reached.length > 0 && reached.every((e) => e.failing === 0);
};
const anyEndpointFine = (scene: Scene): boolean => scene.endpoints.some((e) => e.reached && e.failing < 1);

// ------------------------------------------------------------------------------------------------- between balancer and proxy

const proxyProtocolUnexpected: Rule = (scene) => {
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

const proxyProtocolMissing: Rule = (scene) => {
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

const plaintextToTlsPort: Rule = (scene) => {
  const found = scene.all('HTTP_SENT_TO_TLS_PORT');
  if (found.length === 0) return null;
  return suspect('plaintext-to-tls-port', found, 0.95, {
    explains: byStatus(scene, 400),
    fits: true,
    sentence: `${proxyName(scene)} gets clear HTTP on its TLS port for ${host(scene)} and refuses it`,
  });
};

const noHealthyTarget: Rule = (scene) => {
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

// --------------------------------------------------------------------------------------------------------------------- TLS

/** A certificate fault counts where users meet it: at the front, or at a replica when the front is mixed or blind. */
const certificateRule =
  (codes: string[], cause: CauseId, sentence: (scene: Scene, finding: Finding) => string): Rule =>
  (scene) => {
    const found = codes.flatMap((code) => scene.all(code));
    const first = found[0];
    if (!first) return null;
    const explains = byCertificate(scene);
    const fits = scene.reported('certificate', 'handshake');
    if (explains === 0 && !fits) return null;
    return suspect(cause, found, explains > 0 ? 0.98 : 0.85, {
      explains,
      fits,
      sentence: sentence(scene, first),
    });
  };

const certificateExpired = certificateRule(
  ['CERTIFICATE_EXPIRED', 'CERTIFICATE_NOT_YET_VALID'],
  'tls-certificate-expired',
  (scene, f) =>
    f.code === 'CERTIFICATE_EXPIRED'
      ? `${proxyName(scene, f)} serves a certificate for ${host(scene)} that ended ${text(f.facts.notAfter).slice(0, 10)}`
      : `${proxyName(scene, f)} serves a certificate for ${host(scene)} that is not valid yet`,
);
const certificateWrong = certificateRule(
  ['CERTIFICATE_WRONG', 'CERTIFICATE_UNTRUSTED'],
  'tls-certificate-wrong',
  (scene, f) =>
    f.code === 'CERTIFICATE_WRONG'
      ? `${proxyName(scene, f)} serves a certificate for ${(f.facts.names as string[])[0] ?? 'another name'} to callers of ${host(scene)}`
      : `${proxyName(scene, f)} serves ${f.facts.selfSigned ? 'a self-signed certificate' : 'a certificate that nobody trusts'} for ${host(scene)}`,
);
const chainIncomplete = certificateRule(
  ['CERTIFICATE_CHAIN_INCOMPLETE'],
  'tls-chain-incomplete',
  (scene, f) => `${proxyName(scene, f)} sends the certificate of ${host(scene)} without its intermediate`,
);

const policyTooStrict: Rule = (scene) => {
  const lockedOut = scene.all('TLS_CLIENT_LOCKED_OUT');
  const refused = scene.all('TLS_REFUSED').filter((f) => f.facts.alert === 40 || f.facts.alert === 70);
  const named = lockedOut.filter((f) => f.facts.named === true);
  const about =
    scene.reported('handshake') ||
    (named.length > 0 && scene.reported('reset', 'certificate', 'unspecified', 'errors-5xx'));
  if (refused.length === 0 && !(about && lockedOut.length)) return null;
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
        ? `${proxyName(scene, first)} lets current clients in, but not ${clients.slice(0, 2).join(' or ')}`
        : `${proxyName(scene)} refuses the handshake of current clients`,
    },
  );
};

const clientCertificate: Rule = (scene) => {
  const found = scene.all('CLIENT_CERTIFICATE_DEMANDED');
  if (found.length === 0) return null;
  return suspect('tls-client-certificate-required', found, 0.95, {
    explains: failingBy(scene, (f) => f.status === 400 || f.error !== null),
    fits: true,
    sentence: `${proxyName(scene)} demands a client certificate for ${host(scene)}`,
  });
};

// ------------------------------------------------------------------------------------------------- the proxy's configuration

/** The endpoints themselves do not answer with the status that the proxy gives. */
const notTheAppsOwn = (scene: Scene, status: number): boolean => !scene.endpoints.some((e) => e.status === status);

const routeMissing: Rule = (scene) => {
  const api = [...scene.all('ROUTE_MISSING'), ...scene.all('ROUTE_OUT_OF_SERVICE')];
  const pages = scene.all('ROUTE_NOT_FOUND').filter(() => notTheAppsOwn(scene, 404));
  const explains = byStatus(scene, 404);
  if (api.length === 0 && pages.length === 0) return null;
  if (api.length && explains === 0 && scene.failing === 0) return null;
  return suspect('route-missing', [...api, ...pages], api.length && pages.length ? 0.98 : api.length ? 0.95 : 0.9, {
    explains,
    fits: scene.reported('not-found', 'unspecified', 'wrong-content'),
    sentence: `${proxyName(scene, api[0] ?? pages[0])} has no ${api[0]?.code === 'ROUTE_OUT_OF_SERVICE' ? 'working route' : 'route'} for ${host(scene)} and answers 404 itself`,
  });
};

const redirectLoop: Rule = (scene) => {
  const found = scene
    .all('REDIRECTED_TO_ITSELF')
    .filter((f) => f.vantage === 'public' || f.vantage === 'proxy-replica');
  if (found.length === 0) return null;
  return suspect('redirect-loop', found, 0.93, {
    explains: failingBy(scene, (f) => (f.status ?? 0) >= 300 && (f.status ?? 0) < 400),
    fits: scene.reported('redirect-loop', 'unspecified'),
    sentence: `${host(scene)} redirects to itself for ever`,
  });
};

const rateLimited: Rule = (scene) => {
  const found = scene.all('PROXY_LIMITS_REQUESTS');
  if (found.length === 0 || !notTheAppsOwn(scene, 429)) return null;
  return suspect('rate-limited', found, 0.85, {
    explains: byStatus(scene, 429),
    fits: true,
    sentence: `${proxyName(scene)} refuses requests to ${host(scene)} for a rate limit of its own`,
  });
};

const reloadFailed: Rule = (scene) => {
  const found = scene.all('RELOAD_REFUSED');
  const first = found[0];
  if (!first) return null;
  // A refused file explains what an older configuration would do: old endpoints, missing routes, old certificates.
  const stale =
    scene.has('UPSTREAM_NOT_AN_ENDPOINT') ||
    scene.has('ROUTE_NOT_FOUND') ||
    scene.has('PROXY_GATEWAY_ERROR') ||
    scene.has('CERTIFICATE_EXPIRED') ||
    scene.has('ERRORS_MADE_BY_PROXY');
  const appFails = scene.endpoints.some((e) => e.reached && e.failing > 0);
  if (!stale || (appFails && !scene.has('UPSTREAM_NOT_AN_ENDPOINT'))) return null;
  const explains = Math.max(byStatus(scene, 404, 502, 503, 504), byCertificate(scene));
  const where = text(first.facts.where);
  return suspect(
    'reload-failed',
    [
      ...found,
      ...scene.all('UPSTREAM_NOT_AN_ENDPOINT'),
      ...scene.all('PROXY_GATEWAY_ERROR'),
      ...scene.all('ROUTE_NOT_FOUND'),
    ],
    0.97,
    {
      explains,
      fits: scene.reported('errors-5xx', 'not-found', 'unspecified', 'timeout', 'wrong-content'),
      sentence: `${proxyName(scene, first)} refused its last configuration${where ? ` (${where.split('/').at(-1)})` : ''} and still serves an older one to ${host(scene)}`,
    },
  );
};

const staleEndpoints: Rule = (scene) => {
  const found = scene.all('UPSTREAM_NOT_AN_ENDPOINT');
  if (found.length === 0) return null;
  return suspect('stale-endpoints', found, 0.9, {
    explains: byStatus(scene, 502, 503, 504),
    fits: scene.reported('errors-5xx', 'timeout', 'unspecified'),
    sentence: `${proxyName(scene, found[0])} sends requests for ${host(scene)} to ${text(found[0]?.facts.address)}, which is no endpoint of ${serviceName(scene)}`,
  });
};

const reloadStorm: Rule = (scene) => {
  const found = scene.all('RELOAD_STORM');
  if (found.length === 0) return null;
  const fits =
    scene.reported('disconnects', 'reset', 'slow') ||
    (scene.case.symptoms.course === 'intermittent' && scene.reported('unspecified', 'timeout', 'errors-5xx'));
  if (!fits) return null;
  return suspect(
    'reload-storm',
    [...found, ...scene.all('OLD_WORKERS_LINGER')],
    scene.has('OLD_WORKERS_LINGER') || scene.reported('disconnects', 'reset') ? 0.93 : 0.8,
    {
      explains: failingBy(scene, (f) => f.error === 'RESET' || f.error === 'CLOSED'),
      fits,
      sentence: `${proxyName(scene, found[0])} reloads over and over (${found[0]?.facts.count} times in ${found[0]?.facts.minutes} min) and breaks connections each time`,
    },
  );
};

const endpointImbalance: Rule = (scene) => {
  const found = scene.all('ENDPOINT_SHARE_SKEWED');
  const first = found[0];
  if (!first) return null;
  const slow = scene.endpoints.filter((e) => e.slowMs !== null);
  const busiest = text(first.facts.busiest);
  // Endpoints that are slow without being the busy one are the application's own trouble.
  if (slow.some((e) => e.address !== busiest)) return null;
  const fits =
    scene.reported('slow', 'uneven', 'timeout') ||
    (scene.reported('unspecified', 'errors-5xx') && scene.slowMs !== null);
  if (!fits) return null;
  const seconds = typeof first.facts.seconds === 'number' ? first.facts.seconds : 0;
  const others = typeof first.facts.others === 'number' ? first.facts.others : null;
  const felt =
    slow.length > 0 || scene.slowMs !== null || (others !== null && seconds > 2 * others) || scene.reported('uneven');
  return suspect('endpoint-imbalance', found, felt ? 0.95 : 0.8, {
    explains: scene.slowMs !== null ? 1 : serverErrors(scene),
    fits,
    sentence: `${proxyName(scene, first)} sends ${Math.round(Number(first.facts.share) * 100)} % of the requests for ${host(scene)} to one of ${scene.endpoints.length || 'several'} endpoints`,
  });
};

const timeoutTooShort: Rule = (scene) => {
  const cut = scene.all('PROXY_GATEWAY_ERROR').filter((f) => f.facts.status === 504);
  const finishing = scene.all('ENDPOINT_SLOW');
  const first = cut[0];
  if (!first || finishing.length === 0) return null;
  const limit = Number(first.facts.ms);
  const slowest = Math.max(...finishing.map((f) => Number(f.facts.ms)));
  if (slowest <= limit) return null;
  return suspect('proxy-timeout-too-short', [...cut, ...finishing], 0.9, {
    explains: byStatus(scene, 504),
    fits: true,
    sentence: `${proxyName(scene, first)} gives up on ${host(scene)} after ${(limit / 1000).toFixed(1)} s, while the application would have answered after ${(slowest / 1000).toFixed(1)} s`,
  });
};

// -------------------------------------------------------------------------------------------------------------- the replicas

const replicaBad: Rule = (scene) => {
  const bad = scene.replicas.filter((m) => m.ok < m.total);
  const good = scene.replicas.filter((m) => m.ok === m.total && m.total > 0);
  if (bad.length === 0 || good.length === 0 || !endpointsFine(scene)) return null;
  const because = scene.findings.filter((f) => f.vantage === 'proxy-replica' && f.code === 'REQUEST_FAILED');
  const names = bad.map((m) => m.part ?? m.address);
  return suspect('proxy-replica-bad', because, 0.9, {
    explains: scene.failing ?? 0,
    fits: true,
    sentence: `${names.join(', ')} ${names.length === 1 ? 'fails' : 'fail'} for ${host(scene)} (${bad[0]?.failures[0]?.how}), while ${good.map((m) => m.part ?? m.address).join(', ')} ${good.length === 1 ? 'answers' : 'answer'}`,
  });
};

const proxyDown: Rule = (scene) => {
  const refusing = scene.replicas.filter((m) => m.failures.some((f) => f.error === 'ECONNREFUSED'));
  if (refusing.length === 0 || refusing.length < scene.replicas.length) return null;
  return suspect(
    'proxy-restarting',
    scene.findings.filter((f) => f.vantage === 'proxy-replica' && f.code === 'REQUEST_FAILED'),
    0.85,
    {
      explains: scene.failing ?? 1,
      fits: true,
      sentence: `no replica of ${proxyName(scene)} takes connections`,
    },
  );
};

// ------------------------------------------------------------------------------------------------------- service and application

const noEndpoints: Rule = (scene) => {
  const found = scene.all('NO_ENDPOINTS');
  if (found.length === 0) return null;
  const explains = byStatus(scene, 500, 502, 503, 504, 404);
  if (explains === 0 && scene.failing === 0) return null;
  return suspect(
    'service-no-endpoints',
    [...found, ...scene.all('PROXY_HAS_NO_BACKEND'), ...scene.all('PROXY_GATEWAY_ERROR')],
    0.97,
    {
      explains,
      fits: true,
      sentence: `nothing is ready behind ${text(found[0]?.facts.service)}: it has no endpoints`,
    },
  );
};

const portMismatch: Rule = (scene) => {
  const found = scene.all('ENDPOINT_PORT_UNDECLARED');
  if (found.length === 0) return null;
  return suspect('service-port-mismatch', found, 0.95, {
    explains: serverErrors(scene),
    fits: true,
    sentence: `${serviceName(scene)} points at port ${found[0]?.facts.port}, on which nobody listens`,
  });
};

const count = (scene: Scene, test: (e: Scene['endpoints'][number]) => boolean): string => {
  const hit = scene.endpoints.filter(test).length;
  const total = scene.endpoints.length;
  return hit === total ? (total === 1 ? 'its endpoint' : `all ${total} endpoints`) : `${hit} of ${total} endpoints`;
};

const appErrors: Rule = (scene) => {
  const found = scene.all('ENDPOINT_ERRORS');
  const logged = scene.all('ERRORS_MADE_UPSTREAM');
  if (found.length === 0) {
    // Only the log shows it: it was so in the time in question, and need not be so now.
    if (logged.length === 0 || !scene.reported('errors-5xx', 'unspecified', 'slow', 'timeout')) return null;
    return suspect('app-errors', logged, scene.failing ? 0.7 : 0.8, {
      explains: byStatus(scene, 500, 501, 502, 503, 504),
      fits: true,
      sentence: `${serviceName(scene)} answered with errors itself in the time in question`,
    });
  }
  const status = found[0]?.facts.status;
  return suspect('app-errors', [...found, ...logged], 0.98, {
    explains: serverErrors(scene),
    fits: scene.reported('errors-5xx', 'unspecified', 'slow', 'timeout'),
    sentence: `${serviceName(scene)} answers ${status} itself (${count(scene, (e) => e.failing > 0)}, asked directly)`,
  });
};

/** The endpoints cannot be asked, but the error page that users get is none that a proxy makes: it was passed on. */
const appErrorsThrough: Rule = (scene) => {
  if (scene.endpoints.some((e) => e.reached) || scene.replicas.length + scene.front.length === 0) return null;
  const passedOn = scene.findings.filter(
    (f) =>
      f.code === 'REQUEST_FAILED' &&
      typeof f.facts.status === 'number' &&
      f.facts.status >= 500 &&
      f.facts.maker === null,
  );
  const own = scene.has('PROXY_GATEWAY_ERROR') || scene.has('PROXY_HAS_NO_BACKEND');
  if (passedOn.length === 0 || own || !scene.path.routed) return null;
  const status = passedOn[0]?.facts.status;
  return suspect('app-errors', passedOn, 0.76, {
    explains: serverErrors(scene),
    fits: true,
    sentence: `${host(scene)} answers ${status} with a page that is none of the proxy's own, so ${serviceName(scene)} most likely made it`,
  });
};

const appDown: Rule = (scene) => {
  const refusing = scene.all('ENDPOINT_REFUSES');
  const found = [...refusing, ...scene.all('ENDPOINT_CLOSES')];
  if (found.length === 0 || scene.has('ENDPOINT_PORT_UNDECLARED')) return null;
  const down = count(scene, (e) => e.failing > 0);
  return suspect('app-down', [...found, ...scene.all('PROXY_GATEWAY_ERROR')], 0.97, {
    explains: serverErrors(scene),
    fits: scene.reported('errors-5xx', 'unspecified', 'timeout', 'reset', 'slow'),
    sentence: `${serviceName(scene)} is down: ${down} ${refusing.length ? `${down.startsWith('its') ? 'refuses' : 'refuse'} connections` : `${down.startsWith('its') ? 'closes' : 'close'} connections without an answer`}`,
  });
};

/** Only the endpoint that gets far more than its share is slow: then it is busy, not the application slow. */
const onlyBusiestIsSlow = (scene: Scene): boolean => {
  const busiest = scene.all('ENDPOINT_SHARE_SKEWED').map((f) => f.facts.busiest);
  const slow = scene.endpoints.filter((e) => e.slowMs !== null);
  return busiest.length > 0 && slow.length > 0 && slow.every((e) => busiest.includes(e.address));
};

const appSlow: Rule = (scene) => {
  const found = [...scene.all('ENDPOINT_SILENT'), ...scene.all('ENDPOINT_SLOW')];
  const logged = scene.all('SLOW_UPSTREAM');
  if (found.length === 0) {
    if (logged.length === 0 || !scene.reported('slow', 'timeout')) return null;
    return suspect('app-slow', logged, 0.8, {
      fits: true,
      explains: scene.slowMs ? 1 : 0,
      sentence: `${serviceName(scene)} was slow itself in the time in question; the time was spent behind the proxy`,
    });
  }
  const slowest = Math.max(...found.map((f) => Number(f.facts.ms)));
  const silent = scene.has('ENDPOINT_SILENT');
  return suspect('app-slow', [...found, ...logged], onlyBusiestIsSlow(scene) ? 0.6 : 0.95, {
    explains: Math.max(
      scene.slowMs !== null ? 1 : 0,
      failingBy(scene, (f) => f.status === 504 || f.error === 'TIMEOUT'),
    ),
    fits: scene.reported('slow', 'timeout', 'errors-5xx', 'unspecified'),
    sentence: `${serviceName(scene)} itself is slow: asked directly, ${count(scene, (e) => e.slowMs !== null)} ${silent ? 'did not answer within' : 'took up to'} ${(slowest / 1000).toFixed(1)} s`,
  });
};

const networkPolicy: Rule = (scene) => {
  const cut = scene.all('PROXY_GATEWAY_ERROR').filter((f) => f.facts.status === 504 && Number(f.facts.ms) >= 900);
  if (
    cut.length === 0 ||
    !endpointsFine(scene) ||
    scene.has('ENDPOINT_SLOW') ||
    scene.has('RELOAD_REFUSED') ||
    scene.has('UPSTREAM_NOT_AN_ENDPOINT')
  )
    return null;
  return suspect('network-policy-block', [...cut, ...scene.all('ENDPOINT_ANSWERS')], 0.72, {
    explains: byStatus(scene, 504),
    fits: true,
    sentence: `${proxyName(scene)} gets no connection to endpoints of ${serviceName(scene)} that answer when asked directly`,
  });
};

// ------------------------------------------------------------------------------------------------------------------- names, clients

const dnsMissing: Rule = (scene) => {
  const found = scene.all('NAME_MISSING');
  // An HTTP status in the report means that somebody's resolver did find it: then ours is the blind one.
  if (found.length === 0 || scene.case.symptoms.statuses.length > 0) return null;
  return suspect('dns-missing', found, 0.93, {
    explains: 1,
    fits: true,
    sentence: `the name ${host(scene)} does not resolve`,
  });
};

const dnsWrongAddress: Rule = (scene) => {
  const found = scene.all('NAME_ELSEWHERE');
  const known = [...scene.balancers, ...scene.replicas];
  if (found.length === 0 || !scene.failing || known.length === 0 || !known.every((m) => m.ok === m.total)) return null;
  const addresses = (found[0]?.facts.addresses as string[]) ?? [];
  return suspect(
    'dns-wrong-address',
    [...found, ...scene.findings.filter((f) => f.code === 'REQUEST_FAILED' && f.vantage === 'public')],
    0.93,
    {
      explains: scene.failing,
      fits: true,
      sentence: `the name ${host(scene)} leads to ${addresses.slice(0, 2).join(', ')}, where it is not served; the known path is well`,
    },
  );
};

/**
 * Where the request fails although no check says why: the innermost boundary at which it turns from well to failing.
 * It names a hop, never a cause.
 */
const boundary: Rule = (scene) => {
  if (!scene.failing || scene.replicas.length === 0) return null;
  const failing = scene.replicas.filter((m) => m.ok < m.total);
  if (failing.length < scene.replicas.length || !anyEndpointFine(scene) || !endpointsFine(scene)) return null;
  const how = failing[0]?.failures[0];
  const because = [
    ...scene.findings.filter((f) => f.code === 'REQUEST_FAILED' && f.vantage === 'proxy-replica'),
    ...scene.all('ENDPOINT_ANSWERS'),
  ];
  return {
    cause: null,
    hop: 'proxy',
    because,
    strength: 0.75,
    explains: scene.failing,
    fits: true,
    sentence: `requests to ${host(scene)} fail at ${proxyName(scene)} (${how?.how}), while the endpoints behind it answer`,
  };
};

/** In the order in which one wins over another that explains as much: the more specific first. */
const RULES: readonly Rule[] = [
  dnsMissing,
  dnsWrongAddress,
  proxyProtocolUnexpected,
  proxyProtocolMissing,
  plaintextToTlsPort,
  clientCertificate,
  certificateExpired,
  certificateWrong,
  chainIncomplete,
  reloadFailed,
  routeMissing,
  redirectLoop,
  rateLimited,
  noEndpoints,
  portMismatch,
  endpointImbalance,
  timeoutTooShort,
  appErrors,
  appErrorsThrough,
  appDown,
  staleEndpoints,
  appSlow,
  networkPolicy,
  policyTooStrict,
  reloadStorm,
  noHealthyTarget,
  proxyDown,
  replicaBad,
  boundary,
];

/** Pure: every cause that the findings speak for, unsorted but in order of precedence. */
export function suspicionsOf(scene: Scene): Suspicion[] {
  return RULES.map((rule) => rule(scene)).filter((s) => s !== null);
}
