import { isIP } from 'node:net';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { splitAddress } from '../io/address.ts';
import { shellWord } from '../wording.ts';

interface ResolutionData {
  host: string;
  addresses: string[];
  error: string | null;
  /** The answer was the inventory's, not the resolver's. */
  told: boolean;
}

interface ResolutionFacts {
  NAME_RESOLVES: { host: string; addresses: string[]; told: boolean };
  NAME_MISSING: { host: string; error: string };
  NAME_ELSEWHERE: { host: string; addresses: string[]; expected: string[]; hop: string };
}

function read(data: ResolutionData, { path }: ReadScope): Draft<ResolutionFacts>[] {
  const { host, addresses, told } = data;
  if (addresses.length === 0) return [{ code: 'NAME_MISSING', facts: { host, error: data.error ?? 'no address' } }];
  const found: Draft<ResolutionFacts>[] = [{ code: 'NAME_RESOLVES', facts: { host, addresses, told } }];
  const front = path.hops.find((hop) => hop.address);
  const expected = [front?.address, ...(front?.listeners.map((l) => l.address) ?? [])]
    .map((address) => splitAddress(address ?? '')?.host ?? '')
    .filter((ip) => isIP(ip) !== 0);
  if (front && expected.length && !addresses.some((ip) => expected.includes(ip))) {
    found.push({
      code: 'NAME_ELSEWHERE',
      facts: { host, addresses, expected: [...new Set(expected)], hop: front.name },
    });
  }
  return found;
}

/** Does the name resolve, and does it lead to the path that we know? */
export const nameResolution = defineCheck<ResolutionData, ResolutionFacts>({
  id: 'name-resolution',
  title: 'What the name leads to',
  asks: 'Does the name resolve, and to the front of the known path?',
  vantages: ['public'],
  budgetMs: 5_000,
  plan: ({ case: triage, path }) =>
    // A host whose path is told without `dns` is reached at its first hop; then no name is asked for, unless that is
    // what the report is about.
    isIP(triage.target.host) ||
    (path.dns === null && path.hops.some((hop) => hop.address) && !triage.symptoms.kinds.includes('name'))
      ? []
      : [
          {
            look: {
              check: 'name-resolution',
              vantage: 'public',
              hop: 'dns',
              at: { hop: 'dns', part: null },
              address: '',
              with: { host: triage.target.host, told: path.dns !== null },
            },
          },
        ],
  async look(io, look, _address, signal) {
    const { host, told } = look.with as { host: string; told: boolean };
    const { addresses, error } = await io.resolve(host, signal);
    return { host, addresses, error, told };
  },
  read,
  findings: {
    NAME_RESOLVES: {
      hop: 'dns',
      direction: 'clears',
      title: 'The name resolves',
      says: (f) => `${f.host} leads to ${f.addresses.join(', ')}${f.told ? ' (as the inventory says)' : ''}.`,
      next: () => 'Nothing to do here.',
      reproduce: (f) => `getent ahosts ${shellWord(f.host)}`,
    },
    NAME_MISSING: {
      hop: 'dns',
      direction: 'implicates',
      title: 'The name does not resolve',
      says: (f) => `${f.host} does not resolve (${f.error}).`,
      next: (f) => `Look at the DNS record of ${f.host}: was it ever made, or just deleted?`,
      reproduce: (f) => `getent ahosts ${shellWord(f.host)} || echo 'it does not resolve'`,
    },
    NAME_ELSEWHERE: {
      hop: 'dns',
      direction: 'context',
      title: 'The name leads somewhere else than to the known path',
      says: (f) => `${f.host} leads to ${f.addresses.join(', ')}, but ${f.hop} listens on ${f.expected.join(', ')}.`,
      next: (f) => `Correct the DNS record of ${f.host}, or the inventory, whichever is wrong.`,
      reproduce: (f) => `getent ahosts ${shellWord(f.host)}`,
    },
  },
});
