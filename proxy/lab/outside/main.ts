/**
 * Everything around the ingress path of one world, in one process: the applications behind it and the people before it.
 * It is told what to do over Node's IPC channel and ends with it.
 */
import { type Endpoint, makeEndpoint } from './endpoint.ts';
import type { ApplicationPlan, Behaviour, EndpointPlace, Experience, Message, Order, Reply } from './protocol.ts';
import { makeUsers } from './users.ts';

interface Application {
  name: string;
  behaviour: Behaviour;
  endpoints: Endpoint[];
}

const applications = new Map<string, Application>();
const users = makeUsers();

function application(name: string): Application {
  const found = applications.get(name);
  if (!found) throw new Error(`no application ${name}`);
  return found;
}

async function open(plan: ApplicationPlan): Promise<void> {
  const behaviour = { ...plan.behaviour };
  const endpoints = plan.endpoints.map((at) => makeEndpoint(plan.name, at.name, at.port, behaviour));
  applications.set(plan.name, { name: plan.name, behaviour, endpoints });
  await Promise.all(endpoints.map((endpoint) => endpoint.open()));
}

/** New endpoints take over: the new ones listen before the old ones close, as a rolling deploy does it. */
async function move(app: Application, places: EndpointPlace[]): Promise<void> {
  const old = app.endpoints;
  app.endpoints = places.map((at) => makeEndpoint(app.name, at.name, at.port, app.behaviour));
  await Promise.all(app.endpoints.map((endpoint) => endpoint.open()));
  await Promise.all(old.map((endpoint) => endpoint.close()));
}

async function obey(order: Order): Promise<Experience[] | null> {
  switch (order.do) {
    case 'open':
      await open(order.application);
      return null;
    case 'behave':
      Object.assign(application(order.application).behaviour, order.behaviour);
      return null;
    case 'down': {
      const { endpoints } = application(order.application);
      const leaving = endpoints.filter(({ name }) => order.endpoints?.includes(name) ?? true);
      await Promise.all(leaving.map((endpoint) => endpoint.close()));
      return null;
    }
    case 'up':
      await Promise.all(application(order.application).endpoints.map((endpoint) => endpoint.open()));
      return null;
    case 'move':
      await move(application(order.application), order.endpoints);
      return null;
    case 'visit':
      users.visit(order.visits, order.trust);
      return null;
    case 'burst':
      await users.burst(order.requests);
      return null;
    case 'count-anew':
      users.countAnew();
      return null;
    case 'experience':
      return users.experience();
  }
}

function reply(message: Reply): void {
  if (process.connected) process.send?.(message);
}

process.on('message', ({ id, order }: Message) => {
  obey(order).then(
    (result) => reply({ id, result }),
    (error: NodeJS.ErrnoException) => reply({ id, error: error.message, code: error.code ?? null }),
  );
});
process.on('disconnect', () => process.exit(0));
