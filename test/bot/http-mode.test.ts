import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { sign } from '../../bot/local-slack/index.ts';
import { finished, ours, rig, settled, TRIAGE } from './rig.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function httpRig(t: TestContext) {
  const port = await freePort();
  const system = await rig(t, { http: true, bot: false });
  const url = `http://127.0.0.1:${port}/slack/events`;
  const { mode } = system.config;
  assert.equal(mode.kind, 'http');
  if (mode.kind === 'http') mode.port = port;
  await system.startBot();
  await system.slack.setRequestUrl(url);
  return { ...system, url };
}

test('HTTP mode: events, commands, shortcuts and buttons, signed', async (t) => {
  const { slack } = await httpRig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  await slack.command('maya', '#platform', '/ingress-check wiki.example.test');
  await finished(slack, '#platform');
  await slack.click('maya', TRIAGE, message.ts, 'evidence');
  assert.equal(slack.view('maya')?.type, 'modal');
});

test('a request that is replayed does nothing twice', async (t) => {
  const { slack, url } = await httpRig(t);
  const hello = slack.say('tom', '#platform', 'hello');
  const body = new URLSearchParams({
    command: '/ingress-check',
    text: 'shop.example.test',
    user_id: 'U0000001',
    team_id: slack.teamId,
    api_app_id: slack.appId,
    channel_id: new URL(slack.permalink('#platform', hello.ts)).pathname.split('/')[2] ?? '',
    trigger_id: '1.2.3',
    response_url: `${slack.url}/commands/none/none`,
  }).toString();
  const headers = signed(slack.signingSecret, body);
  const first = await fetch(url, { method: 'POST', headers, body });
  const second = await fetch(url, { method: 'POST', headers, body });
  assert.deepEqual([first.status, second.status], [200, 200]);
  await finished(slack, '#platform');
  await settled(slack);
  assert.equal(ours(slack, '#platform').length, 1);
  assert.equal(await second.text(), '');
});

test('a request with a wrong signature is refused', async (t) => {
  const { slack, url } = await httpRig(t);
  const body = 'command=%2Fingress-check&text=shop.example.test';
  const headers = signed('another secret', body);
  const answer = await fetch(url, { method: 'POST', headers, body });
  assert.equal(answer.status, 401);
  assert.equal(ours(slack, '#platform').length, 0);
});

function signed(secret: string, body: string): Record<string, string> {
  const now = Math.floor(Date.now() / 1000);
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': String(now),
    'x-slack-signature': sign(secret, now, body),
  };
}
