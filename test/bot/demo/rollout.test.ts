import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { judgeStage } from '../../../diagnostics/rollout/judge.ts';
import type { Interval } from '../../../diagnostics/rollout/types.ts';
import { loadInventory } from '../../../proxy/inventory/load.ts';
import { findEnvoy } from '../../../proxy/lab/envoy.ts';
import { startRolloutLab } from '../../../proxy/lab/rollout/lab.ts';
import { ioFor } from '../../../proxy/triage.ts';
import { noBase, readCounters } from '../../../workers/rollouts/counters.ts';
import { sidesOf } from '../../../workers/rollouts/sides.ts';
import { scratch } from '../../diagnostics/real-servers.ts';

const EVERY = 10_000;

test('what the demo plays on: traffic flows through both sides, one interval is read and is too little to judge by', {
  skip: findEnvoy() ? false : 'no Envoy here: ./dev demo --rollout brings it',
}, async (t) => {
  const lab = await startRolloutLab('good');
  t.after(lab.stop);
  await lab.share(0.5);
  const file = join(scratch(t), 'inventory.yaml');
  const { trust, hosts, routes, hops } = lab.inventory;
  const of = hosts.map((host) => `  ${host}: [127.0.0.1]`).join('\n');
  writeFileSync(
    file,
    `version: 1\nallow: [127.0.0.0/8]\ntrust: [${trust}]\ndns:\n${of}\nroutes:\n${routes.join('\n')}\nhops:${hops}`,
  );
  const inventory = await loadInventory(file);
  const side = (name: string) => ({ hop: lab.hop, instances: [name], title: name });
  const sides = sidesOf(inventory, { old: side(lab.old), fresh: side(lab.fresh) });
  assert.deepEqual([sides.old.length, sides.fresh.length], [1, 1], 'the form finds both sides in the inventory');

  const parts = {
    sample: ioFor(inventory, lab.host).proxy.sample,
    everyMs: EVERY,
    patienceMs: 5_000,
    now: Date.now,
    signal: AbortSignal.timeout(100_000),
  };
  let { base } = await readCounters(sides, [lab.host], noBase(), parts);
  let found: Interval | null = null;
  while (!found || found.old.requests < 20 || found.fresh.requests < 20) {
    parts.signal.throwIfAborted();
    const read = await readCounters(sides, [lab.host], base, parts);
    // On a machine that stood still the interval is too old: then it begins anew.
    if (read.blind.some((why) => why.includes('not read for'))) {
      base = read.base;
      continue;
    }
    assert.deepEqual(read.blind, []);
    found = read.interval;
  }
  assert.ok(found.old.latency && found.fresh.latency, 'times are read');
  assert.ok(Object.keys(found.fresh.endpoints).length > 1, 'and requests by endpoint');
  const judged = judgeStage([found], { share: 0.5 }, found.to);
  assert.equal(judged.result, 'not-enough-data', judged.headline);
  assert.match(judged.headline, /^Not enough to tell at 50 %: [\d,]+ requests on the new proxies, no errors\.$/);
  await lab.stop();
  assert.notEqual((await lab.asUser()).error, null, 'all is taken down');
});
