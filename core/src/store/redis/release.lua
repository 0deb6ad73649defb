-- KEYS[1]: the idempotency key.

redis.call('DEL', KEYS[1])
return false
