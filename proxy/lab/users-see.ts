import type { World } from './types.ts';
import { until } from './until.ts';
import type { UserRequest, UserSaw } from './user-request.ts';

/** In a row: more than both replicas of the edge, whatever other traffic the balancer's round robin deals with meanwhile. */
const TIMES = 5;

/** Resolves once users of a host see this every time they try; bounded. */
export function untilUsersSee(
  world: World,
  host: string,
  what: string,
  fits: (saw: UserSaw) => boolean,
  { request, times = TIMES, withinMs = 8000 }: { request?: UserRequest; times?: number; withinMs?: number } = {},
): Promise<void> {
  return until(`users of ${host} see ${what}`, async () => fits(await world.asUser(host, request)), {
    times,
    withinMs,
  });
}

/** Resolves once every host answers its users well. */
export async function untilHealthy(world: World): Promise<void> {
  const well = (host: string): Promise<void> =>
    untilUsersSee(world, host, 'their page', (saw) => saw.status === 200 && saw.ms < 1500, { withinMs: 15_000 });
  await Promise.all(world.hosts.map(well));
}
