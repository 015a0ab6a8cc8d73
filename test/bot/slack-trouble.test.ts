import assert from 'node:assert/strict';
import { test } from 'node:test';
import { row, until } from '../workers/stand-ins.ts';
import { FINAL, finished, ours, rig, settled, TRIAGE } from './rig.ts';

for (const mode of ['429', '500', 'drop', 'lost-answer', 'hang'] as const) {
  for (const method of ['chat.postMessage', 'chat.update'] as const) {
    test(`${method} answers ${mode}: nothing is lost, nothing is said twice`, async (t) => {
      const { slack } = await rig(t);
      slack.fail(method, mode, mode === 'hang' ? 1 : 2, { retryAfter: 1 });
      const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
      await finished(slack, TRIAGE, report.ts);
      assert.equal(ours(slack).length, 1);
    });
  }
}

test('limits met are counted', async (t) => {
  const { slack, botMetrics } = await rig(t);
  slack.fail('chat.postMessage', '429', 1, { retryAfter: 1 });
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  await finished(slack, TRIAGE, report.ts);
  const shows = async (line: string) => (await botMetrics.registry.metrics()).includes(line);
  await until('the limit', () => shows('iti_slack_rate_limited_total{method="chat.postMessage"} 1'));
  await until('the call', () => shows('iti_slack_calls_total{method="chat.postMessage",outcome="ok"} 1'));
});

test('where the bot may not post, the person gets the verdict through response_url', async (t) => {
  const { slack } = await rig(t);
  await slack.command('maya', '#random', '/ingress-check shop.example.test');
  await slack.waitFor(() => slack.ephemerals('maya').find((one) => FINAL.test(one.text)), { what: 'the verdict' });
  const said = slack.ephemerals('maya').map((one) => one.text);
  assert.match(said.at(-1) ?? '', /\/invite/);
  assert.ok(said.length <= 2, said.join('\n---\n'));
  assert.equal(ours(slack, '#random').length, 0);
});

test('a channel that is archived in mid-case: the person is told', async (t) => {
  const { slack } = await rig(t, { workers: { look: slowly(500) } });
  await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  await slack.waitFor(() => ours(slack, '#platform')[0]);
  slack.archiveChannel('#platform');
  const direct = (call: { args: Record<string, unknown> }) =>
    /^U/.test(String(call.args.channel)) && FINAL.test(String(call.args.text));
  await until('a direct message', () => slack.apiCalls('chat.postMessage').some(direct));
});

test('a report that is deleted meanwhile: the verdict stands in the channel and says so', async (t) => {
  const { slack } = await rig(t, { bot: false, workers: false }).then(async (system) => {
    system.slack.fail('chat.postMessage', '429', 1, { retryAfter: 1 });
    await system.startBot();
    const report = system.slack.say('tom', TRIAGE, 'shop.example.test is down');
    await until('a call', () => system.slack.apiCalls('chat.postMessage').length > 0);
    system.slack.deleteMessage(TRIAGE, report.ts);
    system.startWorkers();
    return system;
  });
  const message = await finished(slack);
  assert.equal(message.thread_ts, undefined);
  assert.equal(ours(slack).length, 1);
});

test('our own message deleted in mid-case: the verdict is posted anew', async (t) => {
  const { slack } = await rig(t, { workers: { look: slowly(500) } });
  await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  const message = await slack.waitFor(() => ours(slack, '#platform')[0]);
  slack.deleteMessage('#platform', message.ts);
  await finished(slack, '#platform');
});

test('sockets that are refreshed lose no question', async (t) => {
  const { slack } = await rig(t, { slack: { timing: { retryDelaysMs: [0, 400, 800] } } });
  for (let i = 0; i < 3; i++) {
    slack.disconnectSockets();
    const report = slack.say('tom', TRIAGE, `refresh-${i}.example.test is down`);
    await finished(slack, TRIAGE, report.ts);
  }
  await settled(slack);
  assert.equal(ours(slack).length, 3);
});

test('progress is shown while looks take long, and edits stay few', async (t) => {
  const slow = slowly(4000);
  const { slack } = await rig(t, {
    workers: {
      look: async (planned, host, options) =>
        planned.look.at.part === 'shop-0' ? slow(planned, host, options) : [row(planned)],
    },
  });
  await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  await slack.waitFor(() => ours(slack, '#platform').find((one) => /2 of 3 looks done/.test(one.text)), {
    what: 'progress',
  });
  await finished(slack, '#platform');
  assert.ok(slack.apiCalls('chat.update').length <= 4);
});

function slowly(ms: number) {
  return async (
    planned: Parameters<typeof row>[0],
    _host: string,
    _options: { budgetMs: number; signal: AbortSignal },
  ) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return [row(planned)];
  };
}
