-- ARGV: 3 where the last call ended, or 0, 4 the tags of a number. Removes what it comes by of the number: its requests, and the
-- idempotency keys that were used for it. Gives back where it ended, and how many requests it removed.

local tags = list(4)
local erased = 0
local scanned = redis.call('SCAN', ARGV[3], 'MATCH', pattern(''), 'COUNT', 1000)
for _, key in ipairs(scanned[2]) do
  local kind = key:sub(#prefix + 1, #prefix + 2)
  if kind == 'r:' then
    local request = load(key)
    if request and has(tags, request[TAG]) then
      redis.call('DEL', key)
      erased = erased + 1
    end
  elseif kind == 'k:' then
    local packed = redis.call('GET', key)
    if packed and has(tags, (cmsgpack.unpack(packed))) then redis.call('DEL', key) end
  end
end
return {scanned[1], erased}
