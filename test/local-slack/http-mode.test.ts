import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { verifySlackRequest } from '@slack/bolt';
import { sign } from '../../bot/local-slack/index.ts';
import { httpApp, workspace } from './bolt-apps.ts';

test('a Bolt app behind HTTP takes events, commands and clicks', async (t) => {
  const slack = await workspace(t, { mode: 'http' });
  const heard: string[] = [];
  const { url } = await httpApp(t, slack, {
    listen: (app) => {
      app.message(async ({ message, say }) => {
        if (message.subtype) return;
        heard.push('message');
        const actions = {
          type: 'actions',
          elements: [{ type: 'button', action_id: 'again', text: { type: 'plain_text', text: 'Again' } }],
        };
        await say({ text: 'looking', blocks: [actions as never], thread_ts: message.ts });
      });
      app.command('/ingress-check', async ({ ack, command }) => {
        heard.push(`command ${command.text}`);
        await ack('on it');
      });
      app.action('again', async ({ ack }) => {
        heard.push('click');
        await ack();
      });
    },
  });
  await slack.setRequestUrl(url);
  const said = slack.say('maya', '#platform', 'shop is down');
  const answer = await slack.waitFor(() => slack.messages('#platform', { thread: said.ts })[1]);
  assert.equal((await slack.command('tom', '#random', '/ingress-check shop')).ok, true);
  assert.equal(slack.ephemerals('tom')[0]?.text, 'on it');
  assert.equal((await slack.click('tom', '#platform', answer.ts, 'again')).ok, true);
  assert.deepEqual(heard, ['message', 'command shop', 'click']);
  assert.ok(slack.deliveries().every((d) => d.via === 'http'));
});

test('an app with another signing secret refuses everything', async (t) => {
  const slack = await workspace(t, { mode: 'http', timing: { retryDelaysMs: [] } });
  const { url } = await httpApp(t, slack, { signingSecret: 'not-the-one' });
  await assert.rejects(slack.setRequestUrl(url), /challenge/);
});

test('the signature is the one that Bolt verifies, and no other', () => {
  const body = '{"type":"event_callback"}';
  const now = Math.floor(Date.now() / 1000);
  const check = (signature: string, timestamp = now, raw = body) =>
    verifySlackRequest({
      signingSecret: 's3cret',
      body: raw,
      headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp },
    });
  assert.doesNotThrow(() => check(sign('s3cret', now, body)));
  assert.throws(() => check(sign('other', now, body)));
  assert.throws(() => check(sign('s3cret', now, body), now, `${body} `));
  const old = now - 6 * 60;
  assert.throws(() => check(sign('s3cret', old, body), old));
});

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request URL that answers as told. */
async function endpoint(
  t: TestContext,
  answer: (received: Received) => { status: number; headers?: Record<string, string> } | null,
) {
  const received: Received[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const part of req) body += part;
    const one = { headers: req.headers, body };
    received.push(one);
    const told = answer(one);
    if (told) res.writeHead(told.status, told.headers).end();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received };
}

test('an event that fails is sent again with the same event_id and Slack’s retry headers', async (t) => {
  const answers = [500, 404, 200];
  const { url, received } = await endpoint(t, () => ({ status: answers.shift() ?? 200 }));
  const slack = await workspace(t, { mode: 'http', requestUrl: url, timing: { retryDelaysMs: [0, 10, 20] } });
  slack.say('maya', '#platform', 'down');
  await slack.waitFor(() => received.length === 3 && slack.stats().pending === 0);
  assert.equal(new Set(received.map(({ body }) => JSON.parse(body).event_id)).size, 1);
  assert.deepEqual(
    received.map(({ headers }) => [headers['x-slack-retry-num'], headers['x-slack-retry-reason']]),
    [
      [undefined, undefined],
      ['1', 'http_error'],
      ['2', 'http_error'],
    ],
  );
  assert.equal(received[0]?.headers['content-type'], 'application/json');
});

test('x-slack-no-retry ends the retries', async (t) => {
  const { url, received } = await endpoint(t, () => ({ status: 500, headers: { 'x-slack-no-retry': '1' } }));
  const slack = await workspace(t, { mode: 'http', requestUrl: url, timing: { retryDelaysMs: [0, 0, 0] } });
  slack.say('maya', '#platform', 'down');
  await slack.waitFor(() => slack.deliveries().length === 1 && slack.stats().pending === 0);
  assert.equal(received.length, 1);
});

test('no answer in time counts as http_timeout; a command fails for the person to see', async (t) => {
  const { url, received } = await endpoint(t, () => null);
  const slack = await workspace(t, { mode: 'http', requestUrl: url, timing: { ackMs: 40, retryDelaysMs: [0] } });
  slack.say('maya', '#platform', 'down');
  await slack.waitFor(() => received.length === 2 && slack.stats().pending === 0);
  assert.equal(received[1]?.headers['x-slack-retry-reason'], 'http_timeout');
  const result = await slack.command('maya', '#platform', '/ingress-check x');
  assert.equal(result.error, 'operation_timeout');
  assert.match(slack.ephemerals('maya')[0]?.text ?? '', /\/ingress-check failed with the error "operation_timeout"/);
  assert.equal(received.length, 3);
  // Bolt answers 400 to anything but exactly this.
  assert.equal(received[2]?.headers['content-type'], 'application/x-www-form-urlencoded');
});
