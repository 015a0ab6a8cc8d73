import assert from 'node:assert/strict';
import test from 'node:test';
import { fromHaproxyCsv, fromHaproxyMetrics } from '../../proxy/adapters/metrics/balance-pages.ts';
import { fixture, sampleIn } from './samples-world.ts';

/** One real HAProxy 2.6.12 after 86, 86, 86 and 6 requests, some of them of 2.5 s: its exporter and `show stat`. */
const EXPORTED = 'haproxy/2.6.12/few-requests.metrics.txt';
const STATS = 'haproxy/2.6.12/few-requests.show-stat.csv';

const near = (one: number, other: number, requests: number, what: string): void =>
  assert.ok(other - one >= 0 && other - one <= 0.001 + 0.512 / requests, `${what}: ${one} s, ${other} s`);

test('HAProxy: a mean over few requests is the same from exporter and stats socket', async () => {
  const [exported, told] = await Promise.all([sampleIn(fixture(EXPORTED)), sampleIn(fixture(STATS))]);
  const servers = (told.means ?? []).filter((one) => one.kind === 'upstream' && one.endpoint !== null);
  assert.deepEqual(servers.map((one) => one.endpoint).sort(), ['jobs-a', 'jobs-b', 'jobs-c', 'jobs-d']);
  for (const { endpoint, seconds } of servers) {
    const same = (exported.means ?? []).find((one) => one.kind === 'upstream' && one.endpoint === endpoint);
    near(same?.seconds ?? 0, seconds, endpoint === 'jobs-d' ? 6 : 86, `${endpoint}`);
  }
});

test('HAProxy: the balance page sees that endpoints are slow after a few requests', () => {
  const [exported, told] = [fromHaproxyMetrics(fixture(EXPORTED)), fromHaproxyCsv(fixture(STATS))];
  for (const services of [exported, told]) {
    const seconds = [...(services.get('jobs')?.endpoints.values() ?? [])].map((one) => one.seconds ?? 0);
    assert.equal(seconds.length, 4);
    assert.ok(
      seconds.every((one) => one > 0.5 && one < 3),
      `${seconds}`,
    );
    assert.ok(
      seconds.some((one) => one > 2.4),
      `${seconds}`,
    );
  }
});
