import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { type AuditConfig, createAudit } from '../../workers/audit/audit.ts';
import { chained, type Draft, NO_PREV } from '../../workers/audit/entry.ts';
import { redactWords } from '../../workers/audit/redact.ts';
import { auditStore } from '../../workers/audit/store.ts';
import { verifier } from '../../workers/audit/verify.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../workers/redis.ts';
import { quiet, until } from './stand-ins.ts';

const dir = mkdtempSync(join(tmpdir(), 'iti-audit-'));
const config: AuditConfig = { keep: 365 * 86_400_000, maxBytes: 1 << 26, file: null };
let server: EmbeddedRedis;
const clients: RedisClient[] = [];

before(async () => {
  server = await startEmbeddedRedis();
});
beforeEach(async () => {
  await (await client()).flushall();
});
after(async () => {
  for (const one of clients) closeRedis(one);
  await server.stop();
  rmSync(dir, { recursive: true });
});

async function client(): Promise<RedisClient> {
  const one = connectRedis(server.url, 'producer');
  one.on('error', () => {});
  clients.push(one);
  await until('Redis', () => one.status === 'ready');
  return one;
}

async function writer(over: Partial<Parameters<typeof createAudit>[0]> = {}) {
  const redis = await client();
  const metrics = createMetrics({ process: false });
  const audit = createAudit({ redis, config, process: 'bot', metrics, log: quiet, ...over });
  const counted = async (outcome: string) =>
    Number(
      new RegExp(`iti_audit_entries_total\\{outcome="${outcome}"\\} (\\d+)`).exec(
        await metrics.registry.metrics(),
      )?.[1] ?? 0,
    );
  return { redis, audit, counted };
}

const asked = (text: string, once?: string) =>
  ({ kind: 'question', by: 'U0TOM', in: 'C0A', facts: { way: 'command', text }, ...(once && { once }) }) as const;

async function bodies(redis: RedisClient): Promise<string[]> {
  const all: string[] = [];
  for await (const page of auditStore(redis).pages(null)) all.push(...page.map(({ body }) => body));
  return all;
}

async function verified(redis: RedisClient) {
  const check = verifier();
  for (const body of await bodies(redis)) check.push(body);
  return check.end(await auditStore(redis).head());
}

/** The command as people call it. */
async function dev(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const run = promisify(execFile)(process.execPath, ['bot/cli/main.ts', ...args], {
    env: { ...process.env, REDIS_URL: server.url },
  });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
}

test('writers of several processes make one chain without a gap', async () => {
  const writers = await Promise.all([writer(), writer(), writer()]);
  for (let i = 0; i < 150; i++) for (const { audit } of writers) audit.note(asked(`shop ${i}`));
  await until('all are written', () => writers.every(({ audit }) => audit.waiting() === 0));
  const [{ redis }] = writers;
  const found = await verified(redis);
  assert.deepEqual(found.ok && [found.entries, found.from, found.to], [450, 1, 450]);
  const numbers = (await bodies(redis)).map((body) => (JSON.parse(body) as { n: number }).n);
  assert.deepEqual(
    numbers,
    Array.from({ length: 450 }, (_, i) => i + 1),
  );
  for (const { audit } of writers) await audit.close(1000);
});

test('the same thing noted twice is one entry, in one process, in two, and after a lost reply', async () => {
  const [one, two] = await Promise.all([writer(), writer()]);
  one.audit.note(asked('shop', 'question:event:Ev1'));
  one.audit.note(asked('shop', 'question:event:Ev1'));
  await until('written', () => one.audit.waiting() === 0);
  two.audit.note(asked('shop', 'question:event:Ev1'));
  two.audit.note(asked('wiki'));
  await until('written', () => two.audit.waiting() === 0);
  assert.equal((await bodies(one.redis)).length, 2);
  const store = auditStore(one.redis);
  const draft: Draft = {
    at: new Date().toISOString(),
    kind: 'vote',
    process: 'p',
    by: null,
    in: null,
    facts: {},
    once: 'x',
    onceS: 60,
  };
  await store.append([draft]);
  assert.deepEqual((await store.append([draft])).bodies, []);
  assert.equal((await verified(one.redis)).entries, 3);
});

test('while Redis is away nothing waits for it, and everything is written when it is back', async () => {
  const { redis, audit, counted } = await writer();
  redis.disconnect();
  for (let i = 0; i < 10_005; i++) audit.note(asked(`shop ${i}`));
  await until('it was tried', async () => (await counted('failed')) > 0);
  assert.equal(audit.waiting(), 10_000);
  assert.equal(await counted('lost'), 5);
  await until('it is gone', () => redis.status === 'end');
  await redis.connect();
  await until('all are written', () => audit.waiting() === 0);
  await until('and what was lost is said', async () => (await auditStore(redis).head()).n === 10_001);
  const last = JSON.parse((await bodies(redis)).at(-1) ?? '') as { kind: string; facts: { count: number } };
  assert.deepEqual([last.kind, last.facts.count], ['lost', 5]);
  assert.ok((await verified(redis)).ok);
});

test('a removed entry shows, wherever it stood', async () => {
  const { redis, audit } = await writer();
  for (let i = 0; i < 9; i++) audit.note(asked(`shop ${i}`));
  await until('written', () => audit.waiting() === 0);
  const ids = (await redis.xrange('{iti}:audit', '-', '+')).map(([id]) => id);
  const without = async (nth: number) => {
    const [[, fields]] = (await redis.xrange('{iti}:audit', ids[nth] ?? '', ids[nth] ?? '')) as [[string, string[]]];
    await redis.xdel('{iti}:audit', ids[nth] ?? '');
    const found = await verified(redis);
    return { found, fields };
  };
  const middle = (await without(4)).found;
  assert.ok(
    !middle.ok && /^entry 6 /.test(middle.at) && /1 entry is missing before it/.test(middle.why),
    JSON.stringify(middle),
  );
  await redis.xtrim('{iti}:audit', 'MINID', '=', ids[5] ?? '');
  const start = await verified(redis);
  assert.ok(!start.ok && /5 entries are missing before it, and no entry says that they were trimmed/.test(start.why));
  await redis.del('{iti}:audit');
  const all = await verified(redis);
  assert.ok(!all.ok && /9 entries are missing at the end/.test(all.why));
});

test('entries that are too old or too many go, that is written down, and the chain still holds', async () => {
  const { redis, audit } = await writer();
  for (let i = 0; i < 120; i++) audit.note(asked(`shop ${i} ${'x'.repeat(250)}`));
  await until('written', () => audit.waiting() === 0);
  const store = auditStore(redis);
  const { bytes } = await store.head();
  const day = 86_400_000;
  assert.equal(await store.trim(Date.now(), { keepMs: day, maxBytes: bytes }, 'me'), 0);
  const gone = await store.trim(Date.now(), { keepMs: day, maxBytes: bytes / 2 }, 'me');
  assert.ok(gone >= 60 && gone <= 66, `${gone}`);
  const left = await bodies(redis);
  const sum = left.reduce((all, body) => all + Buffer.byteLength(body), 0);
  assert.equal((await store.head()).bytes, sum, 'the count of bytes stays true');
  const note = JSON.parse(left.at(-1) ?? '') as { kind: string; facts: object };
  assert.deepEqual(note.kind, 'trimmed');
  assert.ok((await verified(redis)).ok);
  // All of them are old two days later: the newest stays, since the chain hangs on it.
  assert.equal(await store.trim(Date.now() + 2 * day, { keepMs: day, maxBytes: bytes }, 'me'), 120 - gone);
  const found = await verified(redis);
  assert.ok(found.ok && found.entries === 2, JSON.stringify(found));
  // Somebody who cuts off the beginning and says that it was trimmed has to know the digest.
  await redis.xtrim('{iti}:audit', 'MAXLEN', '=', 1);
  assert.equal((await verified(redis)).ok, false);
});

test('./dev audit prints a table and lines that verify by themselves; it names the first broken one and exits 65', async () => {
  const { audit, redis } = await writer();
  for (let i = 1; i <= 5; i++) audit.note(asked(`shop ${i} \u001b[31m`));
  await until('written', () => audit.waiting() === 0);
  const table = await dev('audit', '--since', '7d');
  assert.equal(table.out.split('\n').length, 6);
  assert.match(
    table.out,
    /^ +1 {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}question +U0TOM +C0A +way="command" text="shop 1/,
  );
  assert.ok(!table.out.includes('\u001b'));
  assert.match(
    (await dev('audit', '--verify')).out,
    /^The chain holds: 5 entries, 1 to 5\. The last one's SHA-256 is [0-9a-f]{64}\.$/m,
  );
  const lines = (await dev('audit', '--json')).out.trimEnd().split('\n');
  assert.deepEqual(lines, await bodies(redis));
  const file = join(dir, 'export.ndjson');
  writeFileSync(file, lines.map((line, i) => (i === 2 ? line.replace('shop 3', 'wiki 3') : line)).join('\n'));
  const changed = await dev('audit', '--verify', file);
  assert.equal(changed.code, 65);
  assert.match(
    changed.err,
    /the chain is broken at entry 3 \(.*\): it was changed: entry 4 holds another digest of it/,
  );
  writeFileSync(file, [...lines.slice(0, 2), '{"v":1}', ...lines.slice(3)].join('\n'));
  assert.match((await dev('audit', '--verify', file)).err, /broken at after entry 2: what stands there is no entry/);
  await redis.xdel('{iti}:audit', (await redis.xrange('{iti}:audit', '-', '+'))[4]?.[0] ?? '');
  const cut = await dev('audit', '--verify', '--json');
  assert.equal(cut.code, 65);
  assert.equal((JSON.parse(cut.out) as { at: string }).at, 'entry 5');
});

test('lines go to a file as well, that only its owner reads', async () => {
  const file = join(dir, 'audit.ndjson');
  const { audit, redis } = await writer({ config: { ...config, file } });
  audit.note(asked('shop'));
  audit.note(asked('wiki'));
  await audit.close(2000);
  assert.deepEqual(readFileSync(file, 'utf8').trimEnd().split('\n'), await bodies(redis));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const {
    audit: blocked,
    counted,
    redis: other,
  } = await writer({ config: { ...config, file: join(dir, 'none', 'x') } });
  blocked.note(asked('billing'));
  await until('it is counted', async () => (await counted('sink-failed')) === 1);
  assert.equal((await bodies(other)).length, 3, 'the store has it all the same');
});

test('what people write is kept without secrets and addresses, bounded', () => {
  const words: [string, string][] = [
    ['GET https://a.test/x?token=abc&b=1 fails', 'GET https://a.test/x?… fails'],
    ['from 203.0.113.9:4711 and 2001:db8::7, at 14:03:22', 'from …:4711 and …, at 14:03:22'],
    ['Authorization: Bearer abcdefghijkl', 'Authorization: …'],
    ['xoxb-123456789-abc password=hunter2', 'xoxb-… password=…'],
    ['https://me:secret@a.test/', 'https://a.test/'],
    ['two\nlines\u0000here', 'two lines\u0000here'],
  ];
  for (const [given, kept] of words) assert.equal(redactWords(given), kept);
  assert.equal(redactWords('x'.repeat(100_000)).length, 300);
});

test('entries are bounded, and a chain begins at nothing', () => {
  const facts = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, 'x'.repeat(300)]));
  const draft: Draft = {
    at: '2026-11-22T00:00:00.000Z',
    kind: 'model',
    process: 'p',
    by: null,
    in: null,
    facts,
    once: 'a',
    onceS: 1,
  };
  const { bodies: made } = chained([draft], { n: 0, hash: NO_PREV });
  assert.match(made[0] ?? '', /"facts":\{"tooLong":\d+\}\}$/);
});
