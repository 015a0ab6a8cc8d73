import { startEmbeddedRedis } from '../../workers/embedded-redis.ts';

/** Owns an embedded Redis until it is killed. */
const { url, pid } = await startEmbeddedRedis();
process.stdout.write(`${JSON.stringify({ url, pid })}\n`);
setInterval(() => {}, 1000);
