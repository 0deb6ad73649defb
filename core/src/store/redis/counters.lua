
-- What is counted for a number, by its tags under all the engine's keys: which key holds it, how many, since when. What a
-- previous key counts goes on counting there.
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

-- Counts an SMS, or says how long it has to wait.
local function count_sms(tags, most, per)
  if most < 0 then return nil end
  local key, sent, started = window('s:', tags, per)
  if sent >= most then return started + per - now end
  count(key, sent, started, per)
end
