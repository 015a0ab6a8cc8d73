import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepFor } from '../../diagnostics/readings/proxy-protocol-sides.ts';
import { authority, freePorts, scratch, startNginx } from '../diagnostics/real-servers.ts';
import { dev } from './dev.ts';

const SENT = ['none', 'v1', 'v2', 'v2-local', 'v2-tlv', 'truncated', 'delayed'];
const OUTCOMES = ['tls', 'http', 'plaintext-error', 'reset', 'closed', 'timeout', 'alert'];

test('./dev proxy-protocol: the contract, how long a listener waits, whom the far end sees', async (t) => {
  const dir = scratch(t);
  const leaf = authority(dir).leaf('shop.example.test');
  const p = await freePorts(t, 'pp', 'plain', 'dead');
  await startNginx(
    t,
    dir,
    [p.pp, p.plain],
    `ssl_certificate ${leaf.pem}; ssl_certificate_key ${leaf.key};
    server { listen 127.0.0.1:${p.pp} ssl proxy_protocol; client_header_timeout 1s; location / { return 200 "client $proxy_protocol_addr"; } }
    server { listen 127.0.0.1:${p.plain}; location / { return 200 "remote_addr: $remote_addr"; } }`,
  );
  const [demands, plain, dead, wrong] = await Promise.all([
    dev(['proxy-protocol', `127.0.0.1:${p.pp}`, '--tls', '--json']),
    dev(['proxy-protocol', `127.0.0.1:${p.plain}`, '--json']),
    dev(['proxy-protocol', `127.0.0.1:${p.dead}`, '--json']),
    dev(['proxy-protocol', `127.0.0.1:${p.plain}`, '--deadline', 'soon']),
  ]);
  assert.deepEqual([demands.code, plain.code, dead.code, wrong.code], [0, 0, 69, 64]);
  for (const { out } of [demands, plain, dead]) {
    const said = JSON.parse(out) as { tried: { [key: string]: unknown }[]; [key: string]: unknown };
    for (const key of [
      'address',
      'tls',
      'expects',
      'headerTimeoutMs',
      'clientAddressSeen',
      'connections',
      'durationMs',
    ])
      assert.ok(key in said, key);
    for (const one of said.tried) {
      assert.ok(SENT.includes(one.sent as string) && OUTCOMES.includes(one.outcome as string), JSON.stringify(one));
      assert.ok(typeof one.firstBytes === 'string' && typeof one.ms === 'number');
    }
  }
  const said = JSON.parse(demands.out);
  assert.deepEqual([said.expects, said.clientAddressSeen, said.tls], ['v1-or-v2', '192.0.2.10', true]);
  assert.ok(said.headerTimeoutMs >= 950 && said.headerTimeoutMs < 3_000, String(said.headerTimeoutMs));
  assert.match(said.software, /^nginx/);
  const none = JSON.parse(plain.out);
  assert.deepEqual([none.expects, none.clientAddressSeen, none.headerTimeoutMs], ['none', '127.0.0.1', null]);
  assert.equal(JSON.parse(dead.out).unreachable, 'refused');
});

test('who has to change is said with the name of the switch', () => {
  const at = { listener: 'edge', listenerKind: 'nginx', sender: 'nlb', senderKind: 'aws-nlb' };
  const steps = (['listener', 'sender', 'either'] as const).map((side) => stepFor({ ...at, side }, 'unexpected'));
  assert.deepEqual(steps, [
    'Switch PROXY protocol on at edge (`proxy_protocol` on its `listen` line): there it is not as declared.',
    'Switch PROXY protocol off at nlb (the target group attribute `proxy_protocol_v2.enabled`): the listener behind it is as declared.',
    'Switch PROXY protocol on at edge (`proxy_protocol` on its `listen` line), or off at nlb (the target group attribute `proxy_protocol_v2.enabled`). Both sides must agree.',
  ]);
  const missing = stepFor(
    { listener: null, listenerKind: 'constructor', sender: null, senderKind: 'other', side: 'sender' },
    'missing',
  );
  assert.equal(missing, 'Switch PROXY protocol on at the hop in front: the listener behind it is as declared.');
});
