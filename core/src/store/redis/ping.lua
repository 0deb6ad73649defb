-- KEYS[1]: nothing is kept there. It is written as a request would be, so that a server that takes nothing more refuses.

redis.call('SET', KEYS[1], '')
redis.call('DEL', KEYS[1])
return true
