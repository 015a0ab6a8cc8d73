import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { defaultManifest, startLocalSlack } from '../../bot/local-slack/index.ts';
import { socketApp, workspace } from './bolt-apps.ts';

test('everything can be done over HTTP too', async (t) => {
  const slack = await workspace(t);
  await socketApp(t, slack, {
    listen: (app) => {
      app.message(async ({ message, say }) => {
        if (!message.subtype) await say({ text: 'seen', thread_ts: message.ts });
      });
      app.command('/ingress-check', async ({ ack }) => ack('on it'));
    },
  });
  const control = async (name: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
    const response = await fetch(`${slack.url}/_control/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(args),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    return { ...answer, status: response.status };
  };
  const said = await control('say', { user: 'maya', channel: '#platform', text: 'down' });
  const waited = await control('waitFor', { channel: '#platform', thread: said.ts, contains: 'seen' });
  assert.equal((waited.message as { text: string }).text, 'seen');
  assert.equal((await control('command', { user: 'maya', channel: '#random', text: '/ingress-check x' })).ok, true);
  assert.equal(((await control('ephemerals', { user: 'maya' })).ephemerals as unknown[]).length, 1);
  assert.equal((await control('fail', { method: 'chat.update', mode: '429', times: 2 })).ok, true);
  assert.equal((await control('fail', { method: 'chat.update', mode: 'maybe' })).status, 400);
  assert.equal((await control('say', { user: 'nobody', channel: '#platform', text: 'x' })).status, 400);
  assert.equal((await control('launch')).status, 404);
  assert.equal((await control('constructor')).status, 404);
  assert.ok(((await control('sockets')).sockets as unknown[]).length === 1);
});

test('another website in the same browser can neither read nor act', async (t) => {
  const slack = await workspace(t);
  const status = (path: string, headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      const req = request(`${slack.url}${path}`, { method: 'POST', headers }, (res) => {
        res.resume();
        resolve(res.statusCode);
      });
      req.on('error', reject);
      req.end('{}');
    });
  const json = { 'content-type': 'application/json' };
  assert.equal(await status('/_control/stats', json), 200);
  assert.equal(await status('/_control/stats', { 'content-type': 'text/plain' }), 415);
  assert.equal(await status('/_control/stats', { ...json, origin: 'https://evil.test' }), 403);
  assert.equal(await status('/_page/snapshot', { ...json, host: 'evil.test' }), 403);
  assert.equal(await status('/page/..%2f..%2findex.ts', json), 404);
});

test('a wrong manifest stops the start and names the key', async () => {
  await assert.rejects(startLocalSlack({ manifest: { display_information: {} } }), /display_information/);
  const manifest = structuredClone(defaultManifest);
  for (const command of manifest.features?.slash_commands ?? []) command.command = `/${'x'.repeat(40)}`;
  await assert.rejects(startLocalSlack({ manifest }), /slash_commands/);
});

test('closing ends what is still waited for', async () => {
  const slack = await startLocalSlack();
  const waiting = assert.rejects(
    slack.waitFor(() => false, { what: 'nothing' }),
    /in vain for nothing/,
  );
  await slack.close();
  await waiting;
});
