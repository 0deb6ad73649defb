-- KEYS[1]: the request. ARGV: 3 its id, 4 hand-over, 5 how it ended, 6 the number's tags, none where the request's own is
-- the only one.

local id, end_ = ARGV[3], ARGV[5]
local request = load(KEYS[1])
if not request or request[DELIVERY] ~= tonumber(ARGV[4]) or request[UNDER_WAY] == 0 then return false end
local tags = list(6)
if #tags == 0 then tags = {request[TAG]} end

local replaced, sent_at = request[REPLACED], request[SENT_AT]
request[UNDER_WAY], request[REPLACED] = 0, ''
if end_ ~= 'not_sent' then
  if end_ == 'sent' then request[SMS] = SENT end
  save(KEYS[1], request)
  return false
end

if replaced ~= '' then
  -- Attempts made and a cancellation in the meantime stay.
  request[CODE], request[EXPIRES_AT], request[RESENDS], request[SENT_AT], request[SMS] =
    struct.unpack(REPLACED_FORMAT, replaced)
  save(KEYS[1], request)
else
  redis.call('DEL', KEYS[1])
  if request[KEY] ~= '' then
    local key = prefix .. 'k:' .. request[KEY]
    local packed = redis.call('GET', key)
    if packed then
      local _, _, by, by_id = cmsgpack.unpack(packed)
      if by == 'engine' and by_id == id then redis.call('DEL', key) end
    end
  end
end

-- The SMS is given back to the window that it was counted in.
for _, tag in ipairs(tags) do
  local key = prefix .. 's:' .. tag
  local packed = redis.call('GET', key)
  if packed then
    local sent, started = cmsgpack.unpack(packed)
    if started <= sent_at then
      redis.call('SET', key, cmsgpack.pack(math.max(sent - 1, 0), started), 'KEEPTTL')
      return false
    end
  end
end
return false
