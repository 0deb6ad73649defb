-- KEYS[1]: the request.

local request = load(KEYS[1])
if not request then return false end
if state(request) == 'pending' then
  request[PROGRESS] = CANCELLED
  save(KEYS[1], request)
end
return state(request)
