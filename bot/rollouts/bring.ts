import type { Logger } from 'pino';
import { createCases } from '../../workers/cases.ts';
import { Hopeless, type Job, Later } from '../../workers/consume.ts';
import { type MessageState, messageStore } from '../../workers/messages.ts';
import type { RedisClient } from '../../workers/redis.ts';
import { rolloutStore } from '../../workers/rollouts/store.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import type { Message } from '../blocks/message.ts';
import type { createLivingMessages } from '../living-message.ts';
import type { Gallery } from '../pictures/upload.ts';
import { Gone, type Poster, Refused } from '../posting.ts';
import { type Around, announcementMessage } from './blocks/announcement.ts';
import type { Complaints } from './blocks/complaints.ts';
import { cleanUpMessage, reviewMessage } from './blocks/review.ts';
import { alarmMessage, stageMessage } from './blocks/stage.ts';
import { channelsRefusedText } from './blocks/texts.ts';
import { nameStore } from './form/draft.ts';
import { rolloutPictures, withPicture } from './pictures.ts';

interface BringParts {
  /** A connection of role `worker`. */
  redis: RedisClient;
  poster: Poster;
  living: ReturnType<typeof createLivingMessages>;
  log: Logger;
  /** Channels, by id, where every rollout is announced; null: Slack has not told their ids yet. */
  always: () => readonly string[] | null;
  now?: () => number;
  /** Where pictures are drawn; null or left out: words only. */
  gallery?: Gallery | null;
}

/** Longer than any call to Slack may take. */
const LOCK_MS = 12_000;
const LOCKED_MS = 200;
/** Slack has not told the ids of the channels that the configuration names. */
const UNRESOLVED_MS = 5_000;
/** Channels that are not there after this time are not waited for. */
const UNRESOLVED_FOR_MS = 60 * 60_000;
/** As long as a rollout is kept, s. */
const KEPT_S = 400 * 24 * 60 * 60;
/** Permalinks of cases that are looked up; more are not shown either. */
const MOST_LINKS = 20;

/**
 * Brings all messages of a rollout to what the store says: an announcement in each channel, and in the thread of one of
 * them (the home) a reply for each stage, an alarm where the judge says stop, the review, the reminder. Repeating it
 * changes nothing; nothing is carried from job to job.
 */
export function rolloutMessages({ redis, poster, living, log, always, now = Date.now, gallery = null }: BringParts) {
  const store = rolloutStore(redis);
  const pictures = rolloutPictures({ read: store.intervals.read, gallery });
  const messages = messageStore(redis);
  const names = nameStore(redis);
  const cases = createCases(redis);

  /** Throws Later while somebody else does the same, and what the queue repeats. */
  async function bring(id: string, job: Pick<Job, 'id'> & { timestamp?: number }): Promise<void> {
    const holder = job.id ?? 'nobody';
    const lock = `${id}:messages`;
    if (!(await messages.lock(lock, holder, LOCK_MS))) throw new Later(LOCKED_MS, 'somebody else holds the messages');
    const hold = async () => {
      if (!(await messages.lock(lock, holder, LOCK_MS))) throw new Later(LOCKED_MS, 'the messages were taken over');
    };
    try {
      const record = await store.load(id);
      if (record === null) throw new Hopeless('the rollout is gone');
      await bringAll(record, channelsOf(record, job.timestamp ?? now()), hold);
    } finally {
      await messages.unlock(lock, holder);
    }
  }

  async function bringAll(
    record: RolloutRecord,
    channels: readonly string[],
    hold: () => Promise<void>,
  ): Promise<void> {
    const around: Around = { ...(await surroundings(record)), home: null };
    const home = await bringHome(record, channels, around, hold);
    if (home === null) return tellAuthor(record, channels);
    const elsewhere = { ...around, home: home.permalink };
    for (const channel of channels.filter((one) => one !== home.channel))
      await show(record, channel, null, 'announcement', announcementMessage(record, elsewhere), true, hold);
    const reply = (what: string, message: Message | null, must: boolean) =>
      message && show(record, home.channel, home.ts, what, message, must, hold);
    for (const index of record.rollout.stages.keys()) {
      const must = index === record.stage;
      const stage = stageMessage(record, index, around.names);
      await reply(`stage-${index}`, withPicture(stage, await pictures.ofStage(record, index)), must);
      await bringAlarm(record, index, home, around, hold);
    }
    await reply('review', withPicture(reviewMessage(record, around), await pictures.ofReview(record)), true);
    await reply('clean-up', cleanUpMessage(record, around), true);
    await tellAuthor(record, channels);
  }

  function channelsOf({ rollout }: RolloutRecord, since: number): string[] {
    const configured = always();
    const none = configured === null && rollout.channels.length === 0;
    if (none && now() - since < UNRESOLVED_FOR_MS) throw new Later(UNRESOLVED_MS, 'no channel is known yet');
    // What was announced stays where it was announced; what was noticed goes to the configured channels.
    return [...new Set(rollout.channels.length > 0 ? rollout.channels : configured)];
  }

  /** The first channel that takes the announcement owns the thread, and keeps it while it can; the others point to it. */
  async function bringHome(
    record: RolloutRecord,
    channels: readonly string[],
    around: Around,
    hold: () => Promise<void>,
  ): Promise<{ channel: string; ts: string; permalink: string | null } | null> {
    const message = announcementMessage(record, around);
    const homeName = `${record.rollout.id}:home`;
    const { channel: was } = await messages.load(homeName);
    for (const channel of channels.toSorted((a, b) => Number(b === was) - Number(a === was))) {
      const at = await show(record, channel, null, 'announcement', message, true, hold);
      if (at.refused !== null || at.ts === null) continue;
      const permalink = at.permalink ?? (channels.length > 1 ? await poster.permalink(channel, at.ts) : null);
      if (permalink !== at.permalink)
        await messages.set(nameOf(record, channel, 'announcement'), { permalink }, KEPT_S);
      if (channel !== was) await messages.set(homeName, { channel }, KEPT_S);
      return { channel, ts: at.ts, permalink };
    }
    return null;
  }

  /** Posted once when the judge's word becomes stop; changed when that is over, and not with every new number. */
  async function bringAlarm(
    record: RolloutRecord,
    index: number,
    home: { channel: string; ts: string },
    around: Around,
    hold: () => Promise<void>,
  ): Promise<void> {
    const was = record.stages[index];
    if (!was) return;
    const what = `stage-${index}-alarm`;
    const name = nameOf(record, home.channel, what);
    const at = await messages.load(name);
    const kind = was.endedAt !== null ? 'over' : was.judgement?.result === 'stop' ? 'stop' : 'mind-changed';
    const begun = at.ts !== null || at.posting !== null;
    if ((!begun && kind !== 'stop') || at.told === kind) return;
    const message = alarmMessage(record, index, around.names);
    if (message === null) return;
    await show(record, home.channel, home.ts, what, message, false, hold);
    await messages.set(name, { told: kind }, KEPT_S);
  }

  /** Brings one message up to date and says where it stands then. */
  async function show(
    record: RolloutRecord,
    channel: string,
    thread: string | null,
    what: string,
    message: Message,
    must: boolean,
    hold: () => Promise<void>,
  ): Promise<MessageState> {
    const name = nameOf(record, channel, what);
    const at = await messages.load(name);
    // Whoever is slow must not write beside somebody who took over.
    await hold();
    await living.bring(
      {
        name,
        channel,
        thread,
        at,
        mark: { event_type: 'ingress_rollout', event_payload: { message: name } },
        must,
        save: (change) => messages.set(name, change, KEPT_S),
        hold,
      },
      message,
    );
    return messages.load(name);
  }

  async function surroundings(record: RolloutRecord): Promise<{ names: Around['names']; complaints: Complaints }> {
    const people = [record.rollout.by, ...record.decisions.map(({ by }) => by)];
    const tied = record.cases;
    const links = await Promise.all(tied.map((one, i) => (i < MOST_LINKS ? linkTo(one.case) : null)));
    const known = tied.every((one) => one.by !== undefined);
    return {
      names: await names.of(people),
      complaints: {
        cases: tied.map((one, i) => ({ ...one, permalink: links[i] ?? null })),
        people: known ? new Set(tied.map(({ by }) => by)).size : 0,
      },
    };
  }

  async function linkTo(id: string): Promise<string | null> {
    const record = await cases.load(id);
    if (record === null || record.message.permalink !== null) return record?.message.permalink ?? null;
    const { channel, ts } = record.message;
    if (channel === null || ts === null) return null;
    // A link is worth one try: the message must not wait for it.
    const link = await poster.permalink(channel, ts).catch(() => null);
    if (link !== null) await cases.setMessage(id, { permalink: link });
    return link;
  }

  /** Who announced it hears, once, of the channels that would not have it. At most once: a lost word is no harm here. */
  async function tellAuthor(record: RolloutRecord, channels: readonly string[]): Promise<void> {
    const { by, id } = record.rollout;
    const states = await Promise.all(channels.map((one) => messages.load(nameOf(record, one, 'announcement'))));
    const refused = channels.flatMap((channel, i) => {
      const reason = states[i]?.refused ?? null;
      return reason === null ? [] : [{ channel, reason }];
    });
    if (refused.length === 0) return;
    const told = refused
      .map(({ channel }) => channel)
      .join(',')
      .slice(0, 1000);
    const name = `${id}:author`;
    if ((await messages.load(name)).told === told) return;
    await messages.set(name, { told }, KEPT_S);
    log.warn({ rollout: id, refused }, 'channels did not take the announcement');
    if (by === null) return;
    const text = channelsRefusedText(record, refused);
    const mark = { event_type: 'ingress_note' as const, event_payload: { note: name } };
    await poster.post(by, null, { text, blocks: [] }, mark).catch((error: unknown) => {
      if (!(error instanceof Refused || error instanceof Gone)) throw error;
    });
  }

  return { bring };
}

/** The name under which a message of a rollout is remembered. */
export function nameOf(record: RolloutRecord, channel: string, what: string): string {
  return `${record.rollout.id}:${channel}:${what}`;
}
