import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogLevel, WebAPIRateLimitedError, WebAPIRequestError, WebClient } from '@slack/web-api';
import { call, section, socketApp, workspace } from './bolt-apps.ts';

/** A clock that stands still unless the test moves it, so that a slow machine refills no bucket. */
const now = () => Date.UTC(2026, 10, 21, 9, 30);

test('tokens: none, a wrong one, one of the wrong kind', async (t) => {
  const slack = await workspace(t);
  assert.equal((await call(slack, 'auth.test', {}, '')).error, 'not_authed');
  assert.equal((await call(slack, 'auth.test', {}, 'xoxb-nope')).error, 'invalid_auth');
  assert.equal((await call(slack, 'auth.test', {}, slack.appToken)).error, 'not_allowed_token_type');
  assert.equal((await call(slack, 'apps.connections.open')).error, 'not_allowed_token_type');
  assert.equal((await call(slack, 'chat.dance')).error, 'unknown_method');
  const answer = await call(slack, 'auth.test');
  assert.deepEqual([answer.user_id, answer.bot_id, answer.team_id], [slack.botUserId, slack.botId, slack.teamId]);
});

test('a 429 reaches a Bolt app as WebAPIRateLimitedError with its Retry-After', async (t) => {
  const slack = await workspace(t);
  const app = await socketApp(t, slack);
  slack.fail('chat.postMessage', '429', 1, { retryAfter: 7 });
  await assert.rejects(app.client.chat.postMessage({ channel: '#platform', text: 'x' }), (error: unknown) => {
    assert.ok(error instanceof WebAPIRateLimitedError);
    assert.equal(error.retryAfter, 7);
    return true;
  });
  assert.equal((await app.client.chat.postMessage({ channel: '#platform', text: 'x' })).ok, true);
});

test('chat.postMessage: a short burst in a channel, then about one a second', async (t) => {
  const slack = await workspace(t, { now });
  const post = (channel: string) => call(slack, 'chat.postMessage', { channel, text: 'x' });
  for (let i = 0; i < 4; i += 1) assert.equal((await post('#platform')).ok, true);
  assert.equal((await post('#platform')).error, 'ratelimited');
  assert.equal((await post('#rollouts')).ok, true, 'another channel has its own allowance');
  slack.advance(1_000);
  assert.equal((await post('#platform')).ok, true);
  assert.equal(slack.stats().limitsBroken, 1);
});

test('chat.update: 50 a minute for the whole workspace', async (t) => {
  const slack = await workspace(t, { now });
  const posted = await call(slack, 'chat.postMessage', { channel: '#platform', text: '0' });
  const edit = (i: number) => call(slack, 'chat.update', { channel: posted.channel, ts: posted.ts, text: String(i) });
  for (let i = 1; i <= 50; i += 1) assert.equal((await edit(i)).ok, true);
  assert.equal((await edit(51)).error, 'ratelimited');
  slack.advance(60_001);
  assert.equal((await edit(52)).ok, true);
});

test('limits can be counted without refusing', async (t) => {
  const slack = await workspace(t, { limits: 'off', now });
  for (let i = 0; i < 8; i += 1) {
    assert.equal((await call(slack, 'chat.postMessage', { channel: '#platform', text: 'x' })).ok, true);
  }
  assert.equal(slack.stats().limitsBroken, 4);
  assert.equal(slack.stats().calls['chat.postMessage'], 8);
});

test('a lost answer: the message is there, the caller knows nothing', async (t) => {
  const slack = await workspace(t);
  const options = { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, logLevel: LogLevel.ERROR };
  const client = new WebClient(slack.botToken, options);
  slack.fail('chat.postMessage', 'lost-answer');
  await assert.rejects(client.chat.postMessage({ channel: '#platform', text: 'once' }), WebAPIRequestError);
  assert.equal(slack.messages('#platform').length, 1);
  slack.fail('chat.postMessage', 'drop');
  await assert.rejects(client.chat.postMessage({ channel: '#platform', text: 'never' }), WebAPIRequestError);
  assert.equal(slack.messages('#platform').length, 1);
  slack.fail('*', '500');
  await assert.rejects(client.chat.postMessage({ channel: '#platform', text: 'x' }), /500/);
  slack.fail('chat.postMessage', 'error:is_archived');
  await assert.rejects(client.chat.postMessage({ channel: '#platform', text: 'x' }), /is_archived/);
  const hasty = new WebClient(slack.botToken, { ...options, timeout: 50 });
  slack.fail('chat.postMessage', 'hang');
  await assert.rejects(hasty.chat.postMessage({ channel: '#platform', text: 'x' }));
  assert.equal(slack.messages('#platform').length, 1);
  assert.ok(slack.apiCalls('chat.postMessage').every((c) => !JSON.stringify(c).includes('xoxb')));
});

test('where a bot may post', async (t) => {
  const slack = await workspace(t);
  const post = (channel: string) => call(slack, 'chat.postMessage', { channel, text: 'x' });
  assert.equal((await post('#random')).error, 'not_in_channel');
  slack.addChannel({ name: 'secret', private: true, withBot: false });
  assert.equal((await post('#secret')).error, 'channel_not_found');
  assert.equal((await post('#nowhere')).error, 'channel_not_found');
  slack.archiveChannel('#rollouts');
  assert.equal((await post('#rollouts')).error, 'is_archived');
  slack.setScopes(['chat:write', 'chat:write.public']);
  assert.equal((await post('#random')).ok, true);
  assert.equal((await post('#secret')).error, 'channel_not_found');
  slack.setScopes(['users:read']);
  const refused = await post('#platform');
  assert.deepEqual([refused.error, refused.needed, refused.provided], ['missing_scope', 'chat:write', 'users:read']);
});

test('chat.update follows Slack’s rules', async (t) => {
  const slack = await workspace(t);
  const metadata = { event_type: 'case', event_payload: { id: 'c-1' } };
  const posted = await call(slack, 'chat.postMessage', {
    channel: '#platform',
    text: 'looking',
    blocks: [section('looking')],
    metadata,
  });
  const edit = (args: Record<string, unknown>) =>
    call(slack, 'chat.update', { channel: posted.channel, ts: posted.ts, ...args });
  const shown = () => slack.messages('#platform')[0];
  assert.equal((await edit({ text: 'y', blocks: [section('y')] })).ok, true);
  assert.equal(shown()?.edited, undefined, 'no mark on an edit with blocks');
  assert.equal((await edit({ text: 'text alone' })).ok, true);
  assert.equal(shown()?.blocks, undefined, 'text alone removes the blocks');
  assert.equal(shown()?.edited?.user, slack.botUserId);
  assert.deepEqual(shown()?.metadata, metadata, 'metadata stays');
  assert.equal((await edit({ text: 'z', metadata: {} })).ok, true);
  assert.equal(shown()?.metadata, undefined, 'an empty object removes it');
  assert.equal((await edit({ text: 'x'.repeat(4001) })).error, 'msg_too_long');
  assert.equal((await edit({})).error, 'no_text');
  const theirs = slack.say('tom', '#platform', 'mine');
  assert.equal((await edit({ ts: theirs.ts, text: 'not yours' })).error, 'cant_update_message');
  assert.equal((await edit({ ts: '1.000001', text: 'x' })).error, 'message_not_found');
  const private_ = await call(slack, 'chat.postEphemeral', {
    channel: posted.channel,
    user: theirs.user,
    text: 'psst',
  });
  assert.equal((await edit({ ts: private_.message_ts, text: 'x' })).error, 'message_not_found');
});

test('history: pages, time ranges, metadata only when asked for', async (t) => {
  const slack = await workspace(t, { limits: 'off' });
  const platform = slack.addChannel({ name: 'history' }).id;
  const first = slack.say('tom', platform, 'm0');
  for (let i = 1; i < 5; i += 1) slack.say('tom', platform, `m${i}`);
  slack.say('maya', platform, 'a reply', { thread_ts: first.ts });
  await call(slack, 'chat.postMessage', {
    channel: platform,
    text: 'bot',
    metadata: JSON.stringify({ event_type: 'case', event_payload: { id: 'c-1' } }),
  });
  type Page = {
    messages: { text: string; ts: string; metadata?: unknown }[];
    response_metadata?: { next_cursor: string };
  };
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = (await call(slack, 'conversations.history', {
      channel: platform,
      limit: 4,
      cursor,
    })) as unknown as Page;
    seen.push(...page.messages.map((m) => m.text));
    cursor = page.response_metadata?.next_cursor ?? '';
  } while (cursor);
  assert.deepEqual(seen, ['bot', 'm4', 'm3', 'm2', 'm1', 'm0']);
  const range = async (args: Record<string, unknown>) =>
    ((await call(slack, 'conversations.history', { channel: platform, ...args })) as unknown as Page).messages;
  assert.equal((await range({ oldest: first.ts })).at(-1)?.text, 'm1');
  assert.equal((await range({ oldest: first.ts, inclusive: true })).at(-1)?.text, 'm0');
  assert.equal((await range({}))[0]?.metadata, undefined);
  assert.ok((await range({ include_all_metadata: true }))[0]?.metadata);
  const thread = (await call(slack, 'conversations.replies', { channel: platform, ts: first.ts })) as unknown as Page;
  assert.deepEqual(
    thread.messages.map((m) => m.text),
    ['m0', 'a reply'],
  );
  assert.equal(
    (await call(slack, 'conversations.history', { channel: platform, cursor: 'x' })).error,
    'invalid_cursor',
  );
  slack.removeBotFromChannel(platform);
  assert.equal((await call(slack, 'conversations.history', { channel: platform })).error, 'not_in_channel');
});

test('conversations.list goes page by page', async (t) => {
  const slack = await workspace(t);
  for (let i = 0; i < 250; i += 1) slack.addChannel({ name: `team-${i}`, withBot: false });
  const client = new WebClient(slack.botToken, { slackApiUrl: slack.apiUrl });
  const names: string[] = [];
  let pages = 0;
  for await (const page of client.paginate('conversations.list', { limit: 100, types: 'public_channel' })) {
    pages += 1;
    names.push(...((page as { channels?: { name: string }[] }).channels ?? []).map((channel) => channel.name));
  }
  assert.equal(pages, 3);
  assert.equal(new Set(names).size, 254);
});

test('people, reactions, links, files and views through the real client', async (t) => {
  const slack = await workspace(t);
  const client = new WebClient(slack.botToken, { slackApiUrl: slack.apiUrl });
  const said = slack.say('maya', '#platform', 'look');
  const { channels = [] } = await client.conversations.list();
  const channel = channels.find((c) => c.name === 'platform')?.id ?? '';
  assert.equal((await client.users.info({ user: String(said.user) })).user?.tz, 'Europe/Berlin');
  await client.reactions.add({ channel, timestamp: said.ts, name: 'eyes' });
  await assert.rejects(client.reactions.add({ channel, timestamp: said.ts, name: 'eyes' }), /already_reacted/);
  const { permalink } = await client.chat.getPermalink({ channel, message_ts: said.ts });
  assert.equal(permalink, slack.permalink('#platform', said.ts));
  assert.equal((await fetch(String(permalink))).status, 200);
  await client.filesUploadV2({
    channel_id: channel,
    thread_ts: said.ts,
    filename: 'path.txt',
    content: 'public -> edge',
    initial_comment: 'the path',
  });
  const shared = slack.messages('#platform')[1];
  assert.equal(shared?.files?.[0]?.name, 'path.txt');
  await client.views.publish({
    user_id: String(said.user),
    view: { type: 'home', blocks: [section('hello') as never] },
  });
  assert.equal(slack.home('maya')?.type, 'home');
});

test('a parent with replies leaves a tombstone', async (t) => {
  const slack = await workspace(t);
  const parent = slack.say('maya', '#platform', 'never mind');
  const reply = slack.say('tom', '#platform', 'too late', { thread_ts: parent.ts });
  slack.deleteMessage('#platform', parent.ts);
  assert.equal(slack.messages('#platform')[0]?.subtype, 'tombstone');
  slack.deleteMessage('#platform', reply.ts);
  assert.equal(slack.messages('#platform').length, 1);
  const lost = await call(slack, 'chat.postMessage', { channel: '#platform', text: 'x', thread_ts: reply.ts });
  assert.equal(lost.error, 'thread_not_found');
});

test('a body over 4 MB is refused', async (t) => {
  const slack = await workspace(t);
  const response = await fetch(`${slack.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${slack.botToken}` },
    body: JSON.stringify({ channel: '#platform', text: 'x'.repeat(5 * 1024 * 1024) }),
  }).then(
    (r) => r.status,
    () => 'cut',
  );
  assert.ok(response === 413 || response === 'cut');
  assert.equal(slack.messages('#platform').length, 0);
});
