-- KEYS[1]: the wrong codes of all numbers of this part of a cluster. ARGV: 3 the tags of a number. Gives back what is counted for each.

local counted = {}
for i, tag in ipairs(list(3)) do
  local sms, wrong_codes = redis.call('GET', prefix .. 's:' .. tag), redis.call('HGET', KEYS[1], tag)
  local count, started, sent_at, of = 0, 0, 0, ''
  if sms then count, started, sent_at, of = cmsgpack.unpack(sms) end
  local wrong, wrong_started = 0, 0
  if wrong_codes then wrong, wrong_started = cmsgpack.unpack(wrong_codes) end
  counted[i] = {wrong, wrong_started, count, started, sent_at, of}
end
return {now, counted}
