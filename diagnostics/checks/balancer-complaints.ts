import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { instanceLooks, questionOf, questionOn } from '../instance-looks.ts';
import type { Complaint, Complaints } from '../io/proxy-reader.ts';
import { clock, shellWord, times } from '../wording.ts';

interface BalancerComplaintFacts {
  BALANCER_HAS_NO_SERVER: {
    balancer: string;
    count: number;
    /** Servers that it takes for dead by now, as it calls them, and why it says so of the first. */
    down: string[];
    why: string;
    last: string;
    now: string;
    source: string;
  };
}

/** Most servers that are named. */
const MOST_NAMED = 5;

/** HAProxy: `Server edges/edge-1 is DOWN, reason: Layer7 wrong status, code: 400, check duration: 1ms. …`. */
const because = ({ sample }: Complaint): string =>
  (/reason: ([^.]{3,120}?)(?:, check duration|\.|$)/.exec(sample)?.[1] ?? '').replace(/, info: .*/, '');

/** It said that no server is left to it, and of none that it took for dead that it is back: what it says later is what holds. */
function read(data: Complaints, scope: ReadScope): Draft<BalancerComplaintFacts>[] {
  const none = data.complaints.filter((one) => one.kind === 'no-live-upstream');
  const empty = new Set(none.map((one) => one.address));
  const down = data.complaints.filter(
    (one) => one.kind === 'endpoint-marked-down' && empty.has((one.address ?? '').split('/')[0] ?? ''),
  );
  const [first] = down;
  if (!first || none.length === 0) return [];
  return [
    {
      code: 'BALANCER_HAS_NO_SERVER',
      facts: {
        balancer: scope.look.at.part ?? scope.look.at.hop,
        count: none.reduce((sum, one) => sum + one.count, 0),
        down: down.slice(0, MOST_NAMED).map((one) => one.address ?? 'a server'),
        why: because(first),
        last:
          none
            .map((one) => one.last)
            .sort()
            .at(-1) ?? '',
        now: scope.case.at,
        source: data.source,
      },
    },
  ];
}

/** What does a balancer that is a program of ours (HAProxy) complain of in its own log? In TCP mode that names no host. */
export const balancerComplaints = defineCheck<Complaints, BalancerComplaintFacts>({
  id: 'balancer-complaints',
  title: "The balancer's own complaints",
  asks: 'Does the balancer itself log that it has nobody to send to?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: (scope) =>
    instanceLooks(
      'balancer-complaints',
      scope.path.hops.filter((hop) => hop.hop === 'load-balancer' && hop.kind === 'haproxy'),
      (one) => one.errorLog ?? one.accessLog,
      questionOn(scope),
    ),
  look(io, look, _address, signal) {
    const { host, window } = questionOf(look);
    return io.proxy.complaints(look.at, host, window, signal);
  },
  read,
  findings: {
    BALANCER_HAS_NO_SERVER: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer took all its servers for dead',
      says: (f) =>
        `${f.balancer} logged ${times(f.count)} that no server is left to it${f.last ? `, last ${clock(f.last, f.now)}` : ''}: it takes ${f.down.join(', ')} for dead${f.why ? ` (${f.why})` : ''}.`,
      next: (f) =>
        `Ask the servers what ${f.balancer}'s health check asks, just as it does: they must answer as it wants.`,
      reproduce: (f) =>
        f.source.startsWith('/')
          ? `grep -aE ${shellWord('is DOWN|is UP|has no server available')} ${shellWord(f.source)} | tail -n 10`
          : null,
    },
  },
});
