
-- What is counted for a number or a client, by its tags under all the engine's keys, 32 bytes each, without gaps: which key holds
-- it, how many, since when. What a previous key counts goes on counting there.
local function window(kind, tags, per)
  for at = 1, #tags, 32 do
    local key = prefix .. kind .. tags:sub(at, at + 31)
    local packed = redis.call('GET', key)
    if packed then
      local count, started = cmsgpack.unpack(packed)
      if count > 0 and now < started + per then return key, count, started end
    end
  end
  return prefix .. kind .. tags:sub(1, 32), 0, now
end

local function forget(key)
  redis.call('DEL', key)
end

local function count(key, count_before, started, per)
  put(key, cmsgpack.pack(count_before + 1, started), started + per)
end
