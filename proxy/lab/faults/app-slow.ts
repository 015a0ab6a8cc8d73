import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';
import { sketchOf } from '../world-plan.ts';

const SLOW_MS = 4000;

/** The shop takes four seconds for a page, on every endpoint: its threads wait for a database, none of them is refused. */
export const appSlow: Fault = {
  name: 'app-slow',
  title: 'The shop is slow',
  hint: 'Every endpoint takes four seconds when asked directly; nginx adds nothing to that.',
  host: 'shop.example.test',
  report:
    'checkout is super slow, spinner for ages and then people give up. ' +
    'curl: (28) Operation timed out after 3001 milliseconds with 0 bytes received for https://shop.example.test/ - nginx overloaded?',
  expect: { answer: 'not-ingress', hop: 'app', cause: 'app-slow' },
  async inject(world) {
    const behaviour = { latencyMs: SLOW_MS, atATime: 64 };
    await world.parts.outside.tell({ do: 'behave', application: 'shop', behaviour });
    const slow = { times: 1, request: { patienceMs: 2 * SLOW_MS }, withinMs: 20_000 };
    await untilUsersSee(world, this.host, 'a slow page', (saw) => saw.ms > 0.8 * SLOW_MS, slow);
  },
  async heal(world) {
    await world.parts.outside.tell({ do: 'behave', application: 'shop', behaviour: sketchOf('shop').behaviour });
  },
};
