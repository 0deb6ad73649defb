-- KEYS[1]: the idempotency key. ARGV: 3 the request's id, 4 validity and retention, 5 the number's tag, 6 the id of a request that has
-- the key and is not there, or nothing, 7 how long a request may take until it is there. Gives back since when the request has the
-- key, or which other has it, and whether that may still come.

local id = ARGV[3]
local packed = redis.call('GET', KEYS[1])
if packed then
  local _, until_, by, by_id, claimed_at = cmsgpack.unpack(packed)
  if by == 'engine' and now < until_ then
    -- The same command again, whose response was lost.
    if by_id == id then return {'claimed', claimed_at} end
    local may_come = now < claimed_at + tonumber(ARGV[7])
    if may_come or by_id ~= ARGV[6] then return {'taken', by_id, may_come and 1 or 0} end
  end
end
local until_ = now + tonumber(ARGV[4])
put(KEYS[1], cmsgpack.pack(ARGV[5], until_, 'engine', id, now), until_)
return {'claimed', now}
