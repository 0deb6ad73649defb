-- KEYS: 1 the layout, 2 by what the engine's keys are known again. ARGV: 3 the layout of these scripts, 4 how many keys the
-- caller saw, 5 what it adds to those. Gives back the layout, and by what the keys are known again.

local layout = redis.call('GET', KEYS[1])
if not layout then
  layout = ARGV[3]
  redis.call('SET', KEYS[1], layout)
end
local added = list(5)
if layout == ARGV[3] and #added > 0 and redis.call('SCARD', KEYS[2]) == tonumber(ARGV[4]) then
  redis.call('SADD', KEYS[2], unpack(added))
end
return {layout, redis.call('SMEMBERS', KEYS[2])}
