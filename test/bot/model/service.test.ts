import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { type MockModel, mockModel, type Reply } from './mock.ts';
import { modelAt, redisFor, savedCase } from './parts.ts';

const one = savedCase();
const says = 'Every connection to shop.example.test has failed since 19:00 UTC.';
const GOOD: Reply = {
  json: { forAsker: [{ says, cites: ['PROXY_HEADER_UNEXPECTED'] }], forEngineer: [] },
  tokens: 300,
};
const PROSE = { forAsker: { text: says, codes: ['PROXY_HEADER_UNEXPECTED'] }, forEngineer: null };

let ends: (() => unknown)[] = [];
let redis: Awaited<ReturnType<typeof redisFor>>;
before(async () => {
  redis = await redisFor({ after: (end: unknown) => void ends.push(end as () => unknown) } as never);
});
test.after(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

let days = 0;
/** A model of a day of its own: budgets of other tests are not in its way. */
async function fresh(t: TestContext, over: Parameters<typeof modelAt>[2] = {}) {
  const service = await mockModel(t);
  const day = Date.parse('2026-11-21T12:00:00Z') + ++days * 86_400_000;
  return { service, day, ...modelAt(service.baseUrl, redis.connect(), { now: () => day, ...over }) };
}
const tokensOf = async (day: number): Promise<number> =>
  Number(await redis.connect().hget(`{iti}:model:${new Date(day).toISOString().slice(0, 10)}`, 'tokens'));

test('a whole answer is shown, and costs what the service says', async (t) => {
  const { service, model, calls, day } = await fresh(t);
  service.reply(GOOD);
  assert.deepEqual(await model.prose(one.verdict, one), PROSE);
  assert.equal(await calls('ok'), 1);
  assert.equal(await tokensOf(day), 300);
  const { body, path } = service.received[0] as MockModel['received'][0];
  assert.equal(path, '/v1/responses');
  assert.equal(body.store, false);
  assert.ok(!body.instructions?.includes('shop'), 'nothing of a case stands in the instructions');
});

const failures: [string, Reply, string][] = [
  ['500', { status: 500 }, 'http-error'],
  ['429', { status: 429, headers: { 'retry-after': '0' } }, 'rate-limited'],
  ['401', { status: 401 }, 'http-error'],
  ['a hang', 'hang', 'late'],
  ['429 that asks to wait for an hour', { status: 429, headers: { 'retry-after': '3600' } }, 'rate-limited'],
  ['a dropped connection', 'drop', 'no-connection'],
  ['half of a JSON document', { text: '{"forAsker":[{"says":"Ever' }, 'invalid'],
  ['no JSON at all', { text: 'Sure! The ingress is fine.' }, 'invalid'],
  ['another shape', { json: { forAsker: 'fine', forEngineer: [] } }, 'invalid'],
  ['null', { json: null }, 'invalid'],
  ['a refusal', { refusal: 'I cannot help with that.' }, 'refused'],
  ['an answer that stops half way', { incomplete: '{"forAsker":[{"says":"Every' }, 'incomplete'],
  ['a body that never ends', 'endless', 'error'],
  ['a redirect elsewhere', { status: 307, headers: { location: 'http://127.0.0.1:1/v1/responses' } }, 'no-connection'],
];
for (const [what, reply, result] of failures) {
  test(`${what} is no answer, and no error either: ${result}`, async (t) => {
    const { service, model, calls } = await fresh(t, { limits: { deadlineMs: what === 'a hang' ? 150 : 3000 } });
    service.reply(reply);
    assert.equal(await model.prose(one.verdict, one), null);
    const counted = await Promise.all([result, 'late'].map(calls));
    // The client obeys a long Retry-After only up to a point; ours is the deadline.
    assert.ok(counted[0] === 1 || (what.includes('hour') && counted[1] === 1), `${counted}`);
  });
}

test('a service without the Responses API is asked in chat, and from then on at once', async (t) => {
  const { service, model } = await fresh(t);
  service.reply(({ path }) => (path === '/v1/responses' ? { status: 404 } : GOOD));
  assert.deepEqual(await model.prose(one.verdict, one), PROSE);
  assert.deepEqual(await model.prose(one.verdict, one), PROSE);
  assert.deepEqual(
    service.received.map(({ path }) => path),
    ['/v1/responses', '/v1/chat/completions', '/v1/chat/completions'],
  );
});

test('in chat, refusals, half answers and broken JSON are no answers either', async (t) => {
  const { service, model, calls } = await fresh(t);
  const replies: Reply[] = [{ refusal: 'no' }, { incomplete: '{"for' }, { text: '{"for' }];
  service.reply(({ path }) => (path === '/v1/responses' ? { status: 404 } : (replies.shift() ?? GOOD)));
  for (let i = 0; i < 3; i++) assert.equal(await model.prose(one.verdict, one), null);
  assert.deepEqual(await Promise.all(['refused', 'incomplete', 'invalid'].map(calls)), [1, 1, 1]);
  assert.deepEqual(await model.prose(one.verdict, one), PROSE);
});

test('a model that is not known is no reason to speak otherwise', async (t) => {
  const { service, model, calls } = await fresh(t);
  service.reply({ status: 404, body: { error: { message: 'no such model', code: 'model_not_found' } } });
  assert.equal(await model.prose(one.verdict, one), null);
  assert.deepEqual(
    service.received.map(({ path }) => path),
    ['/v1/responses'],
  );
  assert.equal(await calls('http-error'), 1);
});

test('after four failures in a row nobody is asked for a while, then once', async (t) => {
  let at = Date.parse('2027-03-01T12:00:00Z');
  const { service, model, calls } = await fresh(t, { now: () => at });
  service.reply({ status: 400 });
  for (let i = 0; i < 6; i++) assert.equal(await model.prose(one.verdict, one), null);
  assert.deepEqual([service.received.length, await calls('paused')], [4, 2]);
  at += 31_000;
  service.reply(GOOD);
  assert.deepEqual(await model.prose(one.verdict, one), PROSE);
  assert.deepEqual(await model.prose(one.verdict, one), PROSE);
  assert.equal(service.received.length, 6);
});

test("two processes share a day's calls to the last one", async (t) => {
  const limits = { calls: 5 };
  const at = Date.parse('2027-04-01T23:59:00Z');
  const a = await fresh(t, { limits, now: () => at });
  const b = modelAt(a.service.baseUrl, redis.connect(), { limits, now: () => at });
  a.service.reply(GOOD);
  for (let round = 0; round < 3; round++)
    await Promise.all([a, b].flatMap(({ model }) => [model.prose(one.verdict, one), model.prose(one.verdict, one)]));
  assert.equal(a.service.received.length, 5);
  assert.equal((await a.calls('ok')) + (await b.calls('ok')), 5);
  assert.equal((await a.calls('budget')) + (await b.calls('budget')), 7);
  const tomorrow = modelAt(a.service.baseUrl, redis.connect(), { limits, now: () => at + 120_000 });
  assert.deepEqual(await tomorrow.model.prose(one.verdict, one), PROSE);
});

test('tokens end a day too, before the call that would exceed them', async (t) => {
  const { service, model, calls } = await fresh(t, { limits: { tokens: 9000 } });
  service.reply({ ...GOOD, tokens: 4000 } as Reply);
  for (let i = 0; i < 4; i++) await model.prose(one.verdict, one);
  assert.ok((await calls('budget')) > 0);
  assert.ok(service.received.length < 4);
});

test('a refused request gives its tokens back, a hang does not', async (t) => {
  const { service, model, day } = await fresh(t, { limits: { deadlineMs: 150 } });
  service.reply({ status: 400 });
  await model.prose(one.verdict, one);
  assert.equal(await tokensOf(day), 0);
  service.reply('hang');
  await model.prose(one.verdict, one);
  assert.ok((await tokensOf(day)) > 2500);
});

test('without Redis nobody knows the budget, and nobody is asked', async (t) => {
  const service = await mockModel(t);
  const client = redis.connect();
  const { model, calls } = modelAt(service.baseUrl, client);
  client.disconnect();
  service.reply(GOOD);
  assert.equal(await model.prose(one.verdict, one), null);
  assert.deepEqual([service.received.length, await calls('redis-away')], [0, 1]);
});

test('a question in the thread is answered from the findings, with their codes', async (t) => {
  const { service, model } = await fresh(t);
  service.reply({ json: { sentences: [{ says, cites: ['PROXY_HEADER_UNEXPECTED'] }] } });
  assert.equal(await model.answer('since when?', one), `${says}\n_From: PROXY_HEADER_UNEXPECTED_`);
  service.reply({ json: { sentences: [] } });
  assert.equal(await model.answer('who will win the cup?', one), null);
  assert.equal(await model.answer('well?', { ...one, verdict: null }), null);
});

test('a question that Slack sends again while it is answered is asked once', async (t) => {
  const { service, model } = await fresh(t);
  service.reply({ json: { sentences: [{ says, cites: ['PROXY_HEADER_UNEXPECTED'] }] } });
  const [a, b] = await Promise.all([model.answer('since when?', one), model.answer('since when?', one)]);
  assert.equal(a, b);
  assert.equal(service.received.length, 1);
});
