import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketApp, workspace } from './bolt-apps.ts';

test('an event reaches a Bolt app and is acked', async (t) => {
  const slack = await workspace(t);
  const heard: string[] = [];
  await socketApp(t, slack, {
    listen: (app) =>
      app.message(async ({ message }) => {
        heard.push(`${message.channel_type} ${'text' in message ? message.text : ''}`);
      }),
  });
  slack.say('maya', '#major-system-issues', 'shop is <slow> & @ingress-triage knows https://shop.example.com.');
  await slack.waitFor(() => slack.stats().pending === 0 && heard.length === 1);
  assert.deepEqual(heard, [
    `channel shop is &lt;slow&gt; &amp; <@${slack.botUserId}> knows <https://shop.example.com>.`,
  ]);
  assert.ok(slack.deliveries().every((d) => d.outcome === 'acked'));
});

test('a listener that throws leaves the event unacked, and it comes again with the same event_id', async (t) => {
  const slack = await workspace(t, { timing: { ackMs: 1_500, retryDelaysMs: [0, 20, 40] } });
  const tries: unknown[] = [];
  await socketApp(t, slack, {
    ackAfterListeners: true,
    listen: (app) =>
      app.message(async ({ body, context }) => {
        tries.push([body.event_id, context.retryNum, context.retryReason]);
        if (tries.length < 3) throw new Error('the queue is away');
      }),
  });
  slack.say('maya', '#major-system-issues', 'metabase is down');
  await slack.waitFor(() => tries.length === 3 && slack.stats().pending === 0);
  const id = slack.deliveries()[0]?.id;
  assert.deepEqual(tries, [
    [id, 0, ''],
    [id, 1, 'timeout'],
    [id, 2, 'timeout'],
  ]);
  assert.deepEqual(
    slack.deliveries().map((d) => [d.attempt, d.outcome]),
    [
      [0, 'timeout'],
      [1, 'timeout'],
      [2, 'acked'],
    ],
  );
});

test('after three redeliveries an event is given up', async (t) => {
  const slack = await workspace(t, { timing: { ackMs: 20, retryDelaysMs: [0, 5, 5] } });
  await socketApp(t, slack, {
    ackAfterListeners: true,
    listen: (app) =>
      app.message(async () => {
        throw new Error('for ever');
      }),
  });
  slack.say('maya', '#major-system-issues', 'down');
  await slack.waitFor(() => slack.deliveries().length === 4 && slack.stats().pending === 0);
  assert.deepEqual(
    slack.deliveries().map((d) => d.attempt),
    [0, 1, 2, 3],
  );
});

test('with three sockets each payload goes to exactly one of them', async (t) => {
  const slack = await workspace(t);
  const heard: [number, string][] = [];
  for (const replica of [1, 2, 3]) {
    await socketApp(t, slack, {
      listen: (app) =>
        app.message(async ({ message }) => {
          heard.push([replica, 'text' in message ? (message.text ?? '') : '']);
        }),
    });
  }
  assert.equal(slack.sockets().length, 3);
  for (let i = 0; i < 9; i += 1) slack.say('tom', '#platform', `line ${i}`);
  await slack.waitFor(() => heard.length >= 9 && slack.stats().pending === 0);
  assert.equal(new Set(heard.map(([, text]) => text)).size, 9);
  assert.equal(heard.length, 9);
  assert.equal(new Set(heard.map(([replica]) => replica)).size, 3);
});

test('an eleventh socket is refused', async (t) => {
  const slack = await workspace(t);
  const sockets: WebSocket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.close();
  });
  const open = async () => {
    const response = await fetch(`${slack.apiUrl}apps.connections.open`, {
      method: 'POST',
      headers: { authorization: `Bearer ${slack.appToken}` },
    });
    const { url } = (await response.json()) as { url: string };
    const socket = new WebSocket(url);
    sockets.push(socket);
    return new Promise<Record<string, unknown>>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(JSON.parse(String(data))), { once: true });
    });
  };
  for (let i = 1; i <= 10; i += 1) {
    const hello = await open();
    assert.equal(hello.type, 'hello');
    assert.equal(hello.num_connections, i);
  }
  assert.deepEqual(await open(), { type: 'disconnect', reason: 'too_many_websockets' });
});

test('a ticket opens one socket only', async (t) => {
  const slack = await workspace(t);
  const response = await fetch(`${slack.apiUrl}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${slack.appToken}` },
  });
  const { url } = (await response.json()) as { url: string };
  const first = new WebSocket(url);
  t.after(() => first.close());
  await new Promise((resolve) => first.addEventListener('open', resolve));
  const second = new WebSocket(url);
  await new Promise((resolve) => second.addEventListener('error', resolve));
});

for (const reason of ['warning', 'refresh_requested', 'drop'] as const) {
  test(`a Bolt app comes back after ${reason}`, async (t) => {
    const slack = await workspace(t);
    let heard = 0;
    await socketApp(t, slack, {
      clientPingTimeout: 300,
      listen: (app) =>
        app.message(async () => {
          heard += 1;
        }),
    });
    const before = slack.sockets()[0]?.number;
    assert.equal(slack.disconnectSockets(reason), 1);
    await slack.waitFor(() => slack.sockets().some((socket) => socket.number !== before));
    slack.say('ana', '#platform', 'still there?');
    await slack.waitFor(() => heard === 1 && slack.stats().pending === 0);
  });
}

test('what happens while no socket is open is delivered later', async (t) => {
  const slack = await workspace(t, { timing: { retryDelaysMs: [0, 700, 1_500] } });
  slack.say('ana', '#platform', 'anyone?');
  await slack.waitFor(() => slack.deliveries().length === 2);
  assert.equal(slack.deliveries()[0]?.outcome, 'no_connection');
  const heard: unknown[] = [];
  await socketApp(t, slack, {
    listen: (app) =>
      app.message(async ({ context }) => {
        heard.push(context.retryNum);
      }),
  });
  await slack.waitFor(() => heard.length === 1 && slack.stats().pending === 0);
  assert.ok(Number(heard[0]) >= 2);
});

test('a mention comes twice, with different event_ids and in both orders', async (t) => {
  const slack = await workspace(t);
  const heard: [string, string, string][] = [];
  await socketApp(t, slack, {
    listen: (app) => {
      app.event('app_mention', async ({ body, event }) => {
        heard.push(['app_mention', body.event_id, event.ts]);
      });
      app.message(async ({ body, message }) => {
        heard.push(['message', body.event_id, message.ts]);
      });
    },
  });
  for (const i of [1, 2]) {
    slack.say('maya', '#platform', `@ingress-triage is it the ingress? ${i}`);
    await slack.waitFor(() => heard.length === i * 2);
  }
  const [a, b, c, d] = heard;
  assert.equal(a?.[2], b?.[2]);
  assert.equal(new Set(heard.map(([, id]) => id)).size, 4);
  assert.notEqual(a?.[0], c?.[0]);
  assert.deepEqual(new Set([c?.[0], d?.[0]]), new Set(['message', 'app_mention']));
});

test('own posts and edits come back as events', async (t) => {
  const slack = await workspace(t);
  const heard: unknown[] = [];
  const app = await socketApp(t, slack, {
    listen: (bolt) =>
      bolt.event('message', async ({ event }) => {
        heard.push([event.subtype ?? 'plain', 'message' in event ? event.message : null]);
      }),
  });
  const channel = slack.say('maya', '#platform', 'hello?') && '#platform';
  await slack.waitFor(() => heard.length === 1);
  const posted = await app.client.chat.postMessage({ channel, text: 'looking' });
  await app.client.chat.update({ channel: String(posted.channel), ts: String(posted.ts), text: 'It is the ingress' });
  // Bolt's ignoreSelf keeps the post away, but not the edit.
  await slack.waitFor(() => heard.length === 2 && slack.stats().pending === 0);
  const [subtype, message] = heard[1] as [string, { text: string; bot_id: string }];
  assert.equal(subtype, 'message_changed');
  assert.equal(message.text, 'It is the ingress');
  assert.equal(message.bot_id, slack.botId);
  assert.equal(slack.deliveries().filter((d) => d.what === 'message').length, 2);
});

test('an event can be delivered again on demand', async (t) => {
  const slack = await workspace(t);
  const heard: string[] = [];
  await socketApp(t, slack, {
    listen: (app) =>
      app.message(async ({ body }) => {
        heard.push(body.event_id);
      }),
  });
  slack.say('maya', '#platform', 'once');
  await slack.waitFor(() => heard.length === 1);
  slack.deliverAgain(heard[0] ?? '');
  await slack.waitFor(() => heard.length === 2);
  assert.equal(heard[0], heard[1]);
  assert.throws(() => slack.deliverAgain('Ev000'), /no event/);
});

test('only what is subscribed, granted and within the bot’s channels is delivered', async (t) => {
  const slack = await workspace(t);
  const heard: string[] = [];
  await socketApp(t, slack, {
    listen: (app) =>
      app.message(async ({ message }) => {
        heard.push('text' in message ? (message.text ?? '') : '');
      }),
  });
  slack.say('tom', '#random', 'the bot is not here');
  slack.addChannel({ name: 'secret', private: true });
  slack.say('tom', '#secret', 'message.groups is not subscribed');
  slack.removeBotFromChannel('#rollouts');
  slack.say('tom', '#rollouts', 'not any more');
  slack.setScopes(['chat:write']);
  slack.say('tom', '#platform', 'channels:history is gone');
  slack.setScopes(['channels:history']);
  slack.say('tom', '#platform', 'this one');
  await slack.waitFor(() => heard.length > 0 && slack.stats().pending === 0);
  assert.deepEqual(heard, ['this one']);
});

test('files, other bots, deletions and reactions have Slack’s own shapes', async (t) => {
  const slack = await workspace(t);
  const events: Record<string, unknown>[] = [];
  await socketApp(t, slack, {
    listen: (app) => {
      app.event(/.*/, async ({ event }) => {
        events.push(event as unknown as Record<string, unknown>);
      });
    },
  });
  const file = slack.say('priya', '#platform', 'see the screenshot', { files: [{ name: 'error.png' }] });
  slack.addBot('Alertmanager');
  slack.say('alertmanager', '#platform', 'TargetDown shop');
  slack.react('tom', '#platform', file.ts, 'eyes');
  slack.deleteMessage('#platform', file.ts);
  await slack.waitFor(() => events.length === 4);
  const byKind = (kind: string) => events.find((e) => [e.type, e.subtype].filter(Boolean).join('.') === kind) ?? {};
  assert.equal((byKind('message.file_share').files as { name: string }[])[0]?.name, 'error.png');
  assert.match(String(byKind('message.bot_message').bot_id), /^B0/);
  assert.equal(byKind('reaction_added').reaction, 'eyes');
  assert.equal(byKind('message.message_deleted').deleted_ts, file.ts);
});
