-- KEYS: requests and idempotency keys. ARGV: 3 the tags of a number. Removes those of the number, and gives back how many requests
-- it removed.

local tags = list(3)
local erased = 0
for _, key in ipairs(KEYS) do
  if key:sub(#prefix + 1, #prefix + 2) == 'r:' then
    local request = load(key)
    if request and has(tags, request[TAG]) then
      redis.call('DEL', key)
      erased = erased + 1
    end
  else
    local packed = redis.call('GET', key)
    if packed and has(tags, (cmsgpack.unpack(packed))) then redis.call('DEL', key) end
  end
end
return erased
