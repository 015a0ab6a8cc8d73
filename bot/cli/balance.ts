import { setTimeout as wait } from 'node:timers/promises';
import { type BalanceGroup, balanceOf, type Counted, type Policy } from '../../diagnostics/balance/balance.ts';
import { TriageError } from '../../diagnostics/errors.ts';
import { percent } from '../../diagnostics/wording.ts';
import {
  differenceOf,
  type Read,
  readFileOf,
  readPage,
  type Services,
  siblings,
  sumOf,
} from '../../proxy/adapters/metrics/balance-source.ts';
import { emptyInventory } from '../../proxy/inventory/inventory.ts';
import { pageOf } from '../../proxy/triage.ts';
import { printJson, readArgs } from './options.ts';
import { orNotAllowed } from './probe-target.ts';

const USAGE = './dev balance FILE|URL… [--kind KIND] [--policy POLICY] [--together] [--json]';
/** Between the two readings of a live page: counters are only ever used as differences, ms. */
const BETWEEN_MS = 5_000;
const LIMIT_MS = 15_000;
/** More endpoints than this are not listed one by one for people. */
const LISTED = 40;

const POLICIES: { [name: string]: Policy } = {
  'round-robin': 'round-robin',
  roundrobin: 'round-robin',
  random: 'random',
  'least-conn': 'least-conn',
  least_conn: 'least-conn',
  leastconn: 'least-conn',
  hash: 'hash',
  sticky: 'sticky',
};

interface Balance {
  source: string;
  groups: BalanceGroup[];
}

const isUrl = (source: string): boolean => /^https?:\/\//i.test(source);
const pageAt = async (url: string): Promise<Read> => {
  const page = await orNotAllowed(pageOf(emptyInventory(), url, AbortSignal.timeout(LIMIT_MS)));
  const read = readPage(url, page);
  const at = new Date().toISOString();
  for (const service of read.services.values()) service.dealt = { ...service.dealt, to: at };
  return read;
};

/** Each page read twice, all at the same time; an idle one has nothing to compare: then since its start. */
async function liveReads(urls: string[]): Promise<Map<string, Read>> {
  if (urls.length === 0) return new Map();
  const before = await Promise.all(urls.map(pageAt));
  await wait(BETWEEN_MS);
  const after = await Promise.all(urls.map(pageAt));
  // Endpoints' own pages are compared with each other: all of them as differences, or none.
  const own = (reads: Read[]): Services =>
    siblings(
      reads.flatMap((read) => read.own ?? []),
      '',
    );
  const ownDuring = ownRequests(differenceOf(own(before), own(after)));
  return new Map(
    urls.map((url, i) => {
      const [then, now] = [before[i] as Read, after[i] as Read];
      if (now.own) return [url, { ...now, own: ownDuring?.get(now.own.address) ?? now.own }];
      const during = differenceOf(then.services, now.services);
      return [url, moved(during) ? { services: during, own: null } : now];
    }),
  );
}

const moved = (services: Services): boolean =>
  [...services.values()].some(({ endpoints }) => [...endpoints.values()].some((e) => e.requests > 0));

/** What endpoints counted between two readings, without our own second one; null: nothing but that. */
function ownRequests(during: Services): Map<string, Counted> | null {
  const endpoints = during.get('')?.endpoints ?? new Map<string, Counted>();
  const without = [...endpoints].map(([address, e]): [string, Counted] => [
    address,
    { ...e, requests: Math.max(0, e.requests - 1) },
  ]);
  return without.some(([, e]) => e.requests > 0) ? new Map(without) : null;
}

const judged = (source: string, services: Services, policy: Policy | null): Balance => ({
  source,
  groups: [...services].map(([name, { endpoints, dealt }]) =>
    balanceOf(name, [...endpoints.values()], { ...dealt, ...(policy && { policy }) }),
  ),
});

function asText({ source, groups }: Balance): string {
  const lines = [source];
  for (const group of groups) {
    const verdict = group.verdict === 'not-enough-data' ? 'not enough to tell' : group.verdict;
    const p = group.pValue === null ? '' : `, p = ${group.pValue.toPrecision(2)}`;
    lines.push(
      `  ${group.service || 'all'}: ${verdict}${group.kind ? ` (${group.kind})` : ''}${p}`,
      `    ${group.says}`,
    );
    for (const e of group.endpoints.slice(0, LISTED)) {
      const more = [
        e.connections !== undefined && `${e.connections} connections`,
        e.errors && `${e.errors} errors`,
        e.seconds !== undefined && `${(e.seconds * 1000).toFixed(1)} ms`,
        e.weight !== undefined && `weight ${e.weight}`,
        e.zone,
        e.aside,
      ].filter(Boolean);
      lines.push(
        `    ${e.address.padEnd(24)} ${String(e.requests).padStart(9)}  ${percent(e.share).padStart(6)}${more.length ? `  ${more.join(', ')}` : ''}`,
      );
    }
    if (group.endpoints.length > LISTED) lines.push(`    … and ${group.endpoints.length - LISTED} more`);
  }
  return `${lines.join('\n')}\n`;
}

/** `./dev balance`: endpoint balance from metrics pages or access logs (DESIGN 4.5). */
export async function balance(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    { kind: { type: 'string' }, policy: { type: 'string' }, together: { type: 'boolean' }, json: { type: 'boolean' } },
    { min: 1, max: 50 },
  );
  const policy = values.policy === undefined ? null : (POLICIES[values.policy.toLowerCase()] ?? undefined);
  if (policy === undefined)
    throw new TriageError('wrong-usage', `--policy: ${values.policy} is none of ${Object.keys(POLICIES).join(', ')}`);
  const live = await liveReads(positionals.filter(isUrl));
  const reads: [string, Read][] = [];
  for (const source of positionals)
    reads.push([source, live.get(source) ?? (await readFileOf(source, values.kind ?? null))]);
  const results = resultsOf(reads, policy, values.together === true);
  if (values.json) printJson(results.length === 1 ? results[0] : results);
  else process.stdout.write(results.map(asText).join('\n'));
  return 0;
}

function resultsOf(reads: [string, Read][], policy: Policy | null, together: boolean): Balance[] {
  const own = reads.filter(([, read]) => read.own !== null);
  const [lonely] = own.length === 1 ? own : [];
  if (lonely)
    throw new TriageError(
      'unreadable',
      `${lonely[0]}:1: this page is one endpoint's own; give those of the other endpoints beside it`,
    );
  const proxies = reads.filter(([, read]) => read.own === null);
  const results = together
    ? proxies.length
      ? [judged(proxies.map(([source]) => source).join(' '), sumOf(proxies.map(([, read]) => read.services)), policy)]
      : []
    : proxies.map(([source, read]) => judged(source, read.services, policy));
  if (own.length > 0)
    results.push(
      judged(
        own.map(([source]) => source).join(' '),
        siblings(
          own.map(([, read]) => read.own as Counted),
          'endpoints',
        ),
        policy,
      ),
    );
  return results;
}
