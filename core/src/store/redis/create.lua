-- KEYS[1]: the request. ARGV: 3 its id, 4 code, 5 number and terms, sealed, 6 validity, 7 retention, 8 the number's tags, then
-- idempotency keys, the one in use first, then nothing, or in a cluster: the idempotency key that was claimed for it, before when
-- it must be made, and `look` where it is not made yet; then whom its SMS counts for.

local id = ARGV[3]
local tags, at = list(8)
local keys, claimed, counted
keys, at = list(at)
claimed, counted = list(at)
local only_looks = claimed[3] == 'look'

local made = load(KEYS[1])
-- Its id is random: this is the same command again, whose response was lost.
if made then return stored('new', made) end

for _, key in ipairs(keys) do
  local packed = redis.call('GET', prefix .. 'k:' .. key)
  if packed then
    local _, until_, by, by_id = cmsgpack.unpack(packed)
    local known = by == 'engine' and now < until_ and load(prefix .. 'r:' .. by_id)
    if known then
      if not has(tags, known[TAG]) then return {'other_number'} end
      local response = stored('known', known)
      response[#response + 1] = by_id
      return response
    end
  end
end

-- The claim of the key may be another's by now.
if claimed[2] and claimed[2] ~= '' and now >= tonumber(claimed[2]) then return {'late'} end

local limited, after = count_sms(counted, id, only_looks)
if limited and claimed[1] then
  limited[3] = after
  return limited
elseif limited then
  local latest = after and load(prefix .. 'r:' .. after)
  if latest and state(latest) == 'pending' then limited[3] = after end
  return limited
end
if only_looks then return {'free'} end

local validity, retention = tonumber(ARGV[6]), tonumber(ARGV[7])
local request = {OPEN, 0, ('\0'):rep(64), now + validity, retention, ARGV[4], tags[1], 0, now, now, MAYBE, 0, 1, validity,
  keys[1] or claimed[1] or '', '', ARGV[5]}
save(KEYS[1], request)
if keys[1] then
  local until_ = now + validity + retention
  put(prefix .. 'k:' .. keys[1], cmsgpack.pack(tags[1], until_, 'engine', id), until_)
end
return stored('new', request)
