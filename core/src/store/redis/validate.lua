-- KEYS[1]: the request. ARGV: 3 attempt, 8 bytes, 4 wrong codes per request, 5 wrong codes per number, 6 in how long, 7 whether the
-- request must be for the number of the tags, 8 codes, then tags, none where the request's own is the only one.

local REMEMBERED = 32 * 8

local request = load(KEYS[1])
if not request then return false end
local codes, at = list(8)
local tags = list(at)
if ARGV[7] == '1' and not has(tags, request[TAG]) then return false end
if #tags == 0 then tags = {request[TAG]} end

-- The same command again, whose answer was lost, is answered as before.
local attempt, wrong_attempts = ARGV[3], request[WRONG_ATTEMPTS]
if request[RIGHT_ATTEMPT] == attempt then return {'verified', request[SEALED]} end
for i = 1, #wrong_attempts, 8 do
  if wrong_attempts:sub(i, i + 7) == attempt then return {'wrong_code', request[SEALED]} end
end

local is = state(request)
if is == 'verified' then return {'already_verified', request[SEALED]} end
if is ~= 'pending' then return {is, request[SEALED]} end
if is_spent(request, tonumber(ARGV[4])) then return {'too_many_attempts', request[SEALED]} end

local most, per = tonumber(ARGV[5]), tonumber(ARGV[6])
local key, wrong, started
if most >= 0 then
  key, wrong, started = window('w:', tags, per)
  if wrong >= most then return {'too_many_attempts', request[SEALED]} end
end

-- The request first: a server without room for more refuses the first write of a script, and then does all or nothing.
if has(codes, request[CODE]) then
  request[PROGRESS], request[RIGHT_ATTEMPT] = VERIFIED, attempt
  save(KEYS[1], request)
  if key and wrong > 0 then redis.call('DEL', key) end
  return {'verified', request[SEALED]}
end
request[WRONG_CODES] = request[WRONG_CODES] + 1
request[WRONG_ATTEMPTS] = (wrong_attempts .. attempt):sub(-REMEMBERED)
save(KEYS[1], request)
if key then count(key, wrong, started, per) end
return {'wrong_code', request[SEALED]}
