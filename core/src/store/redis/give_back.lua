
-- Gives the SMS of a request back to the windows that it was counted in, then: those of the tags in so many lists of arguments.
local function give_sms_back(at, lists, id, counted_at)
  for _ = 1, lists do
    local tags
    tags, at = list(at)
    for _, tag in ipairs(tags) do
      local key = prefix .. 's:' .. tag
      local packed = redis.call('GET', key)
      local count, started, sent_at, of
      if packed then count, started, sent_at, of = cmsgpack.unpack(packed) end
      if packed and started <= counted_at then
        if of == id and sent_at <= counted_at then sent_at = 0 end
        redis.call('SET', key, cmsgpack.pack(math.max(count - 1, 0), started, sent_at, of), 'KEEPTTL')
        break
      end
    end
  end
end
