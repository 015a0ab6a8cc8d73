import { type Draft, defineCheck, type Planned, type ReadScope } from '../define-check.ts';
import { splitAddress } from '../io/address.ts';
import type { Io } from '../io/io.ts';
import { BlindLook, type TargetsSeen } from '../io/proxy-reader.ts';
import type { Endpoint, Look, PathHop } from '../types.ts';
import { percent, plural, shellWord } from '../wording.ts';

/** The proxy's own list of endpoints, and whether it is what runs or only what the file says. */
interface Listed {
  service: string;
  seen: TargetsSeen;
  from: 'running' | 'configuration';
}

type Base = { proxy: string; service: string; from: string; source: string };

interface EndpointFacts {
  PROXY_LISTS_STRANGERS: Base & {
    strangers: string[];
    listed: number;
    endpoints: number;
    /** Part of the requests that only strangers get, 0 to 1; missing: not known. */
    share?: number;
  };
  PROXY_MISSES_ENDPOINTS: Base & { missing: string[]; endpoints: number };
  PROXY_HOLDS_ENDPOINTS_DOWN: Base & { down: string[]; why: string; listed: number };
  PROXY_ENDPOINTS_AGREE: Base & { endpoints: number };
}

/** More names than this help nobody. */
const NAMED = 5;
const isAddress = (text: string): boolean => /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+$/i.test(text);

/** A group's servers as addresses where they are known by their names; others stay as they are. */
function addressed(group: TargetsSeen['groups'][number], endpoints: Endpoint[]): { listed: string[]; down: string[] } {
  const byName = new Map(endpoints.map((one) => [one.name, one.address]));
  const of = (server: string): string => byName.get(server) ?? server;
  return { listed: [...group.up, ...(group.unknown ?? []), ...group.down].map(of), down: group.down.map(of) };
}

/** The group that sends to this service: the one of its name, else the one that shares most endpoints; null: none for sure. */
function groupOf(seen: TargetsSeen, service: PathHop): TargetsSeen['groups'][number] | null {
  const known = new Set((service.endpoints ?? []).map((one) => one.address));
  const shared = seen.groups.map((group) => {
    const { listed } = addressed(group, service.endpoints ?? []);
    return { group, count: listed.filter((address) => known.has(address)).length };
  });
  const named = seen.groups.find((group) => group.name.split('@')[0] === service.name);
  if (named) return named;
  const best = shared.toSorted((a, b) => b.count - a.count)[0];
  return best && best.count > 0 ? best.group : null;
}

/** Other groups that requests to this service are drawn for, with addresses alone, and the share of each. */
function drawnBeside(
  seen: TargetsSeen,
  group: TargetsSeen['groups'][number],
  endpoints: Endpoint[],
): { listed: string[]; share: number }[] {
  const { drawn } = group;
  if (!drawn) return [];
  return seen.groups
    .filter((one) => one !== group && one.drawn?.from === drawn.from)
    .map((one) => ({ listed: addressed(one, endpoints).listed, share: one.drawn?.share ?? 0 }))
    .filter(({ listed }) => listed.length > 0 && listed.every(isAddress));
}

/** All that the configuration has for this host is one group, on the endpoints' own machines: another port of theirs, no address in front. */
function elsewhereOn({ groups }: TargetsSeen, service: PathHop): TargetsSeen['groups'][number] | null {
  const [only, ...more] = groups;
  const machines = (service.endpoints ?? []).map((one) => splitAddress(one.address)?.host);
  const there = (server: string): boolean => machines.includes(splitAddress(server)?.host ?? '');
  return only && more.length === 0 && only.up.length > 0 && only.up.every(there) ? only : null;
}

function read({ service: name, seen, from }: Listed, scope: ReadScope): Draft<EndpointFacts>[] {
  const service = scope.path.hops.find((hop) => hop.name === name && hop.endpoints !== null);
  const endpoints = service?.endpoints ?? [];
  const group = service
    ? (groupOf(seen, service) ?? (from === 'configuration' ? elsewhereOn(seen, service) : null))
    : null;
  if (!service || !group || endpoints.length === 0) return [];
  const { listed, down } = addressed(group, endpoints);
  // Names that lead anywhere cannot be compared with addresses.
  if (listed.length === 0 || !listed.every(isAddress)) return [];
  const base: Base = { proxy: scope.look.at.part ?? scope.look.at.hop, service: name, from, source: seen.source };
  const own = new Set(
    [service.address, ...service.listeners.map((l) => l.address)].filter((address) => address !== null),
  );
  // A list of the service's own address leaves the choice to somebody else.
  if (listed.every((address) => own.has(address))) return [];
  const known = new Set(endpoints.map((one) => one.address));
  const strange = (address: string): boolean => !known.has(address) && !own.has(address);
  const beside = drawnBeside(seen, group, endpoints);
  const strangers = [...listed, ...beside.flatMap((one) => one.listed)].filter(strange);
  // Only where all servers of some draws are strange is it known how many requests meet one.
  const lost = beside.filter((one) => one.listed.every(strange));
  const all = [...listed.filter(strange), ...lost.flatMap((one) => one.listed)].length === strangers.length;
  const drawnShare = lost.reduce((sum, one) => sum + one.share, 0);
  const elsewhere = from === 'configuration' ? seen.groups.flatMap((one) => addressed(one, endpoints).listed) : [];
  const missing = endpoints
    .filter((one) => one.ready !== false && !listed.includes(one.address) && !elsewhere.includes(one.address))
    .map((one) => one.address);
  const held = down.filter((address) => endpoints.some((one) => one.address === address && one.ready !== false));
  const found: Draft<EndpointFacts>[] = [];
  if (strangers.length)
    found.push({
      code: 'PROXY_LISTS_STRANGERS',
      facts: {
        ...base,
        strangers: strangers.slice(0, NAMED),
        listed: listed.length,
        endpoints: endpoints.length,
        ...(lost.length > 0 && all && !listed.some(strange) && { share: drawnShare }),
      },
    });
  if (missing.length)
    found.push({
      code: 'PROXY_MISSES_ENDPOINTS',
      facts: { ...base, missing: missing.slice(0, NAMED), endpoints: endpoints.length },
    });
  if (held.length) {
    const why = held.map((address) => group.why?.[address]).find((one) => one !== undefined) ?? '';
    found.push({
      code: 'PROXY_HOLDS_ENDPOINTS_DOWN',
      facts: { ...base, down: held.slice(0, NAMED), why, listed: listed.length },
    });
  }
  if (found.length === 0)
    found.push({ code: 'PROXY_ENDPOINTS_AGREE', facts: { ...base, endpoints: endpoints.length } });
  return found;
}

/** The running proxy's list where it tells it, else the one in its configuration. */
async function look(io: Io, { at, with: more }: Look, _address: string, signal: AbortSignal): Promise<Listed> {
  const { service, host } = more as { service: string; host: string };
  try {
    return { service, seen: await io.proxy.targets(at, signal), from: 'running' };
  } catch (error) {
    if (!(error instanceof BlindLook)) throw error;
    const { source, upstreams } = await io.proxy.settings(at, host, signal).catch(() => {
      throw error; // what the running proxy could have told is the better thing to switch on
    });
    const groups = upstreams.map(({ name, servers, drawn }) => ({
      name,
      up: servers.filter((one) => !one.down && !one.backup).map((one) => one.address),
      down: [],
      ...(drawn && { drawn }),
    }));
    if (groups.every((group) => group.up.length === 0)) throw error;
    return { service, seen: { source, groups }, from: 'configuration' };
  }
}

const says = (f: Base): string => (f.from === 'running' ? f.proxy : `The configuration of ${f.proxy}`);
const show = (f: Base): string | null =>
  /^https?:/.test(f.source)
    ? `curl -s ${shellWord(f.source)}`
    : f.source.startsWith('/')
      ? `grep -nE 'server |address' ${shellWord(f.source)}`
      : null;

/** Does the proxy send to the endpoints that there are, to all of them and to no others? */
export const proxyEndpoints = defineCheck<Listed, EndpointFacts>({
  id: 'proxy-endpoints',
  title: 'Endpoints as the proxy knows them',
  asks: 'Does the proxy list the endpoints that there are, and no others?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: ({ case: triage, path }) => {
    const looks: Planned[] = [];
    for (const [i, hop] of path.hops.entries()) {
      const next = path.hops[i + 1];
      // Only the proxy right in front of the service lists its endpoints.
      if (hop.hop !== 'proxy' || (next?.hop !== 'service' && next?.hop !== 'app') || !next.endpoints?.length) continue;
      for (const instance of hop.instances.filter((one) => one.metrics || one.admin || one.config))
        looks.push({
          look: {
            check: 'proxy-endpoints',
            vantage: 'inside',
            hop: 'proxy',
            at: { hop: hop.name, part: instance.name },
            address: instance.admin ?? instance.metrics ?? instance.config ?? instance.name,
            with: { service: next.name, host: triage.target.host },
          },
        });
    }
    return looks;
  },
  look,
  read,
  findings: {
    PROXY_LISTS_STRANGERS: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy lists addresses that are no endpoints',
      says: (f) =>
        `${says(f)} lists ${f.strangers.join(', ')} for ${f.service}, which ${f.strangers.length === 1 ? 'is no endpoint' : 'are no endpoints'} of it (${plural(f.endpoints, 'endpoint')} known)${f.share === undefined ? '' : `; ${f.strangers.length === 1 ? 'it gets' : 'they get'} ${percent(f.share)} of the requests`}.`,
      next: (f) => `See why ${f.proxy} did not hear of the change: its last reload, and where it takes its list from.`,
      reproduce: show,
    },
    PROXY_MISSES_ENDPOINTS: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy does not list every endpoint',
      says: (f) =>
        `${says(f)} does not list ${f.missing.join(', ')}, ready endpoints of ${f.service} (${f.endpoints} in all).`,
      next: (f) => `See why ${f.proxy} did not hear of ${f.missing[0]}; until then the others take its share.`,
      reproduce: show,
    },
    PROXY_HOLDS_ENDPOINTS_DOWN: {
      hop: 'proxy',
      direction: 'context',
      title: 'The proxy holds endpoints for down',
      says: (f) =>
        `${f.proxy} holds ${f.down.join(', ')} of ${f.service} for down${f.why ? ` (${f.why})` : ''}; it lists ${f.listed}.`,
      next: (f) => `Ask ${f.down[0]} what ${f.proxy}'s health check asks, and see what it answers.`,
      reproduce: show,
    },
    PROXY_ENDPOINTS_AGREE: {
      hop: 'proxy',
      direction: 'clears',
      title: 'The proxy lists the endpoints that there are',
      says: (f) => `${says(f)} lists ${plural(f.endpoints, 'endpoint')} for ${f.service}: those that there are.`,
      next: () => 'Nothing to do here.',
      reproduce: show,
    },
  },
});
