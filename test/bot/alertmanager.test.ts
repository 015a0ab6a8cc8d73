import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { byHost, readWebhook, sourcesOfAlerts, type Webhook } from '../../bot/alertmanager/payload.ts';
import { until } from '../workers/stand-ins.ts';
import { FINAL, finished, ours, rig, settled, TRIAGE } from './rig.ts';

const TOKEN = 'a-token-of-twenty-chars';
const CHANNEL = '#platform';

/** Sent by Alertmanager 0.25.0: an alert, its repetition after `repeat_interval`, its end. */
const recorded = (name: string) => readFile(new URL(`../fixtures/alertmanager/${name}.json`, import.meta.url), 'utf8');

async function alertRig(t: TestContext) {
  const system = await rig(t, { bot: false });
  const { config } = system;
  config.file.alertmanager = {
    channel: CHANNEL,
    hostLabels: ['host', 'service', 'instance'],
    port: 0,
    host: '127.0.0.1',
  };
  config.alertmanagerToken = TOKEN;
  const { alertsPort } = await system.startBot();
  const url = `http://127.0.0.1:${alertsPort}/alerts`;
  const send = (body: string, headers: Record<string, string> = {}, path = url) =>
    fetch(path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
    });
  return { ...system, url, send };
}

test('an alert opens a case in its channel, its repetition does nothing, its end is said in the case', async (t) => {
  const { slack, send } = await alertRig(t);
  const first = await send(await recorded('firing'));
  assert.deepEqual(await first.json(), { opened: 1, joined: 0, repeated: 0, ended: 0, left: 0 });
  const message = await finished(slack, CHANNEL);
  assert.equal(message.thread_ts, undefined);
  assert.match(message.text, /Opened by the alert HighErrorRate/);
  const again = await send(await recorded('repeated'));
  assert.equal(((await again.json()) as { repeated: number }).repeated, 1);
  await send(await recorded('resolved'));
  await slack.waitFor(() => /The alert ended at 00:03 UTC/.test(ours(slack, CHANNEL)[0]?.text ?? ''));
  const twice = await send(await recorded('resolved'));
  assert.equal(((await twice.json()) as { ended: number }).ended, 0);
  await settled(slack);
  assert.equal(ours(slack, CHANNEL).length, 1);
  assert.match(ours(slack, CHANNEL)[0]?.text ?? '', FINAL);
});

test('an alert about a host that people reported joins their case and is pointed there', async (t) => {
  const { slack, send } = await alertRig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  const taken = await send(await recorded('firing'));
  assert.equal(((await taken.json()) as { joined: number }).joined, 1);
  const pointer = await slack.waitFor(() => ours(slack, CHANNEL)[0]);
  assert.ok(pointer.text.includes(slack.permalink(TRIAGE, message.ts)), pointer.text);
  await send(await recorded('resolved'));
  await slack.waitFor(() => /The alert ended/.test(ours(slack)[0]?.text ?? ''));
});

test('who has no token, no JSON, the wrong method or too much gets nothing done', async (t) => {
  const { slack, send, url } = await alertRig(t);
  const body = await recorded('firing');
  const basic = (secret: string) => `Basic ${Buffer.from(`any:${secret}`).toString('base64')}`;
  const statuses = [
    (await send(body, { authorization: '' })).status,
    (await send(body, { authorization: `Bearer ${TOKEN}x` })).status,
    (await send(body, { authorization: basic('wrong') })).status,
    (await send('{"version":"4"', {})).status,
    (await send('{"version":"5","alerts":[]}', {})).status,
    (await send(body, { 'content-type': 'text/plain' })).status,
    (await send(body, {}, url.replace('/alerts', '/'))).status,
    (await fetch(url)).status,
    (await send(`{"version":"4","groupKey":"${'x'.repeat(9_000_000)}"`, {}).catch(() => ({ status: 413 }))).status,
  ];
  assert.deepEqual(statuses, [401, 401, 401, 400, 400, 415, 404, 405, 413]);
  assert.equal(ours(slack, CHANNEL).length, 0);
  assert.equal((await send(body, { authorization: basic(TOKEN) })).status, 200);
  await finished(slack, CHANNEL);
});

test('hostile labels notify nobody, and an alert about nothing known is left', async (t) => {
  const { slack, send } = await alertRig(t);
  const body = JSON.parse(await recorded('firing')) as Webhook;
  const [alert] = body.alerts;
  assert.ok(alert);
  alert.labels.alertname = '<!channel> <@U0000001>';
  alert.annotations = { summary: '*bold* <https://evil.test|click> @here' };
  const { host: _, ...rest } = alert.labels;
  const nameless = { ...alert, labels: rest, fingerprint: 'other' };
  const taken = await send(JSON.stringify({ ...body, commonLabels: {}, alerts: [alert, nameless] }));
  assert.deepEqual(await taken.json(), { opened: 1, joined: 0, repeated: 0, ended: 0, left: 1 });
  const message = await finished(slack, CHANNEL);
  assert.doesNotMatch(JSON.stringify(message), /<!channel|<@U0000001>|<https:\/\/evil|@here/);
});

test('alerts by host: the first label that says something, URLs by their host, names that every object has', () => {
  const webhook = readWebhook(
    JSON.stringify({
      version: '4',
      groupKey: 'g',
      status: 'firing',
      alerts: [
        { labels: { instance: 'https://shop.example.test/health', host: '' } },
        { labels: { host: 'wiki.example.test', instance: 'x' } },
        { labels: { constructor: '__proto__', host: '__proto__' } },
        { labels: {} },
      ].map((one) => ({
        ...one,
        status: 'firing',
        startsAt: '2026-11-21T09:00:00.123456789+01:00',
        endsAt: '0001-01-01T00:00:00Z',
      })),
    }),
  );
  assert.ok(typeof webhook !== 'string');
  const { hosts, nameless } = byHost(webhook, ['host', 'instance']);
  assert.deepEqual(
    hosts.map(({ name }) => name),
    ['shop.example.test', 'wiki.example.test', '__proto__'],
  );
  assert.equal(nameless, 1);
  const [first] = hosts;
  assert.ok(first);
  assert.match(sourcesOfAlerts('g', first.firing)[0] ?? '', /^alert:g.*:1795248000123$/);
});

/** Debian's and the project's own name for it. */
const binary = await Promise.any(
  ['prometheus-alertmanager', 'alertmanager'].map(
    (name) =>
      new Promise<string>((resolve, reject) =>
        execFile(name, ['--version'], (error) => (error ? reject(error) : resolve(name))),
      ),
  ),
).catch(() => null);

test('a real Alertmanager is heard', {
  skip: binary === null && 'no Alertmanager: apt-get install prometheus-alertmanager',
}, async (t) => {
  const { slack, url } = await alertRig(t);
  const dir = await mkdtemp(join(tmpdir(), 'iti-alertmanager-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'alertmanager.yml');
  const credentials = `http_config: { authorization: { credentials: ${TOKEN} } }`;
  await writeFile(
    file,
    `route: { receiver: iti, group_wait: 1s, group_interval: 1s }\nreceivers: [{ name: iti, webhook_configs: [{ url: "${url}", ${credentials} }] }]\n`,
  );
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  const args = [
    `--config.file=${file}`,
    `--storage.path=${dir}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  const child = spawn(binary ?? '', args, { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const post = (more: object) =>
    fetch(`http://127.0.0.1:${port}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ labels: { alertname: 'HighErrorRate', host: 'shop.example.test' }, ...more }]),
    }).then(
      (answer) => answer.ok,
      () => false,
    );
  await until('Alertmanager', () => post({}));
  await finished(slack, CHANNEL);
  await post({ endsAt: new Date().toISOString() });
  await slack.waitFor(() => /The alert ended/.test(ours(slack, CHANNEL)[0]?.text ?? ''), { timeoutMs: 15_000 });
});
