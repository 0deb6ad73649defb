-- KEYS[1]: the request. ARGV: 3 the new code, 4 wrong codes per request, 5 resends, 6 the pause between two SMS, 7 SMS per
-- number, 8 in how long, 9 the number's tags, none where the request's own is the only one.

-- A hand-over that has not ended after this long is taken to have died.
local DELIVERY_TIMEOUT = 30000

local code = ARGV[3]
local request = load(KEYS[1])
if not request then return false end
local tags = list(9)
if #tags == 0 then tags = {request[TAG]} end

-- The code is drawn for each resend: this is the same command again, whose answer was lost.
local is_handed_over = request[REPLACED] ~= '' and now < request[SENT_AT] + DELIVERY_TIMEOUT
if is_handed_over and request[CODE] == code then return stored('ready', request) end

local max_attempts, max_resends, pause = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if state(request) ~= 'pending' or (max_attempts >= 0 and request[WRONG_CODES] >= max_attempts) then return {'conflict'} end
if max_resends >= 0 and request[RESENDS] >= max_resends then return {'max_resends'} end
if now < request[SENT_AT] + pause then return {'resend_after', request[SENT_AT] + pause - now} end
-- Two hand-overs at once: were the second certainly not sent, which code counts could not be said.
if is_handed_over then return {'resend_after', 1000} end
local wait = count_sms(tags, tonumber(ARGV[7]), tonumber(ARGV[8]))
if wait then return {'sms_per_number', wait} end

request[REPLACED] =
  struct.pack(REPLACED_FORMAT, request[CODE], request[EXPIRES_AT], request[RESENDS], request[SENT_AT], request[SMS])
request[CODE], request[EXPIRES_AT], request[SENT_AT] = code, now + request[VALIDITY], now
request[RESENDS], request[SMS] = request[RESENDS] + 1, MAYBE
request[DELIVERY], request[UNDER_WAY] = request[DELIVERY] + 1, 1
save(KEYS[1], request)
return stored('ready', request)
