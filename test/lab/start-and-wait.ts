/** Starts a world, says where and what it is in one line of JSON, and waits to be killed. */
import { startWorld } from '../../proxy/lab/world.ts';

const world = await startWorld();
const statuses = await Promise.all(world.hosts.map(async (host) => (await world.asUser(host)).status));
console.log(JSON.stringify({ dir: world.dir, pids: world.pids, statuses }));
setInterval(() => {}, 60_000);
