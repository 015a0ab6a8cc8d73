import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { payloadOf } from '../../../diagnostics/probes/proxy-protocol-beginnings.ts';
import { clientAddressSeen } from '../../../diagnostics/probes/proxy-protocol-client.ts';
import { expectationOf, probeProxyProtocol, throughOf } from '../../../diagnostics/probes/proxy-protocol-probe.ts';
import { headerPatience } from '../../../diagnostics/probes/proxy-protocol-timeout.ts';
import { lateFailure } from '../../../diagnostics/readings/proxy-protocol.ts';
import { bytes } from '../../../diagnostics/wire/bytes.ts';
import { proxyV1, proxyV1Unknown, proxyV2, proxyV2Local, vpcEndpoint } from '../../../diagnostics/wire/proxy-header.ts';
import { readProxyHeader } from '../../../diagnostics/wire/proxy-header-read.ts';
import { findBinaries } from '../../../proxy/lab/binaries.ts';
import { listen, loopbackIo, patient } from '../peers.ts';
import { authority, freePorts, scratch, startHaproxy, startNginx } from '../real-servers.ts';

const io = loopbackIo();
const HOST = 'shop.example.test';

/** Starts a server of ours or of others and waits until it takes connections. */
async function running(t: TestContext, command: string, args: string[], port: number): Promise<void> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  for (let waited = 0; waited < 10_000; waited += 20) {
    const probe = await io.converse({ address: `127.0.0.1:${port}`, send: [], keep: 0, patienceMs: 500 }, patient(t));
    if (probe.ending === 'open') return;
    await pause(20);
  }
  throw new Error(`${command} does not listen`);
}

interface Row {
  server: string;
  tls: boolean;
  expects: boolean;
  sent: string;
  how: string;
  bytes: string;
  text: string;
}
const ROWS = JSON.parse(
  readFileSync(new URL('../../fixtures/wire/proxy-protocol.json', import.meta.url), 'utf8'),
) as Row[];
const STAND_IN = fileURLToPath(new URL('../../incidents/shared/traefik_2_10_7.py', import.meta.url));

test('late headers: the stand-in for Traefik 2.10.7, and servers that wait', { concurrency: 8 }, async (t) => {
  const dir = scratch(t);
  const ca = authority(dir);
  const leaf = ca.leaf(HOST);
  const pem = join(dir, 'both.pem');
  writeFileSync(pem, readFileSync(leaf.pem, 'utf8') + readFileSync(leaf.key, 'utf8'));
  const p = await freePorts(t, 'old', 'tls', 'pp', 'short', 'h', 'traefik', 'app');
  const tls = `ssl_certificate ${leaf.pem}; ssl_certificate_key ${leaf.key};`;
  const echo = `location / { return 200 "you are $proxy_protocol_addr\\n"; }`;
  const { traefik } = findBinaries();
  await Promise.all([
    startNginx(
      t,
      dir,
      [p.tls, p.pp, p.short, p.app],
      `${tls}
      server { listen 127.0.0.1:${p.tls} ssl; location / { return 200 ok; } }
      server { listen 127.0.0.1:${p.pp} ssl proxy_protocol; client_header_timeout 900ms; ${echo} }
      server { listen 127.0.0.1:${p.short} ssl proxy_protocol; client_header_timeout 200ms; ${echo} }
      server { listen 127.0.0.1:${p.app}; location / { return 200 '{"headers":{"X-Forwarded-For":"$http_x_forwarded_for"}}'; } }`,
    ),
    startHaproxy(
      t,
      scratch(t),
      [p.h],
      `frontend h\n  mode http\n  bind 127.0.0.1:${p.h} accept-proxy ssl crt ${pem}\n  http-request return status 200 content-type text/plain string ok\n`,
    ),
    running(t, 'python3', [STAND_IN, `${p.old}=127.0.0.1:${p.tls}`], p.old),
    traefik && startTraefikHere(t, traefik, dir, p.traefik, p.app, leaf),
  ]);
  const rows: [string, number, string, 'header' | null, [number, number] | null][] = [
    ['stand-in for Traefik 2.10.7', p.old, 'optional', 'header', [150, 260]],
    ['nginx, 200 ms', p.short, 'v1-or-v2', 'header', [150, 260]],
    ['nginx, 900 ms', p.pp, 'v1-or-v2', null, [850, 1_400]],
    ['HAProxy', p.h, 'v1-or-v2', null, null],
    ...(traefik ? [['Traefik 3', p.traefik, 'optional', null, null] as const] : []),
  ].map((row) => [...row] as [string, number, string, 'header' | null, [number, number] | null]);
  await Promise.all(
    rows.map(([what, port, expects, late, timeout]) =>
      t.test(what, async (t) => {
        const to = { address: `127.0.0.1:${port}`, host: HOST, tls: true };
        const probe = await probeProxyProtocol(io, to, patient(t), { thorough: false });
        assert.equal(expectationOf(probe, true), expects, JSON.stringify(probe.tries, null, 1));
        const failure = lateFailure(probe, true);
        assert.equal(failure?.what ?? null, late);
        if (what.startsWith('stand-in')) {
          assert.equal(failure?.made.outcome, 'plaintext-error');
          assert.match(probe.software ?? '', /^Go/);
        }
        const through = throughOf(probe, true);
        const asked = { io, to, version: 'TLSv1.2', signal: patient(t) } as const;
        const patience = await headerPatience(asked, { lateMs: 300, taken: late === null, through }, 1_700);
        if (timeout === null) {
          assert.equal(patience.timeoutMs, null);
          assert.deepEqual(patience.betweenMs, [1_000, null], 'a header late by a second is taken');
        } else {
          const [low, high] = timeout;
          assert.ok(patience.timeoutMs !== null && patience.timeoutMs >= low, `${patience.timeoutMs}`);
          // A busy machine is late, never early.
          if (late) assert.ok(patience.timeoutMs <= high, `${patience.timeoutMs}`);
        }
      }),
    ),
  );
  await t.test('which client the far end sees', async (t) => {
    const seen = (port: number, expects: 'v1-or-v2' | 'optional' | 'none') =>
      clientAddressSeen(
        io,
        { address: `127.0.0.1:${port}`, host: HOST, tls: true },
        expects,
        '/',
        ['127.0.0.1'],
        patient(t),
      );
    assert.deepEqual(await seen(p.pp, 'v1-or-v2'), { seen: '192.0.2.10', told: '192.0.2.10' });
    assert.deepEqual(await seen(p.tls, 'none'), { seen: null, told: null }, 'a page that names nobody');
    if (traefik) assert.deepEqual(await seen(p.traefik, 'optional'), { seen: '192.0.2.10', told: '192.0.2.10' });
  });
});

async function startTraefikHere(
  t: TestContext,
  traefik: string,
  dir: string,
  port: number,
  app: number,
  leaf: { pem: string; key: string },
): Promise<void> {
  const dynamic = join(dir, 'dynamic.yml');
  writeFileSync(
    dynamic,
    `tls: { certificates: [ { certFile: "${leaf.pem}", keyFile: "${leaf.key}" } ] }
http:
  routers: { shop: { rule: "Host(\`${HOST}\`)", service: shop, tls: {} } }
  services: { shop: { loadBalancer: { servers: [ { url: "http://127.0.0.1:${app}" } ] } } }
`,
  );
  const entry = '--entrypoints.websecure';
  const flags = [
    `${entry}.address=127.0.0.1:${port}`,
    `${entry}.proxyProtocol.trustedIPs=127.0.0.1`,
    `--providers.file.filename=${dynamic}`,
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
  ];
  await running(t, traefik, flags, port);
  for (let waited = 0; waited < 5_000; waited += 50) {
    const spec = { address: `127.0.0.1:${port}`, scheme: 'https', host: HOST, path: '/', proxyHeader: 'none' } as const;
    if ((await io.request({ ...spec, patienceMs: 1_000 }, patient(t))).status === 200) return;
    await pause(50);
  }
}

test('the recorded listeners: only Traefik 2.10.7 mistakes a header that is 300 ms late', () => {
  const rows = ROWS;
  const mistaken = rows.filter(
    (row) => row.expects && row.sent === 'v2 after 300ms' && /^HTTP\/1\.1 400/.test(row.text),
  );
  assert.deepEqual(
    [...new Set(mistaken.map((row) => row.server.split(' ').slice(0, 2).join(' ')))],
    ['traefik 2.10.7'],
  );
  assert.ok(rows.filter((row) => row.expects && row.sent === 'v2 after 300ms').length >= 6);
});

test('the stand-in does what was recorded of Traefik 2.10.7, its TLS listener with PROXY protocol on', async (t) => {
  const dir = scratch(t);
  const leaf = authority(dir).leaf(HOST);
  const p = await freePorts(t, 'old', 'tls');
  const tls = `ssl_certificate ${leaf.pem}; ssl_certificate_key ${leaf.key};`;
  await Promise.all([
    startNginx(t, dir, [p.tls], `server { listen 127.0.0.1:${p.tls} ssl; ${tls} }`),
    running(t, 'python3', [STAND_IN, `${p.old}=127.0.0.1:${p.tls}`], p.old),
  ]);
  const hello = payloadOf('hello', HOST, 'TLSv1.2');
  const told = { source: '192.0.2.10', sourcePort: 51_234, destination: '198.51.100.20', destinationPort: 443 };
  const [v1, v2, local] = [proxyV1(told), proxyV2(told), proxyV2Local()];
  const garbage = new Uint8Array(32).fill(0x8f);
  const sent: { [what: string]: { bytes: Uint8Array; afterMs?: number }[] } = {
    none: [{ bytes: hello }],
    v1: [{ bytes: bytes(v1, hello) }],
    'v1 UNKNOWN': [{ bytes: bytes(proxyV1Unknown(), hello) }],
    v2: [{ bytes: bytes(v2, hello) }],
    'v2+TLV': [{ bytes: bytes(proxyV2(told, [vpcEndpoint('vpc')]), hello) }],
    'v2 LOCAL': [{ bytes: bytes(local, hello) }],
    'v1 cut, stop': [{ bytes: v1.subarray(0, 25) }],
    'v1 cut+pay': [{ bytes: bytes(v1.subarray(0, 25), hello) }],
    'v2 cut, stop': [{ bytes: v2.subarray(0, 20) }],
    'v2 cut+pay': [{ bytes: bytes(v2.subarray(0, 20), hello) }],
    garbage: [{ bytes: bytes(garbage, hello, '\n') }],
    'garbage, stop': [{ bytes: garbage }],
    'v2 twice': [{ bytes: bytes(v2, v2, hello) }],
    'v2 then v1': [{ bytes: bytes(v2, v1, hello) }],
    'v2 sig split': [{ bytes: v2.subarray(0, 12) }, { bytes: bytes(v2.subarray(12), hello), afterMs: 100 }],
    'idle (send nothing)': [],
    'v2 after 300ms': [{ bytes: bytes(v2, hello), afterMs: 300 }],
  };
  const recorded = ROWS.filter((row) => row.server === 'traefik 2.10.7 https' && row.expects);
  for (const [what, send] of Object.entries(sent)) {
    const row = recorded.find((one) => one.sent === what);
    assert.ok(row, what);
    const spec = { address: `127.0.0.1:${p.old}`, send, keep: 300, patienceMs: 700 };
    const seen = await io.converse(spec, patient(t));
    const shape = (hex: string): string => (hex.startsWith('16') ? 'TLS' : Buffer.from(hex, 'hex').toString('latin1'));
    assert.equal(shape(seen.bytes).slice(0, 60), shape(row.bytes).slice(0, 60), what);
    if (row.bytes === '') assert.equal(seen.ending === 'open', row.how === 'open', what);
  }
});

test('what is sent is what is said: each beginning as a receiver reads it', async (t) => {
  const got: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const nth = got.push(Buffer.alloc(0)) - 1;
    socket.on('data', (chunk) => {
      got[nth] = Buffer.concat([got[nth] as Buffer, chunk]);
    });
    setTimeout(() => socket.end(), 500).unref();
  });
  const port = await listen(server);
  t.after(() => server.close());
  await probeProxyProtocol(io, { address: `127.0.0.1:${port}`, host: 'a\r\nX: y', tls: false }, patient(t), {
    thorough: true,
  });
  const read = got.map((bytes) => ({ header: readProxyHeader(bytes), bytes }));
  const kinds = read.map(({ header }) => header.is).sort();
  assert.deepEqual(Map.groupBy(kinds, (one) => one).get('v1')?.length, 2);
  // The one that is cut takes the beginning of its payload for the rest of its addresses, as every receiver does.
  assert.equal(kinds.filter((one) => one === 'v2').length, 9);
  assert.ok(
    read.some(({ header }) => header.is === 'v2' && header.length > 108),
    'a long one',
  );
  assert.ok(
    read.every(({ bytes }) => !bytes.includes('X: y\r\n')),
    'no line of a hostile name is a line of the request',
  );
  const twice = read.filter(
    ({ header, bytes }) => header.is === 'v2' && readProxyHeader(bytes.subarray(header.length)).is === 'v2',
  );
  assert.equal(twice.length, 1);
});
