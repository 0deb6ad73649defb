
-- How a request is kept: the validations that count come first, so that they are written alone. Big-endian, without gaps.
local FORMAT = '>BI4c64I8I8c32c32I4I8I8BI4BI8I2c0I2c0I2c0'
local PROGRESS, WRONG_CODES, ATTEMPTS, EXPIRES_AT, KEEP, CODE, TAG, RESENDS, SENT_AT = 1, 2, 3, 4, 5, 6, 7, 8, 9
local CREATED_AT, SMS, DELIVERY, UNDER_WAY, VALIDITY, KEY, REPLACED, SEALED = 10, 11, 12, 13, 14, 15, 16, 17
local MAYBE, SENT = 0, 1
-- What a resend replaced: code, expires_at, resends, sent_at, sms; then the resend's command.
local REPLACED_FORMAT = '>c32I8I4I8Bc16'

-- The request, or nil where there is none, or no longer.
local function load(key)
  local packed = redis.call('GET', key)
  local request = packed and {struct.unpack(FORMAT, packed)}
  if request and now < request[EXPIRES_AT] + request[KEEP] then return request end
end

local function save(key, r)
  local packed = struct.pack(FORMAT, r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14],
    #r[KEY], r[KEY], #r[REPLACED], r[REPLACED], #r[SEALED], r[SEALED])
  put(key, packed, r[EXPIRES_AT] + r[KEEP])
end

local function state(request)
  local progress = request[PROGRESS]
  if progress == VERIFIED then return 'verified' end
  if progress == CANCELLED then return 'cancelled' end
  return now < request[EXPIRES_AT] and 'pending' or 'expired'
end

-- What a caller reads of a request.
local function stored(response, request)
  return {response, now, request[PROGRESS], request[EXPIRES_AT], request[WRONG_CODES], request[RESENDS],
    request[SENT_AT], request[CREATED_AT], request[SMS], request[DELIVERY], request[SEALED]}
end
