/**
 * Stores what one person says about a case. KEYS: last words, history, what it is about, index, people's word by case, the source.
 * ARGV: case, person, what is said, the vote (JSON with `same`, its digest, and `means`), now (ms, ISO), life of votes and of the
 * source (s), most words, the case, the run, its verdict, our first answer, 1 if the report accused the ingress. Replies changed |
 * same | too-many.
 */
export const VOTE = `
if redis.call('EXISTS', KEYS[6]) == 1 then return 'same' end
redis.call('SET', KEYS[6], '1', 'EX', ARGV[8])
local vote = cjson.decode(ARGV[4])
local was = redis.call('HGET', KEYS[1], ARGV[2])
local before = was and cjson.decode(was)
local stands = before and (before.undoneAt == nil or before.undoneAt == cjson.null)
if ARGV[3] == 'none' and not stands then return 'same' end
if stands and before.same == vote.same then return 'same' end
if redis.call('LLEN', KEYS[2]) >= tonumber(ARGV[9]) then return 'too-many' end
if ARGV[3] == 'none' then
  before.undoneAt = ARGV[6]
  redis.call('HSET', KEYS[1], ARGV[2], cjson.encode(before))
else
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
end
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('HSETNX', KEYS[3], 'case', ARGV[10])
redis.call('HSETNX', KEYS[3], 'verdict:' .. ARGV[11], ARGV[12])
redis.call('HSETNX', KEYS[3], 'first', ARGV[13])
redis.call('HSETNX', KEYS[3], 'blamed', ARGV[14])
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[7]) end
local newest, yes, no = nil, 0, 0
for _, text in ipairs(redis.call('HVALS', KEYS[1])) do
  local one = cjson.decode(text)
  local standing = one.undoneAt == nil or one.undoneAt == cjson.null
  if standing and (one.means == 'ingress' or one.means == 'not-ingress') then
    if one.means == 'ingress' then yes = yes + 1 else no = no + 1 end
    if not newest or one.at >= newest.at then newest = one end
  end
end
if newest then
  redis.call('HSET', KEYS[5], ARGV[1], cjson.encode({
    ours = redis.call('HGET', KEYS[3], 'first'), blamed = redis.call('HGET', KEYS[3], 'blamed') == '1',
    theirs = newest.means, at = newest.at, forIngress = yes, againstIngress = no }))
else
  redis.call('HDEL', KEYS[5], ARGV[1])
end
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[1])
local old = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', tonumber(ARGV[5]) - tonumber(ARGV[7]) * 1000, 'LIMIT', 0, 100)
for _, id in ipairs(old) do
  redis.call('ZREM', KEYS[4], id)
  redis.call('HDEL', KEYS[5], id)
end
return 'changed'
`;
