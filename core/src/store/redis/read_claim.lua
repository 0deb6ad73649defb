-- KEYS[1]: an idempotency key. ARGV: 3 how long a request may take until it is there. Gives back whose it is: the number's tag, what
-- claimed it, then what is said of it, and whether a request may still come.

local packed = redis.call('GET', KEYS[1])
if not packed then return false end
local tag, until_, by, a, b, c = cmsgpack.unpack(packed)
if now >= until_ then return false end
if by == 'engine' then return {tag, by, a, now < b + tonumber(ARGV[3]) and 1 or 0} end
if by == 'given' then return {tag, by, a, b, c} end
return {tag, by, a}
