
-- SMS are counted for a number, a client and a prefix, each by its tags under all the engine's keys. Under one of them is how many
-- there were, since when, and of a number when the latest was and of which request. What a previous key counts goes on counting
-- there.

-- Arguments from one that says how many SMS, in how long, after what pause, then the tags: none where it is not counted. Gives
-- back what is counted, and where the arguments end.
local function sms_counter(at)
  local max, per, pause = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local tags, next = list(at + 3)
  if #tags == 0 then return nil, next end
  local counter = {key = prefix .. 's:' .. tags[1], count = 0, started = now, max = max, per = per, pause = pause, sent_at = 0}
  for _, tag in ipairs(tags) do
    local packed = redis.call('GET', prefix .. 's:' .. tag)
    if packed then
      local count, started, sent_at, of = cmsgpack.unpack(packed)
      local is_open = count > 0 and now < started + per
      if is_open or now < sent_at + pause then
        counter.key, counter.sent_at, counter.of = prefix .. 's:' .. tag, sent_at, of
        if is_open then counter.count, counter.started = count, started end
        break
      end
    end
  end
  return counter, next
end

-- Counts an SMS of a request for all that it counts for, or for none of them and says which limit is in the way, how long, and
-- after which request the pause is. Where it only looks, it counts nothing.
local function count_sms(at, id, only_looks)
  local counters = {}
  for i, limit in ipairs({'sms_per_number', 'sms_per_client', 'sms_per_prefix'}) do
    counters[i], at = sms_counter(at)
    counters[i] = counters[i] or false
    local c = counters[i]
    if c then c.limit = limit end
  end
  for _, c in ipairs(counters) do
    if c and now < c.sent_at + c.pause then return {'resend_after', c.sent_at + c.pause - now}, c.of end
    if c and c.max >= 0 and c.count >= c.max then return {c.limit, c.started + c.per - now} end
  end
  for _, c in ipairs(counters) do
    if c and not only_looks then
      local pauses = c.pause > 0
      put(c.key, cmsgpack.pack(c.count + (c.max >= 0 and 1 or 0), c.started, pauses and now or c.sent_at, pauses and id or c.of or ''),
        math.max(c.started + c.per, now + c.pause))
    end
  end
  return nil, nil, at
end
