import { createHash } from 'node:crypto';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { Cases } from '../cases.ts';
import type { SharedConfig } from '../config.ts';
import type { RolloutDesk } from '../rollouts/desk.ts';
import type { Audit, Note } from './audit.ts';

/** Targets that one entry names. */
const MOST_TARGETS = 20;
/** Rollouts that are looked through for running ones. */
const MOST_ROLLOUTS = 50;
const HOUR_MS = 3_600_000;

/** The looks of one run: how many, by which checks, at which of our own addresses; null: the case is gone. */
export async function probesNote(of: { case: string; run: number }, cases: Pick<Cases, 'load'>): Promise<Note | null> {
  const record = await cases.load(of.case);
  if (record === null) return null;
  const looks = record.planned.filter((planned) => !planned.blind).map(({ look }) => look);
  const targets = [...new Set(looks.map((look) => look.address))].filter((one) => one !== '');
  return {
    kind: 'probes',
    by: record.place.user,
    in: record.place.channel,
    facts: {
      case: of.case,
      run: of.run,
      host: record.case.target.host,
      looks: looks.length,
      checks: [...new Set(looks.map((look) => look.check))].slice(0, MOST_TARGETS),
      targets: targets.slice(0, MOST_TARGETS),
      targetsInAll: targets.length,
      answer: record.verdict?.answer ?? null,
    },
    once: `probes:${of.case}:${of.run}`,
  };
}

/** Once an hour and rollout: that both sides are being probed, and how often. Never throws. */
export function noteRolloutProbes(
  audit: Pick<Audit, 'note'>,
  store: Pick<RolloutDesk['store'], 'recent'>,
  probes: SharedConfig['file']['rollouts']['probes'],
  now: () => number = Date.now,
): { tick: () => Promise<void>; close: () => void } {
  const tick = async (): Promise<void> => {
    const records = probes === null ? [] : await store.recent(MOST_ROLLOUTS).catch(() => []);
    for (const { rollout, state, stage } of records) {
      if (state !== 'running') continue;
      const once = `rollout-probes:${rollout.id}:${Math.floor(now() / HOUR_MS)}`;
      const facts = { rollout: rollout.id, stage, hosts: rollout.hosts.length, ...probes };
      audit.note({ kind: 'probes', by: rollout.by, in: null, facts, once });
    }
  };
  const timer = setInterval(tick, HOUR_MS / 4).unref();
  return { tick, close: () => clearInterval(timer) };
}

/** A process that begins: digests of what it was configured with, so that a change of it shows. */
export function startNote(config: SharedConfig, inventory: Inventory): Note {
  const rules = Object.values(config.file.people).filter(Array.isArray).flat().length;
  const facts = { what: 'start', config: shortDigest(config.file), inventory: shortDigest(inventory), rules };
  return { kind: 'configuration', by: null, in: null, facts };
}

/** The inventory's file was read again. Every process reads it: the first one says so. */
export function readNote(inventory: Inventory): Note {
  const digest = shortDigest(inventory);
  const minute = Math.floor(Date.now() / 60_000);
  const facts = { what: 'inventory read again', inventory: digest };
  return { kind: 'configuration', by: null, in: null, facts, once: `inventory:${digest}:${minute}` };
}

/** What says whether two configurations are the same. */
function shortDigest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex')
    .slice(0, 16);
}
