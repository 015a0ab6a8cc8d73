import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { chromium, type Page } from 'playwright-core';
import { nameStore } from '../../../bot/rollouts/form/draft.ts';
import { readConfigFile } from '../../../workers/config.ts';
import { closeRedis, connectRedis } from '../../../workers/redis.ts';
import { rolloutDesk } from '../../../workers/rollouts/desk.ts';
import { until } from '../../workers/stand-ins.ts';
import { finished, rig, TRIAGE } from '../rig.ts';
import { aJudgement, aRollout } from '../rollouts/stand-ins.ts';
import { hopsOf, INVENTORY, intervalsOf, judgeOf, looksOf, months, record } from './seed.ts';

const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);
const skip = executablePath ? false : 'no Chromium here: set CHROMIUM to its path';
/** With SCREENSHOTS=folder the page is pictured on the way: those of docs/ are made so. */
const screenshots = process.env.SCREENSHOTS;
const MINUTE = 60_000;

/** Every picture on the page has come and is drawn. */
async function drawn(page: Page, count: number): Promise<void> {
  await until(`${count} pictures`, () =>
    page.locator('img.picture').evaluateAll((all, n) => {
      const isDrawn = (one: unknown) => {
        const { complete, naturalWidth } = one as { complete: boolean; naturalWidth: number };
        return complete && naturalWidth > 400;
      };
      return all.length >= n && all.every(isDrawn);
    }, count),
  );
}

test('Home, the evidence and a rollout show their pictures on the page', { skip }, async (t) => {
  const now = Date.now();
  const { file } = readConfigFile(null);
  const hops = await hopsOf();
  const { slack, redis } = await rig(t, {
    slack: { grantOptional: true, name: 'Example', channels: [{ name: 'major-system-issues' }, { name: 'rollouts' }] },
    config: {
      inventory: INVENTORY,
      file: { ...file, channels: { ...file.channels, triage: [TRIAGE], rollouts: ['#rollouts'] } },
    },
    intake: { looks: 4, hops: () => hops },
    workers: { look: looksOf(now), judge: judgeOf(now) },
  });
  const client = connectRedis(redis.url, 'producer');
  client.on('error', () => {});
  const desk = rolloutDesk(client);
  t.after(async () => {
    await desk.close();
    closeRedis(client);
  });
  await until('a connection', () => client.status === 'ready');
  await Promise.all([record(client, now), months(client, now)]);

  const maya = slack.user('maya').id;
  const begun = now - 50 * MINUTE;
  const at = (minutes: number) => new Date(begun + minutes * MINUTE).toISOString();
  const rollout = aRollout({
    id: 'r-20261121-0000aaaa',
    hosts: ['shop.example.test'],
    createdAt: at(-30),
    by: 'U0000001',
  });
  await nameStore(client).save(maya, 'Maya Lindqvist');
  await desk.create(rollout, ['test']);
  await desk.decide(rollout.id, { what: 'begin', by: maya, at: at(0), stage: -1, reason: '' });
  for (const [stage, bad] of [0.001, 0.25].entries())
    for (const [i, one] of intervalsOf(begun + stage * 20 * MINUTE, 20, bad).entries())
      await desk.store.intervals.append(rollout.id, stage, Date.parse(one.from), [one], String(i));
  const stop = {
    ...aJudgement('stop', 'Stop at 50 %: 25 % of requests fail on the new side, 0.1 % on the old one.'),
    because: ['604 of 2,400 requests fail on the new side, 20 of 20,000 on the old one.'],
    says: [
      '604 of 2,400 requests fail on the new side, 20 of 20,000 on the old one. Latency and handshakes are alike.',
    ],
    measures: [
      {
        measure: 'errors' as const,
        of: null,
        source: 'counters' as const,
        old: null,
        fresh: null,
        verdict: 'worse' as const,
        says: '',
        needs: null,
        concurrent: true,
      },
    ],
  };
  const well = aJudgement(
    'go-on',
    'Go on at 10 %: 2,400 requests on the new side, nothing is worse than on the old one.',
  );
  await desk.store.setJudgement(rollout.id, 0, { ...well, says: [] }, at(19), true);
  await desk.decide(rollout.id, { what: 'next-stage', by: maya, at: at(20), stage: 0, reason: '' });
  await desk.store.setJudgement(rollout.id, 1, stop, at(39), true);
  await desk.tell(rollout.id, at(39));
  const [announcement] = await slack.waitFor(() => {
    const all = slack.messages('#rollouts').filter((one) => one.bot_id === slack.botId);
    return all.some((one) => one.blocks?.some(({ type }) => type === 'data_visualization')) ? all : null;
  });
  assert.ok(announcement);

  const report = slack.say('tom', TRIAGE, 'shop.example.test is down again. Is it Traefik?');
  const message = await finished(slack, TRIAGE, report.ts);

  const browser = await chromium.launch({
    executablePath: executablePath ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1500, height: 900 } });
  page.setDefaultTimeout(20_000);
  const shot = async (name: string, height = 900) => {
    await page.setViewportSize({ width: 1500, height });
    if (screenshots) await page.screenshot({ path: `${screenshots}/${name}.png` });
  };
  await page.goto(slack.url);
  await page.locator('#main .message').first().locator('.replies').click();
  await page.locator('#thread').getByText('It is the ingress').waitFor();
  await shot('case');
  await page.locator('#thread').getByRole('button', { name: 'Show the evidence' }).click();
  await drawn(page, 2);
  await shot('evidence', 1100);
  await page.keyboard.press('Escape');
  assert.equal(slack.messages(TRIAGE, { thread: report.ts }).length, 2, 'pictures make no thread longer');
  assert.ok(message);

  await page.goto(`${slack.url}/archives/${slack.channel('#rollouts').id}`);
  await page.locator('#main .replies').first().click();
  await page.locator('#thread .plot').first().waitFor();
  await shot('rollout-stop', 1100);
  await desk.decide(rollout.id, { what: 'stop', by: maya, at: at(42), stage: 1, reason: 'errors' });
  await drawn(page, 1);
  await page.locator('#thread img.picture').last().scrollIntoViewIfNeeded();
  if (screenshots)
    await page
      .locator('#thread .message')
      .last()
      .screenshot({ path: `${screenshots}/rollout-review.png` });
  await page.locator('[data-channel="home"]').click();
  await page.getByText('Managed proxies').waitFor();
  await drawn(page, 1);
  await shot('home', 1150);
});
