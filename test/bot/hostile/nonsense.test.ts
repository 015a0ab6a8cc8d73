import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { directoryOf } from '../../../bot/permissions/directory.ts';
import { may } from '../../../bot/permissions/may.ts';
import { peopleSchema } from '../../../workers/people-rules.ts';
import { quiet } from '../../workers/stand-ins.ts';
import { finished, rig, TRIAGE } from '../rig.ts';

test('a group whose members Slack answers with nonsense denies, as one that is not known', async () => {
  const rules = peopleSchema.parse({ ask: [{ deny: ['S0GUESTS'] }] });
  for (const users of [undefined, null, 'U0TOM', 17, {}]) {
    const client = { usergroups: { users: { list: async () => ({ ok: true, users }) } } };
    const directory = await directoryOf(rules, client as never, quiet);
    const answer = may({ user: 'U0TOM', act: 'ask', channel: 'C0000001', hosts: ['a.test'] }, rules, directory);
    directory.close();
    assert.equal(answer.ok, false, String(users));
  }
});

test('a vote whose form Slack will not open any more is told so', async (t) => {
  const { slack } = await rig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  slack.fail('views.open', 'error:expired_trigger_id');
  const { ok } = await slack.click('maya', TRIAGE, message.ts, 'who_was_right');
  assert.equal(ok, true);
  await slack.waitFor(() => slack.ephemerals('maya').some(({ text }) => /took too long/.test(text)), {
    what: 'a word',
  });
});

test('wrong flags and folders without evidence end a command, named', async (t) => {
  const main = fileURLToPath(new URL('../../../bot/cli/main.ts', import.meta.url));
  const empty = await mkdtemp(join(tmpdir(), 'iti-empty-'));
  t.after(() => rm(empty, { recursive: true, force: true }));
  const run = (...args: string[]) =>
    new Promise<[number, string]>((resolve) => {
      execFile(process.execPath, [main, ...args], (error, _, stderr) => resolve([Number(error?.code ?? 0), stderr]));
    });
  for (const [args, code, says] of [
    [['eval', '--teeth', '--from', empty], 65, empty],
    [['eval', '--variants', '--from', join(empty, 'none')], 65, 'none'],
    [['eval', '--variants', '--teeth', '--from', empty], 64, 'one at a time'],
    [['demo', '--rollout', 'good', '--script', 'none'], 64, 'one of --script'],
  ] as const) {
    const [got, stderr] = await run(...args);
    assert.equal(got, code, `${args.join(' ')}: ${stderr}`);
    assert.ok(stderr.includes(says), stderr);
  }
});
