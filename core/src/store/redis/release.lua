-- KEYS[1]: the idempotency key. ARGV: 3 the claim's owner, 4 the tags of the number, the client and the prefix that its SMS was
-- counted for.

local tag, _, counted_at = owned()
if not tag then return false end
redis.call('DEL', KEYS[1])
give_sms_back(4, 3, ARGV[3], counted_at)
return false
