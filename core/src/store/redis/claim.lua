-- KEYS[1]: the idempotency key. ARGV: 3 the claim's owner, 4 retention, 5 the number's tags, then the idempotency key under
-- previous keys, then whom its SMS counts for.

local tags, at = list(5)
local previous, counted = list(at)
local names = {KEYS[1]}
for _, key in ipairs(previous) do names[#names + 1] = prefix .. 'k:' .. key end

for _, name in ipairs(names) do
  local packed = redis.call('GET', name)
  if packed then
    local tag, until_, by, a, created_at, expires_at = cmsgpack.unpack(packed)
    if now < until_ then
      if not has(tags, tag) then return {'other_number'} end
      if by == 'given' then return {'known', a, created_at, expires_at} end
      -- The same command again, whose response was lost.
      if by == 'claim' and a == ARGV[3] then return {'new'} end
      return {'under_way'}
    end
  end
end
local limited = count_sms(counted, ARGV[3])
if limited then return limited end
local until_ = now + tonumber(ARGV[4])
put(KEYS[1], cmsgpack.pack(tags[1], until_, 'claim', ARGV[3], now), until_)
return {'new'}
