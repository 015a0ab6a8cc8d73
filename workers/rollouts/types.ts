import type { StageJudgement } from '../../diagnostics/rollout/types.ts';

/** One side of a rollout: instances of managed proxies that serve the old or the new version. */
export interface Side {
  /** Key of the hop in the inventory. Both sides may share one hop and differ by instances, or be two hops. */
  hop: string;
  /** Names of its instances; null: all of the hop. */
  instances: string[] | null;
  /** What it is, for people: `Traefik 2.10.7`. */
  title: string;
}

/** One step: this share of the traffic goes to the new side. */
export interface Stage {
  /** 0 to 1. */
  share: number;
  /** When it is meant to begin, ISO; null: when somebody says so. */
  at: string | null;
}

/** A planned or seen change of a managed proxy, in stages: what a person wrote, or what we noticed. */
export interface Rollout {
  version: 1;
  /** `r-YYYYMMDD-xxxx`. */
  id: string;
  /** `Traefik 2.10.7 → 3.7`. */
  title: string;
  why: string;
  /** What people may notice; empty: nothing that we know. */
  notice: string;
  /** Clients that will stop working, and whose they are, in words; left out: none that we know. */
  oldClients?: string;
  /** How to undo it, and how long that takes. */
  undo: string;
  /** Hosts whose requests go through it. */
  hosts: string[];
  /** Slack channels (ids) of those affected, where it is announced: the configured ones and those that were added. */
  channels: string[];
  old: Side;
  fresh: Side;
  stages: Stage[];
  /** When it is meant to happen, ISO; null: not said. */
  window: { from: string; to: string } | null;
  /** The person (Slack id) who announced it; null: nobody did, we noticed it. */
  by: string | null;
  /** How we noticed it, in words; null: it was announced. */
  noticed: string | null;
  createdAt: string;
}

/** `planned`: no stage has begun. `stopped`: somebody undid it. `done`: the last stage was let stand. */
const ROLLOUT_STATES = ['planned', 'running', 'stopped', 'done', 'cancelled'] as const;
type RolloutState = (typeof ROLLOUT_STATES)[number];

/** What somebody decided. The bot itself changes nothing: it records what people do. */
export interface Decision {
  what: 'begin' | 'next-stage' | 'hold' | 'stop' | 'finish' | 'cancel' | 'cleaned-up';
  /** Slack id, or null where a change was seen and nobody said who. */
  by: string | null;
  at: string;
  /** The stage it was about; -1: before the first. */
  stage: number;
  reason: string;
}

/** How one stage went so far. */
export interface StageRecord {
  startedAt: string;
  endedAt: string | null;
  /** What the judge said last, or null before it had anything to read. */
  judgement: StageJudgement | null;
  judgedAt: string | null;
  /** When its judgement was last handed to the messages, ISO; left out: never. */
  toldAt?: string;
  /** What both sides did in the whole stage, written at its end; left out: it is not over, or nothing was read. */
  seen?: StageSeen;
}

/** What one side did in a stage, all intervals of one source together. */
export interface SideSeen {
  requests: number;
  /** null: never told. */
  errors: number | null;
  handshakes: { tried: number; failed: number } | null;
}

/** What a stage showed in numbers, kept when its intervals are long gone. */
export interface StageSeen {
  intervals: number;
  /** What the proxies counted themselves; null: nothing was read. */
  counters: { old: SideSeen; fresh: SideSeen } | null;
  /** What our own probes met; null: none were made. */
  probes: { old: SideSeen; fresh: SideSeen } | null;
}

/** A case that fell into a rollout's time, and whether the rollout explains it. */
export interface TiedCase {
  case: string;
  host: string;
  at: string;
  /** `cleared`: the verdict or the path says that it was not the rollout; `confirmed`: it was; `open`: nobody can tell yet. */
  guilt: 'cleared' | 'confirmed' | 'open';
  why: string;
  /** Who reported it (Slack id); left out: nobody that we know. */
  by?: string;
}

/** A rollout as it stands now: everything that its messages are made from. */
export interface RolloutRecord {
  rollout: Rollout;
  state: RolloutState;
  /** Index of the stage under way; -1: none yet. */
  stage: number;
  stages: (StageRecord | null)[];
  decisions: Decision[];
  cases: TiedCase[];
  /** When it was stopped, done or cancelled, ISO; left out: it was not. */
  endedAt?: string;
  /** When it was said that the old path should be cleaned up, ISO; left out: not yet. */
  remindedAt?: string;
  /** Goes up with every change, so that a message is never brought to an older state. */
  revision: number;
}
