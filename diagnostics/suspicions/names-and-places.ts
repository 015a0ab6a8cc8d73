import { isIP } from 'node:net';
import { splitAddress } from '../io/address.ts';
import type { Met, Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { checkGot, markedDown } from './no-connection.ts';
import { anyEndpointFine, endpointsFine, host, proxyName, type Rule, suspect, text } from './suspicion.ts';

export const dnsMissing: Rule = (scene) => {
  const found = scene.all('NAME_MISSING');
  // An HTTP status in the report means that somebody's resolver did find it: then ours is the blind one.
  if (found.length === 0 || scene.case.symptoms.statuses.length > 0) return null;
  return suspect('dns-missing', found, 0.93, {
    explains: 1,
    fits: true,
    sentence: `the name ${host(scene)} does not resolve`,
  });
};

/** The place in an address, without its port; empty: there is none. */
const placeOf = (address: string | null): string => splitAddress(address ?? '')?.host ?? '';

/**
 * Of several addresses that the name leads to, those at which nothing of ours is known to listen and every request fails. Only
 * where all is well at the others, and where the first hop's own addresses are fixed: one of several nodes, a cloud's balancer or
 * one that is known by a name has more addresses than anybody wrote down. Pure; empty: there are none.
 */
export function frontElsewhere(scene: Scene): Met[] {
  if (scene.front.length < 2) return [];
  const strange = scene.front.filter((m) => isStrange(scene, m.address) && !m.failures.some(noWayThere));
  const inside = [...scene.front, ...scene.balancers, ...scene.replicas].filter((m) => !strange.includes(m));
  const well = inside.length > 0 && inside.every((m) => m.ok === m.total);
  return well && strange.length < scene.front.length && strange.every((m) => m.ok === 0) ? strange : [];
}

/** We have no way there ourselves, as a machine without IPv6: that says nothing of what listens there. */
const noWayThere = ({ error }: Met['failures'][number]): boolean => NO_WAY.has(error ?? '');
const NO_WAY = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Is nothing of ours known to listen there? Pure; false also where the addresses of the first hop are not fixed, but for IPv6 where
 * that hop has none (AWS, DescribeLoadBalancers: IpAddressType is `ipv4` or a kind of dualstack).
 */
export function isStrange(scene: Scene, address: string | null): boolean {
  const place = placeOf(address);
  const known = writtenPlaces(scene);
  if (known !== null) return !known.includes(place);
  const first = scene.path.hops.find((hop) => hop.address);
  return first?.attributes.ip_address_type === 'ipv4' && isIP(place) === 6;
}

/** The addresses of the first hop; null: it has, or may have, more than anybody wrote down. */
function writtenPlaces(scene: Scene): string[] | null {
  const first = scene.path.hops.find((hop) => hop.address);
  const own = first?.instances.flatMap((one) => [one.https, one.http]) ?? [];
  const written = [first?.address ?? null, ...(first?.listeners.map((l) => l.address) ?? []), ...own];
  const known = written.filter((address) => address !== null).map(placeOf);
  const many = first?.hop === 'node' || first?.kind.startsWith('aws-') || first?.hop === 'cdn';
  return many || known.length === 0 || known.some((place) => isIP(place) === 0) ? null : known;
}

/** The name has several answers: where the first hop listens all is well, at others nothing is. */
function partlyElsewhere(scene: Scene): ReturnType<Rule> {
  const strange = frontElsewhere(scene);
  if (strange.length === 0) return null;
  const first = scene.path.hops.find((hop) => hop.address);
  const places = [...new Set(strange.map((m) => placeOf(m.address)))];
  const there = (f: Finding): boolean => strange.some((m) => m.address === f.address);
  const failed = scene.all('REQUEST_FAILED').filter(there);
  const fine = scene.all('REQUEST_ANSWERED').filter((f) => f.vantage === 'public');
  // Whoever shows another name's certificate there is somebody else.
  const foreign = scene.all('CERTIFICATE_WRONG').filter(there);
  return suspect('dns-wrong-address', [...failed, ...fine, ...foreign], foreign.length ? 0.9 : 0.8, {
    explains: scene.failing ?? 0,
    fits: true,
    sentence: `the name ${host(scene)} also leads to ${places.slice(0, 2).join(', ')}, where nothing of it is served; ${first?.name} at ${placeOf(first?.address ?? null)} is well`,
    next: `See whether ${places.slice(0, 2).join(', ')} should still stand in the DNS record of ${host(scene)}; if it should, it is missing in the inventory.`,
  });
}

export const dnsWrongAddress: Rule = (scene) => {
  // A name never leads to the application behind a proxy: that it does not says nothing.
  const hops = scene.path.hops;
  const behind = hops.some((h) => h.hop === 'proxy')
    ? hops.filter((h) => h.hop === 'service' || h.hop === 'app').map((h) => h.name)
    : [];
  const found = scene.all('NAME_ELSEWHERE').filter((f) => !behind.includes(String(f.facts.hop)));
  if (found.length === 0) return partlyElsewhere(scene);
  const known = [...scene.balancers, ...scene.replicas];
  if (!scene.failing || known.length === 0 || !known.every((m) => m.ok === m.total)) return null;
  const addresses = (found[0]?.facts.addresses as string[]) ?? [];
  // One of our own nodes, which only that look knows: that it runs no proxy is no matter of the name.
  if (scene.all('TRAFFIC_TO_NODE_WITHOUT_PROXY').some((f) => addresses.includes(text(f.facts.ip)))) return null;
  return suspect(
    'dns-wrong-address',
    [...found, ...scene.all('REQUEST_FAILED').filter((f) => f.vantage === 'public')],
    scene.blind.some((b) => b.check === 'traffic-policy') ? 0.65 : 0.93,
    {
      explains: scene.failing,
      fits: true,
      sentence: `the name ${host(scene)} leads to ${addresses.slice(0, 2).join(', ')}, where it is not served; the known path is well`,
    },
  );
};

/** The CDN fails where its origin, asked directly, does not. */
export const cdnFault: Rule = (scene) => {
  const cdn = scene.path.hops.find((h) => h.hop === 'cdn');
  const behind = [...scene.balancers, ...scene.replicas];
  if (!cdn || !scene.failing || behind.length === 0 || !behind.every((m) => m.ok === m.total)) return null;
  // A redirect that the origin gives to whoever comes in the clear is its own, though it is an answer.
  if (scene.has('REDIRECTED_TO_ITSELF') && scene.has('HTTPS_NOT_PASSED_ON')) return null;
  const because = scene.findings.filter(
    (f) =>
      (f.code === 'REQUEST_FAILED' && f.vantage === 'public') ||
      (f.code === 'REQUEST_ANSWERED' && f.vantage !== 'public'),
  );
  return suspect('cdn-fault', because, 0.92, {
    explains: scene.failing,
    fits: true,
    sentence: `${cdn.name} fails for ${host(scene)}, while its origin answers every request when asked directly`,
  });
};

/**
 * Where the request fails although no check says why: the innermost boundary at which it turns from well to failing.
 * It names a hop, never a cause.
 */
export const boundary: Rule = (scene) => {
  if (!scene.failing || scene.replicas.length === 0) return null;
  const failing = scene.replicas.filter((m) => m.ok < m.total);
  if (failing.length < scene.replicas.length || !anyEndpointFine(scene) || !endpointsFine(scene)) return null;
  const how = failing[0]?.failures[0];
  const because = [...scene.all('REQUEST_FAILED').filter((f) => f.hop === 'proxy'), ...scene.all('ENDPOINT_ANSWERS')];
  // That we reach an endpoint never proves that the proxy does: a policy between the two could not be looked for, or the
  // proxy's own words on it not be read, or fit other things too.
  const heard = scene.findings.some((f) => f.check === 'proxy-complaints');
  const unseenBar =
    !heard ||
    scene.blind.some((b) => b.check === 'network-policy' || b.check === 'proxy-complaints') ||
    markedDown(scene).some((f) => checkGot(f) === 'either');
  const barred = unseenBar && [502, 503, 504].includes(how?.status ?? 0);
  // A 5xx page that no proxy makes came from somewhere behind it: an endpoint that nobody named, most likely.
  const passedOn =
    (how?.status ?? 0) >= 500 &&
    failing.every((m) => m.failures.every((f) => f.maker === null)) &&
    !scene.has('ERRORS_MADE_BY_PROXY');
  // Endpoints that take long fill a proxy's queue and pass its waits: where it fails is then not where it comes from.
  const slow = scene.endpoints.some((e) => e.slowMs !== null);
  // One endpoint that was not looked at may be the one that fails.
  const unseen = scene.blind.some((b) => b.check === 'endpoint-answers');
  // It had an answer and refused it: for what the answer is, or for what the proxy takes. Our own client may be laxer.
  const refused = scene.all('ERRORS_MADE_BY_PROXY').some((f) => f.facts.main === 'bad-answer');
  return {
    cause: null,
    hop: 'proxy',
    because,
    strength: barred || passedOn || slow || unseen || refused ? 0.6 : 0.75,
    explains: scene.failing,
    fits: true,
    sentence: `requests to ${host(scene)} fail at ${proxyName(scene)} (${how?.how}), while the endpoints behind it answer`,
  };
};
