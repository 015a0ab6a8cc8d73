import type { Fault } from '../types.ts';
import { untilHealthy } from '../users-see.ts';

/** Nothing is wrong, and someone says so all the same: the most common report of all. */
export const none: Fault = {
  name: 'none',
  title: 'Nothing is wrong',
  hint: 'A report without a fault: every look comes back clear.',
  host: 'shop.example.test',
  report: 'hey, is shop.example.test down? a customer on the phone says the page does not open. ingress again?',
  expect: { answer: 'not-ingress', hop: 'none', cause: 'no-fault-found' },
  inject: untilHealthy,
  heal: async () => {},
};
