import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyInventory } from '../../proxy/inventory/inventory.ts';
import type { Note } from '../../workers/audit/audit.ts';
import { noteRolloutProbes, probesNote, readNote, startNote } from '../../workers/audit/notes.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { readSharedConfig } from '../../workers/config.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import { aCase, somePlans } from './stand-ins.ts';

test('a run of probes is counted with its targets, not packet by packet', async () => {
  const planned = somePlans(3);
  const record = { case: aCase('shop.example.test'), planned, place: { user: 'U0TOM', channel: 'C0A' }, verdict: null };
  const load = async () => record as unknown as CaseRecord;
  const note = await probesNote({ case: 'c-1', run: 2 }, { load });
  assert.equal(note?.once, 'probes:c-1:2');
  const { looks, host, targetsInAll, targets } = note?.facts ?? {};
  const addresses = new Set(planned.map(({ look }) => look.address));
  assert.deepEqual([looks, host, targetsInAll], [3, 'shop.example.test', addresses.size]);
  assert.deepEqual(targets, [...addresses]);
  assert.equal(await probesNote({ case: 'c-1', run: 2 }, { load: async () => null }), null);
});

test('a rollout that is probed is written down once an hour, and only while it runs', async () => {
  const notes: Note[] = [];
  const recordOf = (id: string, state: RolloutRecord['state']) =>
    ({ rollout: { id, by: null, hosts: ['a.test'] }, state, stage: 0 }) as unknown as RolloutRecord;
  const recent = async () => [recordOf('r-1', 'running'), recordOf('r-2', 'done')];
  let now = 7_200_000;
  const audit = { note: (note: Note) => void notes.push(note) };
  const probes = { perSecond: 1, clientsPerMinute: 12 };
  const { tick, close } = noteRolloutProbes(audit, { recent }, probes, () => now);
  await tick();
  now += 3_600_000;
  await tick();
  close();
  assert.deepEqual(
    notes.map(({ once }) => once),
    ['rollout-probes:r-1:2', 'rollout-probes:r-1:3'],
  );
  assert.equal(notes[0]?.facts.perSecond, 1);
  const off = noteRolloutProbes(audit, { recent }, null);
  await off.tick();
  off.close();
  assert.equal(notes.length, 2);
});

test('what a process is configured with shows as a digest that changes with it', () => {
  const config = readSharedConfig({});
  const [one, same] = [startNote(config, emptyInventory()), startNote(config, emptyInventory())];
  assert.deepEqual(one.facts, same.facts);
  const other = startNote({ ...config, file: { ...config.file, deadline: 5000 } }, emptyInventory());
  assert.notEqual(other.facts.config, one.facts.config);
  assert.equal(readNote(emptyInventory()).facts.inventory, one.facts.inventory);
});
