/** What Redis does in one step, as Lua. Every key carries the project's hash tag, so a Cluster runs them too. */

/**
 * How often something happened in the last minute: what this minute counted, and of the minute before the share that is not
 * over yet. One hash per thing, so that no key carries a time.
 */
const LAST_MINUTE = `
local function last_minute(key, now, add)
  local minute = math.floor(now / 60000)
  local was = redis.call('HMGET', key, 'm', 'c', 'p')
  local m, c, p = tonumber(was[1] or '-9'), tonumber(was[2] or '0'), tonumber(was[3] or '0')
  if m == minute - 1 then p, c = c, 0 elseif m ~= minute then p, c = 0, 0 end
  local used = c + p * (1 - (now % 60000) / 60000)
  if add > 0 then
    redis.call('HSET', key, 'm', minute, 'c', c + add, 'p', p)
    redis.call('PEXPIRE', key, 150000)
  end
  return used
end
`;

/**
 * A run takes its turn: its channel's first case goes before the second of any other channel. KEYS of the caller: all running
 * cases and those of the channel; replies how many of the channel's cases run already.
 */
const TURN = `
local function turn_of(running, channel, id, now)
  redis.call('ZREMRANGEBYSCORE', channel, '-inf', now - 600000)
  local turn = math.min(redis.call('ZCARD', channel), 800)
  redis.call('ZADD', channel, now, id)
  redis.call('PEXPIRE', channel, 600000)
  redis.call('ZADD', running, string.format('%.0f', turn * 1e13 + now), id)
  return turn
end
`;

/**
 * Claims a new case. KEYS: case, host, opening, index, running, running in the channel, uses in all, by channel, by person,
 * reports in all, by channel, the storm, then one per source. ARGV: id, now, life of a source, of the case, of an open
 * host (s), how it was asked (direct | report), limits (in all, channel, person), storm (in all, channel), a case to join or '',
 * the case that it repeats or '', person, channel, host, names of hops (JSON), thread or '', then the
 * fields of the case.
 * Replies { opened | joined | seen | limited, case (limited: what is used up), 1 if this person is new to the case,
 * 1 if a storm is on, turn in the queue }.
 */
export const OPEN = `${LAST_MINUTE}${TURN}
local FIRST_SOURCE = 13
for i = FIRST_SOURCE, #KEYS do
  local seen = redis.call('GET', KEYS[i])
  if seen then
    -- Another form of something known may bring names of its own: an alert's group that grew.
    for j = FIRST_SOURCE, #KEYS do redis.call('SET', KEYS[j], seen, 'EX', ARGV[3], 'NX') end
    return { 'seen', seen, 0, 0, 0 }
  end
end
local id, now, direct = ARGV[1], tonumber(ARGV[2]), ARGV[6] == 'direct'
local function is_case(one)
  return one and one ~= '' and redis.call('EXISTS', '{iti}:case:' .. one) == 1
end
local busy = 0
if not direct then
  local all, here = last_minute(KEYS[10], now, 1), last_minute(KEYS[11], now, 1)
  if all >= tonumber(ARGV[10]) or here >= tonumber(ARGV[11]) then busy = 1 end
end
local is, storm = 'opened', false
local open = redis.call('GET', KEYS[2])
if is_case(open) then
  id, is = open, 'joined'
elseif is_case(ARGV[12]) then
  id, is = ARGV[12], 'joined'
elseif busy == 1 then
  storm = true
  local one = redis.call('GET', KEYS[12])
  -- A storm that goes on is looked at anew after a quarter of an hour.
  local began = is_case(one) and tonumber(redis.call('HGET', '{iti}:case:' .. one, 'startedAt') or '0') or 0
  if began > now - 900000 then id, is = one, 'joined' end
elseif direct then
  for i, what in ipairs({ 'all', 'channel', 'person' }) do
    if last_minute(KEYS[6 + i], now, 0) >= tonumber(ARGV[6 + i]) then return { 'limited', what, 0, 0, 0 } end
  end
end
for i = FIRST_SOURCE, #KEYS do redis.call('SET', KEYS[i], id, 'EX', ARGV[3]) end
if direct and is == 'opened' then for i = 7, 9 do last_minute(KEYS[i], now, 1) end end
if storm then redis.call('SET', KEYS[12], id, 'PX', 180000) end
local asked = '{iti}:asked:' .. id
local new = 0
if redis.call('HLEN', asked) < 5000 then
  redis.call('HINCRBY', asked, 'n', 1)
  redis.call('HSETNX', asked, 'from', now)
  redis.call('HSET', asked, 'to', now)
  if ARGV[14] ~= '' then new = redis.call('HINCRBY', asked, 'p:' .. ARGV[14], 1) == 1 and 1 or 0 end
  redis.call('HINCRBY', asked, 'c:' .. ARGV[15], 1)
  if redis.call('HINCRBY', asked, 'h:' .. ARGV[16], 1) == 1 then
    for _, hop in ipairs(cjson.decode(ARGV[17])) do redis.call('HINCRBY', asked, 'v:' .. hop, 1) end
  end
  redis.call('EXPIRE', asked, ARGV[4])
end
if storm then redis.call('HSET', asked, 'storm', 1) end
if is == 'joined' then return { is, id, new, busy, 0 } end
-- Known before the first word stands there: what is answered under it is answered about this case.
if ARGV[18] ~= '' then redis.call('SET', '{iti}:thread:' .. ARGV[15] .. '-' .. ARGV[18], id, 'EX', ARGV[4]) end
for i = 19, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
local turn = turn_of(KEYS[5], KEYS[6], id, now)
redis.call('HSET', KEYS[1], 'turn', turn)
if is_case(ARGV[13]) then
  redis.call('HSET', KEYS[1], 'again', ARGV[13])
  redis.call('HSET', '{iti}:case:' .. ARGV[13], 'next', id)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], id, 'EX', ARGV[5])
redis.call('ZADD', KEYS[3], now, id)
redis.call('ZADD', KEYS[4], now, id)
return { is, id, new, busy, turn }
`;

/**
 * Starts another run of a finished case. KEYS: case, host, opening, running, running in the channel, then one per source. ARGV:
 * id, now, life of an open host, of a source (s), fields. What the last run said is kept among the earlier ones. Replies the number of the run and its turn; 0: it is not
 * finished, -1: these sources were seen before.
 */
export const REOPEN = `${TURN}
for i = 6, #KEYS do if redis.call('EXISTS', KEYS[i]) == 1 then return { -1, 0 } end end
if redis.call('HGET', KEYS[1], 'state') ~= 'finished' then return { 0, 0 } end
local verdict = redis.call('HGET', KEYS[1], 'verdict')
if verdict then
  local said = cjson.decode(verdict)
  local earlier = cjson.decode(redis.call('HGET', KEYS[1], 'earlier') or '[]')
  if #earlier >= 5 then table.remove(earlier, 1) end
  local at = redis.call('HGET', KEYS[1], 'finishedAt') or '0'
  local onset = type(said.onset) == 'table' and said.onset.at or nil
  table.insert(earlier, { at = at, answer = said.answer, headline = said.headline, onset = onset })
  redis.call('HSET', KEYS[1], 'earlier', cjson.encode(earlier))
end
for i = 6, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'EX', ARGV[4]) end
redis.call('HDEL', KEYS[1], 'verdict', 'finishedAt', 'm.told', 'reason')
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'state', 'open', 'startedAt', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
local turn = turn_of(KEYS[4], KEYS[5], ARGV[1], tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'turn', turn)
return { redis.call('HINCRBY', KEYS[1], 'run', 1), turn }
`;

/**
 * Ends a run. KEYS: case, host, score, evidence, opening, running, running in the channel, the host's last case. ARGV: run,
 * verdict, now, how long the host stays joinable (ms), answer, whether the report accused somebody, evidence or '', life of the
 * case (s), how long the host's last case is known (ms), the case's month. Replies 1, or 0 if there is nothing to end. A first run is counted,
 * in all and in its month.
 */
export const FINISH = `
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[1] then return 0 end
if redis.call('HEXISTS', KEYS[1], 'verdict') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'verdict', ARGV[2], 'state', 'finished', 'finishedAt', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[8])
if ARGV[7] ~= '' then redis.call('SET', KEYS[4], ARGV[7], 'EX', ARGV[8]) end
local case = string.sub(KEYS[1], string.len('{iti}:case:') + 1)
for i = 5, 7 do redis.call('ZREM', KEYS[i], case) end
redis.call('SET', KEYS[8], case, 'PX', ARGV[9])
if redis.call('GET', KEYS[2]) == case then redis.call('PEXPIRE', KEYS[2], ARGV[4]) end
if ARGV[1] == '1' then
  for _, prefix in ipairs({ '', ARGV[10] .. ':' }) do
    redis.call('HINCRBY', KEYS[3], prefix .. ARGV[5], 1)
    if ARGV[6] == '1' then
      redis.call('HINCRBY', KEYS[3], prefix .. 'blamed', 1)
      if ARGV[5] == 'ingress' then redis.call('HINCRBY', KEYS[3], prefix .. 'guilty', 1) end
    end
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
