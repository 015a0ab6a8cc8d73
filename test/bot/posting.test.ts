import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownBlock } from '@slack/types';
import { WebAPIPlatformError, type WebClient } from '@slack/web-api';
import { createPoster } from '../../bot/posting.ts';
import { createMetrics } from '../../workers/metrics.ts';

const MARK = { event_type: 'ingress_note', event_payload: { note: 'x' } } as const;
const section = { type: 'section', text: { type: 'mrkdwn', text: 'words' } } as const;
const chart = { type: 'data_visualization' } as unknown as KnownBlock;

/** A Slack that refuses messages for as long as `dislikes` says so; which types of blocks it was sent. */
function poster(dislikes: (types: string[]) => boolean) {
  const sent: string[][] = [];
  const take = async ({ blocks = [] }: { blocks?: { type: string }[] }) => {
    const types = blocks.map(({ type }) => type);
    sent.push(types);
    if (dislikes(types)) throw new WebAPIPlatformError({ ok: false, error: 'invalid_blocks' } as never);
    return { ok: true, ts: '1.2' };
  };
  const client = { chat: { postMessage: take, update: take } } as unknown as WebClient;
  return { sent, poster: createPoster(client, createMetrics({ process: false })) };
}

test('a chart that Slack refuses goes alone, posted or edited', async () => {
  const { sent, poster: one } = poster((types) => types.includes('data_visualization'));
  const message = { text: 'words', blocks: [section, chart] };
  assert.equal(await one.post('C1', null, message, MARK), '1.2');
  await one.update('C1', '1.2', message);
  const both = [['section', 'data_visualization'], ['section']];
  assert.deepEqual(sent, [...both, ...both]);
});

test('blocks that Slack refuses all the same leave the words', async () => {
  const { sent, poster: one } = poster((types) => types.length > 0);
  await one.post('C1', null, { text: 'words', blocks: [section, chart] }, MARK);
  await one.post('C1', null, { text: 'words', blocks: [section] }, MARK);
  assert.deepEqual(sent, [['section', 'data_visualization'], ['section'], [], ['section'], []]);
});
