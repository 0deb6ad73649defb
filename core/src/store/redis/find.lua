-- ARGV: 3 where the last call ended, or 0, 4 the tags of a number. Gives back where this one ended, what is counted for each tag,
-- then the requests of the number that it came by, each as a caller reads it and its id. It looks at some of all keys, so that no
-- other call waits for long.

local tags = list(4)
local scanned = redis.call('SCAN', ARGV[3], 'MATCH', pattern('r:'), 'COUNT', 1000)
local counted, found = {}, {}
for i, tag in ipairs(tags) do
  local sms, wrong_codes = redis.call('GET', prefix .. 's:' .. tag), redis.call('GET', prefix .. 'w:' .. tag)
  local count, started, sent_at, of = 0, 0, 0, ''
  if sms then count, started, sent_at, of = cmsgpack.unpack(sms) end
  local wrong, wrong_started = 0, 0
  if wrong_codes then wrong, wrong_started = cmsgpack.unpack(wrong_codes) end
  counted[i] = {wrong, wrong_started, count, started, sent_at, of}
end
for _, key in ipairs(scanned[2]) do
  local request = load(key)
  if request and has(tags, request[TAG]) then
    local response = stored('there', request)
    response[#response + 1] = key:sub(-16)
    found[#found + 1] = response
  end
end
return {scanned[1], now, counted, found}
