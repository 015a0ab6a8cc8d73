import { zonesOf } from '../cloud/zones.ts';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { BalancerSeen } from '../io/balancer-reader.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import { asksCloud } from '../settings/balancers.ts';
import { type Window, windowOf } from '../window.ts';
import { plural } from '../wording.ts';

interface SettingsData {
  seen: BalancerSeen;
  /** Requests a second over the window, of balancers of HTTP; null: not known. */
  perSecond: number | null;
}

type Zone = { zone: string; healthy: number; total: number; times: number | null };

interface SettingsFacts {
  ZONE_SHARES_UNEVEN: { balancer: string; zones: Zone[]; ratio: number; most: string; least: string };
  ZONE_WITHOUT_TARGETS: { balancer: string; zones: string[]; of: number };
  ZONE_SHARES_EVEN: { balancer: string; zones: number; crossZone: boolean };
  BALANCER_HEADER_TOLD: { balancer: string; sends: string; attribute: string; outcome: string };
  BALANCER_SENDS_OTHERWISE: { balancer: string; sends: string; declared: string; attribute: string };
  RULES_COUNTED: { balancer: string; rules: number; port: number; perSecond: number | null; units: number | null };
  BALANCER_KEEPS_CALLERS: { balancer: string; groups: string[]; targetType: string; told: 'set' | 'default' };
  BALANCER_PARTLY_READ: { balancer: string; details: string[] };
}

/** Rules that are evaluated for nothing, and evaluations a second of one capacity unit (aws.amazon.com, ELB pricing). */
const FREE_RULES = 10;
const PER_UNIT = 1_000;
/** Fewer than this are what any balancer has. */
const MANY_RULES = 25;
/** A target that gets twice what another gets (field report A14). */
const UNEVEN = 2;

const HEADERS: { [word: string]: string } = {
  none: 'no PROXY header',
  'proxy-v1': 'a PROXY header (v1)',
  'proxy-v2': 'a PROXY header (v2)',
};
const words = (header: string): string => HEADERS[header] ?? header;

function readZones(seen: BalancerSeen, balancer: string): Draft<SettingsFacts>[] {
  const found = zonesOf(seen);
  if (!found) return [];
  const { zones, crossZone } = found;
  if (crossZone) return [{ code: 'ZONE_SHARES_EVEN', facts: { balancer, zones: zones.length, crossZone } }];
  const drafts: Draft<SettingsFacts>[] = [];
  const empty = zones.filter((one) => one.healthy === 0).map((one) => one.zone);
  if (empty.length) drafts.push({ code: 'ZONE_WITHOUT_TARGETS', facts: { balancer, zones: empty, of: zones.length } });
  const serving = zones.filter((one) => one.times !== null).sort((a, b) => (b.times ?? 0) - (a.times ?? 0));
  const [first, last] = [serving[0], serving.at(-1)];
  if (!first?.times || !last?.times || serving.length < 2) return drafts;
  const ratio = Math.round((first.times / last.times) * 10) / 10;
  if (ratio >= UNEVEN)
    drafts.push({ code: 'ZONE_SHARES_UNEVEN', facts: { balancer, zones, ratio, most: first.zone, least: last.zone } });
  else if (empty.length === 0)
    drafts.push({ code: 'ZONE_SHARES_EVEN', facts: { balancer, zones: zones.length, crossZone } });
  return drafts;
}

function readHeader(seen: BalancerSeen, scope: ReadScope): Draft<SettingsFacts>[] {
  if (seen.sends === null) return [];
  const balancer = scope.look.at.hop;
  const attribute =
    seen.kind === 'aws-nlb'
      ? 'proxy_protocol_v2.enabled'
      : seen.kind === 'aws-clb'
        ? 'ProxyProtocolPolicyType'
        : 'kind';
  const declared = scope.hop?.sends ?? null;
  const outcome = declared === null ? 'undeclared' : declared === seen.sends ? 'as declared' : 'otherwise';
  const found: Draft<SettingsFacts>[] = [
    { code: 'BALANCER_HEADER_TOLD', facts: { balancer, sends: seen.sends, attribute, outcome } },
  ];
  if (declared !== null && declared !== seen.sends)
    found.push({ code: 'BALANCER_SENDS_OTHERWISE', facts: { balancer, sends: seen.sends, declared, attribute } });
  return found;
}

const KEEPS = 'preserve_client_ip.enabled';

/** Targets see callers' own addresses: as the attribute says, else as AWS does by default (on for instances; NLB guide). */
function readCallers(seen: BalancerSeen, balancer: string): Draft<SettingsFacts>[] {
  if (seen.kind !== 'aws-nlb') return [];
  const read = !seen.unread.some((one) => one.what === 'attributes');
  const keeping = seen.groups.filter(({ attributes, targetType }) => {
    const said = attributes[KEEPS];
    return said === undefined ? read && targetType === 'instance' : said === 'true';
  });
  const [first] = keeping;
  if (!first) return [];
  const told = first.attributes[KEEPS] === undefined ? ('default' as const) : ('set' as const);
  const facts = { balancer, groups: keeping.map((one) => one.name), targetType: first.targetType, told };
  return [{ code: 'BALANCER_KEEPS_CALLERS', facts }];
}

function readRules(data: SettingsData, balancer: string): Draft<SettingsFacts>[] {
  const listener = data.seen.listeners.find((one) => one.rules !== null);
  const rules = listener?.rules ?? 0;
  if (!listener || rules < MANY_RULES) return [];
  const { perSecond } = data;
  // At most: rules are tried by priority until one fits.
  const units =
    perSecond === null ? null : Math.round((Math.max(0, rules - FREE_RULES) * perSecond) / (PER_UNIT / 10)) / 10;
  return [{ code: 'RULES_COUNTED', facts: { balancer, rules, port: listener.port, perSecond, units } }];
}

function read(data: SettingsData, scope: ReadScope): Draft<SettingsFacts>[] {
  const balancer = scope.look.at.hop;
  const { unread } = data.seen;
  return [
    ...readZones(data.seen, balancer),
    ...readHeader(data.seen, scope),
    ...readCallers(data.seen, balancer),
    ...readRules(data, balancer),
    ...(unread.length
      ? [
          {
            code: 'BALANCER_PARTLY_READ' as const,
            facts: { balancer, details: unread.slice(0, 5).map((one) => one.detail) },
          },
        ]
      : []),
  ];
}

const zoneWords = (zones: Zone[]): string =>
  zones.map((one) => `${one.zone}: ${one.healthy} of ${one.total}`).join(', ');

/** What do the balancer's own attributes say: zones, PROXY header, rules? */
export const balancerSettings = defineCheck<SettingsData, SettingsFacts>({
  id: 'balancer-settings',
  title: "The balancer's own settings",
  asks: 'What do the attributes of the balancer say of zones, of the PROXY header and of its rules?',
  vantages: ['inside'],
  budgetMs: 12_000,
  plan: ({ case: triage, path }) =>
    path.hops.filter(asksCloud).map((hop) => ({
      look: {
        check: 'balancer-settings',
        vantage: 'inside' as const,
        hop: 'load-balancer' as const,
        at: { hop: hop.name, part: null },
        address: hop.arn ?? hop.address ?? '',
        with: { window: { ...windowOf(triage) } },
      },
    })),
  async look(io, look, _address, signal) {
    if (!io.balancer) throw new BlindLook('not-configured', 'no cloud can be asked here');
    const { window } = look.with as unknown as { window: Window };
    const seen = await io.balancer.describe(look.at.hop, signal);
    const [refused] = seen.unread;
    if (refused && Object.keys(seen.attributes).length === 0 && seen.groups.every((group) => group.targets === null))
      throw new BlindLook(refused.reason, seen.unread.map((one) => one.detail).join('; '));
    if (!seen.listeners.some((one) => (one.rules ?? 0) >= MANY_RULES)) return { seen, perSecond: null };
    const counted = await io.balancer.counters(look.at.hop, window, signal).catch((error: unknown) => {
      if (error instanceof BlindLook) return null;
      throw error;
    });
    const requests = counted?.counters.find((one) => one.name === 'RequestCount' && one.zone === null);
    return { seen, perSecond: requests ? Math.round((requests.value / (requests.points * 60)) * 10) / 10 : null };
  },
  read,
  findings: {
    ZONE_SHARES_UNEVEN: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'Targets of one zone get a multiple of the traffic of another',
      says: (f) =>
        `Cross-zone balancing of ${f.balancer} is off, and its zones have different numbers of healthy targets (${zoneWords(f.zones)}): one in ${f.most} gets ${f.ratio} times as much as one in ${f.least}.`,
      next: (f) =>
        `Switch load_balancing.cross_zone.enabled on at ${f.balancer}, or run the same number of targets in each zone.`,
      reproduce: () => null,
    },
    ZONE_WITHOUT_TARGETS: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'A zone of the balancer has no healthy target',
      says: (f) =>
        `${f.balancer} has no healthy target in ${f.zones.join(', ')} (of ${plural(f.of, 'zone')}), and cross-zone balancing is off: who still uses the addresses of that zone reaches nobody.`,
      next: (f) => `Run a target in ${f.zones.join(', ')}, or take the zone out of ${f.balancer}.`,
      reproduce: () => null,
    },
    ZONE_SHARES_EVEN: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Zones get even shares',
      says: (f) =>
        f.crossZone
          ? `Cross-zone balancing of ${f.balancer} is on: targets of its ${plural(f.zones, 'zone')} get the same.`
          : `The ${plural(f.zones, 'zone')} of ${f.balancer} have about as many healthy targets each.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    BALANCER_HEADER_TOLD: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'What the balancer sends before a connection',
      says: (f) => `${f.balancer} sends ${words(f.sends)} (${f.attribute}).`,
      next: (f) => `See whether the listener behind ${f.balancer} expects the same.`,
      reproduce: () => null,
    },
    BALANCER_SENDS_OTHERWISE: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer sends another PROXY header than declared',
      says: (f) => `${f.balancer} sends ${words(f.sends)} (${f.attribute}); declared is ${words(f.declared)}.`,
      next: (f) =>
        `Correct what is declared of ${f.balancer} (sends: in the inventory, or its annotation), or the attribute.`,
      reproduce: () => null,
    },
    RULES_COUNTED: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer evaluates many rules for each request',
      says: (f) =>
        `${f.balancer} has ${f.rules} rules on port ${f.port}, at most ${f.rules - FREE_RULES} of them charged for each request${
          f.units === null
            ? ''
            : `: at ${f.perSecond} requests a second up to ${f.units} capacity units for rules alone`
        }. A network balancer before a proxy that routes by itself counts none.`,
      next: () => 'A note on cost, not on the trouble: put hosts behind one rule, or behind the proxy.',
      reproduce: () => null,
    },
    BALANCER_KEEPS_CALLERS: {
      hop: 'load-balancer',
      direction: 'context',
      title: "Targets see callers' own addresses",
      says: (f) =>
        `${f.balancer} keeps the address of callers (preserve_client_ip.enabled${f.told === 'default' ? `, the default for targets of type ${f.targetType}` : ''}): a target that calls it and is sent to itself gets no connection.`,
      next: () => 'Nothing to do, unless targets call their own balancer.',
      reproduce: () => null,
    },
    BALANCER_PARTLY_READ: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Part of the balancer could not be read',
      says: (f) => `Of ${f.balancer} I could not read everything: ${f.details.join('; ')}.`,
      next: (f) => `Let me see more: ${f.details[0]}.`,
      reproduce: () => null,
    },
  },
});
