import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readBotConfig } from '../../bot/config.ts';
import { TriageError } from '../../diagnostics/errors.ts';
import { readSharedConfig } from '../../workers/config.ts';
import { readRedisUrl } from '../../workers/redis.ts';
import { startProcess } from './processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'iti-config-'));
after(() => rmSync(dir, { recursive: true }));
let files = 0;
const config = (text: string) => {
  const path = join(dir, `${++files}.yaml`);
  writeFileSync(path, text);
  return path;
};
const good = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' };

const wrong: [string, Record<string, string>, RegExp, string][] = [
  ['no bot token', { SLACK_APP_TOKEN: 'xapp-1' }, /^SLACK_BOT_TOKEN is not set/, 'wrong-usage'],
  [
    'an app token as bot token',
    { ...good, SLACK_BOT_TOKEN: 'xapp-1' },
    /^SLACK_BOT_TOKEN is an app-level token; it takes a bot token/,
    'wrong-usage',
  ],
  [
    "a user's token as bot token",
    { ...good, SLACK_BOT_TOKEN: 'xoxp-1' },
    /^SLACK_BOT_TOKEN is a user's token/,
    'wrong-usage',
  ],
  [
    'a bot token as app token',
    { ...good, SLACK_APP_TOKEN: 'xoxb-1' },
    /^SLACK_APP_TOKEN is a bot token/,
    'wrong-usage',
  ],
  [
    'a token as signing secret',
    { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'xapp-1' },
    /^SLACK_SIGNING_SECRET is an app-level/,
    'wrong-usage',
  ],
  [
    'neither mode',
    { SLACK_BOT_TOKEN: 'xoxb-1' },
    /^SLACK_APP_TOKEN is not set, and SLACK_SIGNING_SECRET neither/,
    'wrong-usage',
  ],
  ['no URL', { ...good, SLACK_API_URL: 'nowhere' }, /^SLACK_API_URL/, 'wrong-usage'],
  ['no port', { ...good, METRICS_PORT: '99999' }, /^METRICS_PORT: "99999"/, 'wrong-usage'],
  ['no level', { ...good, LOG_LEVEL: 'loud' }, /^LOG_LEVEL: "loud"/, 'wrong-usage'],
  ['no Redis', { ...good, REDIS_URL: 'http://x' }, /^REDIS_URL/, 'wrong-usage'],
  ['no file', { ...good, CONFIG: join(dir, 'none.yaml') }, /^CONFIG .*none\.yaml/, 'unreadable'],
  ['no YAML', { ...good, CONFIG: config('channels: [') }, /^CONFIG /, 'unreadable'],
  [
    'a number for a duration',
    { ...good, CONFIG: config('deadline: 20') },
    /deadline: a duration such as/,
    'unreadable',
  ],
  ['no duration', { ...good, CONFIG: config('deadline: soon') }, /deadline: a duration/, 'unreadable'],
  [
    'no channel',
    { ...good, CONFIG: config('channels: { triage: [general] }') },
    /channels\.triage\.0: a channel id or #name/,
    'unreadable',
  ],
  ['no number', { ...good, CONFIG: config('slack: { port: no }') }, /slack\.port/, 'unreadable'],
];
for (const [name, env, message, code] of wrong) {
  test(`a wrong value stops the start and is named: ${name}`, () => {
    assert.throws(
      () => readBotConfig(env),
      (error: unknown) =>
        error instanceof TriageError &&
        message.test(error.message) &&
        error.code === code &&
        !/x(oxb|app)-1/.test(error.message),
    );
  });
}

test('a good configuration is read, and unknown keys are said', () => {
  const file = config(
    'channels: { triage: ["#a", C0123], alerts: [B0123] }\ndeadline: 8s\nslack: { port: 3001 }\nsurprise: 1\n',
  );
  const read = readBotConfig({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'abc', CONFIG: file });
  assert.deepEqual(read.mode, { kind: 'http', signingSecret: 'abc', port: 3001, host: null });
  assert.equal(read.file.deadline, 8000);
  assert.match(read.warnings.join(), /surprise is not known/);
});

test('Redis in all its forms', () => {
  const kind = (url: string) => readRedisUrl(url).kind;
  assert.equal(kind('redis://localhost:6379/2'), 'single');
  assert.equal(kind('unix:/run/redis.sock'), 'single');
  assert.equal(kind('redis+cluster://a:7000,b:7001'), 'cluster');
  const secure = readRedisUrl('rediss://user:p%40ss@[::1]:6380');
  assert.deepEqual(secure.options, { tls: {}, username: 'user', password: 'p@ss', host: '::1', port: 6380, db: 0 });
  const sentinel = readRedisUrl('redis+sentinel://:pw@a,b:26380/master/3');
  assert.deepEqual(sentinel.options.sentinels, [
    { host: 'a', port: 26379 },
    { host: 'b', port: 26380 },
  ]);
  assert.equal(sentinel.options.name, 'master');
  assert.equal(sentinel.options.db, 3);
  for (const url of ['redis://', 'redis://a,b', 'redis+sentinel://a', 'redis://h:0', 'redis://h/x']) {
    assert.throws(() => readRedisUrl(url), /REDIS_URL/, url);
  }
});

test('the workers need no token', () => {
  assert.equal(readSharedConfig({}).redisUrl, 'redis://127.0.0.1:6379');
});

test('a wrong value ends the process with 64 and one line', async () => {
  const child = startProcess('./bot-process.ts', { SLACK_BOT_TOKEN: 'xapp-1' });
  assert.equal(await child.kill('SIGCONT'), 64);
  assert.match(child.err(), /^SLACK_BOT_TOKEN is an app-level token[^\n]*\n$/);
});
