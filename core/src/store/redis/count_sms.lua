-- KEYS[1]: by what the SMS is known again. ARGV: 3 what it is counted by, 4 how long it can be given back, 5 whom it counts for.

-- The same command again, whose response was lost.
if redis.call('EXISTS', KEYS[1]) == 1 then return {'counted'} end

local limited = count_sms(5, ARGV[3])
if limited then return limited end
put(KEYS[1], tostring(now), now + tonumber(ARGV[4]))
return {'counted'}
