-- KEYS[1]: the idempotency key. ARGV: 3 the id of the request that has it.

local packed = redis.call('GET', KEYS[1])
if packed then
  local _, _, by, by_id = cmsgpack.unpack(packed)
  if by == 'engine' and by_id == ARGV[3] then redis.call('DEL', KEYS[1]) end
end
return false
