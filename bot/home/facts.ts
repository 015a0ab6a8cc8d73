import type { CaseRecord } from '../../workers/cases.ts';
import { messageStore } from '../../workers/messages.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import type { Score } from '../../workers/score.ts';
import type { Vote } from '../../workers/votes.ts';
import { gatherChanges } from '../changes/gather.ts';
import { inTime, type Known } from '../changes/known.ts';
import type { ListenerDeps } from '../listeners/deps.ts';
import { nameOf } from '../rollouts/bring.ts';
import { type ProxyHealth, proxyHealth } from './health.ts';

/** What Home is made from. null: it could not be read in time. */
export interface HomeFacts {
  proxies: ProxyHealth[] | null;
  open: CaseRecord[] | null;
  /** Newest first. */
  done: { record: CaseRecord; votes: Vote[] }[] | null;
  rollouts: { record: RolloutRecord; link: string | undefined }[] | null;
  changes: Known | null;
  score: Score | null;
  /** Hosts that the inventory names, and channels whose reports are answered unasked: what a fresh install still needs. */
  hosts: number;
  triage: number;
  now: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_CASES = 60;
const MOST_OPEN = 15;
const MOST_DONE = 8;
const MOST_ROLLOUTS = 8;
/** Home must be there within Slack's three seconds, whatever is slow, ms. */
const EACH_MS = 1_500;
const LINK_MS = 600;

/** Asks Slack for the permalink of a message that has none yet. */
type LinkTo = (channel: string, ts: string) => Promise<string | null>;

/** Reads everything at once, each for a moment only. Never rejects. */
export async function homeFacts(deps: ListenerDeps, linkTo: LinkTo = async () => null): Promise<HomeFacts> {
  const now = deps.now();
  const inventory = deps.inventory();
  const { cases } = deps.desk;
  const recent = inTime(cases.recent(MOST_CASES), EACH_MS);
  const linked = (records: CaseRecord[]) => Promise.all(records.map((one) => withLink(one, deps, linkTo)));
  const open = async () => {
    const all = (await recent)?.filter(({ state }) => state === 'open').slice(0, MOST_OPEN);
    return all ? linked(all) : null;
  };
  const done = async () => {
    const all = (await recent)?.filter(({ state }) => state === 'finished').slice(0, MOST_DONE);
    if (!all) return null;
    const records = await linked(all);
    return Promise.all(records.map(async (record) => ({ record, votes: await cases.votes.of(record.case.id) })));
  };
  const [found, finished, proxies, rollouts, changes, score] = await Promise.all([
    inTime(open(), 2 * EACH_MS - 1_000),
    inTime(done(), 2 * EACH_MS - 1_000),
    inTime(proxyHealth(inventory, deps.changeSources?.recorder ?? null, now), EACH_MS),
    inTime(rolloutsNow(deps), EACH_MS),
    inTime(gatherChanges(new Date(now - DAY_MS).toISOString(), null, inventory, deps), 1.2 * EACH_MS),
    inTime(cases.score(now), EACH_MS),
  ]);
  return {
    proxies,
    open: found,
    done: finished,
    rollouts,
    changes,
    score,
    hosts: inventory.routes.length,
    triage: deps.triageChannels?.() ?? 0,
    now,
  };
}

/** A case whose message has a permalink, asked for once and kept; a link is worth a moment, and no failure. */
async function withLink(record: CaseRecord, deps: ListenerDeps, linkTo: LinkTo): Promise<CaseRecord> {
  const { channel, ts, permalink } = record.message;
  if (permalink !== null || channel === null || ts === null) return record;
  const link = await inTime(linkTo(channel, ts), LINK_MS);
  if (link === null) return record;
  await deps.desk.cases.setMessage(record.case.id, { permalink: link }).catch(() => {});
  return { ...record, message: { ...record.message, permalink: link } };
}

/** Rollouts that run or are planned, with the permalink of their announcement where it is known. */
async function rolloutsNow(deps: ListenerDeps): Promise<HomeFacts['rollouts']> {
  const { store } = deps.rolloutParts.desk;
  const messages = messageStore(deps.redis);
  const [running, planned] = await Promise.all([store.running(), store.planned()]);
  return Promise.all(
    [...running, ...planned].slice(0, MOST_ROLLOUTS).map(async (record) => {
      const home = await messages.load(`${record.rollout.id}:home`);
      const channel = home.channel ?? record.rollout.channels[0] ?? null;
      const at = channel === null ? null : await messages.load(nameOf(record, channel, 'announcement'));
      return { record, link: at?.permalink ?? undefined };
    }),
  );
}
