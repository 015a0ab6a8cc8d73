import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { PROBE_AGENT } from '../../diagnostics/io/user-agent.ts';
import { namedReader } from '../../proxy/adapters/logs/access-log.ts';
import { accessRows, readLog } from '../../proxy/adapters/logs/access-rows.ts';
import { blindFile, blocksFromEnd, LINE_BYTES, siblingsOf } from '../../proxy/adapters/logs/log-file.ts';
import { LIMITS, readBack } from '../../proxy/adapters/logs/read-window.ts';
import { tailLines, tailSince } from '../../proxy/adapters/logs/tail.ts';
import { countRequests } from '../../proxy/adapters/logs/tally.ts';
import { scratch } from '../diagnostics/real-servers.ts';
import { instance } from './log-worlds.ts';

const NOON = Date.parse('2026-11-21T12:00:00Z');
/** A line of nginx' combined format, so many minutes before noon. */
const line = (minutesAgo: number, status = 200, path = '/'): string => {
  const at = new Date(NOON - minutesAgo * 60_000).toISOString();
  return `192.0.2.1 - - [21/Nov/2026:${at.slice(11, 19)} +0000] "GET ${path} HTTP/1.1" ${status} 9 "-" "curl"`;
};
const write = (file: string, lines: string[], minutesAgo = 0): string => {
  const text = `${lines.join('\n')}\n`;
  writeFileSync(file, file.endsWith('.gz') ? gzipSync(text) : text);
  const at = new Date(NOON - minutesAgo * 60_000);
  utimesSync(file, at, at);
  return file;
};
const since = (minutesAgo: number) => ({
  from: new Date(NOON - minutesAgo * 60_000).toISOString(),
  to: new Date(NOON + 1000).toISOString(),
});
const choose = () => namedReader('combined');
const statuses = async (file: string, minutesAgo: number): Promise<string> => {
  const log = await accessRows('nginx', instance({ accessLog: file }), since(minutesAgo));
  const out: number[] = [];
  log.rows.each(null, (row) => out.push(row.status));
  return out.sort().join(' ');
};

test("requests that an earlier case of ours made are nobody's trouble", async (t) => {
  const ours = line(1, 502).replace('"curl"', `"${PROBE_AGENT}"`);
  const file = write(join(scratch(t), 'access.log'), [line(2, 201), ours, line(1, 503)]);
  assert.equal(await statuses(file, 10), '201 503');
});

test('rotated siblings are read as far back as the window goes, packed ones too', async (t) => {
  const file = join(scratch(t), 'access.log');
  write(file, [line(5, 201), line(1, 202)]);
  write(`${file}.1`, [line(40, 203), line(20, 204)], 20);
  write(`${file}.2.gz`, [line(90, 205), line(50, 206)], 50);
  write(`${file}.3.gz`, [line(300, 207)], 200);
  write(`${file}.bak`, [line(2, 299)]);
  write(`${file}-notes`, [line(2, 299)]);
  assert.equal(await statuses(file, 3), '202');
  assert.equal(await statuses(file, 30), '201 202 204');
  assert.equal(await statuses(file, 60), '201 202 203 204 206');
  assert.equal(await statuses(file, 600), '201 202 203 204 205 206 207');
  assert.deepEqual(
    (await siblingsOf(file, NOON - 100 * 60_000)).map((one) => one.file),
    [`${file}.1`, `${file}.2.gz`],
    'what was last written before the window is not even opened',
  );
});

test('names of rotated logs: logrotate with dateext, rotatelogs, both forms of one file while it is being packed', async (t) => {
  const file = join(scratch(t), 'access.log');
  write(file, [line(1, 201)]);
  write(`${file}-20261121`, [line(20, 202)], 20);
  write(`${file}-20261120.gz`, [line(30, 203)], 30);
  write(`${file}.2026-11-19`, [line(40, 204)], 40);
  write(`${file}-20261121.gz`, [line(20, 202)], 20);
  assert.equal(await statuses(file, 60), '201 202 203 204');
});

test('moved away a moment ago: the log is read under its new name; a copy of the same file counts once', async (t) => {
  const file = join(scratch(t), 'access.log');
  write(file, [line(5, 201)]);
  renameSync(file, `${file}.1`);
  assert.equal(await statuses(file, 10), '201');
  symlinkSync(`${file}.1`, file);
  assert.equal(await statuses(file, 10), '201');
});

test('a file that is truncated while it is read ends there, and nothing is counted twice', async (t) => {
  const file = join(scratch(t), 'access.log');
  const lines = Array.from({ length: 20_000 }, (_, i) => line(30, 200, `/${i}`));
  write(file, lines);
  const handle = await open(file);
  const blocks = blocksFromEnd(handle, (await handle.stat()).size);
  const first = await blocks.next();
  assert.ok(!first.done && first.value.lines.at(-1) === lines.at(-1));
  truncateSync(file, 0);
  let after = 0;
  for await (const block of blocks) after += block.lines.length;
  await handle.close();
  assert.equal(after, 0);
});

test('what is no file is refused before it is opened: nothing blocks', async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, 'folder'));
  execFileSync('mkfifo', [join(dir, 'fifo')]);
  symlinkSync('/dev/zero', join(dir, 'device'));
  for (const name of ['folder', 'fifo', 'device']) {
    for (const look of [
      () => accessRows('nginx', instance({ accessLog: join(dir, name) }), since(10)),
      () => tailLines(join(dir, name)),
    ])
      await assert.rejects(look(), (e) => e instanceof BlindLook && e.reason === 'unreadable', name);
  }
  const denied = blindFile('/x', Object.assign(new Error('no'), { code: 'EACCES' }));
  assert.deepEqual([denied.reason, denied.message], ['denied', '/x may not be read by this user']);
});

test('an empty log is no fault; rows of half a line, NUL, CRLF and bytes that are no UTF-8', async (t) => {
  const file = join(scratch(t), 'access.log');
  writeFileSync(file, '');
  assert.equal(await statuses(file, 10), '');
  const parts = [
    Buffer.from(`${line(3, 201)}\r\n`),
    Buffer.from([0xff, 0xfe, 0x80, 10]),
    Buffer.from(`${'\0'.repeat(300)}\n${line(2, 202, '/\\x00\u001b[31m')}\n`),
    Buffer.from([...Buffer.from(line(2, 203, '/')).subarray(0, 60), 0xc3, 0x28, 10]),
    Buffer.from(`${line(1, 204, '/ä')}\n`),
    Buffer.from(line(0, 205).slice(0, 70)),
  ];
  writeFileSync(file, Buffer.concat(parts));
  const log = await accessRows('nginx', instance({ accessLog: file }), since(11));
  assert.deepEqual([log.rows.count, log.lines, log.unreadable, log.truncated], [3, 6, 3, false]);
});

test('the last line counts without its newline only when nobody writes any more', async (t) => {
  const file = join(scratch(t), 'access.log');
  writeFileSync(file, `${line(2, 201)}\n${line(1, 202)}`);
  assert.equal(await statuses(file, 20), '201');
  const past = new Date(NOON - 86_400_000);
  utimesSync(file, past, past);
  assert.equal(await statuses(file, 21), '201 202');
});

test('lines of megabytes are cut out, whole lines around them stay', async (t) => {
  const file = join(scratch(t), 'access.log');
  const huge = line(2, 299, `/${'a'.repeat(LINE_BYTES + 900_000)}`);
  write(file, [line(3, 201), huge, line(1, 202), huge]);
  const log = await accessRows('nginx', instance({ accessLog: file }), since(12));
  const seen: number[] = [];
  log.rows.each(null, (row) => seen.push(row.status));
  assert.deepEqual([seen.sort(), log.unreadable], [[201, 202], 2]);
  write(`${file}.gz`, [line(3, 201), huge, line(1, 202), huge, line(1, 203)]);
  const lines = (await tailSince(`${file}`, 0)).lines.map((one) => one.length);
  assert.ok(Math.max(...lines) <= LINE_BYTES);
});

test('every limit ends the reading, and it is said that older requests may be missing', async (t) => {
  const file = join(scratch(t), 'access.log');
  write(
    file,
    Array.from({ length: 30_000 }, (_, i) => line(60 - i / 500)),
  );
  const from = NOON - 120 * 60_000;
  const all = await readBack(file, from, choose);
  assert.deepEqual([all.rows.length(), all.cut], [30_000, false]);
  for (const limits of [{ bytes: 600_000 }, { rows: 1_000 }, { ms: -1 }]) {
    const some = await readBack(file, from, choose, { ...LIMITS, ...limits });
    assert.ok(some.cut && some.rows.length() > 0 && some.rows.length() < 30_000, JSON.stringify(limits));
    const newest = some.rows.within(0, Number.MAX_SAFE_INTEGER).to;
    assert.equal(
      newest,
      NOON - 60_000 * (60 - 29_999 / 500) - ((NOON - 60_000 * (60 - 29_999 / 500)) % 1000),
      'from the end',
    );
  }
  // The window's begin was reached in the first block: no limit is met, nothing is missing.
  const recent = await readBack(file, NOON - 60_000, choose, { ...LIMITS, rows: 20_000 });
  assert.deepEqual([recent.cut, recent.lines < 30_000], [false, true]);
});

test('a packed log that blows up is read no further than the limit', async (t) => {
  const file = join(scratch(t), 'access.log');
  write(file, [line(1, 201)]);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, `${line(2, 299)}\n`));
  assert.ok(bomb.length < 500_000);
  writeFileSync(`${file}.1.gz`, bomb);
  utimesSync(`${file}.1.gz`, new Date(NOON), new Date(NOON));
  const read = await readBack(file, NOON - 600_000, choose, { ...LIMITS, bytes: 1_000_000 });
  assert.ok(read.cut && read.lines < 30_000, String(read.lines));
  writeFileSync(`${file}.1.gz`, gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  utimesSync(`${file}.1.gz`, new Date(NOON), new Date(NOON));
  const zeros = await readBack(file, NOON - 600_000, choose);
  assert.deepEqual([zeros.rows.length(), zeros.cut], [1, false]);
  writeFileSync(`${file}.1.gz`, bomb.subarray(0, 4_000));
  utimesSync(`${file}.1.gz`, new Date(NOON), new Date(NOON));
  assert.ok((await readBack(file, NOON - 600_000, choose)).rows.length() >= 1, 'half an archive gives what it holds');
});

test('a request that began before the window and ended in it does not end the reading', async (t) => {
  const file = join(scratch(t), 'access.log');
  const at = (minutesAgo: number, seconds: number, status: number): string =>
    JSON.stringify({
      DownstreamStatus: status,
      Duration: seconds * 1e9,
      StartUTC: new Date(NOON - minutesAgo * 60_000).toISOString(),
      RequestHost: 'a.example.test',
    });
  // Blocks of nothing but WebSockets that were opened in the morning and are closed now.
  const long = Array.from({ length: 9_000 }, () => at(200, 199 * 60, 101));
  write(file, [at(5, 0, 502), ...long]);
  const log = await accessRows('traefik', instance({ accessLog: file }), since(10));
  assert.equal(countRequests(log, 'a.example.test').madeByProxy['502'], 1);
});

test('cases that come at once share one reading; one that asks further back reads again', async (t) => {
  const file = join(scratch(t), 'access.log');
  write(file, [line(50, 201), line(5, 202)]);
  const [a, b] = await Promise.all([
    accessRows('nginx', instance({ accessLog: file }), since(30)),
    accessRows('nginx', instance({ accessLog: file }), since(20)),
  ]);
  appendFileSync(file, `${line(4, 203)}\n`);
  const c = await accessRows('nginx', instance({ accessLog: file }), since(25));
  const d = await accessRows('nginx', instance({ accessLog: file }), since(60));
  assert.deepEqual([a.rows.count, b.rows.count, c.rows.count, d.rows.count], [1, 1, 1, 3]);
});

test('the end of an error log, with what was rotated in the window', async (t) => {
  const file = join(scratch(t), 'error.log');
  write(file, ['c', 'd']);
  write(`${file}.1`, ['b'], 10);
  write(`${file}.2.gz`, ['a'], 20);
  assert.deepEqual((await tailSince(file, NOON - 60 * 60_000)).lines, ['a', 'b', 'c', 'd']);
  assert.deepEqual((await tailSince(file, NOON - 15 * 60_000)).lines, ['b', 'c', 'd']);
  assert.equal((await readFile(file, 'utf8')).length, 4);
});

test('a hostile line costs no time, whatever reads it', () => {
  const MB = 1_000_000;
  const time = '[21/Nov/2026:10:00:00.000]';
  const lines = [
    'a '.repeat(MB / 2),
    `"${'\\'.repeat(MB)}`,
    `1.2.3.4 - - [x] "${'a, '.repeat(MB / 3)}`,
    'x'.repeat(MB),
    `${'1:1'.repeat(MB / 3)} ${time} `,
    `10.0.0.1:1 ${time} ${'a/b '.repeat(15_000)}`,
    `10.0.0.1:1 ${time} f b/s 0/0/0/0/0 200 1 - - ---- 1/1/1/1/1 0/0 ${'{a'.repeat(20_000)}`,
    `[2026-11-21T10:00:00Z] "GET ${'x '.repeat(30_000)}`,
    `[2026-11-21T10:00:00Z] "GET /" 200 - 0 0 0 - "${'" "'.repeat(15_000)}`,
    `{"status":${'0'.repeat(MB)}`,
    `${'{"a":'.repeat(20_000)}`,
    `- - ${'['.repeat(MB)}`,
    '- '.repeat(MB / 2),
    `1.2.3.4 - - [21/Nov/2026:10:00:00 +0000] ${'"'.repeat(MB)}`,
  ];
  const formats = ['json', 'combined', 'upstreaminfo', 'main', 'vhost_combined', 'clf', 'haproxy', 'envoy'];
  const own = ['$time_local $request $status $http_user_agent $upstream_addr', '{"s":"$status","u":"$upstream_addr"}'];
  for (const name of [...formats, ...own]) {
    const reader = namedReader(name);
    assert.ok(reader, name);
    for (const text of lines) {
      const began = performance.now();
      reader(text);
      assert.ok(performance.now() - began < 1_500, `${name}: ${text.slice(0, 40)} ${performance.now() - began} ms`);
    }
  }
});

test('a log that fits nothing is blind, with the line to write', async (t) => {
  const file = write(join(scratch(t), 'access.log'), ['what', 'is', 'this']);
  await assert.rejects(
    readLog('nginx', instance({ accessLog: file }), 0),
    (e) => e instanceof BlindLook && e.reason === 'unreadable' && e.message.includes('logFormat:'),
  );
});
