/** What Redis does in one step for rollouts, as Lua. Every key carries the project's hash tag. */

/**
 * Writes a new rollout. KEYS: record, index, its state's set, untold, then one per source. ARGV: id, createdAt (ms),
 * record, life (s), life of a source (s), oldest that is listed (ms). Replies { created | seen, id }.
 */
export const CREATE = `
for i = 5, #KEYS do
  local seen = redis.call('GET', KEYS[i])
  if seen then return { 'seen', seen } end
end
for i = 5, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'EX', ARGV[5]) end
redis.call('HSET', KEYS[1], 'record', ARGV[3], 'revision', 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[6])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('SADD', KEYS[4], ARGV[1])
return { 'created', ARGV[1] }
`;

/**
 * Replaces a record that nobody else has changed meanwhile. KEYS: record, untold, clean-up times, set of the state it had,
 * set of the state it has now. ARGV: id, revision that was read, record, life (s), 1 to tell of it, since when its
 * old path may go (ms, '' : not at all, or people were told). Replies 1, or 0 if it was changed.
 */
export const REPLACE = `
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'record', ARGV[3], 'revision', tonumber(ARGV[2]) + 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('SREM', KEYS[4], ARGV[1])
redis.call('SADD', KEYS[5], ARGV[1])
if ARGV[5] == '1' then redis.call('SADD', KEYS[2], ARGV[1]) end
if ARGV[6] == '' then redis.call('ZREM', KEYS[3], ARGV[1]) else redis.call('ZADD', KEYS[3], ARGV[6], ARGV[1]) end
return 1
`;

/**
 * Notes that the messages' job for a revision is queued. KEYS: record, untold. ARGV: id, revision. What changed since
 * stays to be told.
 */
export const TOLD = `
if redis.call('HGET', KEYS[1], 'revision') == ARGV[2] or redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[2], ARGV[1])
end
return 1
`;

/**
 * Adds what one time slot showed, together with the counters that the next slot begins with: both or neither, and each
 * slot once. KEYS: list of intervals, its state. ARGV: slot, interval ('' : only the counters), counters, life (s), most
 * bytes. Replies 1; 0: the slot, or a later one, is there already; -1: there is no room.
 */
export const APPEND = `
local last = tonumber(redis.call('HGET', KEYS[2], 'slot') or '-1')
if tonumber(ARGV[1]) <= last then return 0 end
redis.call('HSET', KEYS[2], 'slot', ARGV[1], 'base', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
if ARGV[2] == '' then return 1 end
local bytes = tonumber(redis.call('HGET', KEYS[2], 'bytes') or '0') + string.len(ARGV[2])
if bytes > tonumber(ARGV[5]) then return -1 end
redis.call('HSET', KEYS[2], 'bytes', bytes)
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
`;

/**
 * Puts fewer, longer intervals in the place of the oldest ones. KEYS: list, its state. ARGV: generation that was read, how
 * many go, bytes that become free, then what takes their place. Replies 1, or 0 if somebody else did it.
 */
export const COMPACT = `
if (redis.call('HGET', KEYS[2], 'generation') or '0') ~= ARGV[1] then return 0 end
redis.call('LTRIM', KEYS[1], ARGV[2], -1)
for i = #ARGV, 4, -1 do redis.call('LPUSH', KEYS[1], ARGV[i]) end
redis.call('HINCRBY', KEYS[2], 'bytes', -tonumber(ARGV[3]))
redis.call('HINCRBY', KEYS[2], 'generation', 1)
return 1
`;
