-- KEYS[1]: the wrong codes of all numbers of this part of a cluster. ARGV: 3 the tags of a number. What is counted for it is forgotten.

for _, tag in ipairs(list(3)) do
  redis.call('DEL', prefix .. 's:' .. tag)
  redis.call('HDEL', KEYS[1], tag)
end
return false
