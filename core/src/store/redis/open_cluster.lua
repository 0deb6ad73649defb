-- KEYS: 1 the layout, 2 the secret of the database under each of the engine's keys. ARGV: 3 the layout of these scripts, 4 how many
-- keys the caller saw, 5 what it adds to those: by what a key is known again, and the secret under it. Gives back the layout, and
-- all of them.

local layout = redis.call('GET', KEYS[1])
if not layout then
  layout = ARGV[3]
  redis.call('SET', KEYS[1], layout)
end
local added = list(5)
if layout == ARGV[3] and #added > 0 and redis.call('HLEN', KEYS[2]) == tonumber(ARGV[4]) then
  redis.call('HSET', KEYS[2], unpack(added))
end
return {layout, redis.call('HGETALL', KEYS[2])}
