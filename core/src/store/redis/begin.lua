-- Every script begins with this.
--
-- KEYS[1] is what the script is about. ARGV[1] is what becomes of the server's time: `+0` nothing, `+N` N milliseconds
-- later, `=N` it stands still at N. ARGV[2] is what every key begins with. Times are milliseconds since 1970.

local shift, prefix = ARGV[1], ARGV[2]

local time = redis.call('TIME')
local server = time[1] * 1000 + math.floor(time[2] / 1000)
local now, ahead = server, 0
if shift ~= '+0' then
  now = shift:byte() == 61 and tonumber(shift:sub(2)) or server + tonumber(shift)
  -- A clock for tests need not go on as the server's does: what is over for it is left there for a day.
  ahead = now - server - 86400000
end

-- Where things are in a request, which is an array: without names it takes half the memory.
local PROGRESS, EXPIRES_AT, WRONG_CODES, RESENDS, SENT_AT, CREATED_AT, KEEP, SMS, HAND_OVER = 1, 2, 3, 4, 5, 6, 7, 8, 9
local UNDER_WAY, CODE, TAG, SEALED, VALIDITY, KEY, WRONG_ATTEMPTS, RIGHT_ATTEMPT, REPLACED = 10, 11, 12, 13, 14, 15, 16, 17, 18
local OPEN, VERIFIED, CANCELLED = 0, 1, 2

-- The server removes it then; that it is over the scripts see for themselves.
local function put(key, packed, until_)
  redis.call('SET', key, packed, 'PXAT', math.max(until_ - ahead, 1))
end

-- The request, or nil where there is none, or no longer.
local function load(key)
  local packed = redis.call('GET', key)
  local request = packed and cmsgpack.unpack(packed)
  if request and now < request[EXPIRES_AT] + request[KEEP] then return request end
end

local function save(key, request)
  put(key, cmsgpack.pack(request), request[EXPIRES_AT] + request[KEEP])
end

local function state(request)
  local progress = request[PROGRESS]
  if progress == VERIFIED then return 'verified' end
  if progress == CANCELLED then return 'cancelled' end
  return now < request[EXPIRES_AT] and 'pending' or 'expired'
end

-- A limit of -1 is none.
local function is_spent(request, max_attempts)
  return max_attempts >= 0 and request[WRONG_CODES] >= max_attempts
end

-- What a caller reads of a request.
local function stored(answer, request)
  return {answer, now, request[PROGRESS], request[EXPIRES_AT], request[WRONG_CODES], request[RESENDS],
    request[SENT_AT], request[CREATED_AT], request[SMS], request[HAND_OVER], request[SEALED]}
end

-- Arguments from one that says how many they are, and where they end.
local function list(at)
  local items, count = {}, tonumber(ARGV[at])
  for i = 1, count do items[i] = ARGV[at + i] end
  return items, at + count + 1
end

local function has(items, wanted)
  for _, item in ipairs(items) do
    if item == wanted then return true end
  end
  return false
end

-- What is counted for a number, by its tags under all the engine's keys: which key holds it, how many, since when. What a
-- previous key counts goes on counting there.
local function window(kind, tags, per)
  for _, tag in ipairs(tags) do
    local packed = redis.call('GET', prefix .. kind .. tag)
    if packed then
      local count, started = cmsgpack.unpack(packed)
      if count > 0 and now < started + per then return prefix .. kind .. tag, count, started end
    end
  end
  return prefix .. kind .. tags[1], 0, now
end

local function count(key, count_before, started, per)
  put(key, cmsgpack.pack(count_before + 1, started), started + per)
end

-- Counts an SMS, or says how long it has to wait.
local function count_sms(tags, most, per)
  if most < 0 then return nil end
  local key, sent, started = window('s:', tags, per)
  if sent >= most then return started + per - now end
  count(key, sent, started, per)
end
