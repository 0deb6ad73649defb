
-- The wrong codes of all numbers of this part of a cluster, KEYS[2], each under the number's tag: a validation has to name its
-- keys, and does not know the number. How many, since when, and until when they are of use.
local function window(_, tags, per)
  for at = 1, #tags, 32 do
    local tag = tags:sub(at, at + 31)
    local packed = redis.call('HGET', KEYS[2], tag)
    if packed then
      local count, started = cmsgpack.unpack(packed)
      if count > 0 and now < started + per then return tag, count, started end
    end
  end
  return tags:sub(1, 32), 0, now
end

local function count(tag, count_before, started, per)
  local until_ = started + per
  redis.call('HSET', KEYS[2], tag, cmsgpack.pack(count_before + 1, started, until_))
  -- The server removes all of them together. Each call that adds one removes some that are of no use.
  local left = redis.call('PTTL', KEYS[2])
  if server + left < until_ - ahead then redis.call('PEXPIREAT', KEYS[2], until_ - ahead) end
  local some = redis.call('HRANDFIELD', KEYS[2], 4, 'WITHVALUES')
  for i = 1, #some, 2 do
    local _, _, of_use_until = cmsgpack.unpack(some[i + 1])
    if now >= of_use_until then redis.call('HDEL', KEYS[2], some[i]) end
  end
end

local function forget(tag)
  redis.call('HDEL', KEYS[2], tag)
end
