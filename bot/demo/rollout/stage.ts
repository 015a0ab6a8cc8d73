import { type RolloutLab, startRolloutLab } from '../../../proxy/lab/rollout/lab.ts';
import type { ScenarioName } from '../../../proxy/lab/rollout/scenarios.ts';
import type { World } from '../../../proxy/lab/world.ts';

/**
 * Probes of the demo: a small part of what the lab's people do at 10 %, since the proxies' own histograms hold both. Where
 * only probes can see the fault they are more, to be seen within minutes and not hours.
 */
const USUAL = { perSecond: 8, clientsPerMinute: 30 };
const MANY = { perSecond: 40, clientsPerMinute: 30 };

/** Where the lab's rollouts are played: at most one at a time, and the inventory knows it while it lasts. */
export interface RolloutStage {
  /** Takes the last lab down and brings this one up. */
  set: (name: ScenarioName) => Promise<RolloutLab>;
  /** Which one is up. */
  current: () => ScenarioName | null;
  /** How often both sides are probed while this lab is up; the watch reads it anew for every slot. */
  rates: { perSecond: number; clientsPerMinute: number };
  close: () => Promise<void>;
}

/** The stage beside a world, whose inventory names the lab's two sides too. */
export function rolloutStage(world: World): RolloutStage {
  let lab: RolloutLab | null = null;
  let closed = false;
  const rates = { ...USUAL };
  const clear = async (): Promise<void> => {
    const before = lab;
    lab = null;
    await before?.stop();
  };
  return {
    async set(name) {
      await clear();
      const next = await startRolloutLab(name);
      if (closed) {
        await next.stop();
        throw new Error('the demo has ended');
      }
      lab = next;
      Object.assign(rates, name === 'resets' ? MANY : USUAL);
      world.parts.notes.more = next.inventory;
      world.parts.writeInventory();
      return next;
    },
    rates,
    current: () => lab?.scenario ?? null,
    async close() {
      closed = true;
      await clear();
    },
  };
}
