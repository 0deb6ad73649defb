-- KEYS[1]: the lock. ARGV: 3 whose it is, 4 how long at most. Gives back whether it is held.

local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[3] then return false end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return true
