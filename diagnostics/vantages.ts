import { joinAddress, splitAddress } from './io/address.ts';
import type { RequestSpec } from './io/io.ts';
import type { Hop, Path, PathHop, Target, Vantage } from './types.ts';

/** A place on the path where the target's request can be made, and how it has to be made there. */
export interface Post {
  vantage: Vantage;
  hop: Hop;
  at: { hop: string; part: string | null };
  /** host:port; a name is resolved when the look is made. */
  address: string;
  scheme: 'https' | 'http';
  /** The PROXY header that this listener is declared to want from us. */
  header: RequestSpec['proxyHeader'];
  /** What is declared to arrive here: what the hop in front says it sends; null: nobody said, or there is none. */
  declaredSends: PathHop['sends'];
  declaredExpects: PathHop['expects'];
}

/** The header to write where a listener expects one. LOCAL spoofs no address and every server that parses v2 takes it. */
const headerFor = (expects: PathHop['expects'], sent: PathHop['sends']): RequestSpec['proxyHeader'] => {
  if (expects === 'proxy-v1') return 'v1';
  if (expects === 'proxy-v2') return 'local';
  if (expects !== null) return 'none';
  return sent === 'proxy-v1' ? 'v1' : sent === 'proxy-v2' ? 'local' : 'none';
};

const webScheme = (scheme: PathHop['scheme'], fallback: Target['scheme']): 'https' | 'http' =>
  scheme === 'tcp' ? fallback : scheme;

/** Where users reach the path: the addresses of the name, else the first hop that has one, else the name itself. */
function publicPosts(path: Path, target: Target): Post[] {
  const front = path.hops.find((hop) => hop.address);
  const outermost = path.hops[0];
  const about = front ?? outermost;
  const addresses = path.dns
    ? path.dns.map((ip) => joinAddress(ip, target.port))
    : front
      ? [addressOn(front, target)]
      : [joinAddress(target.host, target.port)];
  return addresses.map((address) => ({
    vantage: 'public',
    hop: about?.hop ?? 'proxy',
    at: { hop: about?.name ?? target.host, part: null },
    address,
    scheme: target.scheme,
    // Users send no PROXY header, so the public vantage never does, whatever the first hop is declared to expect.
    header: 'none',
    declaredSends: 'none',
    declaredExpects: about?.expects ?? null,
  }));
}

/** The listener of a hop that takes the target's scheme; its main one otherwise. */
function addressOn(hop: PathHop, target: Target): string {
  const listener =
    hop.listeners.find((l) => splitAddress(l.address)?.port === target.port) ??
    hop.listeners.find((l) => l.scheme === target.scheme);
  const address = listener?.address ?? (hop.address as string);
  const parts = splitAddress(address);
  return parts?.port ? address : joinAddress(parts?.host ?? address, target.port);
}

/** The hop's own address speaks another scheme than what comes here, and its instances have ports for that: it comes to these. */
const spokenElsewhere = (hop: PathHop, spoken: 'https' | 'http'): boolean =>
  hop.scheme !== 'tcp' &&
  hop.scheme !== spoken &&
  !hop.listeners.some((l) => l.scheme === spoken) &&
  hop.instances.some((one) => one[spoken]);

/**
 * Pure: every place where the same request can be made, outermost first: the public name, each balancer, each replica
 * of each proxy, a service's own address. Endpoints have a check of their own.
 */
export function postsOf(path: Path, target: Target): Post[] {
  const posts = publicPosts(path, target);
  const taken = new Set(posts.map((post) => post.address));
  const add = (post: Post): void => {
    if (taken.has(post.address)) return;
    taken.add(post.address);
    posts.push(post);
  };
  let scheme: 'https' | 'http' = target.scheme;
  let sends: PathHop['sends'] = null;
  for (const [i, hop] of path.hops.entries()) {
    const previous = path.hops[i - 1];
    const spoken = previous?.to ?? (hop.hop === 'service' ? webScheme(hop.scheme, 'http') : scheme);
    const common = { hop: hop.hop, declaredSends: sends, declaredExpects: hop.expects };
    const header = headerFor(hop.expects, sends);
    // Where `dns` says where the name leads, the first hop's own address is another place to ask.
    if (hop.address && (i > 0 || path.dns) && !spokenElsewhere(hop, spoken)) {
      const vantage =
        hop.hop === 'service' || hop.hop === 'app'
          ? 'service'
          : hop.hop === 'node'
            ? 'node-port'
            : hop.hop === 'proxy'
              ? 'proxy-replica'
              : 'load-balancer';
      add({
        ...common,
        vantage,
        at: { hop: hop.name, part: null },
        address: addressOn(hop, { ...target, scheme: spoken }),
        scheme: spoken,
        header,
      });
    }
    for (const instance of hop.instances) {
      const address = spoken === 'https' ? instance.https : instance.http;
      if (!address || hop.hop === 'load-balancer') continue;
      add({
        ...common,
        vantage: hop.hop === 'node' ? 'node-port' : 'proxy-replica',
        at: { hop: hop.name, part: instance.name },
        address,
        scheme: spoken,
        header,
      });
    }
    // A balancer in TCP mode passes on what it got; a proxy that ends TLS mostly speaks clear HTTP behind.
    if (hop.hop === 'proxy' && hop.to === null) scheme = 'http';
    sends = hop.sends ?? (hop.hop === 'proxy' ? 'none' : null);
  }
  return posts;
}

/** The hop of the path, or the proxy beside it, that a look was about; a Service and a workload may share their name. */
export function hopNamed(path: Path, name: string, kind?: Hop): PathHop | null {
  const all = [...path.hops, ...path.others].filter((hop) => hop.name === name);
  return all.find((hop) => hop.hop === kind) ?? all[0] ?? null;
}
