
-- What is counted for a number or a client, by its tags under all the engine's keys: which key holds it, how many, since when.
-- What a previous key counts goes on counting there.
local function window(kind, tags, per)
  for _, tag in ipairs(tags) do
    local packed = redis.call('GET', prefix .. kind .. tag)
    if packed then
      local count, started = cmsgpack.unpack(packed)
      if count > 0 and now < started + per then return prefix .. kind .. tag, count, started end
    end
  end
  return prefix .. kind .. tags[1], 0, now
end

local function count(key, count_before, started, per)
  put(key, cmsgpack.pack(count_before + 1, started), started + per)
end
