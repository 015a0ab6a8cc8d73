import assert from 'node:assert/strict';
import test from 'node:test';
import type { Io } from '../../diagnostics/io/io.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { runLook } from '../../diagnostics/run-look.ts';
import type { Look } from '../../diagnostics/types.ts';
import { withoutSecrets } from '../../diagnostics/without-secrets.ts';
import { seen, tryPort } from '../../diagnostics/wording.ts';

test('secrets of URLs and credentials are cut out, everything else stays', () => {
  for (const [text, wanted] of [
    ['http://admin:hunter2@10.0.0.1:9100/metrics', 'http://10.0.0.1:9100/metrics'],
    ['https://h/m?x=1&access_token=hunter2&y=2', 'https://h/m?x=1&access_token=…&y=2'],
    ['Authorization: Bearer hunter2hunter2', 'Authorization: Bearer …'],
    ['{"authorization":"Basic aHVudGVyMg=="}', '{"authorization":"Basic aHVudGVyMg=="}'.replace('aHVudGVyMg==', '…')],
    ['a page that asks for Basic authentication', 'a page that asks for Basic authentication'],
    ['mail of a@example.test, see http://h/p?next=/@me', 'mail of a@example.test, see http://h/p?next=/@me'],
  ] as const)
    assert.equal(withoutSecrets(text), wanted);
  const long = `${'://'.repeat(50_000)}${'?token'.repeat(20_000)}`;
  assert.ok(withoutSecrets(long).length > 0);
});

test('no row holds a password of the inventory, neither its address, nor what was seen, nor why nothing was', async () => {
  const url = 'http://admin:hunter2@127.0.0.1:9/metrics?token=hunter2';
  const look: Look = {
    check: 'traffic-over-time',
    vantage: 'inside',
    hop: 'proxy',
    at: { hop: 'edge', part: null },
    address: url,
    with: {},
  };
  const failing = () => {
    throw new BlindLook('denied', `${url} answers 401\u001b[2J`);
  };
  const proxy = new Proxy({}, { get: () => failing });
  const io = { now: () => new Date(0), proxy, cluster: null, balancer: null } as unknown as Io;
  const rows = await runLook({ look }, io, { budgetMs: 1_000 });
  const text = JSON.stringify(rows);
  assert.ok(rows.length > 0 && !text.includes('hunter2') && !text.includes('\\u001b'), text);
});

test('what people see has no control characters, and a port of the outside is one word', () => {
  assert.equal(seen('a\u001b[31mb\u0000\u202ec\nd'), 'a [31mb  c\nd');
  assert.equal(tryPort('[2001:db8::1]:443', 3), 'nc -vz -w 3 2001:db8::1 443');
  assert.equal(tryPort('h:1;id'), "nc -vz h '1;id'");
});
