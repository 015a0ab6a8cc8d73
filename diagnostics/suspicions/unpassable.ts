import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { share } from '../wording.ts';
import { byStatus, host, namesOthersThan, proxyName, type Rule, serviceName, suspect, text } from './suspicion.ts';

/** Answers that came from an endpoint and that the proxy could not pass on: for what they are, or for what it wants to do to them. */

/** Fewer are no pattern. */
const A_PATTERN = 3;
/** Nearly every request fails. */
const EACH_TIME = 0.9;
/** Fewer of all a site has on any day. */
const EVERYDAY = 0.02;
/** What a proxy's log or its list of endpoints gives as the reason for its 502s, and what no answer of an endpoint could be. */
const OTHERWISE = [
  'UPSTREAM_REFUSED_PROXY',
  'UPSTREAM_UNREACHABLE_FOR_PROXY',
  'UPSTREAM_NOT_AN_ENDPOINT',
  'STALE_UPSTREAM_LOGGED',
  'PROXY_LISTS_STRANGERS',
];

const madeItself = (scene: Scene, why: string): Finding[] =>
  scene.all('ERRORS_MADE_BY_PROXY').filter((f) => f.facts.main === why && Number(f.facts.errors) >= A_PATTERN);

/**
 * A proxy makes 502s, and the endpoints frame their answers as no server may (RFC 9112, section 6): a proxy that passed them on
 * could be made to take a part of one for the next, so it must refuse (6.3), while a client that is laxer sees a page. Who asks
 * directly is therefore answered, and that clears nobody.
 */
export const malformedAnswers: Rule = (scene) => {
  const found = scene.all('ENDPOINT_ANSWER_MALFORMED');
  const now = scene.all('PROXY_GATEWAY_ERROR').filter((f) => f.facts.status !== 504);
  const logged = madeItself(scene, 'bad-answer');
  const first = found[0];
  if (!first || now.length + logged.length === 0 || OTHERWISE.some(scene.has)) return null;
  const explains = byStatus(scene, ...now.map((f) => Number(f.facts.status)));
  const some = found.length < scene.endpoints.filter((e) => e.reached).length;
  // Every answer of such an endpoint is refused, and none of one that answers as it should.
  const fits = some ? explains > 0 && explains < EACH_TIME : explains >= EACH_TIME;
  if (scene.failing === null ? logged.length === 0 : !fits) return null;
  return suspect('app-errors', [...found, ...now, ...logged], logged.length ? 0.94 : 0.88, {
    explains,
    fits: scene.reported('errors-5xx', 'unspecified'),
    sentence: `${some ? `${found.length} of ${scene.endpoints.length} endpoints of ` : ''}${serviceName(scene)} answer${some ? '' : 's'} ${scene.case.target.path} with ${text(first.facts.how)}, and ${proxyName(scene, now[0] ?? logged[0])} may not pass such answers on`,
    next: first.next,
  });
};

/** The proxy's log: it had an answer, and no room in its buffer for the headers that its own rules add to it. */
export const noRoomToRewrite: Rule = (scene) => {
  const theirs = scene.all('ERRORS_MADE_UPSTREAM').reduce((sum, f) => sum + Number(f.facts.errors), 0);
  const found = madeItself(scene, 'no-room').filter(
    ({ facts: { errors, total } }) => Number(errors) > theirs && Number(errors) >= EVERYDAY * Number(total),
  );
  const [first] = found;
  if (!first || namesOthersThan(scene, 500) || !scene.reported('errors-5xx', 'unspecified')) return null;
  return suspect('size-limit', found, 0.88, {
    explains: byStatus(scene, 500),
    fits: true,
    sentence: `${proxyName(scene, first)} has too little room for the headers that it adds to answers of ${host(scene)}, and makes a 500 of those (${share(Number(first.facts.errors), Number(first.facts.total))})`,
    next: first.next,
  });
};
