import { PREFIX } from '../queues.ts';

/** A case is kept for a week after its last run, and a day more, so that a weekly digest that is late sees its whole week. */
export const CASE_TTL_S = 8 * 24 * 60 * 60;

/** Where everything about cases stands in Redis. */
export const key = {
  case: (id: string) => `${PREFIX}:case:${id}`,
  evidence: (id: string) => `${PREFIX}:evidence:${id}`,
  host: (host: string) => `${PREFIX}:open:${host}`,
  seen: (source: string) => `${PREFIX}:seen:${source}`,
  opening: `${PREFIX}:opening`,
  index: `${PREFIX}:cases`,
  asked: (id: string) => `${PREFIX}:asked:${id}`,
  last: (host: string) => `${PREFIX}:last:${host}`,
  guilty: (hop: string) => `${PREFIX}:guilty:${hop}`,
  thread: (channel: string, ts: string) => `${PREFIX}:thread:${channel}-${ts}`,
  running: `${PREFIX}:running`,
  runningIn: (channel: string) => `${PREFIX}:running:${channel}`,
  use: (what: string) => `${PREFIX}:use:${what}`,
  storm: `${PREFIX}:storm`,
  score: `${PREFIX}:score`,
};
