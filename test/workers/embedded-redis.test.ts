import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { startProcess } from '../bot/processes.ts';
import { until } from './stand-ins.ts';

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('an embedded Redis answers, and leaves nothing behind when stopped', async () => {
  const redis = await startEmbeddedRedis();
  const dir = dirname(redis.url.slice('unix:'.length));
  assert.ok(existsSync(dir));
  await redis.stop();
  assert.ok(!existsSync(dir));
  assert.ok(!alive(redis.pid));
});

test('nor when its owner is killed', async () => {
  const owner = startProcess('../workers/redis-owner.ts', {});
  await owner.prints('\n');
  const { url, pid } = JSON.parse(owner.out()) as { url: string; pid: number };
  await owner.kill('SIGKILL');
  await until('the server is gone', () => !alive(pid));
  await until('its folder is gone', () => !existsSync(dirname(url.slice('unix:'.length))));
});
