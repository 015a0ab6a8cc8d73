import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRows } from '../../diagnostics/findings.ts';
import { runLook } from '../../diagnostics/run-look.ts';
import type { Case, EvidenceRow, Finding, Json, Look, Path, PathHop } from '../../diagnostics/types.ts';
import { blankHop, blankInstance } from '../../proxy/inventory/blank.ts';
import { loopbackIo, patient } from './peers.ts';
import { authority, freePorts, scratch, startHaproxy, startNginx } from './real-servers.ts';

/** The commands of findings about PROXY headers, bursts and reloads, run as a person would paste them, at the fault itself. */
const io = loopbackIo();
const HOST = 'shop.example.test';
const SHARED = fileURLToPath(new URL('../incidents/shared/', import.meta.url));

/** What a shell prints and how it ends; killed after 20 s. */
function shell(command: string, name = 'bash'): Promise<{ out: string; code: number | null }> {
  const { promise, resolve } = Promise.withResolvers<{ out: string; code: number | null }>();
  const child = spawn(name, ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  child.on('close', (code) => {
    clearTimeout(timer);
    resolve({ out, code });
  });
  return promise;
}

async function script(t: TestContext, args: string[], ports: number[]): Promise<void> {
  const child = spawn('python3', args, { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  for (const port of ports)
    for (let waited = 0; ; waited += 20) {
      const spec = { address: `127.0.0.1:${port}`, send: [], keep: 0, patienceMs: 300 };
      if ((await io.converse(spec, patient(t))).ending === 'open') break;
      if (waited > 10_000) throw new Error(`nothing listens on ${port}`);
      await pause(20);
    }
}

function pathOf(sends: PathHop['sends'], expects: PathHop['expects'], lb: number, replica: number): Path {
  return {
    host: HOST,
    path: '/',
    port: 443,
    routed: true,
    hops: [
      { ...blankHop('lb', 'load-balancer', 'haproxy'), address: `127.0.0.1:${lb}`, sends, to: 'https' },
      {
        ...blankHop('edge', 'proxy', 'nginx'),
        expects,
        instances: [{ ...blankInstance('edge-1'), https: `127.0.0.1:${replica}` }],
      },
    ],
    others: [],
    nodes: [],
    dns: null,
    trust: [],
    changes: null,
    prometheus: null,
    ambiguous: [],
    unknown: [],
  };
}

const CASE: Case = {
  version: 1,
  id: 'c-1',
  at: '2026-11-21T09:30:00.000Z',
  report: null,
  target: { host: HOST, port: 443, path: '/', scheme: 'https' },
  symptoms: {
    kinds: ['handshake'],
    statuses: [],
    errors: [],
    course: 'steady',
    suspects: [],
    clients: [],
    onlyReporter: false,
  },
  since: null,
  deadlineMs: 20_000,
  only: null,
};

type Where = 'outside' | 'replica';
/** Code, check, path, where it is asked, what the look is told, and what the command has to show. */
type Row = [string, string, Path, Where, { [key: string]: Json }, (seen: { out: string; code: number | null }) => void];
/** What a check finds there, by the way that a case takes. */
async function found(
  t: TestContext,
  check: string,
  path: Path,
  where: Where,
  more: { [key: string]: Json },
): Promise<Finding[]> {
  const hop = path.hops[where === 'outside' ? 0 : 1] as PathHop;
  const address = where === 'outside' ? (hop.address as string) : (hop.instances[0]?.https as string);
  const look: Look = {
    check,
    vantage: where === 'outside' ? 'public' : 'proxy-replica',
    hop: hop.hop,
    at: { hop: hop.name, part: where === 'outside' ? null : 'edge-1' },
    address,
    with: { tls: true, host: HOST, ...more },
  };
  const rows: EvidenceRow[] = await runLook({ look }, io, { budgetMs: 15_000, signal: patient(t) });
  return readRows(rows, CASE, path).findings;
}

/** Of twenty late headers, how many were answered in clear text: on a busy machine a shell may come too late for some. */
const clearTexts = (out: string): number => Number(/(\d+) HTTP\/1\.1 400 Bad Request/.exec(out)?.[1] ?? 0);

test('commands of findings show what the findings say', { concurrency: 12 }, async (t) => {
  const dir = scratch(t);
  const leaf = authority(dir).leaf(HOST);
  const pem = join(dir, 'both.pem');
  writeFileSync(pem, readFileSync(leaf.pem, 'utf8') + readFileSync(leaf.key, 'utf8'));
  const p = await freePorts(
    t,
    ...(['plain', 'pp', 'short', 'quiet', 'lbStray', 'lbMissing', 'limited', 'old', 'lbOld', 'reloads'] as const),
  );
  const tls = `ssl_certificate ${leaf.pem}; ssl_certificate_key ${leaf.key};`;
  const web = 'location / { return 200 ok; }';
  const other = scratch(t);
  await Promise.all([
    startNginx(
      t,
      dir,
      [p.plain, p.pp, p.short],
      `${tls}
      server { listen 127.0.0.1:${p.plain} ssl; ${web} }
      server { listen 127.0.0.1:${p.pp} ssl proxy_protocol; ${web} }
      server { listen 127.0.0.1:${p.short} ssl proxy_protocol; client_header_timeout 200ms; ${web} }`,
    ),
    startNginx(
      t,
      other,
      [p.reloads, p.quiet],
      `${tls}
      server { listen 127.0.0.1:${p.reloads} ssl; ${web} }
      server { listen 127.0.0.1:${p.quiet} ssl; keepalive_timeout 0; ${web} }`,
    ),
    startHaproxy(
      t,
      scratch(t),
      [p.lbStray, p.lbMissing, p.limited],
      `listen stray\n  mode tcp\n  bind 127.0.0.1:${p.lbStray}\n  server s 127.0.0.1:${p.plain} send-proxy-v2
listen missing\n  mode tcp\n  bind 127.0.0.1:${p.lbMissing}\n  server s 127.0.0.1:${p.pp}
frontend limited\n  mode http\n  bind 127.0.0.1:${p.limited} ssl crt ${pem}
  stick-table type ip size 100 expire 60s store conn_cnt
  tcp-request connection track-sc0 src
  tcp-request connection reject if { sc0_conn_cnt gt 30 }
  http-request return status 200 content-type text/plain string ok\n`,
    ),
    script(t, [join(SHARED, 'traefik_2_10_7.py'), `${p.old}=127.0.0.1:${p.plain}`], [p.old]),
    script(t, [join(SHARED, 'relay.py'), `${p.lbOld}=127.0.0.1:${p.old};send=v2;hold=1`], [p.lbOld]),
  ]);
  const limits = { connections: 60, perSecond: 400 };
  const stray = pathOf('proxy-v2', 'proxy-v2', p.lbStray, p.plain);
  const missing = pathOf('none', 'proxy-v2', p.lbMissing, p.pp);
  const late = pathOf('proxy-v2', 'optional', p.lbOld, p.old);
  const declared = (path: Path): { [key: string]: Json } => ({
    sends: path.hops[0]?.sends ?? null,
    expects: path.hops[1]?.expects ?? null,
  });
  const burst = (header: string): { [key: string]: Json } => ({ header, limits });
  // biome-ignore format: one row, one line
  const rows: Row[] = [
    ['PROXY_HEADER_UNEXPECTED', 'proxy-protocol', stray, 'outside', declared(stray), ({ out }) => assert.match(out, /^HTTP\/1\.1 400 Bad Request[\s\S]*<title>400 Bad Request/)],
    ['PROXY_HEADER_UNEXPECTED', 'proxy-protocol', stray, 'replica', declared(stray), ({ out, code }) => assert.ok(code === 35 && /wrong version number/.test(out), out)],
    ['PROXY_HEADER_WOULD_BREAK', 'proxy-protocol', pathOf(null, null, p.lbStray, p.plain), 'replica', { sends: null, expects: null }, ({ code }) => assert.equal(code, 35)],
    ['PROXY_HEADER_MISSING', 'proxy-protocol', missing, 'outside', declared(missing), ({ out, code }) => assert.ok(code === 0 && /HTTP\/[\d.]+ 200/.test(out), out)],
    ['PROXY_HEADER_MISSING', 'proxy-protocol', missing, 'replica', declared(missing), ({ out, code }) => assert.ok(code === 0 && /HTTP\/[\d.]+ 200/.test(out), out)],
    ['LATE_PROXY_HEADER_MISTAKEN', 'proxy-protocol', late, 'outside', declared(late), ({ out }) => assert.match(out, /^HTTP\/1\.1 404[^\n]*\nHTTP\/1\.1 400 Bad Request\r?\n$/)],
    ['LATE_PROXY_HEADER_MISTAKEN', 'proxy-protocol', late, 'replica', declared(late), ({ out }) => assert.match(out, /^HTTP\/1\.1 404[^\n]*\nHTTP\/1\.1 400 Bad Request\r?\n$/)],
    ['LATE_PROXY_HEADER_REFUSED', 'proxy-protocol', pathOf('proxy-v2', 'proxy-v2', p.lbStray, p.short), 'replica', { sends: 'proxy-v2', expects: 'proxy-v2' }, ({ out }) => assert.match(out, /^HTTP\/1\.1 400[^\n]*\n$/, 'an answer at once, and none when late')],
    ['HANDSHAKE_BURST_CLEAR_TEXT', 'handshake-burst', late, 'outside', burst('none'), ({ out }) => assert.ok(clearTexts(out) > 10, out)],
    ['HANDSHAKE_BURST_CLEAR_TEXT', 'handshake-burst', late, 'replica', burst('local'), ({ out }) => assert.ok(clearTexts(out) > 10, out)],
    ['HANDSHAKE_BURST_FAILS', 'handshake-burst', pathOf('none', 'none', p.lbStray, p.limited), 'replica', burst('none'), ({ out }) => assert.match(out, /\d+ (35|56)\n/)],
  ];
  const show = ([code, check, path, where, more, shows]: Row) =>
    t.test(`${code}, ${where}`, async (t) => {
      const all = await found(t, check, path, where, more);
      const finding = all.find((f) => f.code === code);
      assert.ok(finding?.reproduce, `${all.map((f) => f.code).join(', ') || 'nothing'} was found`);
      for (const name of ['bash', 'sh']) shows(await shell(finding.reproduce, name));
    });
  // A header "at once" has 200 ms to come: nine other shells beside it take that long on a busy machine.
  const hurried = rows.filter(([code]) => code === 'LATE_PROXY_HEADER_REFUSED');
  await Promise.all(rows.filter((row) => !hurried.includes(row)).map(show));
  for (const row of hurried) await show(row);
  const hup = (): void => void process.kill(Number(readFileSync(join(other, 'nginx.pid'), 'utf8')), 'SIGHUP');
  const path = pathOf('none', 'none', p.lbStray, p.reloads);
  const quiet = pathOf('none', 'none', p.lbStray, p.quiet);
  const watch = { path: '/', header: 'none' };
  let [reload, lost]: (Finding | undefined)[] = [];
  // The watch is short, as in a case: a busy machine may reload beside it.
  for (let tries = 0; tries < 4 && reload?.code !== 'RELOAD_SEEN_FROM_OUTSIDE'; tries++) {
    const looks = Promise.all([path, quiet].map((one) => found(t, 'reload-from-outside', one, 'replica', watch)));
    await pause(1_000);
    hup();
    [[reload], [lost]] = (await looks) as [Finding[], Finding[]];
  }
  assert.deepEqual([reload?.code, lost?.code], ['RELOAD_SEEN_FROM_OUTSIDE', 'TLS_SESSIONS_LOST']);
  const commands = Promise.all([
    shell(reload?.reproduce ?? ''),
    shell((lost?.reproduce ?? '').replace('sleep 10', 'sleep 2')),
  ]);
  await pause(1_000);
  hup();
  const [ended, resumed] = await commands;
  assert.ok(ended.code === 0 && /HTTP\/1\.1 200/.test(ended.out), ended.out);
  assert.match(resumed.out, /^New, TLSv1\.2/m);
  const again = await shell((lost?.reproduce ?? '').replace('sleep 10', 'true'));
  assert.match(again.out, /^Reused, TLSv1\.2/m, 'without a reload the same command shows that it is resumed');
});
