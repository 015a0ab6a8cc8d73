/**
 * Appends entries to the chain, all or none. KEYS: stream, head, then one per entry: its `once`. ARGV: the number and digest that the
 * writer took for the head's, the new digest, then per entry: body, life of its `once` (s). Replies { kept, number, bytes of all } |
 * { moved, number, digest }: somebody else was quicker | { seen, index of each entry that was written before (from 0) … }.
 */
export const AUDIT_APPEND = `
local seen = { 'seen' }
for i = 3, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then seen[#seen + 1] = i - 3 end
end
if #seen > 1 then return seen end
local head = redis.call('HMGET', KEYS[2], 'n', 'hash')
local n, hash = tonumber(head[1] or '0'), head[2] or string.rep('0', 64)
if n ~= tonumber(ARGV[1]) or hash ~= ARGV[2] then return { 'moved', n, hash } end
local bytes = 0
for i = 3, #KEYS do
  local at = 4 + (i - 3) * 2
  redis.call('XADD', KEYS[1], '*', 'e', ARGV[at])
  redis.call('SET', KEYS[i], '1', 'EX', ARGV[at + 1])
  bytes = bytes + #ARGV[at]
end
n = n + #KEYS - 2
redis.call('HSET', KEYS[2], 'n', n, 'hash', ARGV[3])
return { 'kept', n, redis.call('HINCRBY', KEYS[2], 'bytes', bytes) }
`;

/** Removes the oldest entries. KEYS: stream, head. ARGV: the id of the first that stays. Replies how many went. */
export const AUDIT_TRIM = `
local bytes = 0
for _, one in ipairs(redis.call('XRANGE', KEYS[1], '-', '(' .. ARGV[1])) do bytes = bytes + #one[2][2] end
local gone = redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[1])
redis.call('HINCRBY', KEYS[2], 'bytes', -bytes)
return gone
`;
