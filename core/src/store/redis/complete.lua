-- KEYS[1]: the idempotency key. ARGV: 3 the service's id, 4 when it was made, 5 when it expires.

local packed = redis.call('GET', KEYS[1])
if not packed then return false end
local tag, until_ = cmsgpack.unpack(packed)
local given = cmsgpack.pack(tag, until_, 'given', ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
redis.call('SET', KEYS[1], given, 'KEEPTTL')
return false
