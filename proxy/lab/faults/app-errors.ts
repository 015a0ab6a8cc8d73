import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

/** The shop answers 500 itself, through the proxy and when asked directly. */
export const appErrors: Fault = {
  name: 'app-errors',
  title: 'The shop answers 500',
  hint: 'The same 500 comes from every endpoint when asked directly: the proxy only passes it on.',
  host: 'shop.example.test',
  report:
    'shop is throwing 500s ("We\'re sorry, but something went wrong."), every page. did someone touch the ingress?',
  expect: { answer: 'not-ingress', hop: 'app', cause: 'app-errors' },
  async inject(world) {
    await world.parts.outside.tell({
      do: 'behave',
      application: 'shop',
      behaviour: { errorRate: 1, errorStatus: 500 },
    });
    await untilUsersSee(world, this.host, 'status 500', (saw) => saw.status === 500);
  },
  async heal(world) {
    await world.parts.outside.tell({ do: 'behave', application: 'shop', behaviour: { errorRate: 0 } });
  },
};
