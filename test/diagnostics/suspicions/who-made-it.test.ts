import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import type { ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import { sceneOf } from '../../../diagnostics/scene.ts';
import { ledAstray } from '../../../diagnostics/suspicions/led-astray.ts';
import { rateLimited } from '../../../diagnostics/suspicions/refusals.ts';
import { redirectLoop } from '../../../diagnostics/suspicions/routes.ts';
import { sentHome } from '../../../diagnostics/suspicions/sent-home.ts';
import { appDown, rolloutDrops } from '../../../diagnostics/suspicions/service-and-app.ts';
import type { Rule, Suspicion } from '../../../diagnostics/suspicions/suspicion.ts';
import { appTooLarge, innerSizeLimit } from '../../../diagnostics/suspicions/too-large.ts';
import type { Case, Change, EvidenceRow, Finding, Path, Symptoms } from '../../../diagnostics/types.ts';

interface Fixture {
  case: Case;
  path: Path;
  row: EvidenceRow;
}
interface Beside {
  rows?: string[];
  others?: Finding[];
  symptoms?: Partial<Symptoms>;
  report?: string;
  changes?: Change[];
  change?: (served: ServedRequests) => void;
}
const fixture = (name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`../checks/${name}.json`, import.meta.url), 'utf8')) as Fixture;

/** What a rule says of rows of a real world, of which the first may be changed, beside other findings. */
function judge(rule: Rule, name: string, beside: Beside = {}): Suspicion | null {
  const { case: triage, path, row } = fixture(name);
  beside.change?.(row.data as unknown as ServedRequests);
  const rows = [row, ...(beside.rows ?? []).map((one) => fixture(one).row)];
  const { findings } = readRows(rows, triage, path);
  const symptoms = { ...triage.symptoms, ...beside.symptoms };
  const told = { ...triage, symptoms, report: beside.report ?? triage.report };
  return rule(sceneOf(told, path, [...findings, ...(beside.others ?? [])], [], beside.changes ?? []));
}
const finding = (code: string, at: string, facts: Finding['facts'], over: Partial<Finding> = {}): Finding => ({
  code,
  check: 'x',
  hop: 'proxy',
  direction: 'context',
  address: null,
  vantage: 'inside',
  about: { hop: 'edge', part: 'edge' },
  at,
  says: 'x.',
  facts,
  reproduce: null,
  next: 'x.',
  ...over,
});

const BEHIND = 'upstream-attribution/TOO_LARGE_PASSED_ON.by-the-next-proxy';
const UNTOLD = 'upstream-attribution/TOO_LARGE_PASSED_ON.format-does-not-tell';

test("the next proxy is accused for its smaller limit and nginx' own page, and the application for neither", () => {
  const shrinks = (inner: string): Finding =>
    finding('BODY_LIMIT_SHRINKS_INWARDS', '', { outer: 'edge (nginx)', inner, outerValue: 100, innerValue: 1 });
  const others = [shrinks('tenant-gateway (nginx)')];
  assert.equal(judge(innerSizeLimit, BEHIND, { others })?.cause, 'size-limit');
  assert.equal(judge(appTooLarge, BEHIND, { others }), null, 'a proxy stands behind');
  assert.equal(judge(innerSizeLimit, BEHIND), null, 'no limit is known');
  assert.equal(judge(innerSizeLimit, BEHIND, { others: [shrinks('another (nginx)')] }), null);
  const page = (served: ServedRequests): void => void Object.assign(served.tooLarge ?? {}, { asNginx: 0 });
  assert.equal(judge(innerSizeLimit, BEHIND, { others, change: page }), null, 'a page of somebody else');
  const own = [...others, finding('BODY_TOO_LARGE', '', { count: 3 })];
  assert.equal(judge(innerSizeLimit, BEHIND, { others: own }), null, 'a proxy says that it did it');
});

test('a 413 is the application’s where the error log reaches back and knows none, and no page is like nginx’', () => {
  const { row } = fixture(UNTOLD);
  const first = (row.data as unknown as ServedRequests).tooLarge?.first as string;
  const clean = (from: string | null): Finding[] => [finding('NO_COMPLAINTS', '', { from })];
  const guilty = judge(appTooLarge, UNTOLD, { others: clean(first) });
  assert.deepEqual([guilty?.cause, guilty?.hop], ['app-errors', 'app']);
  const later = new Date(Date.parse(first) + 60_000).toISOString();
  assert.equal(judge(appTooLarge, UNTOLD, { others: clean(later) }), null, 'the log begins later');
  assert.equal(judge(appTooLarge, UNTOLD, { others: clean(null) }), null);
  assert.equal(judge(appTooLarge, UNTOLD), null, 'no error log');
  const asNginx = (served: ServedRequests): void => void Object.assign(served.tooLarge ?? {}, { asNginx: 14 });
  assert.equal(judge(appTooLarge, UNTOLD, { others: clean(first), change: asNginx }), null);
});

const ASTRAY = 'upstream-attribution/FORMER_ENDPOINT_FAILED.never-answered';

test('a proxy was led astray only where it was changed then, and where nobody ever answered', () => {
  const { row } = fixture(ASTRAY);
  const served = row.data as unknown as ServedRequests;
  const stranger = served.upstreams.find((u) => u.errors > 0);
  const refused = finding('UPSTREAM_REFUSED_PROXY', '', {
    upstream: stranger?.address ?? '',
    last: stranger?.last ?? '',
    count: 44,
  });
  const change = (object: string, at = served.firstError as string): Change[] => [
    { at, kind: 'reload', object, summary: 'x' },
  ];
  const others = [refused];
  assert.equal(judge(ledAstray, ASTRAY, { others, changes: change('edge') })?.cause, 'stale-endpoints');
  assert.equal(judge(appDown, ASTRAY, { others }), null, 'the endpoints ran all the time');
  assert.equal(judge(rolloutDrops, ASTRAY, { others }), null, 'it never was an endpoint');
  assert.equal(judge(ledAstray, ASTRAY, { others, changes: change('boots') }), null, 'a deploy, not the proxy');
  assert.equal(judge(ledAstray, ASTRAY, { others, changes: change('edge', '2026-11-21T00:00:00.000Z') }), null);
  assert.equal(judge(ledAstray, ASTRAY, { changes: change('edge') }), null, 'nobody says that it refused');
  const answeredOnce = (one: ServedRequests): void =>
    one.upstreams.forEach((u) => {
      if (u.errors > 0) u.requests++;
    });
  assert.equal(judge(ledAstray, ASTRAY, { others, changes: change('edge'), change: answeredOnce }), null);
  assert.equal(judge(rolloutDrops, ASTRAY, { others, change: answeredOnce })?.cause, 'app-rollout-drops');
});

const HELD = 'upstream-attribution/SLOW_IN_PROXY.held-back';
const LIMIT = 'limits-and-timeouts/HOLDS_REQUESTS_BACK.searches';

test('slow requests are the limit’s doing where it can keep them that long, and clients cannot', () => {
  assert.equal(judge(rateLimited, HELD, { rows: [LIMIT] })?.cause, 'rate-limited');
  assert.equal(judge(rateLimited, HELD), null, 'no limit is known');
  assert.equal(judge(rateLimited, HELD, { rows: [LIMIT], symptoms: { kinds: ['errors-5xx'] } }), null);
  const clients = (served: ServedRequests): void => void Object.assign(served, { slowHeld: 3 });
  assert.equal(judge(rateLimited, HELD, { rows: [LIMIT], change: clients }), null);
});

test('an endpoint that serves whoever is said to have https was not told; one that does not says nothing', () => {
  const loop = finding(
    'REDIRECTED_TO_ITSELF',
    '',
    { status: 301, location: 'https://wiki.example.test/' },
    { vantage: 'public' },
  );
  const inner = 'path-bisect/HTTPS_NOT_PASSED_ON.inner';
  const told = judge(redirectLoop, 'endpoint-answers/ENDPOINT_WANTS_HTTPS.told', { rows: [inner], others: [loop] });
  assert.ok(told && told.strength > 0.9);
  assert.ok(told.because.some((f) => f.code === 'HTTPS_NOT_PASSED_ON'));
  const deaf = judge(redirectLoop, 'endpoint-answers/ENDPOINT_WANTS_HTTPS.deaf', { others: [loop] });
  assert.ok(deaf && deaf.strength < 0.7);
  const clear = finding('REDIRECTED_TO_ITSELF', '', { status: 301, location: 'http://wiki.example.test/' });
  const other = judge(redirectLoop, 'endpoint-answers/ENDPOINT_WANTS_HTTPS.told', {
    others: [{ ...clear, vantage: 'public' }],
  });
  assert.ok(other && other.strength < 0.7, 'a loop within http is no matter of https');
});

const HOME = 'endpoint-answers/ENDPOINT_LEADS_TO_LOCALHOST.root-url';
const MET = 'path-bisect/LEADS_TO_LOCALHOST.root-url';

test('callers are sent to their own machine by the application only where users meet the very same', () => {
  assert.equal(judge(sentHome, HOME, { rows: [MET] })?.cause, 'app-errors');
  assert.equal(judge(sentHome, HOME), null, 'users meet something else');
  assert.equal(judge(sentHome, MET), null, 'endpoints say something else');
  const other = finding('LEADS_TO_LOCALHOST', '', { location: 'http://localhost:9/' }, { vantage: 'public' });
  assert.equal(judge(sentHome, HOME, { others: [other] }), null);
  const errors: Partial<Symptoms> = { kinds: ['errors-5xx'] };
  assert.equal(judge(sentHome, HOME, { rows: [MET], report: '502 everywhere', symptoms: errors }), null);
});
