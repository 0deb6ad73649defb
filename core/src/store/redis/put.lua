
-- The server removes it then; that it is over the scripts see for themselves.
local function put(key, packed, until_)
  redis.call('SET', key, packed, 'PXAT', math.max(until_ - ahead, 1))
end
