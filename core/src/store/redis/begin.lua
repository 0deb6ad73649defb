-- Every script begins with this.
--
-- KEYS[1] is what the script is about. ARGV[1] is what becomes of the server's time: `+0` nothing, `+N` N milliseconds
-- later, `=N` it stands still at N. ARGV[2] is what every key begins with: in a cluster the hash tag is the end of it, and KEYS has
-- every key that the script may touch. Times are milliseconds since 1970.

local shift, prefix = ARGV[1], ARGV[2]

local time = redis.call('TIME')
local server = time[1] * 1000 + math.floor(time[2] / 1000)
local now, ahead = server, 0
if shift ~= '+0' then
  now = shift:byte() == 61 and tonumber(shift:sub(2)) or server + tonumber(shift)
  -- A clock for tests need not go on as the server's does: what is over for it is left there for a day.
  ahead = now - server - 86400000
end

local OPEN, VERIFIED, CANCELLED = 0, 1, 2
