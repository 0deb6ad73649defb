-- KEYS[1]: the idempotency key. ARGV: 3 the claim's owner, 4 the service's id, 5 when it was made, 6 when it expires.

local tag, until_ = owned()
if not tag then return false end
local given = cmsgpack.pack(tag, until_, 'given', ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
redis.call('SET', KEYS[1], given, 'KEEPTTL')
return false
