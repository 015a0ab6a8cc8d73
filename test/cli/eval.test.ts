import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Incident } from '../../bot/eval/incident.ts';
import { scoreAll, scoreOne, skippedOne } from '../../bot/eval/score.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import { listen } from '../diagnostics/peers.ts';
import { scratch } from '../diagnostics/real-servers.ts';
import { dev } from './dev.ts';

test('worlds that are ready, skip, end early, or leave nothing behind', async (t) => {
  const dir = scratch(t);
  const app = createServer((_, answer) => answer.writeHead(503).end('an application of its own'));
  t.after(() => app.close());
  const port = await listen(app);
  const incident = (
    name: string,
    up: string,
    expect = '{ answer: not-ingress, hop: app, cause: app-errors }',
  ): void => {
    mkdirSync(join(dir, name));
    writeFileSync(
      join(dir, name, 'incident.yaml'),
      `id: ${name}\ntitle: t\nsource: s\nreport: shop.example.test answers 503\nexpect: ${expect}\n`,
    );
    writeFileSync(join(dir, name, 'up'), `#!/bin/sh\n${up}\n`, { mode: 0o755 });
  };
  const inventory = `cat > "$WORLD/inventory.yaml" <<'END'
version: 1
dns: { shop.example.test: 127.0.0.1 }
routes: [{ host: shop.example.test, via: [edge, shop] }]
hops:
  edge: { hop: proxy, kind: other, scheme: http, address: "127.0.0.1:${port}" }
  shop: { hop: service, endpoints: [{ name: shop-a, address: "127.0.0.1:${port}" }] }
END`;
  const gone = join(dir, 'was-ended');
  incident(
    'a-right',
    `${inventory}\ntrap 'touch ${gone}; exit 0' TERM\necho noise\necho ready\nwhile :; do sleep 0.1; done`,
  );
  incident(
    'b-wrong',
    `${inventory}\necho ready\nexec sleep 60`,
    '{ answer: ingress, hop: proxy, cause: route-missing }',
  );
  incident('c-skips', 'echo skip no such part here');
  incident('d-ends-early', 'echo it broke >&2; exit 3');
  incident('e-no-inventory', 'echo ready; exec sleep 60');
  incident('f-broken-inventory', `echo 'version: 9' > "$WORLD/inventory.yaml"; echo ready; exec sleep 60`);
  mkdirSync(join(dir, 'g-no-up'));
  writeFileSync(
    join(dir, 'g-no-up', 'incident.yaml'),
    'id: g-no-up\ntitle: t\nsource: s\nreport: r\nexpect: { answer: ingress, hop: proxy, cause: x }\n',
  );
  const temporary = scratch(t);
  const ran = await dev(['eval', '--incidents', dir, '--json', '--parallel', '4'], { TMPDIR: temporary });
  assert.equal(ran.code, 1, ran.err);
  const score = JSON.parse(ran.out);
  const by = (id: string) => score.incidents.find((one: { id: string }) => one.id === id);
  assert.deepEqual(
    score.incidents.map((one: { id: string }) => one.id),
    ['a-right', 'b-wrong', 'c-skips', 'd-ends-early', 'e-no-inventory', 'f-broken-inventory', 'g-no-up'],
  );
  assert.deepEqual(by('a-right').right, { answer: true, hop: true, cause: true }, JSON.stringify(by('a-right')));
  assert.deepEqual(by('b-wrong').right, { answer: false, hop: false, cause: false });
  assert.equal(by('c-skips').skipped, 'no such part here');
  assert.match(by('d-ends-early').skipped, /ended \(3\) before it was ready; stderr: it broke/);
  assert.match(by('e-no-inventory').skipped, /inventory\.yaml: no such file/);
  assert.match(by('f-broken-inventory').skipped, /version: must be 1/);
  assert.ok(by('g-no-up').skipped);
  assert.deepEqual(
    [score.skipped, score.accuracy.answer, score.falseExonerations, score.confidentlyWrong],
    [5, 0.5, 1, 1],
  );
  assert.ok(existsSync(gone), 'a world is asked to end before it is killed');
  assert.deepEqual(readdirSync(temporary), [], 'no folder is left');
});

const incident = (over: object = {}): Incident =>
  ({
    id: 'x',
    title: '',
    source: '',
    report: 'r',
    folder: '/x',
    expect: { answer: ['ingress'], hop: ['proxy'], cause: ['route-missing'], ...over },
  }) as Incident;
const verdict = (over: Partial<Verdict> = {}): Verdict =>
  ({
    answer: 'ingress',
    hop: 'proxy',
    cause: 'route-missing',
    confidence: 0.9,
    because: ['ROUTE_MISSING'],
    headline: 'h',
    ...over,
  }) as Verdict;

test('scores: right, wrong, forbidden, too weak, skipped', () => {
  const right = scoreOne(incident(), verdict(), 100);
  assert.deepEqual(right.right, { answer: true, hop: true, cause: true });
  const accused = scoreOne(incident({ answer: ['not-ingress'], hop: ['app'], cause: ['app-down'] }), verdict(), 300);
  const forbidden = scoreOne(incident({ forbid: ['ROUTE_MISSING'] }), verdict(), 200);
  assert.deepEqual([forbidden.right.answer, forbidden.wrong], [false, 'cites ROUTE_MISSING']);
  const weak = scoreOne(incident({ atLeast: 0.95 }), verdict(), 200);
  assert.equal(weak.right.answer, false);
  const unsure = scoreOne(
    incident({ answer: ['inconclusive'], hop: [null], cause: [null] }),
    verdict({ answer: 'inconclusive', hop: null, cause: null, confidence: 0.4 }),
    10,
  );
  assert.deepEqual(unsure.right, { answer: true, hop: true, cause: true });
  const score = scoreAll([right, accused, skippedOne(incident(), 'no part'), unsure]);
  assert.deepEqual(
    [score.skipped, score.falseAccusations, score.falseExonerations, score.confidentlyWrong],
    [1, 1, 0, 1],
  );
  assert.ok(Math.abs((score.accuracy.answer ?? 0) - 2 / 3) < 1e-9);
  assert.deepEqual([score.p50Ms, score.p95Ms], [100, 300]);
  const nothing = scoreAll([skippedOne(incident(), 'x')]);
  assert.deepEqual([nothing.accuracy.answer, nothing.brier, nothing.ece, nothing.p50Ms], [null, null, null, null]);
  assert.equal(scoreAll([scoreOne(incident(), verdict({ confidence: 1 }), 1)]).ece, 0);
});

test('the reading of messages is scored line by line', async (t) => {
  const file = join(scratch(t), 'messages.ndjson');
  const line = (text: string, report: boolean, hosts: string[], since: string | null = null): string =>
    JSON.stringify({ text, at: '2026-11-21T10:00:00Z', expect: { report, hosts, since } });
  writeFileSync(
    file,
    `${[line('shop.example.test gives 502 since 09:30', true, ['shop.example.test'], '2026-11-21T09:30:00Z'), '', line('lunch?', false, []), line('shop.example.test answers 502 Bad Gateway', true, ['wiki.example.test'])].join('\n')}\n`,
  );
  const ran = await dev(['eval', '--intake', file, '--json']);
  assert.equal(ran.code, 1, ran.err);
  const score = JSON.parse(ran.out);
  assert.deepEqual([score.messages, score.precision, score.recall, score.hosts, score.since], [3, 1, 1, 0.5, 1]);
  assert.deepEqual(
    score.wrong.map((w: { line: number }) => w.line),
    [4],
  );
});
