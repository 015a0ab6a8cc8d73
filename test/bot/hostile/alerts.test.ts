import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readWebhook } from '../../../bot/alertmanager/payload.ts';
import { startAlertServer } from '../../../bot/alertmanager/server.ts';
import { readBotConfig } from '../../../bot/config.ts';
import { quiet, until } from '../../workers/stand-ins.ts';

const TOKEN = 'a-token-of-twenty-chars';

const anAlert = (i: number, more: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'HighErrorRate', host: `host-${i}.example.test` },
  annotations: {},
  startsAt: '2026-11-21T09:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: `f${i}`,
  ...more,
});
const aBody = (alerts: unknown[], more: object = {}) => ({
  version: '4',
  groupKey: 'g',
  status: 'firing',
  alerts,
  ...more,
});

async function aServer(t: TestContext) {
  const taken: number[] = [];
  const take = async ({ alerts }: { alerts: unknown[] }) => {
    taken.push(alerts.length);
    return {};
  };
  const server = await startAlertServer({ port: 0, host: '127.0.0.1', token: TOKEN, log: quiet, take });
  t.after(server.close);
  return { ...server, taken };
}

/** One request as it stands, and everything that comes back until the other side closes. */
function raw(port: number, text: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    socket.on('data', (part) => {
      got += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(got));
  });
}

function post(port: number, body: string | Buffer, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', path: '/alerts', method: 'POST', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.setHeader('content-type', 'application/json');
    call.setHeader('authorization', `Bearer ${TOKEN}`);
    for (const [name, value] of Object.entries(headers)) call.setHeader(name, value);
    call.on('error', reject);
    call.end(body);
  });
}

test('a group of more alerts than are read is not lost: the first are taken, the rest are counted', () => {
  const read = readWebhook(JSON.stringify(aBody(Array.from({ length: 2000 }, (_, i) => anAlert(i)))));
  assert.ok(typeof read !== 'string', String(read));
  assert.equal(read.alerts.length, 500);
  assert.equal(read.truncatedAlerts, 1500);
});

test('one alert that nobody understands does not silence the others, and a long text is cut', () => {
  const odd = [
    null,
    17,
    { status: 'exploded' },
    anAlert(1, { startsAt: 'yesterday' }),
    anAlert(2, { labels: { a: 1 } }),
  ];
  const long = anAlert(3, { annotations: { description: 'x'.repeat(50_000) } });
  const read = readWebhook(JSON.stringify(aBody([...odd, long])));
  assert.ok(typeof read !== 'string', String(read));
  assert.deepEqual(
    read.alerts.map(({ fingerprint }) => fingerprint),
    ['f3'],
  );
  assert.equal(read.truncatedAlerts, 5);
  assert.ok((read.alerts[0]?.annotations.description ?? '').length <= 10_000);
  assert.equal(typeof readWebhook(JSON.stringify(aBody([], { version: '5' }))), 'string');
  assert.equal(typeof readWebhook('['.repeat(500_000)), 'string');
  assert.equal(typeof readWebhook(`{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`), 'string');
});

test('what is no request of Alertmanager’s is refused, and says why', async (t) => {
  const { port, taken } = await aServer(t);
  const body = JSON.stringify(aBody([anAlert(1)]));
  assert.equal(await post(port, gzipSync('x'.repeat(5_000_000)), { 'content-encoding': 'gzip' }), 415);
  const chunked = { 'transfer-encoding': 'chunked' };
  assert.equal(await post(port, `${body}${' '.repeat(9_000_000)}`, chunked), 413);
  assert.equal(await post(port, body, { authorization: `bearer   ${TOKEN}` }), 200);
  assert.equal(await post(port, body, { authorization: `Bearer ${TOKEN} ${TOKEN}` }), 401);
  const head = `POST /alerts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\n`;
  const smuggled = [
    `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}content-length: 4\r\ncontent-length: 5\r\n\r\n{}{}{`,
    `${head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    `${head} folded: x\r\ncontent-length: 2\r\n\r\n{}`,
    'GET /alerts\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    `${head}x-big: ${'x'.repeat(200_000)}\r\n\r\n`,
  ];
  for (const text of smuggled)
    assert.match(await raw(port, text), /^HTTP\/1\.1 4\d\d /, JSON.stringify(text.slice(0, 60)));
  assert.deepEqual(taken, [1]);
});

test('connections that say nothing do not keep Alertmanager out', { timeout: 30_000 }, async (t) => {
  const { port, taken } = await aServer(t);
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  let closed = 0;
  for (let i = 0; i < 100; i++) {
    const socket = connect(port, '127.0.0.1', () => {
      if (i % 2) socket.write('POST /alerts HTTP/1.1\r\nhost: x\r\nx-slow: ');
    });
    socket.on('error', () => {});
    socket.on('close', () => closed++);
    socket.resume();
    sockets.push(socket);
  }
  await until('all are cut off', () => closed === 100, 12_000);
  assert.equal(await post(port, JSON.stringify(aBody([anAlert(1)]))), 200);
  assert.deepEqual(taken, [1]);
});

test('a token that no header can carry stops the start', () => {
  const env = {
    SLACK_BOT_TOKEN: 'xoxb-1',
    SLACK_APP_TOKEN: 'xapp-1',
    CONFIG: new URL('alerts.yaml', import.meta.url).pathname,
  };
  for (const token of ['a token of twenty chars', 'schlüssel-für-alarme', 'short', `${TOKEN}\n`])
    assert.throws(() => readBotConfig({ ...env, ALERTMANAGER_TOKEN: token }), /ALERTMANAGER_TOKEN/);
  assert.equal(readBotConfig({ ...env, ALERTMANAGER_TOKEN: TOKEN }).alertmanagerToken, TOKEN);
});
