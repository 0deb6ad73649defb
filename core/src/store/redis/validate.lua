-- KEYS[1]: the request. ARGV: 3 attempt, 8 bytes, 4 wrong codes per request, 5 wrong codes per number, 6 in how long, 7 whether the
-- request must be for the number of the tags, 8 codes, then tags, none where the request's own is the only one.
--
-- Answers a word, a space, and number and terms, sealed. This is the call that matters: it reads of a request what it needs, and
-- writes its beginning.

local packed = redis.call('GET', KEYS[1])
if not packed then return false end
local progress, wrong_codes, attempts, expires_at, keep, code, tag = struct.unpack('>BI4c64I8I8c32c32', packed)
if now >= expires_at + keep then return false end

local codes = tonumber(ARGV[8])
local tags = list(9 + codes)
if ARGV[7] == '1' and not has(tags, tag) then return false end
if #tags == 0 then tags[1] = tag end

local function answer(word)
  -- Behind the fields of fixed length, 183 bytes, an idempotency key and what a resend replaced.
  local _, _, sealed = struct.unpack('>I2c0I2c0I2c0', packed, 184)
  return word .. ' ' .. sealed
end

-- The same command again, whose answer was lost, is answered as before. After the right code none counts.
local attempt = ARGV[3]
for i = 8, math.max(9 - wrong_codes - (progress == VERIFIED and 1 or 0), 1), -1 do
  if attempts:sub(8 * i - 7, 8 * i) == attempt then
    return answer(progress == VERIFIED and i == 8 and 'verified' or 'wrong_code')
  end
end

if progress == VERIFIED then return answer('already_verified') end
if progress == CANCELLED then return answer('cancelled') end
if now >= expires_at then return answer('expired') end
local max_attempts, most, per = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if max_attempts >= 0 and wrong_codes >= max_attempts then return answer('too_many_attempts') end
local key, wrong, started
if most >= 0 then
  key, wrong, started = window('w:', tags, per)
  if wrong >= most then return answer('too_many_attempts') end
end

local is_right = false
for i = 9, 8 + codes do is_right = is_right or ARGV[i] == code end
if is_right then progress = VERIFIED else wrong_codes = wrong_codes + 1 end
-- The request first: a server without room for more refuses the first write of a script, and then does all or nothing.
redis.call('SETRANGE', KEYS[1], 0, struct.pack('>BI4', progress, wrong_codes) .. attempts:sub(9) .. attempt)
if key then
  if not is_right then
    count(key, wrong, started, per)
  elseif wrong > 0 then
    redis.call('DEL', key)
  end
end
return answer(is_right and 'verified' or 'wrong_code')
