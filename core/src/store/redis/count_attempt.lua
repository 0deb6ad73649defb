-- KEYS[1]: by what the attempt is known again. ARGV: 3 wrong codes per client, 4 in how long, 5 how long the attempt can be given
-- back, 6 the client's tags, 32 bytes each. Returns how long the limit lasts, or where the attempt was
-- counted -1 less the attempts that are left, or nothing where it was counted before.

-- The same command again, whose response was lost.
if redis.call('EXISTS', KEYS[1]) == 1 then return false end

local per = tonumber(ARGV[4])
local key, wrong, started = window('w:', ARGV[6], per)
if wrong >= tonumber(ARGV[3]) then return started + per - now end
put(KEYS[1], tostring(now), now + tonumber(ARGV[5]))
count(key, wrong, started, per)
return wrong - tonumber(ARGV[3])
