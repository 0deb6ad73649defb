-- KEYS[1]: the request.

-- A primary of before may not have heard of what was decided since. What writes is refused there anyway.
if redis.call('INFO', 'replication'):find('role:slave', 1, true) then
  return redis.error_reply('READONLY this is a replica')
end

local request = load(KEYS[1])
return request and stored('known', request) or false
