import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type App, RespondError } from '@slack/bolt';
import { button, call, section, socketApp, workspace } from './bolt-apps.ts';

const modal = (extra: Record<string, unknown> = {}) => ({
  type: 'modal' as const,
  callback_id: 'who_was_right',
  title: { type: 'plain_text' as const, text: 'Who was right?' },
  submit: { type: 'plain_text' as const, text: 'Save' },
  blocks: [
    {
      type: 'input',
      block_id: 'why',
      label: { type: 'plain_text', text: 'Why?' },
      element: { type: 'plain_text_input', action_id: 'text' },
    },
  ] as never[],
  ...extra,
});

test('a command: names become ids, the ack’s text is private, in_channel is for all', async (t) => {
  const slack = await workspace(t);
  const texts: string[] = [];
  await socketApp(t, slack, {
    listen: (app) =>
      app.command('/ingress-check', async ({ command, ack }) => {
        texts.push(command.text);
        if (command.text === 'loud') await ack({ response_type: 'in_channel', text: 'for all' });
        else await ack('for you');
      }),
  });
  const quiet = await slack.command(
    'tom',
    '#random',
    '/ingress-check @maya in #platform: https://shop.example.com/x?a=1&b=2',
  );
  assert.equal(quiet.ok, true);
  const maya = slack.say('maya', '#platform', 'hi').user;
  assert.match(
    texts[0] ?? '',
    new RegExp(`^<@${maya}\\|maya> in <#C\\w+\\|platform>: <https://shop.example.com/x\\?a=1&amp;b=2>$`),
  );
  assert.deepEqual(
    slack.ephemerals('tom').map((e) => e.text),
    ['for you'],
  );
  assert.deepEqual(slack.ephemerals('maya'), []);
  await slack.command('tom', '#random', '/ingress-check loud');
  assert.equal(slack.messages('#random')[0]?.text, 'for all');
});

test('a command that the manifest does not have never reaches the app', async (t) => {
  const slack = await workspace(t);
  await socketApp(t, slack);
  assert.equal((await slack.command('tom', '#random', '/ingress-chek shop')).error, 'invalid_command');
  assert.equal(slack.deliveries().length, 0);
  assert.match(slack.ephemerals('tom')[0]?.text ?? '', /not a valid command/);
});

test('a command is not delivered again: the person sees operation_timeout', async (t) => {
  const slack = await workspace(t, { timing: { ackMs: 50 } });
  await socketApp(t, slack);
  const result = await slack.command('tom', '#random', '/ingress-check shop');
  assert.equal(result.error, 'operation_timeout');
  assert.equal(slack.ephemerals('tom')[0]?.text, '/ingress-check failed with the error "operation_timeout"');
  assert.deepEqual(
    slack.deliveries().map((d) => d.outcome),
    ['timeout'],
  );
});

test('without any connection a command fails at once', async (t) => {
  const slack = await workspace(t);
  assert.equal((await slack.command('tom', '#random', '/ingress-check shop')).error, 'dispatch_failed');
});

test('a response URL: five uses, thirty minutes', async (t) => {
  const slack = await workspace(t);
  let respond: ((text: string) => Promise<unknown>) | undefined;
  await socketApp(t, slack, {
    listen: (app) =>
      app.command('/ingress-check', async (args) => {
        await args.ack();
        respond = (text) => args.respond(text);
      }),
  });
  await slack.command('tom', '#random', '/ingress-check a');
  for (let i = 1; i <= 5; i += 1) await respond?.(`answer ${i}`);
  assert.equal(slack.ephemerals('tom').length, 5);
  await assert.rejects(respond?.('one too many') ?? Promise.resolve(), (error: unknown) => {
    assert.ok(error instanceof RespondError);
    assert.equal(error.statusCode, 404);
    return true;
  });
  const { responseUrl = '' } = await slack.command('tom', '#random', '/ingress-check b');
  slack.advance(29 * 60_000);
  const post = async () => {
    const response = await fetch(responseUrl, { method: 'POST', body: JSON.stringify({ text: 'late' }) });
    return [response.status, response.status === 200 ? 'ok' : ((await response.json()) as { error: string }).error];
  };
  assert.deepEqual(await post(), [200, 'ok']);
  slack.advance(2 * 60_000);
  assert.deepEqual(await post(), [404, 'expired_url']);
});

/** An app whose command opens a modal, after a wait that the test chooses. */
function opening(waiting: { before: () => void }, outcomes: unknown[]) {
  return (app: App) =>
    app.command('/ingress-check', async ({ ack, client, command }) => {
      await ack();
      waiting.before();
      for (const _ of [1, 2]) {
        try {
          await client.views.open({ trigger_id: command.trigger_id, view: modal() });
          outcomes.push('open');
        } catch (error) {
          outcomes.push((error as { data?: { error?: string } }).data?.error);
        }
      }
    });
}

test('a trigger works once, and for three seconds', async (t) => {
  const slack = await workspace(t);
  const outcomes: unknown[] = [];
  const waiting = { before: () => {} };
  await socketApp(t, slack, { listen: opening(waiting, outcomes) });
  await slack.command('tom', '#random', '/ingress-check a');
  await slack.waitFor(() => outcomes.length === 2);
  assert.deepEqual(outcomes, ['open', 'exchanged_trigger_id']);
  assert.equal(slack.view('tom')?.callback_id, 'who_was_right');
  assert.equal(slack.view('maya'), null);
  waiting.before = () => slack.advance(3_001);
  await slack.command('tom', '#random', '/ingress-check b');
  await slack.waitFor(() => outcomes.length === 4);
  assert.deepEqual(outcomes.slice(2), ['expired_trigger_id', 'expired_trigger_id']);
  const view = modal();
  assert.equal((await call(slack, 'views.open', { trigger_id: 'made up', view })).error, 'invalid_trigger_id');
});

test('a modal: errors keep it open, an update changes it, then it closes', async (t) => {
  const slack = await workspace(t);
  const outcomes: unknown[] = [];
  await socketApp(t, slack, {
    listen: (app) => {
      opening({ before: () => {} }, outcomes)(app);
      app.view('who_was_right', async ({ ack, view }) => {
        const value = view.state.values.why?.text?.value;
        if (value === 'short') return ack({ response_action: 'errors', errors: { why: 'Say more.' } });
        if (value === 'more') return ack({ response_action: 'update', view: modal({ callback_id: 'second' }) });
        return ack();
      });
      app.view('second', async ({ ack }) => ack());
    },
  });
  await slack.command('tom', '#random', '/ingress-check a');
  await slack.waitFor(() => slack.view('tom'));
  assert.equal((await slack.submitView('tom', { why: { text: 'short' } })).ok, false);
  assert.equal(slack.view('tom')?.callback_id, 'who_was_right');
  await slack.submitView('tom', { why: { text: 'more' } });
  assert.equal(slack.view('tom')?.callback_id, 'second');
  assert.equal((await slack.submitView('tom', { why: { text: 'x' } })).ok, true);
  assert.equal(slack.view('tom'), null);
});

test('a modal that is closed tells the app only if it asked for that', async (t) => {
  const slack = await workspace(t);
  const heard: string[] = [];
  const outcomes: unknown[] = [];
  await socketApp(t, slack, {
    listen: (app) => {
      app.command('/ingress-check', async ({ ack, client, command }) => {
        await ack();
        await client.views.open({
          trigger_id: command.trigger_id,
          view: modal({ notify_on_close: command.text === 'tell' }),
        });
        outcomes.push('open');
      });
      app.view({ callback_id: 'who_was_right', type: 'view_closed' }, async ({ ack, body }) => {
        heard.push(body.type);
        await ack();
      });
    },
  });
  await slack.command('tom', '#random', '/ingress-check quiet');
  await slack.waitFor(() => outcomes.length === 1);
  await slack.closeView('tom');
  await slack.command('tom', '#random', '/ingress-check tell');
  await slack.waitFor(() => outcomes.length === 2);
  await slack.closeView('tom');
  assert.deepEqual(heard, ['view_closed']);
  assert.equal(slack.view('tom'), null);
});

test('the message shortcut carries the message', async (t) => {
  const slack = await workspace(t);
  const heard: unknown[] = [];
  await socketApp(t, slack, {
    listen: (app) =>
      app.shortcut({ callback_id: 'triage_message', type: 'message_action' }, async ({ ack, shortcut }) => {
        await ack();
        heard.push([shortcut.message.text, shortcut.message_ts, shortcut.channel.name, shortcut.user.name]);
      }),
  });
  const said = slack.say('priya', '#random', 'metabase is slow');
  assert.equal((await slack.shortcut('jonas', '#random', said.ts)).ok, true);
  assert.deepEqual(heard, [['metabase is slow', said.ts, 'random', 'jonas']]);
  await assert.rejects(slack.shortcut('jonas', '#random', said.ts, 'other'), /no shortcut/);
});

test('clicks on messages and on private ones, and what the response URL may replace', async (t) => {
  const slack = await workspace(t);
  await socketApp(t, slack, {
    listen: (app) => {
      app.action('replace', async ({ ack, respond, body }) => {
        await ack();
        await respond({ replace_original: true, text: `replaced for ${body.user.id}` });
      });
      app.action('remove', async ({ ack, respond }) => {
        await ack();
        await respond({ delete_original: true });
      });
    },
  });
  const blocks = [section('card'), { type: 'actions', elements: [button('replace'), button('remove')] }];
  const posted = await call(slack, 'chat.postMessage', { channel: '#platform', text: 'card', blocks });
  const tom = slack.say('tom', '#platform', 'hm').user;
  await slack.click('tom', '#platform', String(posted.ts), { action: 'replace' });
  await slack.waitFor(() => slack.messages('#platform')[0]?.text === `replaced for ${tom}`);
  await assert.rejects(slack.click('tom', '#platform', String(posted.ts), 'replace'), /no element/);

  const whisper = await call(slack, 'chat.postEphemeral', { channel: '#platform', user: tom, text: 'psst', blocks });
  await assert.rejects(slack.click('maya', '#platform', String(whisper.message_ts), 'remove'), /no message/);
  await slack.click('tom', '#platform', String(whisper.message_ts), 'remove');
  await slack.waitFor(() => slack.ephemerals('tom').length === 0);
});

test('App Home: opened, published, clicked', async (t) => {
  const slack = await workspace(t);
  const clicks: unknown[] = [];
  await socketApp(t, slack, {
    listen: (app) => {
      app.event('app_home_opened', async ({ event, client }) => {
        const view = { type: 'home' as const, blocks: [{ type: 'actions', elements: [button('refresh')] }] as never[] };
        await client.views.publish({ user_id: event.user, view });
      });
      app.action('refresh', async ({ ack, body }) => {
        await ack();
        clicks.push('container' in body && body.container?.type);
      });
    },
  });
  slack.openHome('ana');
  await slack.waitFor(() => slack.home('ana'));
  await slack.clickView('ana', 'refresh');
  assert.deepEqual(clicks, ['view']);
});
