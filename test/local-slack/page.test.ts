import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { after, before, type TestContext, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { LocalSlack, LocalSlackOptions, Panel } from '../../bot/local-slack/index.ts';
import { button, call, section, socketApp, workspace } from './bolt-apps.ts';

const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));
const skip = executablePath ? false : 'no Chromium here: set CHROMIUM to its path';

/** With SCREENSHOTS=folder the page is pictured on the way. */
const screenshots = process.env.SCREENSHOTS;

let browser: Browser | undefined;

before(async () => {
  if (!executablePath) return;
  browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  if (screenshots) await mkdir(screenshots, { recursive: true });
});

after(() => browser?.close());

/** Opens the page; anything that it logs as an error, or asks of another host, fails the test. */
async function open(
  t: TestContext,
  slack: LocalSlack,
  path = '/',
  colorScheme: 'light' | 'dark' = 'light',
): Promise<Page> {
  assert.ok(browser);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('console', (message) => {
    // The server ends before the page does.
    const ended = message.text().includes('ERR_CONNECTION_REFUSED');
    if (message.type() === 'error' && !ended) wrong.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(slack.url) && !request.url().startsWith('data:')) wrong.push(request.url());
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  await page.goto(slack.url + path);
  await page.locator('[data-channel="major-system-issues"]').waitFor();
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: `${screenshots}/${name}.png` });
}

const confirm = {
  title: { type: 'plain_text', text: 'Was it wrong?' },
  text: { type: 'mrkdwn', text: 'The *next* verdicts learn from this.' },
  confirm: { type: 'plain_text', text: 'It was' },
  deny: { type: 'plain_text', text: 'No' },
};

const verdict = [
  section('*It is the ingress: nginx `edge` rejects every connection to shop.example.com since 09:12 UTC.*'),
  section(
    'The load balancer `public` sends a PROXY protocol header (the caller’s address, put before the request); `edge-1` and `edge-2` do not expect one. 9 of 9 connections through `public` fail, 6 of 6 straight to the proxies work.',
  ),
  {
    type: 'context',
    elements: [
      {
        type: 'mrkdwn',
        text: '*Cleared:* the shop itself: 4 of 4 endpoints answer. *Not seen:* who changed the balancer.',
      },
    ],
  },
  section('*Next:* switch `proxy_protocol` on for edge’s listeners, or off on `public`.'),
  {
    type: 'actions',
    elements: [
      { ...button('evidence', 'Evidence'), style: 'primary' },
      button('again', 'Run again'),
      { ...button('wrong', 'It was wrong'), confirm },
    ],
  },
];

/** A bot that answers as the triage bot does: one message per report, edited in place. */
async function triage(t: TestContext, options: LocalSlackOptions = {}) {
  // A browser beside other work can be slow; its pace is not what is tested here.
  const timing = { ackMs: 15_000, triggerMs: 15_000 };
  const slack = await workspace(t, { limits: 'off', timing, ...options });
  const edit: { finish?: () => Promise<unknown> } = {};
  const clicks: string[] = [];
  await socketApp(t, slack, {
    listen: (app) => {
      app.message(async ({ message, client }) => {
        if (message.subtype || ('thread_ts' in message && message.thread_ts)) return;
        const { channel, ts } = await client.chat.postMessage({
          channel: message.channel,
          thread_ts: message.ts,
          text: 'Looking at 8 things …',
        });
        edit.finish = () =>
          client.chat.update({
            channel: String(channel),
            ts: String(ts),
            text: 'It is the ingress',
            blocks: verdict as never[],
          });
      });
      app.command('/ingress-check', async ({ ack, command }) => ack(`Looking at ${command.text}.`));
      app.action('evidence', async ({ ack, respond, body }) => {
        clicks.push(body.user.id);
        await ack();
        await respond({ text: 'Nine rows of evidence.', replace_original: false });
      });
      app.action('wrong', async ({ ack }) => {
        clicks.push('wrong');
        await ack();
      });
      app.shortcut('triage_message', async ({ ack, client, shortcut }) => {
        await ack();
        await client.views.open({
          trigger_id: shortcut.trigger_id,
          view: {
            type: 'modal',
            callback_id: 'widen',
            title: { type: 'plain_text', text: 'Triage' },
            submit: { type: 'plain_text', text: 'Start' },
            blocks: [
              {
                type: 'input',
                block_id: 'host',
                label: { type: 'plain_text', text: 'Which host?' },
                element: { type: 'plain_text_input', action_id: 'text' },
              },
            ],
          },
        });
      });
      app.view('widen', async ({ ack, view }) => {
        const host = view.state.values.host?.text?.value ?? '';
        if (!host.includes('.')) return ack({ response_action: 'errors', errors: { host: 'That is no host name.' } });
        clicks.push(host);
        return ack();
      });
      app.event('app_home_opened', async ({ event, client }) => {
        const blocks = [{ type: 'header', text: { type: 'plain_text', text: 'Managed proxies' } }] as never[];
        await client.views.publish({ user_id: event.user, view: { type: 'home', blocks } });
      });
    },
  });
  return { slack, edit, clicks };
}

test('a message, the bot’s answer in the thread, its edit, a click', { skip }, async (t) => {
  const { slack, edit, clicks } = await triage(t);
  const page = await open(t, slack);
  await page
    .getByPlaceholder('Message #major-system-issues')
    .fill('shop.example.com is down. Is it @ingress-triage *again*?');
  await page.keyboard.press('Enter');
  const message = page.locator('#main .message').first();
  await message.locator('strong', { hasText: 'again' }).waitFor();
  await message.locator('.replies', { hasText: '1 reply' }).click();
  const thread = page.locator('#thread');
  await thread.getByText('Looking at 8 things').waitFor();
  await slack.waitFor(() => edit.finish);
  await edit.finish?.();
  await thread.getByText('It is the ingress').waitFor();
  assert.equal(await thread.getByText('Looking at 8 things').count(), 0);
  assert.equal(await thread.locator('.edited').count(), 0, 'no mark on an edit with blocks');
  await picture(page, 'thread-light');
  await thread.getByRole('button', { name: 'Evidence' }).click();
  await page.getByText('Nine rows of evidence.').waitFor();
  await page.getByText('Only visible to you').waitFor();
  assert.equal(clicks.length, 1);
  await thread.getByRole('button', { name: 'It was wrong' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'No' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await thread.getByRole('button', { name: 'It was wrong' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'It was' }).click();
  await slack.waitFor(() => clicks.length === 2);
  await thread.getByPlaceholder('Reply…').fill('thanks, works now');
  await page.keyboard.press('Enter');
  await thread.getByText('thanks, works now').waitFor();
  await page.keyboard.press('Escape');
  await thread.waitFor({ state: 'hidden' });
});

test('a slash command with its suggestion, answered privately', { skip }, async (t) => {
  const { slack } = await triage(t);
  const page = await open(t, slack);
  const box = page.getByPlaceholder('Message #major-system-issues');
  await box.fill('/ing');
  await page.getByRole('option', { name: '/ingress-check' }).waitFor();
  await picture(page, 'suggestion');
  await page.keyboard.press('Tab');
  assert.equal(await box.inputValue(), '/ingress-check ');
  await page.keyboard.type('shop.example.com');
  await page.keyboard.press('Enter');
  await page.getByText('Only visible to you').waitFor();
  await page.locator('.message.ephemeral', { hasText: 'Looking at' }).waitFor();
  await box.fill('/nope');
  await page.keyboard.press('Enter');
  await page.getByText('is not a valid command').waitFor();
});

test('“Triage this message” opens a modal; a wrong answer keeps it open', { skip }, async (t) => {
  const { slack, clicks } = await triage(t);
  slack.say('priya', '#random', 'wiki is slow');
  const page = await open(t, slack);
  await page.locator('[data-channel="random"]').click();
  await page.locator('.message').hover();
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Triage this message' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Which host?').fill('wiki');
  await dialog.getByRole('button', { name: 'Start' }).click();
  await dialog.getByText('That is no host name.').waitFor();
  await picture(page, 'modal');
  await dialog.getByLabel('Which host?').fill('wiki.example.com');
  await dialog.getByRole('button', { name: 'Start' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(clicks, ['wiki.example.com']);
});

test('unread marks, another person, App Home, a permalink', { skip }, async (t) => {
  const { slack } = await triage(t);
  const page = await open(t, slack);
  const said = slack.say('tom', '#platform', 'look here');
  await page.locator('[data-channel="platform"] .pill').waitFor();
  await page.getByLabel('You are').selectOption({ label: 'Priya Raman · Data and Metabase' });
  await page.locator('.whoami-name', { hasText: 'Priya Raman' }).waitFor();
  await page.locator('[data-channel="home"]').click();
  await page.getByText('Managed proxies').waitFor();
  await call(slack, 'chat.postMessage', { channel: slack.messages('#platform')[0]?.user, text: 'not for Priya' });
  const priya = slack.say('priya', '#random', 'hm').user;
  await call(slack, 'chat.postMessage', { channel: priya, text: 'for you alone' });
  await page.locator('[data-channel="home"] .pill', { hasText: '1' }).waitFor();
  await page.getByRole('button', { name: 'Messages', exact: true }).click();
  await page.locator('#main').getByText('for you alone').waitFor();
  const linked = await open(t, slack, new URL(slack.permalink('#platform', said.ts)).pathname);
  await linked.locator('#main .message.marked', { hasText: 'look here' }).waitFor();
  await linked.locator('#thread').getByText('Looking at 8 things').waitFor();
});

/** A panel with switches of which one can be on at a time. */
function labPanel(): Panel & { on: Set<string> } {
  const on = new Set<string>();
  let tell = () => {};
  return {
    on,
    title: 'The lab',
    state: async () => ({
      note: 'Break one thing, then ask.',
      groups: [
        {
          title: 'Load balancer',
          items: [
            {
              id: 'proxy-header',
              label: 'PROXY header unasked',
              hint: 'edge expects none',
              on: on.has('proxy-header'),
            },
          ],
        },
        { title: 'App', items: [{ id: 'app-500', label: 'Metabase answers 500', on: on.has('app-500') }] },
        { title: 'Proxy', items: [{ id: 'broken', label: 'Cannot be switched', on: false }] },
      ],
      suggestions: [
        { label: 'Metabase is down', text: 'Metabase is down again. Is it Traefik?', channel: '#platform' },
      ],
    }),
    async act(id) {
      if (id === 'broken') throw new Error('nginx is not installed');
      const was = on.has(id);
      on.clear();
      if (!was) on.add(id);
      tell();
    },
    subscribe(changed) {
      tell = changed;
      return () => {};
    },
  };
}

test('the side panel: switches, failures in words, chips that fill the composer', { skip }, async (t) => {
  const panel = labPanel();
  const { slack } = await triage(t, { panel });
  const page = await open(t, slack, '/', 'dark');
  const header = page.getByRole('switch', { name: /PROXY header unasked/ });
  await header.click();
  await page.locator('[data-item="proxy-header"][aria-checked="true"]').waitFor();
  assert.deepEqual([...panel.on], ['proxy-header']);
  await page.getByRole('switch', { name: 'Metabase answers 500' }).click();
  await page.locator('[data-item="app-500"][aria-checked="true"]').waitFor();
  assert.equal(await header.getAttribute('aria-checked'), 'false');
  await page.getByRole('switch', { name: 'Cannot be switched' }).click();
  await page.getByText('nginx is not installed').waitFor();
  await page.getByRole('button', { name: 'Metabase is down' }).click();
  await page.locator('.bar h1', { hasText: 'platform' }).waitFor();
  const box = page.getByPlaceholder('Message #platform');
  assert.equal(await box.inputValue(), 'Metabase is down again. Is it Traefik?');
  await box.press('Enter');
  await page.locator('#main .replies').click();
  await page.locator('#thread').getByText('Looking at').waitFor();
  await picture(page, 'panel-dark');
  await page.getByRole('button', { name: 'Fold The lab' }).click();
  await header.waitFor({ state: 'detached' });
});

test('what people and hosts write stays text', { skip }, async (t) => {
  const { slack } = await triage(t);
  const evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
  slack.say('tom', '#rollouts', evil);
  slack.say('tom', '#rollouts', `<javascript:window.pwned=1|click> ${evil} *${evil}* \`${evil}\``, { raw: true });
  slack.addUser({ name: 'mallory', realName: evil, title: evil });
  slack.say('mallory', '#rollouts', 'hi');
  const { ok } = await call(slack, 'chat.postMessage', {
    channel: '#rollouts',
    text: evil,
    blocks: [
      section(evil),
      { type: 'markdown', text: `${evil} [click](javascript:window.pwned=1)` },
      { type: 'image', image_url: 'https://elsewhere.test/track.png', alt_text: evil },
      { type: 'table', rows: [[{ type: 'raw_text', text: evil }]] },
      { type: 'alert', level: 'info', text: { type: 'mrkdwn', text: evil } },
      {
        type: 'rich_text',
        elements: [{ type: 'rich_text_section', elements: [{ type: 'link', url: 'javascript:window.pwned=1' }] }],
      },
    ],
  });
  assert.equal(ok, true);
  const page = await open(t, slack);
  await page.locator('[data-channel="rollouts"]').click();
  await page.locator('.alert').waitFor();
  assert.equal(await page.evaluate('window.pwned'), undefined);
  assert.equal(await page.locator('#app script, #app img, #app a[href^="javascript"]').count(), 0);
});
