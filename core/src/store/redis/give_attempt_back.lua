-- KEYS[1]: by what the attempt is known again. ARGV: 3 the client's tags, 32 bytes each.

local counted_at = redis.call('GET', KEYS[1])
if not counted_at then return false end
redis.call('DEL', KEYS[1])
for at = 1, #ARGV[3], 32 do
  local key = prefix .. 'w:' .. ARGV[3]:sub(at, at + 31)
  local packed = redis.call('GET', key)
  local wrong, started
  if packed then wrong, started = cmsgpack.unpack(packed) end
  if packed and started <= tonumber(counted_at) then
    redis.call('SET', key, cmsgpack.pack(math.max(wrong - 1, 0), started), 'KEEPTTL')
    break
  end
end
return false
