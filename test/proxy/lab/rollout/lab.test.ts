import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEnvoy } from '../../../../proxy/lab/envoy.ts';
import { startRolloutLab } from '../../../../proxy/lab/rollout/lab.ts';

const OLD_CLIENT = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-SHA:@SECLEVEL=0' } as const;

test('weights move connections to a side that refuses old clients', { skip: !findEnvoy() }, async (t) => {
  const lab = await startRolloutLab('lost-clients', { traffic: false });
  t.after(lab.stop);
  assert.equal((await lab.asUser(OLD_CLIENT)).status, 200);
  await lab.share(1);
  assert.match((await lab.asUser(OLD_CLIENT)).message, /handshake failure/i);
  assert.equal((await lab.asUser()).status, 200);
  await lab.breakApp(true);
  const seen = await Promise.all(Array.from({ length: 40 }, () => lab.asUser()));
  assert.ok(seen.some(({ status }) => status === 500));
  await lab.share(0);
  assert.equal((await lab.asUser(OLD_CLIENT)).error, null);
});
