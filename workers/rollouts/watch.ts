import type { Io } from '../../diagnostics/io/io.ts';
import { judgeStage } from '../../diagnostics/rollout/judge.ts';
import type { Interval, StageJudgement, StagePlan } from '../../diagnostics/rollout/types.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import { isDue, seenBegin } from './begun.ts';
import { type Base, readBase, readCounters, type Sampler } from './counters.ts';
import type { RolloutDesk } from './desk.ts';
import { isNews, needsEarlier, planOf } from './judged.ts';
import { hostsThrough } from './notice.ts';
import { type ProbeRates, probeSides } from './probes.ts';
import { sidesOf } from './sides.ts';
import type { RolloutRecord } from './types.ts';

export interface WatchParts {
  desk: RolloutDesk;
  /** Every managed proxy as it is known now. */
  inventory: () => Promise<Inventory>;
  /** Asks a proxy for its counters, or finds a sample that was taken a moment ago. */
  sample: Sampler;
  /** What may be done to the world in the name of an inventory. */
  io: (inventory: Inventory) => Io;
  everyMs: number;
  /** null: no probes. */
  probes: ProbeRates | null;
  now: () => number;
  judge?: (intervals: readonly Interval[], plan: StagePlan, now: string) => StageJudgement;
}

/** `kept`: the slot has its intervals. `blind`: nothing could be compared. The others: there was nothing to do. */
export type Watched = 'kept' | 'blind' | 'late' | 'there' | 'gone' | 'moved' | 'full';

const PATIENCE = 0.3;
const MOST_PATIENCE_MS = 6_000;
/** The stage before the first: what planned ones show while they are waited for. */
const BEFORE = -1;

/**
 * Watches one rollout for one time slot: collects what both sides did, adds it once, and judges the stage. May be killed
 * anywhere and repeated: either the slot and the counters that the next one begins with are stored, or nothing is.
 */
export async function watch(id: string, slot: number, parts: WatchParts, signal: AbortSignal): Promise<Watched> {
  const { desk, everyMs, now } = parts;
  const { store } = desk;
  // A backlog is not worked off: what nobody saw is not invented afterwards.
  if (now() >= slot + 2 * everyMs) return 'late';
  const record = await store.load(id);
  if (record === null || !(record.state === 'running' || isDue(record, now()))) return 'gone';
  const stage = record.state === 'running' ? record.stage : BEFORE;
  const before = await store.intervals.base(id, stage);
  if (before !== null && before.slot >= slot) {
    // Whoever added it may have died before judging it.
    await conclude(id, stage, parts);
    return 'there';
  }
  const { found, base } = await collect(record, slot, readBase(before?.base), parts, signal);
  // What was collected while somebody began the next stage belongs to neither.
  if (!isStill(await store.load(id), stage)) return 'moved';
  const kept = await store.intervals.append(id, stage, slot, found, JSON.stringify(base));
  await conclude(id, stage, parts);
  return kept !== 'kept' ? kept : found.length > 0 ? 'kept' : 'blind';
}

const isStill = (record: RolloutRecord | null, stage: number): boolean =>
  stage === BEFORE ? record?.state === 'planned' : record?.state === 'running' && record.stage === stage;

async function collect(
  record: RolloutRecord,
  slot: number,
  before: Base,
  parts: WatchParts,
  signal: AbortSignal,
): Promise<{ found: Interval[]; base: Base }> {
  const { everyMs, now } = parts;
  const { rollout } = record;
  const inventory = await parts.inventory();
  const sides = sidesOf(inventory, rollout);
  const known =
    rollout.hosts.length > 0 ? rollout.hosts : hostsThrough(inventory, [rollout.old.hop, rollout.fresh.hop]);
  // First the probes, then the counters: so that each stretch of counters holds exactly the probes of its slot.
  const probing =
    parts.probes !== null && record.state === 'running'
      ? await probeSides(sides, known, slot, parts.probes, {
          io: parts.io(inventory),
          everyMs,
          from: before.probes,
          now,
          signal,
        })
      : null;
  const patienceMs = Math.min(PATIENCE * everyMs, MOST_PATIENCE_MS);
  const counted = await readCounters(sides, rollout.hosts, before, {
    sample: parts.sample,
    everyMs,
    patienceMs,
    now,
    signal,
  });
  const counters = counted.interval && withoutOurs(counted.interval, probing?.interval ?? null);
  const found = [counters, probing?.interval].filter((one) => one !== null && one !== undefined);
  return { found, base: { ...counted.base, probes: probing?.interval?.to ?? before.probes } };
}

/** Pure: what users did: our own probes are in the proxies' counters too. */
export function withoutOurs(counters: Interval, probes: Interval | null): Interval {
  if (!probes) return counters;
  const less = (side: 'old' | 'fresh') => ({
    ...counters[side],
    handshakes: handshakesOfUsers(counters[side].handshakes, probes[side].handshakes),
    requests: Math.max(0, counters[side].requests - probes[side].requests),
    // No more errors than requests are left: what broke off our probe was counted by nobody.
    errors: Math.min(
      Math.max(0, counters[side].errors - probes[side].errors),
      Math.max(0, counters[side].requests - probes[side].requests),
    ),
  });
  return { ...counters, old: less('old'), fresh: less('fresh') };
}

/**
 * Old clients that we play are refused by many a proxy, as often on the side with a tenth of the traffic as on the other:
 * left in, they look like one side that loses more handshakes (measured: 25 of 3,741 against 25 of 7,323).
 */
function handshakesOfUsers(
  counted: Interval['old']['handshakes'],
  ours: Interval['old']['handshakes'],
): Interval['old']['handshakes'] {
  const { all } = counted;
  if (!all) return counted;
  const sum = (what: 'tried' | 'failed') => Object.values(ours).reduce((n, one) => n + one[what], 0);
  const tried = Math.max(0, all.tried - sum('tried'));
  return { ...counted, all: { tried, failed: Math.min(tried, Math.max(0, all.failed - sum('failed'))) } };
}

/** Judges the stage under way, notes a stage that began without a word, and has the messages brought up to date. */
async function conclude(id: string, stage: number, parts: WatchParts): Promise<void> {
  const { desk, now } = parts;
  const { store } = desk;
  const judge = parts.judge ?? judgeStage;
  const at = new Date(now()).toISOString();
  const [record, intervals] = await Promise.all([store.load(id), store.intervals.read(id, stage)]);
  if (record === null || !isStill(record, stage)) return;
  const under = record.stages[stage];
  if (under && intervals.length > 0) {
    const earlier: Interval[] = [];
    for (let i = 0; needsEarlier(record) && i < stage; i++) earlier.push(...(await store.intervals.read(id, i)));
    const judgement = judge(intervals, planOf(record, earlier), at);
    const news = isNews(under, judgement, at);
    await store.setJudgement(id, stage, judgement, at, news);
    if (news) await desk.tell(id, at);
  }
  const begun = seenBegin(record, intervals, now());
  if (begun) await desk.decide(id, begun);
}
