import { OWN_FINDINGS, type OwnComplaints } from '../complaints/own.ts';
import type { Specs } from '../complaints/shared.ts';
import { UPSTREAM_FINDINGS, type UpstreamComplaints } from '../complaints/upstreams.ts';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { instanceLooks, proxiesOf, questionOf, questionOn } from '../instance-looks.ts';
import type { Complaint, Complaints } from '../io/proxy-reader.ts';
import { frontOf } from '../own-front.ts';

interface Nothing {
  NO_COMPLAINTS: { proxy: string; kind: string; source: string; from: string | null };
}
type ComplaintFacts = UpstreamComplaints & OwnComplaints & Nothing;

const CODES: {
  [kind in Complaint['kind']]: Exclude<
    keyof ComplaintFacts,
    'STALE_UPSTREAM_LOGGED' | 'OWN_BALANCER_UNREACHABLE' | 'NO_COMPLAINTS'
  > | null;
} = {
  'upstream-refused': 'UPSTREAM_REFUSED_PROXY',
  'upstream-unreachable': 'UPSTREAM_UNREACHABLE_FOR_PROXY',
  'upstream-timeout': 'UPSTREAM_TIMED_OUT',
  'upstream-closed': 'UPSTREAM_CLOSED_EARLY',
  'no-live-upstream': 'NO_LIVE_UPSTREAM',
  'header-too-big': 'ANSWER_HEADER_TOO_BIG',
  'body-too-large': 'BODY_TOO_LARGE',
  'rate-limited': 'RATE_LIMIT_LOGGED',
  'auth-failed': 'AUTH_REQUEST_FAILED',
  'proxy-header-missing': 'PROXY_HEADER_BROKEN',
  'no-shared-suite': 'HANDSHAKES_REFUSED',
  'handshake-failed': 'HANDSHAKES_REFUSED',
  'out-of-connections': 'OUT_OF_CONNECTIONS',
  'access-forbidden': 'ACCESS_FORBIDDEN_BY_RULE',
  'client-certificate-refused': 'CLIENT_CERTIFICATE_REFUSED',
  'own-files-failed': 'PROXY_FILES_FAILED',
  'not-found-on-disk': null,
  'endpoint-marked-down': 'ENDPOINT_MARKED_DOWN',
  'worker-died': 'WORKER_DIED',
  'service-missing': 'SERVICE_MISSING_LOGGED',
  'configuration-error': 'CONFIGURATION_COMPLAINT',
};

/** What HAProxy says of a server that it takes for dead: `reason: Layer7 wrong status, code: 404`. */
const downBecause = (complaint: Complaint): string =>
  (/reason: ([^.]{3,120}?)(?:, check duration|\.|$)/.exec(complaint.sample)?.[1] ?? '').replace(/, info: .*/, '');

/** Kinds whose own log is asked for; the others' say so little that it is read only where it is named. */
const READ = ['nginx', 'ingress-nginx', 'haproxy', 'haproxy-ingress'];
const IF_NAMED = ['traefik', 'envoy'];

/** A listener that demands a PROXY header complains of our own looks as well, which send none: so many, not more. */
const OWN_PROBES = 3;

/** A complaint older than this need not be about the endpoints of now, ms. */
const RECENT_MS = 300_000;

function read(data: Complaints, scope: ReadScope): Draft<ComplaintFacts>[] {
  const proxy = scope.look.at.part ?? scope.look.at.hop;
  const kind = scope.hop?.kind ?? '';
  const service = scope.path.hops.find((hop) => hop.hop === 'service' || hop.hop === 'app');
  const known = new Set([service?.address, ...(service?.endpoints ?? []).map((e) => e.address)]);
  const born = Math.max(0, ...(service?.endpoints ?? []).map((e) => Date.parse(e.startedAt ?? '') || 0));
  const front = frontOf(scope.path, scope.case.target, scope.look.at.hop);
  const found: Draft<ComplaintFacts>[] = [];
  for (const complaint of data.complaints) {
    const code = CODES[complaint.kind];
    if (!code) continue;
    const base = {
      proxy,
      kind,
      count: complaint.count,
      sample: complaint.sample,
      last: complaint.last,
      now: scope.case.at,
      source: data.source,
    };
    const upstream = complaint.address ?? 'an upstream';
    const before = complaint.kind === 'upstream-unreachable' ? front.get(complaint.address ?? '') : undefined;
    if (before?.hop === 'load-balancer') {
      found.push({ code: 'OWN_BALANCER_UNREACHABLE', facts: { ...base, upstream, balancer: before.name } });
      continue;
    }
    // The log names the address that was tried: if the service has endpoints and this is none of them, the list is old.
    const recent =
      complaint.last === '' || Date.parse(complaint.last) >= Math.max(born, Date.parse(scope.case.at) - RECENT_MS);
    if (
      recent &&
      complaint.kind.startsWith('upstream-') &&
      complaint.address &&
      service?.endpoints?.length &&
      /:\d+$/.test(complaint.address) &&
      !known.has(complaint.address)
    ) {
      found.push({ code: 'STALE_UPSTREAM_LOGGED', facts: { ...base, upstream, service: service.name } });
    } else
      found.push({
        code,
        ...(code === 'PROXY_HEADER_BROKEN' && complaint.count <= OWN_PROBES && { direction: 'context' as const }),
        facts: {
          ...base,
          upstream,
          oneClient: complaint.oneClient ? 'yes' : 'no',
          why: complaint.kind === 'client-certificate-refused' ? (complaint.address ?? '') : downBecause(complaint),
        },
      } as Draft<ComplaintFacts>);
  }
  return found.length
    ? found
    : [{ code: 'NO_COMPLAINTS', facts: { proxy, kind, source: data.source, from: data.reachesBackTo } }];
}

const NOTHING: Specs<Nothing> = {
  NO_COMPLAINTS: {
    hop: 'proxy',
    direction: 'clears',
    title: 'The proxy complains of nothing',
    says: (f) =>
      f.kind.startsWith('haproxy')
        ? `${f.proxy}'s log holds no complaint of its own in the time in question (HAProxy's name no host).`
        : `${f.proxy}'s own log has no complaint about this host in the time in question.`,
    next: () => 'Nothing to do here.',
    reproduce: () => null,
  },
};

/** What does the proxy's own error log complain of, in the time in question, about this host? */
export const proxyComplaints = defineCheck<Complaints, ComplaintFacts>({
  id: 'proxy-complaints',
  title: "The proxy's own complaints",
  asks: 'What does the proxy itself log as wrong with these requests?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: (scope) =>
    instanceLooks(
      'proxy-complaints',
      proxiesOf(scope),
      (one, { kind }) =>
        READ.includes(kind) || (IF_NAMED.includes(kind) && one.errorLog !== null)
          ? (one.errorLog ?? one.accessLog ?? one.name)
          : null,
      questionOn(scope),
    ),
  look(io, look, _address, signal) {
    const { host, window } = questionOf(look);
    return io.proxy.complaints(look.at, host, window, signal);
  },
  read,
  findings: { ...UPSTREAM_FINDINGS, ...OWN_FINDINGS, ...NOTHING },
});
