import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { fillForm, ROLLOUTS, rolloutRig, said, submit } from './rollout-rig.ts';
import { aJudgement } from './stand-ins.ts';

const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);
/** With SCREENSHOTS=folder the page is pictured on the way. */
const screenshots = process.env.SCREENSHOTS;

test('the workspace page shows the form, the preview, and a rollout with its thread', {
  skip: !executablePath,
}, async (t) => {
  const { slack, desk } = await rolloutRig(t);
  const browser = await chromium.launch({
    executablePath: executablePath ?? '',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  page.setDefaultTimeout(20_000);
  const shot = async (name: string) => {
    if (!screenshots) return;
    await mkdir(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
  };
  await page.goto(`${slack.url}/?user=maya`);
  const filled = await fillForm(slack, 'maya', {
    from_date: '2027-03-02',
    from_time: '10:00',
    to_time: '12:00',
    old_clients: '3 scanners that speak only TLS 1.0, of warehouse stations 4, 7 and 9',
  });
  assert.equal(filled.ok, true, JSON.stringify(filled.response));
  await page.getByText('This goes to').waitFor();
  await shot('rollout-preview');
  await page.getByRole('button', { name: 'Change something' }).click();
  await page.getByText('Old side: serves now').waitFor();
  await shot('rollout-form-1');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Channels of those affected').waitFor();
  await shot('rollout-form-2');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('This goes to').waitFor();
  await submit(slack, 'maya');
  const root = await slack.waitFor(() => said(slack)[0]);
  const id = (await desk.store.planned())[0]?.rollout.id ?? '';
  await slack.click('maya', ROLLOUTS, root.ts, 'rollout_begin');
  await slack.waitFor(() => said(slack, ROLLOUTS, root.ts).length === 2);
  const soon = new Date(Date.now() + 1000).toISOString();
  await desk.store.setJudgement(id, 0, aJudgement('stop'), soon, true);
  await desk.store.tie(id, {
    case: 'c-20261124-0001',
    host: 'shop.example.test',
    at: soon,
    guilt: 'cleared',
    why: 'both sides answer alike',
    by: slack.user('tom').id,
  });
  await desk.tell(id, soon);
  await slack.waitFor(() => said(slack, ROLLOUTS, root.ts).length === 3);
  await page.goto(`${slack.url}/?user=maya&channel=${slack.channel('rollouts').id}`);
  await page.getByText('rollouts', { exact: true }).first().click();
  await page.getByText('Running at 10 %').first().waitFor();
  await page
    .getByText(/repl(y|ies)/)
    .first()
    .click();
  await page.getByText('Stop at 10 %').first().waitFor();
  await shot('rollout');
  assert.ok(await page.getByRole('button', { name: 'Stop' }).first().isVisible());
});
