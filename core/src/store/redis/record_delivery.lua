-- KEYS[1]: the request; in a cluster KEYS[2]: what is said again where the same is asked again. ARGV: 3 its id, 4 hand-over, 5 how it
-- ended, 6 the tags of the number, the client and the prefix that it was counted for. Gives back nothing, or in a cluster by what
-- the SMS of one that was not sent is counted elsewhere, and the idempotency key of a request that is gone.

local SAID_FOR = 60000

local id, end_ = ARGV[3], ARGV[5]
local said = KEYS[2] and redis.call('GET', KEYS[2])
if said then return {cmsgpack.unpack(said)} end
local request = load(KEYS[1])
if not request or request[DELIVERY] ~= tonumber(ARGV[4]) or request[UNDER_WAY] == 0 then return false end

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
  if request[KEY] ~= '' and not KEYS[2] then
    local key = prefix .. 'k:' .. request[KEY]
    local packed = redis.call('GET', key)
    if packed then
      local _, _, by, by_id = cmsgpack.unpack(packed)
      if by == 'engine' and by_id == id then redis.call('DEL', key) end
    end
  end
end

give_sms_back(6, 3, id, sent_at)
if not KEYS[2] then return false end
local is_resend = replaced ~= ''
local counted_by, key = is_resend and replaced:sub(-16) or id, is_resend and '' or request[KEY]
put(KEYS[2], cmsgpack.pack(counted_by, key), now + SAID_FOR)
return {counted_by, key}
