import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../diagnostics/types.ts';
import { masterPid, workersOf } from '../../proxy/adapters/health/processes.ts';
import { complaintsIn } from '../../proxy/adapters/logs/complaints.ts';
import { readErrorLine, reloadsIn } from '../../proxy/adapters/logs/nginx-error-log.ts';
import { fromProcesses, nginxReloads } from '../../proxy/adapters/reloads/nginx-reloads.ts';
import { ConfigSyntaxError, find, loadNginx, parseNginx } from '../../proxy/config/nginx-config.ts';
import { freePorts, nginxConf, scratch, startNginx } from '../diagnostics/real-servers.ts';

const FIXTURES = new URL('../fixtures/ingress-nginx/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8');

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let waited = 0; waited < 8_000; waited += 25) {
    if (await holds()) return;
    await pause(25);
  }
  assert.fail(`never: ${what}`);
};

test('reloads that no log tells of: workers of each that still live, those of one reload together', () => {
  const at = (...seconds: number[]) => seconds.map((s) => ({ startedAt: s * 1_000 }));
  const told = (serving: number[], old: number[]): string[] =>
    fromProcesses(at(...serving), at(...old), 100_000).map((one) => `${one.of} ${Date.parse(one.at) / 1_000}`);
  assert.deepEqual(told([100, 100], []), ['start 100']);
  assert.deepEqual(told([100, 160], []), ['start 100'], 'one worker crashed');
  assert.deepEqual(told([160, 160.1], [100, 100.1]), ['reload 160']);
  assert.deepEqual(told([190, 190.1], [160, 100, 130.2, 130]), ['reload 130', 'reload 160', 'reload 190']);
  assert.deepEqual(told([], [100]), []);
});

test('a real nginx: reloads taken and refused, old workers, a file that is newer than what is served', async (t) => {
  const dir = scratch(t);
  const { web, pp } = await freePorts(t, 'web', 'pp');
  const server = `server { listen 127.0.0.1:${web}; location / { return 200 ok; } }
server { listen 127.0.0.1:${pp} proxy_protocol; return 200; }`;
  const pid = await startNginx(t, dir, [web, pp], server);
  const config = join(dir, 'nginx.conf');
  const instance = {
    name: 'edge-1',
    https: null,
    http: null,
    metrics: null,
    admin: null,
    node: null,
    accessLog: null,
    logFormat: null,
    more: {},
    config,
    errorLog: join(dir, 'error.log'),
    pidFile: join(dir, 'nginx.pid'),
  } satisfies Instance;
  const log = (): string => readFileSync(instance.errorLog, 'utf8');

  assert.equal(await masterPid(instance.pidFile), pid);
  const fresh = await nginxReloads(instance);
  assert.deepEqual([fresh.sources, fresh.reloads, fresh.lastRefused], [['error log', 'process table'], [], false]);
  assert.deepEqual([fresh.workers, fresh.oldWorkers], [1, 0]);
  assert.ok((fresh.workerBytes ?? 0) > 100_000);
  assert.ok(Math.abs(Date.parse(fresh.servingSince ?? '') - Date.now()) < 60_000);

  // A connection that is kept open keeps its worker alive through the reload.
  const held = connect(web, '127.0.0.1');
  t.after(() => held.destroy());
  held.write('GET / HTTP/1.1\r\nHost: a');
  await until('the request has begun', async () => (await workersOf(pid)).length === 1);
  await pause(100);
  process.kill(pid, 'SIGHUP');
  await until('the reload was taken', async () => (await nginxReloads(instance)).oldWorkers === 1);
  const reloaded = await nginxReloads(instance);
  assert.deepEqual(
    reloaded.reloads.map((r) => r.ok),
    [true],
    'one reload, though nginx logs two lines of it',
  );
  assert.deepEqual([reloaded.workers, reloaded.lastRefused], [1, false]);
  held.destroy();

  writeFileSync(config, nginxConf(`${server} no_such_directive on;`));
  process.kill(pid, 'SIGHUP');
  await until('the refusal is logged', () => log().includes('[emerg]'));
  const refused = await nginxReloads(instance);
  assert.deepEqual(
    refused.reloads.map((r) => r.ok),
    [true, false],
  );
  assert.equal(refused.lastRefused, true);
  assert.match(refused.reloads[1]?.error ?? '', /unknown directive "no_such_directive"/);
  assert.match(refused.reloads[1]?.where ?? '', /nginx\.conf:\d+$/);

  await pause(1_100);
  writeFileSync(config, nginxConf(server));
  process.kill(pid, 'SIGHUP');
  await until('the mended file is served', async () => (await nginxReloads(instance)).reloads.length === 3);
  await until('and the refusal is over', async () => (await nginxReloads(instance)).lastRefused === false);

  const later = new Date(Date.now() + 60_000);
  utimesSync(config, later, later);
  const edited = await nginxReloads(instance);
  assert.ok(Date.parse(edited.configWrittenAt ?? '') > Date.parse(edited.servingSince ?? ''));

  await t.test('a missing PROXY header is read from the log, carriage returns and all', async () => {
    const window = {
      from: new Date(Date.now() - 60_000).toISOString(),
      to: new Date(Date.now() + 60_000).toISOString(),
    };
    const socket = connect(pp, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: shop.example.test\r\n\r\n');
    await until('it is logged', () => log().includes('broken header'));
    const { complaints } = complaintsIn('nginx', log().split('\n'), 'x', 'shop.example.test', window);
    assert.deepEqual(
      complaints.map((c) => c.kind),
      ['proxy-header-missing'],
    );
  });

  await t.test('parts that cannot be seen are blind; the other part still tells', async () => {
    const blind = (over: Partial<Instance>, reason: string): Promise<void> =>
      assert.rejects(nginxReloads({ ...instance, ...over }), (e) => e instanceof BlindLook && e.reason === reason);
    await blind({ errorLog: null, pidFile: null }, 'not-configured');
    await blind({ errorLog: join(dir, 'gone'), pidFile: null }, 'not-configured');
    writeFileSync(join(dir, 'junk.pid'), 'junk');
    await blind({ errorLog: null, pidFile: join(dir, 'junk.pid') }, 'unreadable');
    writeFileSync(join(dir, 'dead.pid'), '4194304');
    await blind({ errorLog: null, pidFile: join(dir, 'dead.pid') }, 'no-connection');
    const half = await nginxReloads({ ...instance, pidFile: join(dir, 'gone.pid') });
    assert.deepEqual([half.sources, half.oldWorkers], [['error log'], null]);
  });
});

test('reloads in log lines: notices may be switched off, other processes write too', () => {
  const line = (second: number, level: string, words: string, pid = 10): string =>
    `2026/11/21 10:00:${String(second).padStart(2, '0')} [${level}] ${pid}#${pid}: ${words}`;
  const storm = Array.from({ length: 12 }, (_, i) => [
    line(i, 'notice', 'signal 1 (SIGHUP) received from 9, reconfiguring'),
    line(i, 'notice', 'reconfiguring'),
    line(i, 'notice', 'start worker process 99'),
  ]).flat();
  assert.equal(reloadsIn(storm, 10).reloads.length, 12);
  assert.ok(reloadsIn(storm, 10).reloads.every((r) => r.ok));
  // Only the refusal of the master is left where notices are not logged; `nginx -t` of somebody else is none.
  const emerg = line(5, 'emerg', 'unexpected "}" in /etc/nginx/nginx.conf:12');
  assert.deepEqual(
    reloadsIn([emerg], 10).reloads.map((r) => [r.ok, r.error, r.where]),
    [[false, 'unexpected "}"', '/etc/nginx/nginx.conf:12']],
  );
  assert.deepEqual(reloadsIn([line(5, 'emerg', 'unexpected "}" in /x:1', 77)], 10).reloads, []);
  assert.deepEqual(reloadsIn(['', 'garbage', '2026/11/21 nonsense'], null), { reloads: [], from: null });
  assert.equal(
    readErrorLine(`2026/11/21 10:00:00 [error] 1#1: *7 ${'x'.repeat(10_000)}`)?.text.length,
    2_000 - '2026/11/21 10:00:00 [error] 1#1: *7 '.length,
  );
});

test('lines that ingress-nginx really wrote', () => {
  const lines = text('error.txt').split('\n');
  const window = { from: '2026-11-20T00:00:00Z', to: '2026-11-23T00:00:00Z' };
  const kinds = (host: string): string[] =>
    complaintsIn('nginx', lines, 'x', host, window).complaints.map((c) => c.kind);
  assert.ok(kinds('shop.example.test').includes('upstream-refused'));
  assert.ok(kinds('slow.example.test').includes('upstream-timeout'));
  const all = complaintsIn('nginx', lines, 'x', 'shop.example.test', window).complaints;
  assert.ok(
    all.every((c) => !/client: \d/.test(c.sample)),
    'no client address is kept',
  );
  assert.deepEqual(reloadsIn(lines, null).reloads.filter((r) => r.ok).length >= 0, true);
});

test('nginx’s language: quotes, escapes, variables, comments, blocks of unknown modules', () => {
  const parsed = parseNginx(`
# a comment with { and ;
user  www-data;
log_format a escape=json '{"x":"$y", ' "it's;{}" ; # more
map $http_upgrade $c { default upgrade; '' ''; "~^a{2,3}$" yes; }
server { listen 80; set $a "\${b}"; location ~ \\.php$ { return 200 "a\\"b"; } }
upstream x { server 10.0.0.1:80 weight=2; keepalive 3; }
unheard_of_module { of "any kind" { deep; } }
`);
  const one = (name: string): string[] | undefined => [...find(parsed, name)][0]?.args;
  assert.deepEqual(one('user'), ['www-data']);
  assert.deepEqual(one('log_format'), ['a', 'escape=json', '{"x":"$y", ', "it's;{}"]);
  assert.deepEqual(
    [...find(parsed, 'map')][0]?.block?.map((d) => [d.name, ...d.args]),
    [
      ['default', 'upgrade'],
      ['', ''],
      ['~^a{2,3}$', 'yes'],
    ],
  );
  assert.deepEqual(one('set'), ['$a', `\${b}`]);
  assert.deepEqual(one('return'), ['200', 'a"b']);
  assert.equal([...find(parsed, 'deep')].length, 1);
  assert.equal([...find(parsed, 'server')][0]?.line, 6);
});

test('a block of Lua is one word, whatever is in it', () => {
  const parsed = parseNginx(`http {
  init_by_lua_block { local a = "{"; -- an open { in a comment
    if a == '}' then ngx.log(ngx.ERR, "it's }") end
    local long = [[ } { ]]
  }
  server { listen 80; content_by_lua_block { ngx.say("x;") } }
}`);
  assert.deepEqual(
    [...find(parsed, 'listen')].map((d) => d.args),
    [['80']],
  );
  assert.deepEqual([...find(parsed, 'content_by_lua_block')][0]?.args, ['ngx.say("x;")']);
  assert.equal([...find(parsed, 'server')][0]?.line, 6);
  assert.throws(
    () => parseNginx('a;\nb_by_lua_block { "}" --}\n'),
    (e) => e instanceof ConfigSyntaxError && e.line === 2,
  );
});

test('a whole configuration that ingress-nginx wrote is read', () => {
  const parsed = parseNginx(text('one-ingress.conf'));
  const names = [...find(parsed, 'server_name')].flatMap((d) => d.args);
  assert.ok(names.includes('shop.example.test'), names.join(' '));
  assert.ok([...find(parsed, 'log_format')].some((d) => d.args[0] === 'upstreaminfo'));
});

test('what nginx would refuse is refused, with the line', () => {
  const bad: [string, number, RegExp][] = [
    ['user x', 1, /does not end with ";"/],
    ['a;\nb {\n c;\n', 2, /never closed/],
    ['a;\n}\n', 2, /closes nothing/],
    ['a;\n;\n', 2, /ends nothing/],
    ['{ a; }', 1, /opens nothing/],
    ['a;\nb "no end;\n', 2, /quote is never closed/],
    ['a {\n b }\n', 2, /does not end with ";"/],
    ['set $x ${y;\n', 1, /variable is never closed/],
  ];
  for (const [config, line, message] of bad)
    assert.throws(
      () => parseNginx(config),
      (e) => e instanceof ConfigSyntaxError && e.line === line && message.test(e.message),
      config,
    );
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.stringMatching(/^[a-z{};"'$\\#\n ]{0,80}$/)), (config) => {
      try {
        parseNginx(config);
      } catch (error) {
        assert.ok(error instanceof ConfigSyntaxError, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('the same words as nginx itself dumps', async (t) => {
  const dir = scratch(t);
  const { web } = await freePorts(t, 'web');
  mkdirSync(join(dir, 'tmp'));
  mkdirSync(join(dir, 'sites'));
  writeFileSync(join(dir, 'sites', 'b.conf'), 'server { listen 127.0.0.1:1; server_name "b.example.test"; }');
  writeFileSync(join(dir, 'sites', 'a.conf'), `server { listen 127.0.0.1:${web}; server_name a.example.test; }`);
  writeFileSync(join(dir, 'nginx.conf'), nginxConf('include sites/*.conf; include none/*.conf;'));
  const dumped = execFileSync('nginx', ['-p', dir, '-e', 'error.log', '-c', 'nginx.conf', '-T'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  assert.match(dumped, /# configuration file .*sites\/a\.conf/);
  const loaded = await loadNginx(join(dir, 'nginx.conf'));
  assert.deepEqual(
    [...find(loaded, 'server_name')].map((d) => d.args[0]),
    ['a.example.test', 'b.example.test'],
  );
});

test('includes: gone, round in circles, broken inside: named with their file and line', async (t) => {
  const dir = scratch(t);
  const write = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  write('broken.conf', 'a;\nb\n');
  await assert.rejects(loadNginx(write('one.conf', 'include broken.conf;')), /broken\.conf:2: "b" does not end/);
  await assert.rejects(loadNginx(write('two.conf', 'include gone.conf;')), /gone\.conf: no such file/);
  await assert.rejects(loadNginx(write('three.conf', 'http { include three.conf; }')), /three\.conf includes itself/);
});
