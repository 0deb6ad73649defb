-- KEYS[1]: the idempotency key; in a cluster KEYS[2]: what is there while the same is said again. ARGV: 3 the claim's owner, 4 the tags of the number, the client and the prefix that its SMS was
-- counted for. Gives back whether it was released.

local SAID_FOR = 60000

if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return true end
local tag, _, counted_at = owned()
if not tag then return false end
redis.call('DEL', KEYS[1])
give_sms_back(4, 3, ARGV[3], counted_at)
if KEYS[2] then put(KEYS[2], '', now + SAID_FOR) end
return true
