import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EvidenceRow, Verdict } from '../diagnostics/types.ts';
import type { ClusterView } from '../proxy/kubernetes/view.ts';
import { QUEUES } from './queues.ts';

/** What is shown of a watched cluster. */
type ClusterState = Pick<ClusterView, 'cluster' | 'asOf' | 'objects' | 'missing'>;

/** What the processes count. One registry per process, so that tests can hold several. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Creates the registry; `depth` reads the queues' lengths when somebody asks for the page. */
export function createMetrics(options: { process?: boolean } = {}) {
  const registry = new Registry();
  const registers = [registry];
  if (options.process !== false) collectDefaultMetrics({ register: registry });
  const seconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

  const cases = new Counter({
    name: 'iti_cases_total',
    help: 'Cases that ended, by answer.',
    labelNames: ['answer'],
    registers,
  });
  const opened = new Counter({
    name: 'iti_cases_opened_total',
    help: 'Questions received, by how they were asked and what became of them (opened, joined, seen, refused, queue-away).',
    labelNames: ['way', 'result'],
    registers,
  });
  const caseSeconds = new Histogram({
    name: 'iti_case_duration_seconds',
    help: 'From the opening of a case to its verdict.',
    buckets: seconds,
    registers,
  });
  const looks = new Counter({
    name: 'iti_looks_total',
    help: 'Looks, by check and outcome (seen, or blind with the reason).',
    labelNames: ['check', 'outcome'],
    registers,
  });
  const wait = new Histogram({
    name: 'iti_queue_wait_seconds',
    help: 'How long a job waited for a worker.',
    labelNames: ['queue'],
    buckets: seconds,
    registers,
  });
  const failures = new Counter({
    name: 'iti_jobs_failed_total',
    help: 'Attempts of jobs that failed, by queue; final ones will not be tried again.',
    labelNames: ['queue', 'final'],
    registers,
  });
  const stalled = new Counter({
    name: 'iti_jobs_stalled_total',
    help: 'Jobs taken over from a worker that went away.',
    labelNames: ['queue'],
    registers,
  });
  const slackCalls = new Counter({
    name: 'iti_slack_calls_total',
    help: 'Calls of the Slack Web API, by method and outcome.',
    labelNames: ['method', 'outcome'],
    registers,
  });
  const slackLimits = new Counter({
    name: 'iti_slack_rate_limited_total',
    help: 'Calls that Slack answered with 429, by method.',
    labelNames: ['method'],
    registers,
  });
  const gaveUp = new Counter({
    name: 'iti_messages_given_up_total',
    help: 'Messages that could not be delivered anywhere, by reason.',
    labelNames: ['reason'],
    registers,
  });

  const modelCalls = new Counter({
    name: 'iti_model_calls_total',
    help: 'Questions to the optional model, by kind (symptoms, prose, answer) and result (ok, budget, late, refused, …).',
    labelNames: ['kind', 'result'],
    registers,
  });

  const auditEntries = new Counter({
    name: 'iti_audit_entries_total',
    help: 'Entries of the audit log, by outcome (kept; failed: a write that is tried again; lost: given up; sink-failed: not in the file).',
    labelNames: ['outcome'],
    registers,
  });

  const samples = new Counter({
    name: 'iti_recorder_samples_total',
    help: 'Samples of managed proxies, by outcome (kept, missed, there: the slot had one, late, removed).',
    labelNames: ['outcome'],
    registers,
  });
  const sampleBytes = new Counter({
    name: 'iti_recorder_bytes_total',
    help: 'Bytes of samples that were written to Redis.',
    registers,
  });
  let newest: number | null = null;
  new Gauge({
    name: 'iti_recorder_newest_sample_age_seconds',
    help: 'Age of the newest sample that this process took; absent before the first.',
    registers,
    collect() {
      this.reset();
      if (newest !== null) this.set(Math.max(0, Date.now() - newest) / 1000);
      else this.remove();
    },
  });

  const clusterChanges = new Counter({
    name: 'iti_cluster_changes_total',
    help: 'Changes of a cluster that this process was the first to write down.',
    labelNames: ['cluster'],
    registers,
  });
  const changesGivenUp = new Counter({
    name: 'iti_cluster_changes_lost_total',
    help: 'Changes of a cluster that were given up while Redis was away.',
    labelNames: ['cluster'],
    registers,
  });

  const rolloutSlots = new Counter({
    name: 'iti_rollout_intervals_total',
    help: 'Time slots of watched rollouts, by outcome (kept; blind: nothing could be compared; late, there, moved, gone, full).',
    labelNames: ['outcome'],
    registers,
  });
  const rolloutJudgements = new Counter({
    name: 'iti_rollout_judgements_total',
    help: 'Judgements of stages, by result (go-on, stop, not-enough-data).',
    labelNames: ['result'],
    registers,
  });
  // A series that begins with its first event has no increase then, and an alert would miss that one.
  for (const outcome of ['lost', 'sink-failed']) auditEntries.inc({ outcome }, 0);
  for (const queue of Object.values(QUEUES)) failures.inc({ queue, final: 'true' }, 0);
  rolloutJudgements.inc({ result: 'stop' }, 0);

  let readRollouts: (() => Promise<Record<string, number> | null>) | null = null;
  new Gauge({
    name: 'iti_rollouts',
    help: 'Rollouts of the last 400 days, by state (planned, running, stopped, done, cancelled).',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset();
      const counts = await readRollouts?.().catch(() => null);
      for (const [state, count] of Object.entries(counts ?? {})) this.set({ state }, count);
    },
  });

  const clusters: (() => ClusterState | null)[] = [];
  /** A gauge whose values are read from every watched cluster when the page is asked for. */
  const ofClusters = (
    name: string,
    help: string,
    labelNames: string[],
    set: (one: Gauge, of: ClusterState) => void,
  ) => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const read of clusters) {
          const state = read();
          if (state) set(this, state);
        }
      },
    });
  };
  ofClusters(
    'iti_cluster_age_seconds',
    'Time since the API server said anything; absent before its first word.',
    ['cluster'],
    (one, { cluster, asOf }) => {
      if (asOf) one.set({ cluster }, Math.max(0, Date.now() - Date.parse(asOf)) / 1000);
    },
  );
  ofClusters(
    'iti_cluster_objects',
    'Objects that are held, by resource.',
    ['cluster', 'resource'],
    (one, { cluster, objects }) => {
      for (const [resource, map] of Object.entries(objects)) one.set({ cluster, resource }, map.size);
    },
  );
  ofClusters(
    'iti_cluster_missing',
    'Resources that cannot be read, by reason (denied: a right is missing).',
    ['cluster', 'resource', 'reason'],
    (one, { cluster, missing }) => {
      for (const { plural, reason } of missing) one.inc({ cluster, resource: plural, reason });
    },
  );

  return {
    registry,
    opened,
    gaveUp,
    stalled,

    /** Counts looks once per row. */
    looked(rows: EvidenceRow[]): void {
      for (const row of rows) looks.inc({ check: row.look.check, outcome: row.blind?.reason ?? 'seen' });
    },
    /** Counts one sample of a managed proxy; `at`: when it was taken, ms since the epoch. */
    sampled(outcome: string, kept?: { bytes: number; at: number }): void {
      samples.inc({ outcome });
      if (!kept) return;
      sampleBytes.inc(kept.bytes);
      newest = Math.max(newest ?? 0, kept.at);
    },
    judged(verdict: Verdict): void {
      cases.inc({ answer: verdict.answer });
      caseSeconds.observe(verdict.durationMs / 1000);
    },
    /** Counts how long jobs of one queue wait. */
    waitOf(queue: string): (ms: number) => void {
      const one = wait.labels({ queue });
      return (ms) => one.observe(Math.max(0, ms) / 1000);
    },
    failed(queue: string, final: boolean): void {
      failures.inc({ queue, final: String(final) });
    },
    modelCalled(kind: string, result: string): void {
      modelCalls.inc({ kind, result });
    },
    /** Counts entries of the audit log. */
    audited(outcome: string, count: number): void {
      if (count > 0) auditEntries.inc({ outcome }, count);
    },
    slack(method: string, outcome: string): void {
      slackCalls.inc({ method, outcome });
      if (outcome === 'ratelimited') slackLimits.inc({ method });
    },

    /** Counts changes of a cluster that were new to all watchers, and those that were given up. */
    changed(cluster: string, count: number): void {
      if (count > 0) clusterChanges.inc({ cluster }, count);
    },
    changesLost(cluster: string, count: number): void {
      changesGivenUp.inc({ cluster }, count);
    },

    /** Counts one time slot of a watched rollout, and one judgement of a stage. */
    rolloutWatched(outcome: string): void {
      rolloutSlots.inc({ outcome });
    },
    rolloutJudged(result: string): void {
      rolloutJudgements.inc({ result });
    },
    /** Adds how many rollouts there are by state, read when the page is asked for; null: not known now. */
    watchRollouts(read: () => Promise<Record<string, number> | null>): void {
      readRollouts = read;
    },

    /** Adds what is known of a watched cluster, read when the page is asked for; null: none is watched now. */
    watchCluster(read: () => ClusterState | null): void {
      clusters.push(read);
    },

    /** Adds the queues' lengths, read when the page is asked for; away: the last known ones are not shown. */
    watchDepth(read: () => Promise<Record<string, Record<string, number>>>): void {
      const depth: Gauge = new Gauge({
        name: 'iti_queue_jobs',
        help: 'Jobs in a queue, by state.',
        labelNames: ['queue', 'state'],
        registers,
        async collect() {
          const queues = await read();
          depth.reset();
          for (const [queue, states] of Object.entries(queues))
            for (const [state, count] of Object.entries(states)) depth.set({ queue, state }, count);
        },
      });
    },
  };
}
