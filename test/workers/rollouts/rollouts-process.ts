import { createInterface } from 'node:readline';
import { createMetrics } from '../../../workers/metrics.ts';
import { runUntilStopped } from '../../../workers/process.ts';
import { connectRedis } from '../../../workers/redis.ts';
import { startRollouts } from '../../../workers/rollouts/schedule.ts';
import { aSample } from '../../proxy/history/samples.ts';
import { quiet } from '../stand-ins.ts';
import { aPair } from './stand-ins.ts';

/**
 * Watches rollouts of a pair of stand-ins whose counters are a clock. With HANG=1 no reading ever ends. It prints
 * `sampling` before each one, so that a test can kill it in the middle.
 */
createInterface({ input: process.stdin });
const hang = process.env.HANG === '1';
process.exit(
  await runUntilStopped(async () => {
    const redis = connectRedis(process.env.REDIS_URL ?? '', 'worker');
    const producer = connectRedis(process.env.REDIS_URL ?? '', 'producer');
    for (const client of [redis, producer]) client.on('error', () => {});
    const rollouts = startRollouts({
      redis,
      producer,
      inventory: async () => aPair().inventory,
      sample: async (of) => {
        process.stdout.write('sampling\n');
        if (hang) await new Promise(() => {});
        // Nine a millisecond on the old side, one on the new: what is counted twice or never would show.
        const count = (Date.now() % 1e9) * (of.part === 'old-1' ? 9 : 1);
        const row = { host: null, service: 'shop', endpoint: null, maker: 'upstream' as const };
        return aSample(0, { requests: [{ ...row, status: '200', count }] });
      },
      io: () => {
        throw new Error('no probes here');
      },
      everyMs: Number(process.env.EVERY_MS),
      probes: null,
      notice: null,
      cleanUpAfterMs: 1e9,
      metrics: createMetrics({ process: false }),
      log: quiet,
    });
    return { stop: () => rollouts.close(200) };
  }),
);
