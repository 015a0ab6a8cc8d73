import type { Logger } from 'pino';
import { reasonOf } from '../diagnostics/errors.ts';
import { type Priors, priorsOf } from '../diagnostics/priors.ts';
import type { RedisClient } from './redis.ts';
import { toldBy } from './told.ts';
import { createVotes } from './votes.ts';

/** People say seldom who was right, and what they say moves little: minutes old is new enough, ms. */
const AGAIN_MS = 300_000;
/** The newest cases that people spoke about; older ones count no more. */
const MOST_CASES = 500;

/** What "who was right" has taught so far, read now and then. Without Redis it stays as it was. */
export function learntPriors(redis: RedisClient, log: Logger) {
  const votes = createVotes(redis);
  let current: Priors = {};
  const learn = async (): Promise<void> => {
    const ids = (await votes.ids()).slice(-MOST_CASES);
    const cases = await Promise.all(ids.map((id) => votes.voted(id)));
    current = priorsOf(cases.flatMap((one) => (one && toldBy(one)) ?? []));
  };
  const read = () => learn().catch((error: unknown) => log.debug({ reason: reasonOf(error) }, 'votes were not read'));
  const timer = setInterval(read, AGAIN_MS).unref();
  const first = read();
  return {
    current: (): Priors => current,
    /** Resolves when the votes have been read once. */
    first,
    close: (): void => clearInterval(timer),
  };
}
