-- KEYS[1]: the request. ARGV: 3 attempt, 8 bytes, 4 codes, 5 wrong codes per request, 6 tags of the number that the request must be
-- for, none where its own is the only one; where something is counted, 7 wrong codes per number, 8 in how long; where a client is
-- counted, 9 wrong codes per client, 10 in how long, 11 its tags. Codes and tags are 32 bytes each, without gaps.
--
-- Returns the outcome; after `wrong_code` the attempts that are left, if a limit counts them; in the place of `too_many_attempts` the
-- limit. This is the call that matters: it takes few arguments, turns few of them and no constant from text to a number
-- or back, reads of a request what it needs, and writes its beginning. Where nothing is counted for a number or a client it comes
-- without the functions that count, which every run would make.

local packed = redis.call('GET', KEYS[1])
if not packed then return false end
local progress, wrong_codes, attempts, expires_at, retention, code, tag = struct.unpack('>BI4c64I8I8c32c32', packed)
if now >= expires_at + retention then return false end

-- Whether this is one of those, nearly always the only one.
local function is_of(all, one)
  for at = 1, #all, 32 do
    if all:sub(at, at + 31) == one then return true end
  end
end

local codes, tags = ARGV[4], ARGV[6]
local is_key_known = false
for at = 1, #codes, 32 do
  if codes:sub(at, at + 3) == code:sub(1, 4) then is_key_known = true end
end
if not is_key_known then return 'wrong_key' end
if tags ~= '' and tags ~= tag and not is_of(tags, tag) then return false end

-- The same command again, whose response was lost, gets the same response. After the right code none counts.
local attempt = ARGV[3]
for i = 8, math.max(9 - wrong_codes - (progress == VERIFIED and 1 or 0), 1), -1 do
  if attempts:sub(8 * i - 7, 8 * i) == attempt then
    return progress == VERIFIED and i == 8 and 'verified' or 'wrong_code'
  end
end

if progress == VERIFIED then return 'already_verified' end
if progress == CANCELLED then return 'cancelled' end
if now >= expires_at then return 'expired' end
local max_attempts, max = ARGV[5], ARGV[7] or '-1'
if max_attempts ~= '-1' and wrong_codes >= tonumber(max_attempts) then return 'max_attempts' end

local key, wrong, started, per
if max ~= '-1' then
  per = tonumber(ARGV[8])
  key, wrong, started = window('w:', tags == '' and tag or tags, per)
  if wrong >= tonumber(max) then return 'wrong_codes_per_number' end
end
local client, client_wrong, client_started, client_per
if ARGV[11] then
  client_per = tonumber(ARGV[10])
  client, client_wrong, client_started = window('w:', ARGV[11], client_per)
  if client_wrong >= tonumber(ARGV[9]) then return 'wrong_codes_per_client' end
end

local is_right = codes == code or is_of(codes, code)
if is_right then progress = VERIFIED else wrong_codes = wrong_codes + 1 end
-- The request first: a server without room for more refuses the first write of a script, and then does all or nothing.
redis.call('SETRANGE', KEYS[1], '0', struct.pack('>BI4', progress, wrong_codes) .. attempts:sub(9) .. attempt)
if key then
  if not is_right then
    count(key, wrong, started, per)
  elseif wrong > 0 then
    forget(key)
  end
end
-- A success may be for another number: it clears nothing of the client's.
if client and not is_right then count(client, client_wrong, client_started, client_per) end
if is_right then return 'verified' end
local left = math.huge
if max_attempts ~= '-1' then left = max_attempts - wrong_codes end
if key then left = math.min(left, max - wrong - 1) end
if client then left = math.min(left, ARGV[9] - client_wrong - 1) end
return left == math.huge and 'wrong_code' or 'wrong_code ' .. left
