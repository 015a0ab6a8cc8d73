import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  expectationOf,
  type HeaderExpectation,
  type HeaderProbe,
  type HeaderSent,
  type HeaderTry,
  probeProxyProtocol,
} from '../../../diagnostics/probes/proxy-protocol-probe.ts';
import { loopbackIo, patient, peer } from '../peers.ts';
import { authority, freePorts, scratch, startHaproxy, startNginx } from '../real-servers.ts';

const io = loopbackIo();

test('real listeners and balancers, each row of the lab notes 1a, 1b and 1d that they can show', {
  concurrency: 8,
}, async (t) => {
  const dir = scratch(t);
  const haproxyDir = scratch(t);
  const ca = authority(dir);
  const leaf = ca.leaf('shop.example.test');
  const pem = join(haproxyDir, 'shop.pem');
  writeFileSync(pem, readFileSync(leaf.pem, 'utf8') + readFileSync(leaf.key, 'utf8'));
  const ports = await freePorts(
    t,
    ...(['n', 'nPP', 'nS', 'nSPP', 'nS13', 'h', 'hPP', 'hS', 'hSPP'] as const),
    ...([
      'lbStrayN',
      'lbStrayNS',
      'lbFitsNS',
      'lbMissingN',
      'lbMissingNS',
      'lbMissingHS',
      'lbStrayHS',
      'lbDead',
      'dead',
    ] as const),
  );
  const tls = `ssl_certificate ${leaf.pem}; ssl_certificate_key ${leaf.key};`;
  const server = (port: number, flags: string, lines = ''): string =>
    `server { listen 127.0.0.1:${port}${flags}; ${lines} location / { return 200 ok; } }\n`;
  const balancer = (name: string, port: number, to: number, send: string): string =>
    `listen ${name}\n  mode tcp\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${to} ${send}\n`;
  const web = (name: string, port: number, flags: string): string =>
    `frontend ${name}\n  mode http\n  bind 127.0.0.1:${port} ${flags}\n  http-request return status 200 content-type text/plain string ok\n`;
  await Promise.all([
    startNginx(
      t,
      dir,
      [ports.n, ports.nPP, ports.nS, ports.nSPP, ports.nS13],
      server(ports.n, '') +
        server(ports.nPP, ' proxy_protocol') +
        server(ports.nS, ' ssl', tls) +
        server(ports.nSPP, ' ssl proxy_protocol', tls) +
        server(ports.nS13, ' ssl', `${tls} ssl_protocols TLSv1.3;`),
    ),
    startHaproxy(
      t,
      haproxyDir,
      [ports.h, ports.hPP, ports.hS, ports.hSPP, ports.lbStrayN, ports.lbDead],
      web('h', ports.h, '') +
        web('hPP', ports.hPP, 'accept-proxy') +
        web('hS', ports.hS, `ssl crt ${pem}`) +
        web('hSPP', ports.hSPP, `accept-proxy ssl crt ${pem}`) +
        balancer('lb-stray-n', ports.lbStrayN, ports.n, 'send-proxy-v2') +
        balancer('lb-stray-ns', ports.lbStrayNS, ports.nS, 'send-proxy-v2') +
        balancer('lb-fits-ns', ports.lbFitsNS, ports.nSPP, 'send-proxy-v2') +
        balancer('lb-missing-n', ports.lbMissingN, ports.nPP, '') +
        balancer('lb-missing-ns', ports.lbMissingNS, ports.nSPP, '') +
        balancer('lb-missing-hs', ports.lbMissingHS, ports.hSPP, '') +
        balancer('lb-stray-hs', ports.lbStrayHS, ports.hS, 'send-proxy') +
        balancer('lb-dead', ports.lbDead, ports.dead, ''),
    ),
  ]);
  const rows: [string, keyof typeof ports, boolean, HeaderExpectation][] = [
    ['nginx http', 'n', false, 'none'],
    ['nginx http, header expected', 'nPP', false, 'v1-or-v2'],
    ['nginx https', 'nS', true, 'none'],
    ['nginx https, header expected', 'nSPP', true, 'v1-or-v2'],
    ['nginx https, TLS 1.3 only', 'nS13', true, 'none'],
    ['haproxy http', 'h', false, 'none'],
    ['haproxy http, header expected', 'hPP', false, 'v1-or-v2'],
    ['haproxy https', 'hS', true, 'none'],
    ['haproxy https, header expected', 'hSPP', true, 'v1-or-v2'],
    ['a balancer whose header fits', 'lbFitsNS', true, 'none'],
    ['a balancer that sends none to nginx http, which demands one', 'lbMissingN', false, 'v1-or-v2'],
    ['a balancer that sends none to nginx https, which demands one', 'lbMissingNS', true, 'v1-or-v2'],
    ['a balancer that sends none to haproxy https, which demands one', 'lbMissingHS', true, 'v1-or-v2'],
    ['a stray header into nginx http', 'lbStrayN', false, 'unknown'],
    ['a stray header into nginx https', 'lbStrayNS', true, 'unknown'],
    ['a stray header into haproxy https', 'lbStrayHS', true, 'unknown'],
    ['a balancer with a dead backend', 'lbDead', true, 'unknown'],
  ];
  await Promise.all(
    rows.map(([what, port, isTls, expected]) =>
      t.test(what, async (t) => {
        const to = { address: `127.0.0.1:${ports[port]}`, host: 'shop.example.test', tls: isTls };
        const probe = await probeProxyProtocol(io, to, patient(t), { thorough: true });
        assert.equal(probe.unreachable, null);
        assert.equal(expectationOf(probe, isTls), expected, JSON.stringify(probe.tries, null, 1));
        assert.equal(probe.tries.length, 15);
        assert.equal(probe.connections, what.includes('1.3 only') ? 16 : 15);
        const named = probe.software;
        if (what.startsWith('nginx')) assert.match(named ?? '', /^nginx\/1/);
        if (/^haproxy http\b/.test(what)) assert.equal(named, 'HAProxy');
        // HAProxy's TLS listeners say nothing in clear text: closing fits several.
        if (what.startsWith('haproxy https') || what.includes('dead backend')) assert.equal(named, null);
        const fitting = isTls ? 'hello' : 'get';
        const late = probe.tries.find((one) => one.sent === 'delayed');
        if (expected === 'v1-or-v2')
          assert.equal(late?.outcome, isTls ? 'tls' : 'http', 'a header late by 300 ms is taken');
        const short = await probeProxyProtocol(io, to, patient(t), { thorough: false });
        assert.equal(expectationOf(short, isTls), expected, 'the short probe says the same');
        assert.ok(short.tries.some((one) => one.sent === 'v2-local' && one.payload === fitting));
      }),
    ),
  );
  await t.test('nobody listens: one connection, nothing claimed', async (t) => {
    const to = { address: `127.0.0.1:${ports.dead}`, host: 'shop.example.test', tls: true };
    const probe = await probeProxyProtocol(io, to, patient(t), { thorough: true });
    assert.deepEqual(probe, { tries: [], unreachable: 'refused', connections: 1, software: null });
    assert.equal(expectationOf(probe, true), 'unknown');
  });
});

test('mute, closing and babbling peers', { concurrency: 4 }, async (t) => {
  const peers: [string, Parameters<typeof peer>[1], HeaderTry['outcome']][] = [
    ['mute', () => {}, 'timeout'],
    ['closing', (s) => void s.end(), 'closed'],
    ['resetting', (s) => void s.once('data', () => s.resetAndDestroy()), 'reset'],
    ['babbling', (s) => void s.write('SSH-2.0-OpenSSH_9.2p1\r\n'), 'plaintext-error'],
  ];
  await Promise.all(
    peers.map(([what, behave, outcome]) =>
      t.test(what, async (t) => {
        const there = await peer(t, behave);
        const began = performance.now();
        const to = { address: there.address, host: 'shop.example.test', tls: true };
        const probe = await probeProxyProtocol(io, to, patient(t), { thorough: true });
        assert.deepEqual(new Set(probe.tries.map((one) => one.outcome)), new Set([outcome]));
        assert.equal(expectationOf(probe, true), 'unknown');
        assert.ok(performance.now() - began < 2 * 2_500 + 4_000);
        assert.equal(probe.software, null);
      }),
    ),
  );
});

interface Row {
  server: string;
  tls: boolean;
  expects: boolean;
  sent: string;
  how: string;
  first: number | null;
  bytes: string;
  text: string;
}
const RECORDED: Row[] = JSON.parse(
  readFileSync(new URL('../../fixtures/wire/proxy-protocol.json', import.meta.url), 'utf8'),
);

/** What the probe would have seen, from the recorded end of each connection. */
function recordedProbe(rows: Row[], tls: boolean): HeaderProbe {
  const names: { [sent: string]: HeaderSent } = {
    none: 'none',
    v1: 'v1',
    v2: 'v2',
    'v2 LOCAL': 'v2-local',
    'v2+TLV': 'v2-tlv',
  };
  const tries = rows.flatMap((row): HeaderTry[] => {
    const sent = names[row.sent];
    if (!sent) return [];
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(row.text)?.[1];
    const outcome = row.bytes.startsWith('16')
      ? 'tls'
      : row.bytes.startsWith('15')
        ? 'alert'
        : status
          ? status === '400'
            ? 'plaintext-error'
            : 'http'
          : row.how === 'RST'
            ? 'reset'
            : row.how === 'open'
              ? 'timeout'
              : 'closed';
    return [
      {
        sent,
        payload: tls ? 'hello' : 'get',
        outcome,
        firstBytes: row.bytes,
        status: status ? Number(status) : null,
        ms: row.first ?? 0,
      },
    ];
  });
  return { tries, unreachable: null, connections: tries.length };
}

test('the expectation is right for every recorded listener of nine servers', async (t) => {
  const listeners = Map.groupBy(
    RECORDED,
    (row) => `${row.server}, ${row.tls ? 'TLS' : 'clear'}, ${row.expects ? 'header expected' : 'no header'}`,
  );
  assert.equal(listeners.size, 30);
  for (const [what, rows] of listeners) {
    await t.test(what, () => {
      const [{ tls, expects, server }] = rows as [Row];
      // Traefik takes a connection without the header it was told to expect.
      const wanted = !expects ? 'none' : server.startsWith('traefik') ? 'optional' : 'v1-or-v2';
      assert.equal(expectationOf(recordedProbe(rows, tls), tls), wanted);
    });
  }
});

test('only one version taken', () => {
  const one = (sent: HeaderSent, outcome: HeaderTry['outcome']): HeaderTry => ({
    sent,
    payload: 'hello',
    outcome,
    firstBytes: '',
    status: null,
    ms: 1,
  });
  const probe = (...tries: HeaderTry[]): HeaderProbe => ({ tries, unreachable: null, connections: tries.length });
  const none = one('none', 'reset');
  assert.equal(expectationOf(probe(none, one('v1', 'tls'), one('v2', 'reset')), true), 'v1');
  assert.equal(expectationOf(probe(none, one('v1', 'reset'), one('v2', 'tls')), true), 'v2');
  assert.equal(expectationOf(probe(none, one('v1', 'reset'), one('v2', 'closed'), one('v2-local', 'tls')), true), 'v2');
  assert.equal(expectationOf(probe(), true), 'unknown');
  const refusesHello: HeaderTry = { ...one('none', 'alert'), firstBytes: '15030300020246' };
  assert.equal(
    expectationOf(probe(refusesHello, one('v1', 'reset')), true),
    'none',
    'an alert to the hello is an answer in TLS',
  );
  const overflow: HeaderTry = { ...one('none', 'alert'), firstBytes: '15030300020216' };
  assert.equal(
    expectationOf(probe(overflow, one('v1', 'tls'), one('v2', 'tls')), true),
    'v1-or-v2',
    'record_overflow answers no hello',
  );
});
