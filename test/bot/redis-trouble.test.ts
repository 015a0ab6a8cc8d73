import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../workers/stand-ins.ts';
import { finished, ours, rig, TRIAGE } from './rig.ts';

/** A Redis that can go away and come back with what it had. */
async function moodyRedis(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'iti-test-redis-'));
  const socket = join(dir, 'redis.sock');
  let server: ChildProcess | null = null;
  const stop = async () => {
    if (!server) return;
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
    server = null;
  };
  t.after(async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    url: `unix:${socket}`,
    stop,
    start: () => {
      const args = [
        '--port',
        '0',
        '--unixsocket',
        socket,
        '--dir',
        dir,
        '--appendonly',
        'yes',
        '--appendfsync',
        'always',
      ];
      server = spawn('redis-server', args, { stdio: 'ignore' });
    },
  };
}

test('Redis away at the start: a command is told so at once, an event is sent again and answered later', async (t) => {
  const redis = await moodyRedis(t);
  const { slack } = await rig(t, {
    workers: false,
    config: { redisUrl: redis.url },
    slack: { timing: { retryDelaysMs: [500, 500, 1500] } },
  }).then(async (system) => {
    const asked = Date.now();
    await system.slack.command('maya', '#platform', '/ingress-check shop.example.test');
    assert.match(system.slack.ephemerals('maya')[0]?.text ?? '', /my queue is away/);
    assert.ok(Date.now() - asked < 2900, 'within three seconds');
    const report = system.slack.say('tom', TRIAGE, 'shop.example.test is down');
    await until('a refused event', () =>
      system.slack.deliveries().some((one) => one.kind === 'event' && one.outcome !== 'acked'),
    );
    redis.start();
    system.startWorkers({ ...(await connectionsTo(t, redis.url)) });
    await finished(system.slack, TRIAGE, report.ts);
    return system;
  });
  assert.equal(ours(slack).length, 1);
  assert.equal(slack.ephemerals('maya').length, 1);
});

test('Redis goes away in mid-case and comes back: the case ends in its own message', async (t) => {
  const redis = await moodyRedis(t);
  redis.start();
  const slow = { timing: { retryDelaysMs: [300, 600, 900] } };
  const system = await rig(t, { workers: false, config: { redisUrl: redis.url }, slack: slow });
  const { slack } = system;
  const report = slack.say('tom', TRIAGE, 'mid.example.test is down');
  await slack.waitFor(() => ours(slack)[0], { what: 'the opened case' });
  await redis.stop();
  redis.start();
  system.startWorkers({ ...(await connectionsTo(t, redis.url)) });
  await finished(slack, TRIAGE, report.ts);
  assert.equal(ours(slack).length, 1);
});

test('Redis answers nothing: a command is told so within three seconds', async (t) => {
  const { slack, redis } = await rig(t);
  process.kill(redis.pid, 'SIGSTOP');
  const asked = Date.now();
  await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  assert.match(slack.ephemerals('maya')[0]?.text ?? '', /my queue is away/);
  assert.ok(Date.now() - asked < 2900, `took ${Date.now() - asked} ms`);
  process.kill(redis.pid, 'SIGCONT');
  await slack.command('maya', '#platform', '/ingress-check other.example.test');
  await finished(slack, '#platform');
});

async function connectionsTo(t: TestContext, url: string) {
  const { closeRedis, connectRedis } = await import('../../workers/redis.ts');
  const [redis, producer] = [connectRedis(url, 'worker'), connectRedis(url, 'producer')];
  for (const client of [redis, producer]) client.on('error', () => {});
  t.after(() => [redis, producer].forEach(closeRedis));
  return { redis, producer };
}
