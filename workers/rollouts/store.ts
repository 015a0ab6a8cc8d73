import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Interval, StageJudgement } from '../../diagnostics/rollout/types.ts';
import { PREFIX } from '../queues.ts';
import type { RedisClient } from '../redis.ts';
import { type Decided, decided } from './decide.ts';
import { intervalStore } from './interval-store.ts';
import { CREATE, REPLACE, TOLD } from './scripts.ts';
import { seenIn } from './seen.ts';
import type { Decision, Rollout, RolloutRecord, Side, TiedCase } from './types.ts';

/** Rollouts are looked up long after: "what was it last year?" */
const KEPT_S = 400 * 24 * 60 * 60;
/** Longer than Slack redelivers anything (24 h). */
const SEEN_TTL_S = 26 * 60 * 60;
/** What one rollout remembers of cases. */
const MOST_CASES = 500;
/** Somebody else's change came in between: read again, so often. */
const ATTEMPTS = 50;

const key = {
  rollout: (id: string) => `${PREFIX}:rollout:${id}`,
  state: (state: RolloutRecord['state']) => `${PREFIX}:rollouts:${state}`,
  source: (source: string) => `${PREFIX}:rollout-source:${source}`,
  index: `${PREFIX}:rollouts`,
  untold: `${PREFIX}:rollouts:untold`,
  cleanUp: `${PREFIX}:rollouts:clean-up`,
};

/** `r-YYYYMMDD-xxxxxxxx`, of the day that it is made on (UTC). */
export function rolloutId(now: number): string {
  return `r-${new Date(now).toISOString().slice(0, 10).replaceAll('-', '')}-${randomUUID().slice(0, 8)}`;
}

export type Created = { is: 'created' | 'seen'; id: string };

export type RolloutStore = ReturnType<typeof rolloutStore>;

/**
 * Rollouts in Redis, on one connection. A record is replaced as a whole and only if nobody else changed it meanwhile, so
 * that two people who click at the same moment decide one after the other. Every write may be repeated.
 */
export function rolloutStore(redis: RedisClient) {
  const intervals = intervalStore(redis);

  async function load(id: string): Promise<RolloutRecord | null> {
    const [text, revision] = await redis.hmget(key.rollout(id), 'record', 'revision');
    if (typeof text !== 'string') return null;
    // Written by this store alone, so the types hold by construction.
    return { ...(JSON.parse(text) as RolloutRecord), revision: Number(revision) };
  }

  /** `tell`: people should hear of it. False: somebody else was quicker. */
  async function replace(before: RolloutRecord, after: RolloutRecord, tell: boolean): Promise<boolean> {
    const { id } = before.rollout;
    const isLeft = after.state === 'done' && after.rollout.by !== null && after.remindedAt === undefined;
    const isCleanedUp = after.decisions.some(({ what }) => what === 'cleaned-up');
    const ended = isLeft && !isCleanedUp ? String(Date.parse(after.endedAt ?? after.rollout.createdAt)) : '';
    const keys = [key.rollout(id), key.untold, key.cleanUp, key.state(before.state), key.state(after.state)];
    const args = [id, String(before.revision), JSON.stringify(after), String(KEPT_S), tell ? '1' : '0', ended];
    return (await redis.eval(REPLACE, keys.length, ...keys, ...args)) === 1;
  }

  /**
   * Changes a record: `change` gets it as it is and says what it should be, or null for no change; it may run several
   * times. Null: the rollout is gone.
   */
  async function update(
    id: string,
    change: (record: RolloutRecord) => Promise<{ to: RolloutRecord; tell: boolean } | null>,
  ): Promise<RolloutRecord | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const record = await load(id);
      if (record === null) return null;
      const next = await change(record);
      if (next === null) return record;
      if (await replace(record, next.to, next.tell)) return { ...next.to, revision: record.revision + 1 };
    }
    throw new Error(`${id} is changed by too many at once`);
  }

  async function inState(state: RolloutRecord['state']): Promise<RolloutRecord[]> {
    const ids = await redis.smembers(key.state(state));
    const found = await Promise.all(ids.map(load));
    const gone = ids.filter((_, i) => found[i]?.state !== state);
    if (gone.length > 0)
      await redis.srem(key.state(state), ...gone.filter((id) => !found.some((r) => r?.rollout.id === id)));
    return found.filter((one) => one?.state === state).sort(byAge) as RolloutRecord[];
  }

  return {
    intervals,
    load,
    update,

    /**
     * Writes a new rollout, planned. Safe to repeat with the same `sources` (view id, message, fingerprint of a change),
     * which are remembered for `sourceTtlS` seconds: the reply then names the one that there is.
     */
    async create(rollout: Rollout, sources: string[], sourceTtlS: number = SEEN_TTL_S): Promise<Created> {
      const plan = rollout.stages.length > 0 ? rollout.stages : [{ share: 1, at: null }];
      const record: RolloutRecord = {
        rollout: { ...rollout, stages: plan },
        state: 'planned',
        stage: -1,
        stages: plan.map(() => null),
        decisions: [],
        cases: [],
        revision: 1,
      };
      const keys = [key.rollout(rollout.id), key.index, key.state('planned'), key.untold, ...sources.map(key.source)];
      const at = Date.parse(rollout.createdAt);
      const args = [rollout.id, at, JSON.stringify(record), KEPT_S, sourceTtlS, at - KEPT_S * 1000].map(String);
      const reply = await redis.eval(CREATE, keys.length, ...keys, ...args);
      const [is, id] = z.tuple([z.enum(['created', 'seen']), z.string()]).parse(reply);
      return { is, id };
    },

    /** The rollout that any of these sources stands for; null: none. */
    async seen(sources: string[]): Promise<string | null> {
      const found = await redis.mget(...sources.map(key.source));
      return found.find((id) => id !== null) ?? null;
    },
    /** From now on this source stands for that rollout, unless it stands for one already. */
    async join(source: string, id: string, ttlS: number): Promise<void> {
      await redis.set(key.source(source), id, 'EX', ttlS, 'NX');
    },

    running: () => inState('running'),
    planned: () => inState('planned'),
    /** The newest ones of any state, newest first. */
    async recent(count: number): Promise<RolloutRecord[]> {
      const found = await Promise.all((await redis.zrevrange(key.index, 0, count - 1)).map(load));
      return found.filter((one) => one !== null);
    },
    /** How many there are by state, of those that are not forgotten. */
    async counts(): Promise<{ [state in RolloutRecord['state']]: number }> {
      const of = (state: RolloutRecord['state']) => redis.scard(key.state(state));
      const [planned, running, stopped, done, cancelled] = await Promise.all(
        (['planned', 'running', 'stopped', 'done', 'cancelled'] as const).map(of),
      );
      return { planned, running, stopped, done, cancelled } as { [state in RolloutRecord['state']]: number };
    },

    /** Records what somebody decided, once. Null: there is no such rollout. See `decided` for what may be decided when. */
    async decide(id: string, decision: Decision): Promise<Decided | null> {
      let result: Decided | null = null;
      const record = await update(id, async (before) => {
        result = decided(before, decision);
        if (result.is !== 'decided') return null;
        return { to: await withSeen(before, result.record), tell: true };
      });
      const made = result as Decided | null;
      return record && made && { ...made, record };
    },

    /**
     * What the judge says of a stage that is under way. `tell`: more than numbers changed. Null: the rollout is gone, or
     * the stage is over, whose judgement stays as it was.
     */
    setJudgement(id: string, stage: number, judgement: StageJudgement, at: string, tell: boolean) {
      return update(id, async (record) => {
        const now = record.stages[stage];
        if (record.state !== 'running' || record.stage !== stage || !now) return null;
        if (now.judgedAt !== null && now.judgedAt >= at) return null;
        const stages = record.stages.with(stage, {
          ...now,
          judgement,
          judgedAt: at,
          ...(tell && { toldAt: at }),
        });
        return { to: { ...record, stages }, tell };
      });
    },

    /** Ties a case to a rollout, or changes what is said of it. Repeating it changes nothing. */
    tie(id: string, one: TiedCase) {
      return update(id, async (record) => {
        const at = record.cases.findIndex((known) => known.case === one.case);
        if (at >= 0 && JSON.stringify(record.cases[at]) === JSON.stringify(one)) return null;
        if (at < 0 && record.cases.length >= MOST_CASES) return null;
        const cases = at < 0 ? [...record.cases, one] : record.cases.with(at, one);
        return { to: { ...record, cases }, tell: true };
      });
    },

    /** Which instances are on which side, where that shows only while it happens. */
    setSides(id: string, old: Side, fresh: Side) {
      return update(id, async (record) => {
        const { rollout } = record;
        if (JSON.stringify([rollout.old, rollout.fresh]) === JSON.stringify([old, fresh])) return null;
        return { to: { ...record, rollout: { ...rollout, old, fresh } }, tell: false };
      });
    },

    /** Rollouts that were done before a time (ms), whose old path nobody has cleaned up, and nobody was reminded of it. */
    async toRemind(doneBefore: number): Promise<string[]> {
      return redis.zrangebyscore(key.cleanUp, 0, doneBefore, 'LIMIT', 0, 20);
    },
    /** Notes that people are told to clean up, once. */
    remind(id: string, at: string) {
      return update(id, async (record) => {
        if (record.state !== 'done' || record.remindedAt !== undefined) return null;
        return { to: { ...record, remindedAt: at }, tell: true };
      });
    },

    /** Rollouts that changed and whose messages nobody was asked to bring up to date. */
    untold: (): Promise<string[]> => redis.smembers(key.untold),
    /** The job for this revision's messages is queued. */
    async told(id: string, revision: number): Promise<void> {
      await redis.eval(TOLD, 2, key.rollout(id), key.untold, id, String(revision));
    },
  };

  /** A stage that ends takes its counts with it: its intervals are kept for two weeks only. */
  async function withSeen(before: RolloutRecord, after: RolloutRecord): Promise<RolloutRecord> {
    const ended = after.stages[before.stage];
    if (!ended?.endedAt || ended.seen !== undefined) return after;
    const found: Interval[] = await intervals.read(before.rollout.id, before.stage);
    return { ...after, stages: after.stages.with(before.stage, { ...ended, seen: seenIn(found) }) };
  }
}

const byAge = (a: RolloutRecord | null, b: RolloutRecord | null): number =>
  (a?.rollout.createdAt ?? '') < (b?.rollout.createdAt ?? '') ? -1 : 1;
