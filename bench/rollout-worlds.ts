import { GOOD, type World } from './rollout-streams.ts';

/** What may happen during a rollout, and what should come of it. */
export interface Scenario {
  world: World;
  expected: 'go-on' | 'stop' | 'not-enough-data';
}

const MINUTE = 60;
const harmless = (world: Partial<World> & { name: string }): Scenario => ({
  world: { ...GOOD, ...world },
  expected: 'go-on',
});
const guilty = (world: Partial<World> & { name: string }): Scenario => ({
  world: { ...GOOD, ...world },
  expected: 'stop',
});

/** The application fails for five minutes in the middle of the first stage, on both sides. */
const appFault = (at: number): number => (at >= 10 * MINUTE && at < 15 * MINUTE ? 0.3 : 0.001);

export const GOOD_ROLLOUT = harmless({ name: 'good' });
export const ONE_PERCENT = guilty({ name: '1 % more errors', errors: (_, fresh) => (fresh ? 0.011 : 0.001) });

export const SCENARIOS: Scenario[] = [
  GOOD_ROLLOUT,
  harmless({ name: 'errors drift from 0.1 to 1 %', errors: (at) => 0.001 + 0.009 * Math.min(1, at / (120 * MINUTE)) }),
  harmless({
    name: 'a day in an hour: traffic and errors swing',
    rate: (at) => 20 + 15 * Math.sin((2 * Math.PI * at) / (60 * MINUTE)),
    errors: (at) => 0.002 - 0.0018 * Math.sin((2 * Math.PI * at) / (60 * MINUTE)),
  }),
  harmless({ name: 'one client loops now and then, 100 errors', bursts: { size: 100, perSecond: 1 / (10 * MINUTE) } }),
  harmless({ name: 'the application fails for 5 min', errors: (at) => appFault(at) }),
  { world: { ...GOOD, name: 'no traffic', rate: () => 0 }, expected: 'not-enough-data' },
  ONE_PERCENT,
  guilty({
    name: 'the same, 20 min after the first step',
    errors: (at, fresh) => (fresh && at > 20 * MINUTE ? 0.011 : 0.001),
  }),
  guilty({ name: 'the same, while the application fails', errors: (at, fresh) => appFault(at) + (fresh ? 0.01 : 0) }),
  guilty({ name: 'the same, 4 requests a second', rate: () => 4, errors: (_, fresh) => (fresh ? 0.011 : 0.001) }),
  guilty({ name: '1 % resets', resets: (_, fresh) => (fresh ? 0.0105 : 0.0005) }),
  guilty({ name: 'slower at P99 only', late: (_, fresh) => (fresh ? 0.024 : 0.004) }),
  guilty({
    name: 'java-7 no longer gets in',
    handshakes: (_, fresh, client) => (client === 'scanner' || (fresh && client === 'java-7') ? 1 : 0.0005),
  }),
  guilty({ name: 'one endpoint gets all', pinned: 1 }),
];
