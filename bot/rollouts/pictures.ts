import type { KnownBlock } from '@slack/types';
import type { Interval } from '../../diagnostics/rollout/types.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import type { Message } from '../blocks/message.ts';
import { barChart, timelineChart } from '../pictures/native.ts';
import { timelineOfRollout } from '../pictures/sources.ts';
import { timelineSvg } from '../pictures/svg.ts';
import { type Gallery, pictureBlock } from '../pictures/upload.ts';
import { timelineWords } from '../pictures/words.ts';

const MOST_ENDPOINTS = 20;

/** Where the intervals of a rollout's stages are read. */
interface Parts {
  read: (id: string, stage: number) => Promise<Interval[]>;
  /** null: words only. */
  gallery: Gallery | null;
}

/** What people would rather look at: why a stage is to be stopped, and at the end the whole of it. Nothing else gets longer. */
export function rolloutPictures({ read, gallery }: Parts) {
  return {
    /** A stage's chart where the judge says stop: what is worse, over time or by endpoint. */
    async ofStage(record: RolloutRecord, index: number): Promise<KnownBlock | null> {
      const judgement = record.stages[index]?.judgement;
      if (judgement?.result !== 'stop') return null;
      const intervals = await read(record.rollout.id, index);
      const worst = judgement.measures.find(({ verdict }) => verdict === 'worse');
      if (worst?.measure === 'balance') return endpointChart(intervals);
      if (worst?.measure !== 'errors') return null;
      const timeline = timelineOfRollout(record, new Map([[index, intervals]]));
      return timeline && timelineChart({ ...timeline, marks: [] });
    },

    /** All stages of a rollout that is over, as a picture; null: nothing was counted, it cannot be shown, or it was stopped for what it does not show. */
    async ofReview(record: RolloutRecord): Promise<KnownBlock | null> {
      if (gallery === null || (record.state !== 'done' && record.state !== 'stopped')) return null;
      if (record.state === 'stopped' && !wasStoppedForErrors(record)) return null;
      const stages = new Map<number, Interval[]>();
      for (let index = -1; index < record.rollout.stages.length; index++)
        stages.set(index, await read(record.rollout.id, index));
      // A stage begins a moment before anything of it is counted: its mark is to be seen.
      const begins = record.stages.flatMap((one) => (one ? [Date.parse(one.startedAt)] : []));
      const timeline = timelineOfRollout(record, stages, Math.min(...begins));
      if (timeline === null) return null;
      const alt = timelineWords(timeline);
      const id = await gallery.show({ svg: timelineSvg(timeline), alt });
      return id === null ? null : pictureBlock(id, alt);
    },
  };
}

/** Failed requests over time are a flat line where the slowest requests, handshakes or balance were what parted. */
function wasStoppedForErrors({ stages }: RolloutRecord): boolean {
  const last = stages.findLast((one) => one !== null)?.judgement;
  return last?.result !== 'stop' || last.measures.some((one) => one.verdict === 'worse' && one.measure === 'errors');
}

/** Names without what all of them begin with, up to a separator: under bars there is room for little. */
export function withoutCommon(names: readonly string[]): string[] {
  const [first = ''] = names;
  let same = 0;
  while (same < first.length && names.every((name) => name[same] === first[same])) same++;
  const cut = first.slice(0, same).search(/[^\s:/]*$/);
  return names.map((name) => name.slice(cut) || name);
}

/** Requests that each endpoint got from the new side. */
function endpointChart(intervals: readonly Interval[]): KnownBlock | null {
  const all = new Map<string, number>();
  for (const { fresh } of intervals)
    for (const [name, count] of Object.entries(fresh.endpoints)) all.set(name, (all.get(name) ?? 0) + count);
  const sorted = [...all].sort((a, b) => b[1] - a[1]);
  const names = withoutCommon(sorted.map(([name]) => name));
  const groups = sorted.map(([, count], i) => ({ name: names[i] ?? '', values: [count] }));
  if (groups.length < 2) return null;
  const bars = {
    title: 'Requests by endpoint, new side',
    series: ['requests'],
    groups: groups.slice(0, MOST_ENDPOINTS),
  };
  return barChart(bars, 'requests');
}

/** Pure: a message with a picture before its buttons and small print; the text says the same already. */
export function withPicture(message: Message | null, picture: KnownBlock | null): Message | null {
  if (message === null || picture === null) return message;
  const at = message.blocks.findIndex(({ type }) => type === 'actions' || type === 'context');
  const blocks = at < 0 ? [...message.blocks, picture] : message.blocks.toSpliced(at, 0, picture);
  return { ...message, blocks };
}
