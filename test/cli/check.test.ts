import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { caseHtml } from '../../bot/cli/case-html.ts';
import { judge } from '../../diagnostics/judge.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import { listen, peer } from '../diagnostics/peers.ts';
import { scratch } from '../diagnostics/real-servers.ts';
import { dev } from './dev.ts';

test('check, save, replay: the same verdict; exit codes follow the answer', async (t) => {
  const dir = scratch(t);
  let status = 200;
  const app = createServer((_, answer) => answer.writeHead(status).end('an application'));
  t.after(() => app.close());
  const port = await listen(app);
  const inventory = join(dir, 'inventory.yaml');
  writeFileSync(
    inventory,
    `version: 1
dns: { shop.example.test: 127.0.0.1 }
routes: [{ host: shop.example.test, via: [edge, shop] }]
hops:
  edge: { hop: proxy, kind: other, scheme: http, address: "127.0.0.1:${port}", instances: [{ name: edge-1, http: "127.0.0.1:${port}" }] }
  shop: { hop: service, endpoints: [{ name: shop-a, address: "127.0.0.1:${port}" }] }
`,
  );
  const target = `http://shop.example.test:${port}/`;
  for (const [now, exit, answer] of [
    [200, 0, 'not-ingress'],
    [500, 0, 'not-ingress'],
  ] as const) {
    status = now;
    const file = join(dir, `${now}.json`);
    const page = join(dir, `${now}.html`);
    const report = `<script>alert(1)</script> ${target} is down "again" & 'again'`;
    const checked = await dev([
      'check',
      target,
      '--inventory',
      inventory,
      '--report',
      report,
      '--json',
      '--save',
      file,
      '--html',
      page,
    ]);
    assert.equal(checked.code, exit, checked.err + checked.out);
    const verdict = JSON.parse(checked.out);
    assert.deepEqual([verdict.version, verdict.answer, verdict.target.port], [1, answer, port]);
    if (now === 500) assert.equal(verdict.cause, 'app-errors');
    const replayed = await dev(['replay', file, '--json']);
    assert.deepEqual(JSON.parse(replayed.out), verdict);
    assert.equal(replayed.code, exit);
    const explained = await dev(['replay', file, '--explain']);
    assert.match(explained.out, /1\. What the request met[\s\S]*2\. Findings[\s\S]*5\. Reckoning/);
    const html = readFileSync(page, 'utf8');
    assert.ok(!html.includes('<script') && html.includes('&#60;script&#62;'), 'what people say is escaped');
  }
  await t.test('nobody there at all: inconclusive, or the ingress; never an exception', async () => {
    const gone = await peer(t, () => {});
    const ran = await dev(['check', `http://127.0.0.1:${gone.port}/`, '--deadline', '600ms', '--json']);
    assert.equal(ran.code, 20, ran.err);
    const verdict = JSON.parse(ran.out);
    assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], ['inconclusive', null, null]);
    assert.ok(ran.ms < 8_000, 'the deadline holds');
    assert.match((await dev(['check', '127.0.0.1:1'])).out, /^Can't tell yet|ingress/);
  });
});

test('the probe commands print one document', async (t) => {
  const app = createServer((_, answer) => answer.end('ok'));
  t.after(() => app.close());
  const port = await listen(app);
  const header = await dev(['proxy-protocol', `127.0.0.1:${port}`, '--json']);
  assert.equal(header.code, 0, header.err);
  const seen = JSON.parse(header.out);
  assert.deepEqual([seen.expects, seen.tls, seen.address], ['none', false, `127.0.0.1:${port}`]);
  for (const key of ['tried', 'headerTimeoutMs', 'clientAddressSeen', 'connections', 'durationMs'])
    assert.ok(key in seen, key);
  const tls = await dev(['tls', `127.0.0.1:${port}`, '--json']);
  assert.equal(JSON.parse(tls.out).plaintext.looksLike.startsWith('HTTP 400'), true);
  assert.match((await dev(['tls', `127.0.0.1:${port}`])).out, /answers a TLS handshake in clear text/);
  assert.match((await dev(['proxy-protocol', `127.0.0.1:${port}`])).out, /expects no PROXY header/);
  const list = JSON.parse((await dev(['checks', '--json'])).out);
  assert.ok(list.some((one: { check: string }) => one.check === 'tls'));
  assert.match((await dev(['help'])).out, /Start with \.\/dev demo/);
});

test('the page of a case: everything from outside is escaped, whatever holds it', () => {
  const saved = JSON.parse(
    readFileSync(new URL('../fixtures/cases/tls-certificate-wrong.json', import.meta.url), 'utf8'),
  ) as SavedCase;
  const evil = `"><img src=x onerror=alert(1)><script>'`;
  saved.case.report = evil;
  saved.case.target.host = evil;
  saved.case.target.path = `/${evil}`;
  for (const hop of saved.path.hops) hop.kind = evil;
  saved.changes = [{ at: saved.case.at, kind: evil, object: evil, summary: evil }];
  saved.evidence = JSON.parse(
    JSON.stringify(saved.evidence).replaceAll('shop.example.test', 'evil<script>').replaceAll('ingress.local', '<img>'),
  );
  const verdict = judge({ ...saved, durationMs: 5 });
  const html = caseHtml({ ...saved, verdict });
  assert.ok(!/<script|<img|onerror=alert\(1\)>/i.test(html.replace(/&#\d+;/g, '')), html.slice(0, 600));
  assert.ok(html.includes('&#60;script&#62;'));
});
