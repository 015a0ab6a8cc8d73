import { FAULTS } from './faults/index.ts';
import { LabError } from './lab-error.ts';
import type { Fault, FaultState, World } from './types.ts';
import { untilHealthy } from './users-see.ts';

/** The switches of a world: at most one fault is on, and changes happen one after another, in the order they were asked for. */
export function faultSwitch(world: () => World, traefik: boolean): Pick<World, 'faults' | 'inject' | 'heal'> {
  let on: Fault | null = null;
  let atWork: Promise<void> = Promise.resolve();

  function inTurn(work: () => Promise<void>): Promise<void> {
    const mine = atWork.then(work);
    atWork = mine.catch(() => {});
    return mine;
  }
  /** A fault that could not be healed stays on: the next call tries again. */
  async function heal(): Promise<void> {
    if (!on) return;
    await on.heal(world());
    await untilHealthy(world());
    on = null;
  }
  function stateOf({ name, title, hint, host, report, needs }: Fault): FaultState {
    const unavailable = needs?.includes('traefik') && !traefik ? 'Traefik is not here' : null;
    return { name, title, hint, host, report, on: on?.name === name, unavailable };
  }

  return {
    faults: () => FAULTS.map(stateOf),
    async inject(name) {
      const fault = FAULTS.find((one) => one.name === name);
      if (!fault) throw new LabError(`no fault ${name}`);
      const why = stateOf(fault).unavailable;
      if (why) throw new LabError(why, { missing: 'traefik' });
      await inTurn(async () => {
        await heal();
        on = fault;
        await fault.inject(world());
      });
    },
    heal: () => inTurn(heal),
  };
}
