import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { withTold } from '../settings/balancers.ts';
import { type HeaderBoundary, headerBoundaries } from '../settings/header.ts';
import { lookAtSettings, type PathSettings, planSettings, showLine } from '../settings/look.ts';

type Boundary = {
  outer: string;
  inner: string;
  part: string;
  listener: string;
  sends: string;
  sendsFrom: string;
  expects: string;
  expectsFrom: string;
};

interface HeaderFacts {
  PROXY_HEADER_SETTINGS_DISAGREE: Boundary & { wrong: 'missing' | 'unexpected' };
  PROXY_HEADER_SETTINGS_AGREE: Boundary;
  PROXY_HEADER_DECLARED_OTHERWISE: { who: string; what: string; declared: string; configured: string; where: string };
}

/** What is wrong between the two, if anything: a listener that demands a header gets none, or one that knows none gets one. */
function wrong(sends: string, expects: string): 'missing' | 'unexpected' | null {
  if (sends === 'none') return expects === 'required' ? 'missing' : null;
  return expects === 'none' ? 'unexpected' : null;
}

function judge(one: HeaderBoundary): Draft<HeaderFacts>[] {
  const differs = one.differs.map((facts) => ({
    code: 'PROXY_HEADER_DECLARED_OTHERWISE' as const,
    facts: { ...facts },
  }));
  if (!one.sends || !one.expects) return differs;
  const facts = {
    outer: one.outer,
    inner: one.inner,
    part: one.part ?? one.inner,
    listener: one.listener ?? '',
    sends: one.sends.value,
    sendsFrom: one.sends.from,
    expects: one.expects.value,
    expectsFrom: one.expects.from,
  };
  const how = wrong(one.sends.value, one.expects.value);
  // What is only declared may be wrong itself: then it is a hint to look, and clears nobody either.
  const direction = one.sends.configured ? {} : { direction: 'context' as const };
  const against = one.sends.asked ? {} : direction;
  return how
    ? [{ code: 'PROXY_HEADER_SETTINGS_DISAGREE', ...against, facts: { ...facts, wrong: how } }, ...differs]
    : [{ code: 'PROXY_HEADER_SETTINGS_AGREE', ...direction, facts }, ...differs];
}

function read(row: PathSettings, scope: ReadScope): Draft<HeaderFacts>[] {
  const boundaries = headerBoundaries(row, withTold(scope.path, row.balancers));
  const found = boundaries.flatMap(judge);
  const seen = new Set<string>();
  const once = found.filter((one) => {
    const key = JSON.stringify(one);
    return !seen.has(key) && seen.add(key);
  });
  return once;
}

const header = (word: string): string =>
  ({
    none: 'no PROXY header',
    'proxy-v1': 'a PROXY header (v1)',
    'proxy-v2': 'a PROXY header (v2)',
    required: 'a PROXY header on every connection',
    optional: 'a PROXY header or none',
  })[word] ?? word;
const show = (f: Boundary): string | null => showLine(f.expectsFrom) ?? showLine(f.sendsFrom);

/** Does the listener expect the PROXY header that the hop in front of it is configured to send? */
export const proxyHeaderSettings = defineCheck<PathSettings, HeaderFacts>({
  id: 'proxy-header-settings',
  title: 'PROXY header settings of both sides',
  asks: 'Is each listener configured for the PROXY header that the hop in front of it sends?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: (scope) => planSettings('proxy-header-settings', scope),
  look: (io, look, _address, signal) => lookAtSettings(io, look, signal),
  read,
  findings: {
    PROXY_HEADER_SETTINGS_DISAGREE: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The PROXY header settings of two neighbours do not fit together',
      says: (f) =>
        `${f.outer} sends ${header(f.sends)} (${f.sendsFrom}); ${f.part} of ${f.inner} is configured for ${header(f.expects)} on ${f.listener} (${f.expectsFrom || 'default'}).`,
      next: (f) =>
        f.wrong === 'missing'
          ? `Let ${f.outer} send the header, or take the demand from the listener of ${f.inner}.`
          : `Let the listener of ${f.inner} take the header, or switch it off at ${f.outer}.`,
      reproduce: show,
    },
    PROXY_HEADER_SETTINGS_AGREE: {
      hop: 'proxy',
      direction: 'clears',
      title: 'The PROXY header settings of both sides fit together',
      says: (f) =>
        `${f.outer} sends ${header(f.sends)} (${f.sendsFrom}), and ${f.part} of ${f.inner} is configured for ${header(f.expects)} on ${f.listener}.`,
      next: () => 'Nothing to do here.',
      reproduce: show,
    },
    PROXY_HEADER_DECLARED_OTHERWISE: {
      hop: 'proxy',
      direction: 'context',
      title: 'The inventory declares another PROXY header than is configured',
      says: (f) =>
        `The inventory says of ${f.who}: ${f.what} ${header(f.declared)}; its configuration says ${header(f.configured)} (${f.where}).`,
      next: (f) => `Mend the side that is wrong: ${f.what}: in the inventory, or the configuration.`,
      reproduce: (f) => showLine(f.where),
    },
  },
});
