-- KEYS[1]: by what the SMS is known again. ARGV: 3 what it was counted by, 4 the tags of whom it was counted for.

local counted_at = redis.call('GET', KEYS[1])
if not counted_at then return false end
redis.call('DEL', KEYS[1])
give_sms_back(4, 1, ARGV[3], tonumber(counted_at))
return false
