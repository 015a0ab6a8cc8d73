import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { FAULTS } from '../../proxy/lab/faults/index.ts';
import { processesOf } from './what-runs.ts';

const INCIDENTS = join(import.meta.dirname, '..', 'incidents');

test('every fault has its incident, and both say the same', () => {
  for (const fault of FAULTS) {
    const folder = join(INCIDENTS, fault.name);
    const incident = parse(readFileSync(join(folder, 'incident.yaml'), 'utf8'));
    assert.equal(incident.id, fault.name);
    assert.equal(incident.report, fault.report);
    assert.deepEqual(incident.expect, fault.expect);
    assert.ok(incident.title && incident.source && incident.tags.length > 0, fault.name);
    assert.ok(statSync(join(folder, 'up')).mode & 0o100, `${fault.name}/up is executable`);
  }
});

function up(t: TestContext, name: string, env: NodeJS.ProcessEnv = {}): { child: ChildProcess; world: string } {
  const world = mkdtempSync(join(tmpdir(), 'iti-test-'));
  t.after(() => rmSync(world, { recursive: true, force: true }));
  const child = spawn(join(INCIDENTS, name, 'up'), {
    env: { ...process.env, ITI_NODE: process.execPath, ...env, WORLD: world },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, world };
}

test('an incident comes up in $WORLD, stays, and ends on SIGTERM', async (t) => {
  const { child, world } = up(t, 'proxy-protocol-unexpected');
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  assert.equal(line, 'ready');
  assert.ok(existsSync(join(world, 'inventory.yaml')));
  assert.match(readFileSync(join(world, 'edge-1', 'access.log'), 'utf8'), /"\\x00" 400/, 'the log speaks of the fault');
  const began = performance.now();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.ok(performance.now() - began < 2000);
  assert.deepEqual(processesOf(world), []);
});

test('an incident whose part is missing says skip and exits 0', async (t) => {
  const { child, world } = up(t, 'traefik-guilty', { ITI_PARTS: '/nowhere' });
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  assert.equal(line, 'skip Traefik is not here');
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  assert.deepEqual(processesOf(world), []);
});
