import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { type ApiServer, startApiServer } from '../test/kubernetes/api-server/server.ts';
import type { KubeObject } from '../test/kubernetes/api-server/store.ts';
import { clusterObjects, type Size } from './cluster-objects.ts';
import type { Held } from './cluster-run.ts';

const RUN = join(import.meta.dirname, 'cluster-run.ts');
const FULL: Size = { ingresses: 2_000, services: 5_000, pods: 20_000, endpoints: 100_000 };
const CHANGES_PER_SECOND = 200;
const GOAL = { rssMib: 500, p99Ms: 5 };

interface ClusterBench {
  size: Size;
  objects: number;
  changesPerSecond: number;
  seconds: number;
  ours: Held;
  /** Bare informers of @kubernetes/client-node over the same kinds. */
  informers: Held;
  /** Informers to ours: above 1, ours takes less. */
  ratios: { ready: number; cpu: number; rss: number; peak: number };
  /** What else the machine did: times are walls, and waiting for a core counts. */
  machine: { cores: number; load: number };
  goal: typeof GOAL;
  met: boolean;
}

/** `./dev bench cluster [--json] [--share 0.1] [--seconds 20]`: a large cluster held by ours and by bare informers. */
export async function benchCluster(args: string[]): Promise<number> {
  try {
    const options = { json: { type: 'boolean' }, share: { type: 'string' }, seconds: { type: 'string' } } as const;
    const { values } = parseArgs({ args, options });
    const [share, seconds] = [Number(values.share ?? 1), Number(values.seconds ?? 20)];
    if (!(share > 0 && share <= 5) || !(seconds >= 2 && seconds <= 600))
      throw new TriageError('wrong-usage', '--share takes up to 5, --seconds 2 to 600');
    const bench = await measure(share, seconds);
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tableOf(bench));
    return bench.met ? 0 : 1;
  } catch (error) {
    process.stderr.write(`bench cluster: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

async function measure(share: number, seconds: number): Promise<ClusterBench> {
  const size = Object.fromEntries(
    Object.entries(FULL).map(([key, n]) => [key, Math.ceil(n * share)]),
  ) as unknown as Size;
  const dir = mkdtempSync(join(tmpdir(), 'bench-cluster-'));
  const objects = [...clusterObjects(size)];
  const server = await startApiServer({ objects });
  try {
    const kubeconfig = join(dir, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig());
    const of = (what: string): Promise<Held> => held(server, objects, what, kubeconfig, size.ingresses, seconds);
    const ours = await of('ours');
    const informers = await of('informers');
    const ratio = (key: 'readyMs' | 'cpu' | 'rssMib' | 'peakMib'): number => informers[key] / ours[key];
    return {
      size,
      objects: objects.length,
      changesPerSecond: CHANGES_PER_SECOND,
      seconds,
      ours,
      informers,
      ratios: { ready: ratio('readyMs'), cpu: ratio('cpu'), rss: ratio('rssMib'), peak: ratio('peakMib') },
      machine: { cores: availableParallelism(), load: loadavg()[0] ?? 0 },
      goal: GOAL,
      met: ours.rssMib < GOAL.rssMib && (ours.p99Ms ?? Number.POSITIVE_INFINITY) < GOAL.p99Ms,
    };
  } finally {
    await server.close();
    rmSync(dir, { recursive: true });
  }
}

/** Runs one holder in a process of its own, with changes from when it is ready. */
async function held(
  server: ApiServer,
  objects: KubeObject[],
  what: string,
  kubeconfig: string,
  hosts: number,
  seconds: number,
): Promise<Held> {
  const args = [
    '--disable-warning=ExperimentalWarning',
    RUN,
    what,
    kubeconfig,
    ...[objects.length, hosts, seconds].map(String),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stop = (): void => {};
  try {
    let last = '';
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'ready') stop = change(server, objects);
      last = line;
    }
    if (!last.startsWith('{')) throw new TriageError('our-bug', `${what} ended without an answer`);
    return JSON.parse(last) as Held;
  } finally {
    stop();
    child.kill();
  }
}

/** Pods that become ready and not, endpoints, restarts, now and then an Ingress: so many a second until it is called off. */
function change(server: ApiServer, objects: KubeObject[]): () => void {
  const kinds = ['Pod', 'EndpointSlice', 'Ingress', 'Service'].map((kind) =>
    objects.filter((one) => one.kind === kind),
  );
  const weights = [0, 0, 0, 0, 0, 1, 1, 1, 2, 3];
  const begun = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * CHANGES_PER_SECOND;
    for (; made < due; made++) {
      const among = kinds[weights[made % weights.length] as number] as KubeObject[];
      const one = among[(made * 7919) % among.length] as KubeObject;
      server.apply(changed(one, made), 'kubelet');
    }
  }, 20);
  return () => clearInterval(timer);
}

function changed(object: KubeObject, turn: number): KubeObject {
  const up = turn % 2 === 0;
  const at = new Date(1_795_000_000_000 + turn * 1000).toISOString();
  if (object.kind === 'Pod') {
    const conditions = [{ type: 'Ready', status: up ? 'True' : 'False', lastTransitionTime: at }];
    return { ...object, status: { ...(object.status as object), conditions } };
  }
  if (object.kind === 'EndpointSlice') {
    const [first, ...rest] = object.endpoints as { conditions: object }[];
    return { ...object, endpoints: [{ ...first, conditions: { ready: up, serving: up, terminating: !up } }, ...rest] };
  }
  const annotations = { ...(object.metadata.annotations as object), 'example.test/turn': String(turn) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function tableOf({
  size,
  machine,
  objects,
  ours,
  informers,
  ratios,
  changesPerSecond,
  seconds,
  goal,
  met,
}: ClusterBench): string {
  const row = (name: string, one: Held): string =>
    `${name.padEnd(26)}${(one.readyMs / 1000).toFixed(1).padStart(9)} s${(one.cpu * 100).toFixed(1).padStart(9)} %${String(one.rssMib).padStart(9)} MiB${String(one.peakMib).padStart(9)} MiB${String(one.events).padStart(9)}`;
  const look = (ms: number | null): string => (ms === null ? '-' : `${ms.toFixed(2)} ms`);
  return [
    `${objects} objects: ${size.ingresses} Ingresses, ${size.services} Services, ${size.pods} Pods, ${size.endpoints} endpoints; ${changesPerSecond} changes a second for ${seconds} s`,
    `${''.padEnd(26)}${'all there'.padStart(11)}${'one core'.padStart(11)}${'resident'.padStart(13)}${'peak'.padStart(13)}${'heard'.padStart(9)}`,
    row('is-it-the-ingress', ours),
    row('client-node informers', informers),
    `informers to ours: ready ${ratios.ready.toFixed(2)}, cpu ${ratios.cpu.toFixed(2)}, resident ${ratios.rss.toFixed(2)}, peak ${ratios.peak.toFixed(2)}`,
    `path look-up while changes come in: P50 ${look(ours.p50Ms)}, P99 ${look(ours.p99Ms)} of ${ours.lookups} (${machine.cores} cores, load ${machine.load.toFixed(1)})`,
    `goals (resident under ${goal.rssMib} MiB, P99 under ${goal.p99Ms} ms): ${met ? 'met' : 'missed'}`,
    '',
  ].join('\n');
}
