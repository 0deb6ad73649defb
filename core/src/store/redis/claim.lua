-- KEYS[1]: the idempotency key. ARGV: 3 the claim, random, 4 keep, 5 the number's tags.

local tags = list(5)
local packed = redis.call('GET', KEYS[1])
if packed then
  local tag, until_, by, a, created_at, expires_at = cmsgpack.unpack(packed)
  if now < until_ then
    if not has(tags, tag) then return {'other_number'} end
    if by == 'given' then return {'known', a, created_at, expires_at} end
    -- The same command again, whose answer was lost.
    if by == 'claim' and a == ARGV[3] then return {'new'} end
    return {'under_way'}
  end
end
local until_ = now + tonumber(ARGV[4])
put(KEYS[1], cmsgpack.pack(tags[1], until_, 'claim', ARGV[3]), until_)
return {'new'}
