-- KEYS[1]: the request. ARGV: 3 the command, 4 the new code, 5 wrong codes per request, 6 resends, 7 the pause between two
-- SMS, 8 its id, 9 the number's tag, 10 number and terms, sealed anew, or nothing, 11 `look` where
-- nothing is changed yet, or nothing, 12 whom the SMS counts for.

-- A hand-over that has not ended after this long is taken to have died.
local DELIVERY_TIMEOUT = 30000

local command, code, tag, sealed = ARGV[3], ARGV[4], ARGV[9], ARGV[10]
local request = load(KEYS[1])
if not request then return false end

-- The same command again, whose response was lost.
local is_delivering = request[REPLACED] ~= '' and now < request[SENT_AT] + DELIVERY_TIMEOUT
if is_delivering and request[REPLACED]:sub(-16) == command then return stored('ready', request) end

local max_attempts, max_resends, pause = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if state(request) ~= 'pending' or (max_attempts >= 0 and request[WRONG_CODES] >= max_attempts) then return {'conflict'} end
if max_resends >= 0 and request[RESENDS] >= max_resends then return {'max_resends'} end
if now < request[SENT_AT] + pause then return {'resend_after', request[SENT_AT] + pause - now} end
-- Two hand-overs at once: were the second certainly not sent, it would not be known which code counts.
if is_delivering then return {'resend_after', 1000} end
local only_looks = ARGV[11] == 'look'
local limited = count_sms(12, ARGV[8], only_looks)
if limited then return limited end
if only_looks then return {'free'} end

request[REPLACED] =
  struct.pack(REPLACED_FORMAT, request[CODE], request[EXPIRES_AT], request[RESENDS], request[SENT_AT], request[SMS], command)
request[CODE], request[EXPIRES_AT], request[SENT_AT] = code, now + request[VALIDITY], now
request[RESENDS], request[SMS] = request[RESENDS] + 1, MAYBE
request[DELIVERY], request[UNDER_WAY] = request[DELIVERY] + 1, 1
-- It lives longer now, perhaps than a previous key.
request[TAG] = tag
if sealed ~= '' then request[SEALED] = sealed end
save(KEYS[1], request)
return stored('ready', request)
