-- KEYS[1]: the lock. ARGV: 3 whose it is.

if redis.call('GET', KEYS[1]) == ARGV[3] then redis.call('DEL', KEYS[1]) end
return false
