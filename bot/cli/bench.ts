import { TriageError } from '../../diagnostics/errors.ts';

/** Every benchmark; each prints its peer and the ratio. */
const BENCHES: { [name: string]: () => Promise<(args: string[]) => Promise<number>> } = {
  balance: async () => (await import('../../bench/balance.ts')).benchBalance,
  bisect: async () => (await import('../../bench/bisect.ts')).benchBisect,
  case: async () => (await import('../../bench/case.ts')).benchCase,
  cluster: async () => (await import('../../bench/cluster.ts')).benchCluster,
  drains: async () => (await import('../../bench/drains.ts')).benchDrains,
  fuzz: async () => (await import('../../bench/fuzz.ts')).benchFuzz,
  logs: async () => (await import('../../bench/logs.ts')).benchLogs,
  metrics: async () => (await import('../../bench/metrics.ts')).benchMetrics,
  recorder: async () => (await import('../../bench/recorder.ts')).benchRecorder,
  reloads: async () => (await import('../../bench/reloads.ts')).benchReloads,
  tls: async () => (await import('../../bench/tls.ts')).benchTls,
  rollout: async () => (await import('../../bench/rollout.ts')).benchRollout,
  storm: async () => (await import('../../bench/storm.ts')).benchStorm,
};

/** `./dev bench [NAME]`: one benchmark, or all of them. */
export async function bench(args: string[]): Promise<number> {
  const name = args[0]?.startsWith('-') ? undefined : args[0];
  const rest = name === undefined ? args : args.slice(1);
  if (name !== undefined && !Object.hasOwn(BENCHES, name))
    throw new TriageError('wrong-usage', `there is no benchmark ${name}; there are ${Object.keys(BENCHES).join(', ')}`);
  let worst = 0;
  for (const one of name === undefined ? Object.keys(BENCHES) : [name])
    worst = Math.max(worst, await (await (BENCHES[one] as NonNullable<(typeof BENCHES)[string]>)())(rest));
  return worst;
}
