import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Incident } from '../../../bot/eval/incident.ts';
import { MASKS, masked, readMasks, takesAway } from '../../../bot/eval/mask.ts';
import { type Scored, scoreAll, scoreMasked } from '../../../bot/eval/score.ts';
import { loadInventory } from '../../../proxy/inventory/inventory.ts';

const dir = mkdtempSync(join(tmpdir(), 'iti-mask-'));
after(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'inventory.yaml');
writeFileSync(
  file,
  `version: 1
changes: changes.ndjson
prometheus: http://127.0.0.1:9090
kubernetes: { context: prod }
nodes: [ { name: node-1, metrics: "http://127.0.0.1:9100/metrics" } ]
routes: [ { host: shop.example.test, via: [edge, shop] } ]
hops:
  edge:
    hop: proxy
    kind: nginx
    address: 127.0.0.1:80
    instances:
      - { name: edge-1, http: "127.0.0.1:81", metrics: "http://127.0.0.1:91/", admin: "http://127.0.0.1:92/", config: a.conf, pidFile: a.pid, previousConfig: b.conf, accessLog: a.log, errorLog: e.log, logFormat: "$status" }
      - { name: edge-2, http: "127.0.0.1:82", metrics: "http://127.0.0.1:93/" }
  shop: { hop: service, endpoints: [ { address: "127.0.0.1:83", metrics: "http://127.0.0.1:94/" } ] }
`,
);
const whole = await loadInventory(file);
const edge = whole.hops.edge as NonNullable<typeof whole.hops.edge>;
const first = (masks: string) => masked(whole, readMasks(masks) ?? []).hops.edge?.instances[0];

test('each mask takes its own keys away and no other', () => {
  const untouched = JSON.stringify(whole);
  const { metrics, admin, config, pidFile, more, accessLog, errorLog, logFormat, ...kept } = edge
    .instances[0] as (typeof edge.instances)[number];
  assert.deepEqual(first('metrics'), {
    ...kept,
    admin,
    config,
    pidFile,
    more,
    accessLog,
    errorLog,
    logFormat,
    metrics: null,
  });
  assert.deepEqual(first('admin'), {
    ...kept,
    metrics,
    config,
    pidFile,
    more,
    accessLog,
    errorLog,
    logFormat,
    admin: null,
  });
  assert.deepEqual(first('logs,config'), {
    ...kept,
    metrics,
    admin,
    config: null,
    pidFile: null,
    more: {},
    accessLog: null,
    errorLog: null,
    logFormat: null,
  });
  const noMetrics = masked(whole, ['metrics']);
  assert.deepEqual(
    [
      noMetrics.prometheus,
      noMetrics.nodes[0]?.metrics,
      noMetrics.hops.shop?.endpoints?.[0]?.metrics,
      noMetrics.changes,
    ],
    [null, null, null, whole.changes],
  );
  assert.equal(masked(whole, ['changes']).changes, null);
  assert.equal(masked(whole, ['cluster']).kubernetes, null);
  assert.deepEqual(masked(whole, []), whole);
  assert.equal(JSON.stringify(whole), untouched, 'the inventory itself is as it was');
});

test('a replica out of reach tells nothing; the way in of users and the other replicas stay', () => {
  const away = masked(whole, ['replica']);
  const [one, two] = away.hops.edge?.instances ?? [];
  assert.deepEqual(
    [one?.name, one?.http, one?.https, one?.metrics, one?.accessLog],
    ['edge-1', null, null, null, null],
  );
  assert.deepEqual(two, whole.hops.edge?.instances[1]);
  assert.equal(away.hops.edge?.address, '127.0.0.1:80');
});

test('a mask that finds nothing to take away is told', () => {
  const bare = masked(whole, MASKS);
  for (const mask of MASKS) {
    assert.equal(takesAway(whole, [mask]), true, mask);
    assert.equal(takesAway(bare, [mask]), false, mask);
  }
  assert.equal(readMasks('metrics,dashboards'), null);
});

const incident = {
  id: 'i',
  expect: { answer: ['ingress'], hop: ['proxy'], cause: ['reload-storm'] },
} as unknown as Incident;
const got = (answer: string, cause: string | null, wrong?: string): Scored => ({
  id: incident.id,
  expected: incident.expect,
  got: { answer, hop: answer === 'ingress' ? 'proxy' : 'app', cause, headline: '' },
  right: { answer: answer === 'ingress' && !wrong, hop: answer === 'ingress', cause: cause === 'reload-storm' },
  confidence: 0.8,
  durationMs: 1,
  ...(wrong && { wrong }),
});

test('knowing less may end in no answer, never in the other one', () => {
  const outcome = (scored: Scored) => scoreMasked(scored, 'logs').outcome;
  assert.equal(outcome(got('ingress', 'reload-storm')), 'stayed');
  assert.equal(outcome(got('inconclusive', null)), 'inconclusive');
  assert.equal(outcome(got('not-ingress', 'app-errors')), 'wrong');
  assert.equal(outcome(got('ingress', 'reload-storm', 'cites RELOAD_REFUSED')), 'wrong');
  assert.equal(outcome(got('ingress', 'reload-storm', 'confidence 0.8 is below 0.9')), 'stayed');
  const score = scoreAll(
    [got('ingress', 'reload-failed'), got('inconclusive', null), got('not-ingress', 'app-errors')].map((s) =>
      scoreMasked(s, 'logs'),
    ),
  );
  assert.deepEqual(score.masks, [{ mask: 'logs', stayed: 1, inconclusive: 1, wrong: ['i'], otherCause: ['i'] }]);
  assert.equal(scoreAll([got('ingress', 'reload-storm')]).masks, undefined);
});
