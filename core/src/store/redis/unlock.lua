-- ARGV: 3 the tags of a number. What is counted for it is forgotten.

for _, tag in ipairs(list(3)) do redis.call('DEL', prefix .. 's:' .. tag, prefix .. 'w:' .. tag) end
return false
