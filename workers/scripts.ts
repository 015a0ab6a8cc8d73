/** What Redis does in one step, as Lua. Every key carries the project's hash tag, so a Cluster runs them too. */

/**
 * Claims a new case. KEYS: case, host, opening, index, then one per source. ARGV: id, now, life of a source, of the case,
 * of an open host (s), then the fields of the case. Replies { opened | joined | seen, id of the case }.
 */
export const OPEN = `
for i = 5, #KEYS do
  local seen = redis.call('GET', KEYS[i])
  if seen then return { 'seen', seen } end
end
local id, now = ARGV[1], ARGV[2]
local open = redis.call('GET', KEYS[2])
local is = 'opened'
if open and redis.call('EXISTS', '{iti}:case:' .. open) == 1 then
  id = open
  is = 'joined'
end
for i = 5, #KEYS do redis.call('SET', KEYS[i], id, 'EX', ARGV[3]) end
if is == 'joined' then return { is, id } end
for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], id, 'EX', ARGV[5])
redis.call('ZADD', KEYS[3], now, id)
redis.call('ZADD', KEYS[4], now, id)
return { is, id }
`;

/**
 * Starts another run of a finished case. KEYS: case, host, opening. ARGV: id, now, life of an open host (s), fields.
 * What the last run said is kept among the earlier ones. Replies the number of the run, or 0.
 */
export const REOPEN = `
if redis.call('HGET', KEYS[1], 'state') ~= 'finished' then return 0 end
local verdict = redis.call('HGET', KEYS[1], 'verdict')
if verdict then
  local said = cjson.decode(verdict)
  local earlier = cjson.decode(redis.call('HGET', KEYS[1], 'earlier') or '[]')
  if #earlier >= 5 then table.remove(earlier, 1) end
  local at = redis.call('HGET', KEYS[1], 'finishedAt') or '0'
  table.insert(earlier, { at = at, answer = said.answer, headline = said.headline })
  redis.call('HSET', KEYS[1], 'earlier', cjson.encode(earlier))
end
redis.call('HDEL', KEYS[1], 'verdict', 'finishedAt', 'm.told')
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'state', 'open', 'startedAt', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
return redis.call('HINCRBY', KEYS[1], 'run', 1)
`;

/**
 * Ends a run. KEYS: case, host, score, evidence, opening. ARGV: run, verdict, now, how long the host stays joinable (ms), answer,
 * whether the report accused somebody, evidence or '', life of the case (s). Replies 1, or 0 if there is nothing to end.
 */
export const FINISH = `
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[1] then return 0 end
if redis.call('HEXISTS', KEYS[1], 'verdict') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'verdict', ARGV[2], 'state', 'finished', 'finishedAt', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[8])
if ARGV[7] ~= '' then redis.call('SET', KEYS[4], ARGV[7], 'EX', ARGV[8]) end
local case = string.sub(KEYS[1], string.len('{iti}:case:') + 1)
redis.call('ZREM', KEYS[5], case)
if redis.call('GET', KEYS[2]) == case then redis.call('PEXPIRE', KEYS[2], ARGV[4]) end
if ARGV[1] == '1' then
  redis.call('HINCRBY', KEYS[3], ARGV[5], 1)
  if ARGV[6] == '1' then
    redis.call('HINCRBY', KEYS[3], 'blamed', 1)
    if ARGV[5] == 'ingress' then redis.call('HINCRBY', KEYS[3], 'guilty', 1) end
  end
end
return 1
`;

/** KEYS: sources. ARGV: what, life (s). Replies what any of them stood for already, or nothing and remembers all as `what`. */
export const FIRST = `
for i = 1, #KEYS do
  local was = redis.call('GET', KEYS[i])
  if was then return was end
end
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'EX', ARGV[2]) end
return false
`;

/** KEYS: lock. ARGV: holder, life (ms). Replies 1 if the holder has it now, as it may have had before a crash. */
export const LOCK = `
local was = redis.call('GET', KEYS[1])
if was and was ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/** KEYS: lock. ARGV: holder. */
export const UNLOCK = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

/**
 * Takes one call and some tokens from a day's budget, or nothing. KEYS: the day. ARGV: calls a day, tokens a day, tokens
 * wanted, life (s). Replies 1 if taken.
 */
export const MODEL_RESERVE = `
local calls = tonumber(redis.call('HGET', KEYS[1], 'calls') or '0')
local tokens = tonumber(redis.call('HGET', KEYS[1], 'tokens') or '0')
if calls + 1 > tonumber(ARGV[1]) or tokens + tonumber(ARGV[3]) > tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'calls', 1)
redis.call('HINCRBY', KEYS[1], 'tokens', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** Corrects a day's tokens. KEYS: the day. ARGV: by how many. A day that is forgotten stays so. */
export const MODEL_SETTLE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('HINCRBY', KEYS[1], 'tokens', ARGV[1]) end
return 0
`;
