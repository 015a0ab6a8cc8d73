import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratch } from '../diagnostics/real-servers.ts';
import { dev, fewAtATime } from './dev.ts';

test('bad input: one clear message, the documented exit code, no stack trace', { concurrency: 3 }, async (t) => {
  const dir = scratch(t);
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const inventory = file('inventory.yaml', 'version: 1\nallow: [shop.example.test]\n');
  const broken = file('broken.yaml', 'version: 1\nhops:\n  edge:\n    hop: nowhere\n');
  const incidents = (name: string, yaml: string | null): string => {
    mkdirSync(join(dir, name, 'one'), { recursive: true });
    if (yaml !== null) writeFileSync(join(dir, name, 'one', 'incident.yaml'), yaml);
    return join(dir, name);
  };
  const rows: [string[], number, RegExp][] = [
    [[], 64, /usage: \.\/dev COMMAND/],
    [['no-such-command'], 64, /there is no command no-such-command/],
    [['constructor'], 64, /there is no command constructor/],
    [['check'], 64, /what shall I check\?/],
    [['check', '--report', 'it is down'], 64, /names no host that I know/],
    [['check', 'a b'], 64, /a b is no URL, host or host:port/],
    [['check', 'ftp://a.test/'], 64, /is no URL, host or host:port/],
    [['check', 'a.test:99999'], 64, /is no URL/],
    [['check', '$(reboot)'], 64, /is no URL/],
    [['check', 'a.test', 'b.test'], 64, /one argument too many: b\.test/],
    [['check', 'a.test', '--nonsense'], 64, /--nonsense/],
    [['check', 'a.test', '--only', 'tls,nonsense'], 64, /--only: there is no check nonsense; there are .*tls/],
    [['check', 'a.test', '--deadline', 'soon'], 64, /--deadline: soon is no time such as 20s/],
    [['check', 'a.test', '--deadline', '0s'], 64, /--deadline/],
    [['check', 'a.test', '--deadline', '11m'], 64, /at most 10m/],
    [['check', 'a.test', '--since', 'yesterday'], 64, /--since: yesterday is neither 30m/],
    [['check', 'a.test', '--since', '2999-01-01'], 64, /--since/],
    [['check', 'a.test', '--inventory', join(dir, 'gone.yaml')], 65, /gone\.yaml: no such file/],
    [['check', 'a.test', '--inventory', broken], 65, /broken\.yaml:4: hops\.edge\.hop: /],
    [['check', 'evil.test', '--inventory', inventory], 77, /evil\.test may not be probed/],
    [['check', '169.254.169.254'], 77, /169\.254\.169\.254 may not be probed|metadata/],
    [['check', 'http://[::ffff:169.254.169.254]/latest'], 77, /may not be probed|never probed/],
    [
      ['check', '127.0.0.1:9', '--only', 'path-bisect', '--save', join(dir, 'no', 'such', 'folder.json')],
      69,
      /cannot be written/,
    ],
    [['replay'], 64, /something is missing/],
    [['replay', join(dir, 'gone.json')], 65, /gone\.json: no such file/],
    [['replay', file('empty.json', '')], 65, /empty\.json:1: /],
    [['replay', file('cut.json', '{"version": 1,\n"case": {')], 65, /cut\.json:2: /],
    [
      ['replay', file('other.json', '{"version": 7}')],
      65,
      /other\.json:1: no saved case: version: is no version that I can read/,
    ],
    [['replay', file('list.json', '[]')], 65, /no saved case/],
    [['replay', dir], 65, /EISDIR|is a directory/],
    [['tls'], 64, /something is missing/],
    [['tls', 'a:b:c'], 64, /a:b:c is no HOST:PORT/],
    [['tls', 'a.test:443', '--proxy-protocol', 'v3'], 64, /v3 is neither v1 nor v2/],
    [['tls', '169.254.169.254:443'], 77, /never probed/],
    [['tls', 'no-such-name.invalid:443'], 69, /no-such-name\.invalid/],
    [['tls', '127.0.0.1:1'], 69, /nobody answers at 127\.0\.0\.1:1 \(refused\)/],
    [['proxy-protocol', 'a b'], 64, /is no HOST:PORT/],
    [['proxy-protocol', '[fe80::1]:443'], 77, /never probed/],
    [['path'], 64, /something is missing/],
    [['path', 'a b'], 64, /a b is no host/],
    [['path', 'a.test', '--inventory', broken], 65, /broken\.yaml:4/],
    [['eval', 'folder'], 64, /folders are given with --incidents/],
    [['eval', '--parallel', 'many'], 64, /--parallel: many is not between 1 and 16/],
    [['eval', '--incidents', join(dir, 'gone')], 65, /gone: ENOENT/],
    [['eval', '--incidents', incidents('none', null)], 65, /no folder with an incident\.yaml/],
    [['eval', '--incidents', incidents('wrong', 'id: x\n')], 65, /incident\.yaml: title: /],
    [
      [
        'eval',
        '--incidents',
        incidents(
          'unknown',
          'id: x\ntitle: t\nsource: s\nreport: r\nexpect: { answer: guilty, hop: proxy, cause: c }\n',
        ),
      ],
      65,
      /incident\.yaml: expect\.answer/,
    ],
    [['eval', '--incidents', incidents('noyaml', 'id: [\n')], 65, /incident\.yaml: /],
    [['eval', '--intake', join(dir, 'gone.ndjson')], 65, /gone\.ndjson: no such file/],
    [
      [
        'eval',
        '--intake',
        file(
          'bad.ndjson',
          '{"text":"x","at":"2026-11-21T00:00:00Z","expect":{"report":true,"hosts":[],"since":null}}\nnope\n',
        ),
      ],
      65,
      /bad\.ndjson:2: /,
    ],
    [['eval', '--intake', file('half.ndjson', '{"text":"x"}\n')], 65, /half\.ndjson:1: /],
    [['checks', 'extra'], 64, /one argument too many/],
  ];
  await fewAtATime(rows, ([args, code, message]) =>
    t.test(args.map((a) => a.replace(dir, '')).join(' ') || 'nothing', async () => {
      const ran = await dev(args);
      assert.equal(ran.code, code, ran.err + ran.out);
      assert.match(ran.err, message);
      assert.ok(!/\n\s+at |our own bug|node:internal/.test(ran.err), ran.err);
      assert.ok(ran.err.split('\n').length <= 30 && ran.out === '', ran.out);
      assert.ok(ran.ms < 15_000, `${ran.ms} ms`);
    }),
  );
});

test('an inventory that may not be read says so', {
  skip: process.getuid?.() === 0 ? 'root reads everything' : false,
}, async (t) => {
  const file = join(scratch(t), 'inventory.yaml');
  writeFileSync(file, 'version: 1\n');
  chmodSync(file, 0);
  const ran = await dev(['path', 'a.test', '--inventory', file]);
  assert.deepEqual([ran.code, /EACCES/.test(ran.err)], [65, true]);
});

test('warnings go to stderr, the document to stdout', async (t) => {
  const file = join(scratch(t), 'inventory.yaml');
  writeFileSync(
    file,
    'version: 1\ncolour: blue\nroutes: [{ host: a.test, via: [edge] }]\nhops: { edge: { hop: proxy, kind: odd, address: "127.0.0.1:1" } }\n',
  );
  const ran = await dev(['path', 'a.test', '--inventory', file, '--json']);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /warning: .*colour/);
  const path = JSON.parse(ran.out);
  assert.deepEqual(Object.keys(path).sort(), ['ambiguous', 'host', 'hops', 'path', 'unknown'].sort());
  assert.deepEqual(path.hops[0].address, '127.0.0.1:1');
  assert.match(path.hops[0].from.join(' '), /routes\.0.*hops\.edge/);
  const text = await dev(['path', 'other.test']);
  assert.match(text.out, /unknown: no route for other\.test/);
});
