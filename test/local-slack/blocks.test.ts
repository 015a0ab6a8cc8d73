import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBlocks, completeBlocks } from '../../bot/local-slack/block-limits.ts';
import { button, call, section, workspace } from './bolt-apps.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const header = (text: string) => ({ type: 'header', text: plain(text) });
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const chart = (points: number, label = 'a') => ({
  type: 'data_visualization',
  title: 'Errors',
  chart: { type: 'bar', series: [{ name: 'old', data: many(points, () => ({ label, value: 1 })) }] },
});

const accepted: [string, unknown[]][] = [
  ['50 blocks', many(50, () => ({ type: 'divider' }))],
  ['3,000 characters in a section', [section('x'.repeat(3000))]],
  ['150 in a header', [header('x'.repeat(150))]],
  ['25 actions', [{ type: 'actions', elements: many(25, (i) => button(`a${i}`)) }]],
  ['10 context elements', [{ type: 'context', elements: many(10, () => plain('x')) }]],
  [
    'a button of 75 with a value of 2,000',
    [{ type: 'actions', elements: [{ ...button('a', 'x'.repeat(75)), value: 'v'.repeat(2000) }] }],
  ],
  ['a chart', [chart(20)]],
  ['an alert', [{ type: 'alert', level: 'warning', text: plain('x') }]],
  ['12,000 characters of Markdown', [{ type: 'markdown', text: 'x'.repeat(12_000) }]],
  ['a table', [{ type: 'table', rows: [[{ type: 'raw_text', text: 'a' }]] }]],
];

const refused: [string, unknown, RegExp | string][] = [
  ['51 blocks', many(51, () => ({ type: 'divider' })), /no more than 50 items allowed \[json-pointer:\/blocks\]/],
  [
    '3,001 characters in a section',
    [section('x'.repeat(3001))],
    /less than 3001 characters \[json-pointer:\/blocks\/0\/text\/text\]/,
  ],
  ['an empty section', [section('')], /more than 0 characters/],
  ['a section without text', [{ type: 'section' }], /missing required field: text/],
  ['11 fields', [{ type: 'section', fields: many(11, () => plain('x')) }], /no more than 10/],
  ['a field of 2,001', [{ type: 'section', fields: [plain('x'.repeat(2001))] }], /less than 2001/],
  ['151 in a header', [header('x'.repeat(151))], /less than 151/],
  ['mrkdwn in a header', [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }], /unsupported type: mrkdwn/],
  ['26 actions', [{ type: 'actions', elements: many(26, (i) => button(`a${i}`)) }], /no more than 25/],
  ['the same action_id twice', [{ type: 'actions', elements: [button('a'), button('a')] }], /already exists/],
  ['11 context elements', [{ type: 'context', elements: many(11, () => plain('x')) }], /no more than 10/],
  ['a button of 76', [{ type: 'actions', elements: [button('a', 'x'.repeat(76))] }], /less than 76/],
  [
    'a value of 2,001',
    [{ type: 'actions', elements: [{ ...button('a'), value: 'v'.repeat(2001) }] }],
    /less than 2001/,
  ],
  ['a made-up style', [{ type: 'actions', elements: [{ ...button('a'), style: 'loud' }] }], /valid enum value/],
  [
    'an alt_text of 2,001',
    [{ type: 'image', image_url: 'https://x.test/a.png', alt_text: 'x'.repeat(2001) }],
    /less than 2001/,
  ],
  ['an image without alt_text', [{ type: 'image', image_url: 'https://x.test/a.png' }], /alt_text/],
  [
    'a block_id twice',
    [
      { ...section('a'), block_id: 'b' },
      { ...section('a'), block_id: 'b' },
    ],
    /block_id "b" already exists/,
  ],
  ['a block_id of 256', [{ ...section('a'), block_id: 'b'.repeat(256) }], /less than 256/],
  ['an unknown type', [{ type: 'marquee' }], /unsupported type: marquee/],
  ['no list', { type: 'section' }, 'invalid_blocks_format'],
  ['14,000 characters, each block legal', many(5, () => section('x'.repeat(2800))), 'msg_blocks_too_long'],
  ['12,001 characters of Markdown', many(2, () => ({ type: 'markdown', text: 'x'.repeat(6001) })), /markdown/],
  ['a chart of 21 points', [chart(21)], /no more than 20/],
  ['a label of 21 characters', [chart(1, 'x'.repeat(21))], /less than 21/],
  ['three charts', [chart(1), chart(1), chart(1)], /no more than 2 charts/],
  [
    'a table of 101 rows',
    [{ type: 'table', rows: many(101, () => [{ type: 'raw_text', text: 'a' }]) }],
    /no more than 100/,
  ],
];

for (const [what, blocks] of accepted) {
  test(`accepted: ${what}`, () => assert.equal(checkBlocks(blocks, 'message'), null));
}

for (const [what, blocks, why] of refused) {
  test(`refused: ${what}`, () => {
    const problem = checkBlocks(blocks, 'message');
    assert.ok(problem);
    if (typeof why === 'string') assert.equal(problem.error, why);
    else assert.match(problem.messages.join('\n'), why);
  });
}

test('a view may hold 100 blocks, and a chart only a message', () => {
  assert.equal(
    checkBlocks(
      many(100, () => ({ type: 'divider' })),
      'home',
    ),
    null,
  );
  assert.match(checkBlocks([chart(1)], 'modal')?.messages[0] ?? '', /unsupported type/);
});

test('ids are filled in', () => {
  const [block] = completeBlocks([{ type: 'actions', elements: [{ type: 'button', text: plain('x') }] }]);
  assert.equal(typeof block?.block_id, 'string');
  assert.match(JSON.stringify(block), /"action_id":"\w+"/);
});

test('a post with bad blocks is refused with Slack’s error and messages', async (t) => {
  const slack = await workspace(t);
  const post = (blocks: unknown) => call(slack, 'chat.postMessage', { channel: '#platform', text: 'x', blocks });
  const answer = await post([section('x'.repeat(3001))]);
  assert.equal(answer.error, 'invalid_blocks');
  assert.match(JSON.stringify(answer.response_metadata), /must be less than 3001 characters/);
  assert.equal((await post('{not json')).error, 'invalid_blocks_format');
  assert.equal((await post(many(5, () => section('x'.repeat(2800))))).error, 'msg_blocks_too_long');
  assert.equal(slack.messages('#platform').length, 0);
});
