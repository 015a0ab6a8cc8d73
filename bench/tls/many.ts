import type { Io } from '../../diagnostics/io/io.ts';
import { median } from './compare-setup.ts';
import { probe } from './ours.ts';
import { startRelay } from './relays.ts';

export interface Many {
  targets: number;
  rttMs: number;
  singleMs: number;
  p50Ms: number;
  p95Ms: number;
  /** P95 as a multiple of a single probe's. */
  ratio: number;
  /** Of this process: CPU time for each probe, and how much its memory grew. */
  cpuMsEach: number;
  rssGrowthMb: number;
}

/** Whole probes of many targets at once in this process; each target is far away, as real ones are. */
export async function manyAtOnce(io: Io, upstream: number, targets: number, rttMs: number): Promise<Many> {
  const relay = await startRelay(
    rttMs,
    Array.from({ length: targets }, () => upstream),
  );
  try {
    const single: number[] = [];
    for (let i = 0; i < 5; i++) single.push((await probe(io, relay.ports[i] as number, {})).durationMs);
    global.gc?.();
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 20);
    const cpu = process.cpuUsage();
    const seen = await Promise.all(relay.ports.map((port) => probe(io, port, {})));
    const used = process.cpuUsage(cpu);
    clearInterval(watch);
    const times = seen.map((one) => one.durationMs).toSorted((a, b) => a - b);
    const p95 = times[Math.floor(times.length * 0.95)] as number;
    const singleMs = median(single);
    return {
      targets,
      rttMs,
      singleMs,
      p50Ms: median(times),
      p95Ms: p95,
      ratio: Math.round((p95 / singleMs) * 100) / 100,
      cpuMsEach: Math.round((used.user + used.system) / 10 / targets) / 100,
      rssGrowthMb: Math.round((most - before) / 2 ** 20),
    };
  } finally {
    await relay.stop();
  }
}
