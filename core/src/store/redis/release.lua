-- KEYS[1]: the idempotency key. ARGV: 3 the claim's owner.

if owned() then redis.call('DEL', KEYS[1]) end
return false
