import type { Judgement } from './judgement.ts';
import type { Scene } from './scene.ts';
import { passesByEndpoints, unlikeEndpoints } from './suspicions/routes.ts';
import { answeredWith } from './suspicions/suspicion.ts';
import type { Finding } from './types.ts';

/** Trouble in the time in question that logs and counters hold, whoever made it. */
const TROUBLE_LOGGED = new Set([
  'ERRORS_MADE_BY_PROXY',
  'ERRORS_MADE_UPSTREAM',
  'ERRORS_LOGGED',
  'ERRORS_COUNTED_UPSTREAM',
  'ERRORS_COUNTED_IN_PROXY',
  'SLOW_UPSTREAM',
  'SLOW_IN_PROXY',
  'BALANCER_LOST_REQUESTS',
]);
/** What a proxy's own error log says of requests to this host that came to nothing, whoever was to blame. */
const COMPLAINED = new Set([
  'UPSTREAM_TIMED_OUT',
  'UPSTREAM_REFUSED_PROXY',
  'UPSTREAM_CLOSED_EARLY',
  'UPSTREAM_UNREACHABLE_FOR_PROXY',
]);
/** Refusals of the status that was reported, or of a limit, that logs count, whoever made them. */
const REFUSALS_LOGGED = new Set(['REPORTED_STATUS_LOGGED', 'APP_LIMITS_REQUESTS', 'REQUESTS_LIMITED']);
/** Errors that a balancer made itself: no proxy's log knows of them, however clean it is. */
const MADE_IN_FRONT = new Set(['BALANCER_LOST_REQUESTS', 'BALANCER_MADE_ERRORS', 'TARGETS_REFUSE_BALANCER']);
/** One or two complaints a site has on any day. */
const A_FEW = 3;
const TOO_BIG = new Set(['BODY_TOO_LARGE', 'ANSWER_HEADER_TOO_BIG']);
/** A share of failures that a site has on any day is none of what was reported. */
const EVERYDAY = 0.02;

/** Is it of the kind that was reported, about this host, and more than every day brings? */
function agrees(scene: Scene, { code, facts }: Finding): boolean {
  const { errors, slow, total, requests } = facts as { [key: string]: number };
  const part = (errors ?? slow ?? 0) / Math.max(1, total ?? requests ?? 0);
  if (part < EVERYDAY || facts.scope === 'proxy' || String(facts.source).includes('names no hosts')) return false;
  // Large answers to slow lines are no trouble of ours.
  if (code === 'SLOW_IN_PROXY' && 2 * Number(facts.large) >= Number(facts.slow)) return false;
  return code === 'SLOW_UPSTREAM' || code === 'SLOW_IN_PROXY'
    ? scene.reported('slow', 'timeout')
    : scene.reported('errors-5xx', 'timeout', 'reset', 'unspecified');
}

/** The very refusal that was reported stands in a log of this host, more of them than every day brings. */
function refusedAsReported(scene: Scene, { code, facts }: Finding): boolean {
  if (!REFUSALS_LOGGED.has(code) || String(facts.source).includes('names no hosts')) return false;
  const status = typeof facts.status === 'number' ? facts.status : 429;
  // An application may refuse HEAD; it is a monitor's way of asking, and people are served.
  if (facts.head === facts.count) return false;
  const count = Number(facts.count);
  return scene.case.symptoms.statuses.includes(status) && count >= Math.max(A_FEW, EVERYDAY * Number(facts.total));
}

/** Logs of the host, or counters of its very own, reach back to the reported time at every proxy and hold no error. */
function covered(scene: Scene): boolean {
  const clear = [
    ...scene.all('NO_ERRORS_LOGGED'),
    ...scene.all('NO_ERRORS_COUNTED').filter((f) => f.facts.scope !== 'proxy'),
  ].filter((f) => f.facts.covers === true);
  const proxies = scene.path.hops.filter((h) => h.hop === 'proxy');
  return (
    proxies.length > 0 &&
    proxies.every((h) => h.instances.length > 0) &&
    proxies.every((h) => h.instances.every((i) => clear.some((f) => f.about.hop === h.name && f.about.part === i.name)))
  );
}

/** Balancers that answer 502 and 503 themselves. */
const MAKES_PAGES = /^(?:aws-alb|gce)/;

/**
 * Connections are said to fail, and a balancer stands in front whose own log was not looked at: what it loses reaches no proxy,
 * and so stands in no log of theirs.
 */
function lostInFront(scene: Scene): boolean {
  const told = [
    ...scene.all('NO_ERRORS_LOGGED'),
    ...scene.all('NO_ERRORS_COUNTED'),
    ...scene.all('BALANCER_LOST_NOTHING'),
  ];
  return scene.path.hops.some(
    (h) =>
      h.hop === 'load-balancer' &&
      !told.some((f) => f.about.hop === h.name) &&
      (scene.reported('reset', 'disconnects', 'handshake', 'timeout') ||
        (MAKES_PAGES.test(h.kind) && scene.reported('errors-5xx'))),
  );
}

/** Answers that a report may name and that our own harmless request meets too, by symptom (RFC 9110, section 15.5). */
const MET_AS_REPORTED = [
  { kind: 'not-found', statuses: [404, 410] },
  { kind: 'forbidden', statuses: [401, 403] },
] as const;

/** Refusals that no plain GET of a page should meet. */
const ODD = new Set([400, 408, 411, 413, 414, 421, 426, 429, 431]);

/** Data or a page to look at, by the mark of an answer. */
const kindOf = ({ facts: { page } }: Finding): string => (String(page).startsWith('JSON') ? 'data' : 'page');

/** Users get pages where all endpoints give data, or the other way round: two answers of one program hardly differ so. */
function ofAnotherKind(scene: Scene): boolean {
  const own = scene.all('ENDPOINT_ANSWERS').filter((f) => f.facts.page !== null);
  const kinds = new Set(unlikeEndpoints(scene).map(kindOf));
  return own.length > 0 && own.every((f) => !kinds.has(kindOf(f)));
}

/** What was reported or found, and not explained: nobody may say then that nothing is wrong. Null: there is none. */
function unexplained(scene: Scene): { why: string; finding?: Finding } | null {
  for (const { kind, statuses } of MET_AS_REPORTED) {
    const status = scene.reported(kind) ? statuses.find((one) => answeredWith(scene, one) > 0) : undefined;
    if (status !== undefined && !scene.endpoints.some((e) => e.status === status))
      return { why: `my own requests are answered ${status} too, as was reported, and no finding says why` };
  }
  // No healthy site answers that to a plain request: a header that it cannot read, say, or another name's server.
  const odd = scene
    .all('REQUEST_ANSWERED')
    .find((f) => f.vantage === 'public' && ODD.has(Number(f.facts.status)) && f.facts.alternate !== true);
  if (odd && !scene.endpoints.some((e) => e.status === odd.facts.status))
    return {
      why: `my own requests are answered ${odd.facts.status}, as no endpoint was seen to do, and no finding says why`,
    };
  if (unlikeEndpoints(scene).length > 0 && (scene.reported('wrong-content') || ofAnotherKind(scene)))
    return { why: 'users get a page that no endpoint gives, and no finding says where it comes from' };
  const passing = passesByEndpoints(scene);
  if (passing && scene.reported('unspecified', 'wrong-content', 'not-found'))
    return { why: 'this page is led to others than the endpoints that I know', finding: passing };
  // Whoever says only that something is wrong may mean anything; a symptom that is named may be this finding's doing.
  const named = scene.case.symptoms.kinds.some((kind) => kind !== 'unspecified');
  const found = named ? scene.findings.find((f) => f.direction === 'implicates') : null;
  return found ? { why: 'something was found that may be part of it', finding: found } : null;
}

/** Why the trouble that was reported could be there though our own requests are answered, and nothing looked could tell; null: it could not. */
function hiddenFrom(scene: Scene): string | null {
  const blind = (check: string): boolean => scene.blind.some((b) => b.check === check);
  if (scene.reported('wrong-content', 'not-found', 'forbidden') && blind('endpoint-answers'))
    return 'the report is about the wrong page or none, and what the endpoints give could not be looked at';
  // Whom it meets depends on who asks, and how: only what the proxies wrote down tells of others than us.
  const unmet = scene.case.symptoms.statuses.find((s) => s >= 400 && s < 500 && answeredWith(scene, s) === 0);
  if (unmet !== undefined && blind('upstream-attribution') && !covered(scene))
    return `my own requests are not answered ${unmet}, and no log could be read that says who is`;
  if (scene.reported('uneven') && !scene.has('ENDPOINTS_SHARE_EVENLY'))
    return 'the report is about uneven load, and no look shows how it is spread';
  // Limits on sizes, users or methods spare a plain request; only what the proxies wrote down tells of them.
  if (scene.reported('errors-5xx', 'reset') && blind('proxy-complaints') && !covered(scene))
    return 'errors are reported that a plain request need not meet, and an error log could not be read';
  // Some pages, some callers, some hours are slow: a few quick requests of ours acquit nobody of that.
  if (scene.reported('slow') && blind('upstream-attribution') && !covered(scene))
    return 'it is said to be slow, our few requests need not be those that are, and no log could be read that says how long others took';
  return null;
}

/** Pure: nothing is suspected. Is nothing wrong, or did we not see it? Where a blind look could show what was reported, no answer. */
export function withoutSuspicion(
  scene: Scene,
): Pick<Judgement, 'answer' | 'hop' | 'cause' | 'confidence' | 'reckoning' | 'open'> {
  const unknown = (confidence: number, why: string, finding?: Finding): ReturnType<typeof withoutSuspicion> => ({
    answer: 'inconclusive',
    hop: null,
    cause: null,
    confidence,
    open: { why, ...(finding && { finding }) },
    reckoning: [finding ? `${why}: ${finding.says}` : why],
  });
  if (scene.failing === null) return unknown(0.3, 'no request could be made: everything that could tell is blind');
  if (scene.failing > 0) return unknown(0.5, 'requests fail, and no finding says why');
  if (scene.front.length === 0) return unknown(0.4, 'what users meet at the public address could not be looked at');
  const tlsBlind = scene.reported('handshake', 'certificate') && scene.blind.some((b) => b.check === 'tls');
  if (tlsBlind) return unknown(0.4, 'the report is about TLS, which I could not look at');
  const routeBlind =
    scene.reported('wrong-content', 'not-found') && scene.blind.some((b) => b.check === 'cluster-route');
  if (routeBlind)
    return unknown(0.4, 'the report is about the wrong page or none, and who serves the host is not known');
  if (scene.reported('too-large') || /\bupload/i.test(scene.case.report ?? ''))
    return unknown(0.4, 'a small request does not show whether large ones get through');
  const { course, onlyReporter } = scene.case.symptoms;
  const deep = scene.endpoints.some((e) => e.reached);
  if (onlyReporter)
    return {
      answer: 'not-ingress',
      hop: 'client',
      cause: 'client-side',
      confidence: 0.75,
      reckoning: ['everything answers from here, and only the reporter is affected'],
    };
  const nameBlind = scene.reported('name') && scene.blind.some((b) => b.check === 'name-resolution');
  if (nameBlind) return unknown(0.4, 'the report is about the name, and our resolver could not be asked');
  if (scene.slowMs !== null && scene.reported('slow', 'timeout'))
    return unknown(0.5, 'it is slow as reported, and no finding says where the time goes');
  const told = course !== 'steady' && scene.reported('errors-5xx', 'timeout', 'reset', 'unspecified');
  const logged = scene.findings.find(
    (f) =>
      (told && MADE_IN_FRONT.has(f.code) && Number(f.facts.count ?? f.facts.errors) >= A_FEW) ||
      (TROUBLE_LOGGED.has(f.code) && agrees(scene, f)) ||
      refusedAsReported(scene, f) ||
      (COMPLAINED.has(f.code) && Number(f.facts.count) >= A_FEW && scene.reported('errors-5xx', 'timeout', 'reset')) ||
      // Refused for their size, as our small requests never are, though no rule takes it for the cause.
      (TOO_BIG.has(f.code) && f.direction === 'implicates'),
  );
  if (logged) return unknown(0.5, "trouble was logged, and I can't tell whose it was", logged);
  const { clients } = scene.case.symptoms;
  if (clients.length > 0 && scene.reported('handshake', 'certificate', 'reset', 'forbidden'))
    return unknown(
      0.5,
      `it is said of ${clients.slice(0, 2).join(' and ')} only, and my own requests are none of theirs`,
    );
  const open = unexplained(scene);
  if (open) return unknown(0.5, open.why, open.finding);
  const hidden = hiddenFrom(scene);
  if (hidden) return unknown(0.4, hidden);
  if (course === 'steady') {
    const confidence = deep ? 0.93 : 0.85;
    return {
      answer: 'not-ingress',
      hop: 'none',
      cause: 'no-fault-found',
      confidence,
      reckoning: [
        `${confidence}: the trouble is said to last, and every request is answered${deep ? ', down to the endpoints' : ''}`,
      ],
    };
  }
  if (covered(scene) && lostInFront(scene))
    return unknown(
      0.4,
      "it is said to come and go, or to be over, and what the balancer lost by itself stands in no proxy's log",
    );
  if (covered(scene))
    return {
      answer: 'not-ingress',
      hop: 'none',
      cause: 'no-fault-found',
      confidence: 0.8,
      reckoning: ['0.8: logs or counters of every proxy cover the reported time and hold no error'],
    };
  return unknown(0.4, 'it is said to come and go, or to be over, and no look covers that time');
}
