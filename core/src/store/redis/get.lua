-- KEYS[1]: the request.

local request = load(KEYS[1])
return request and stored('known', request) or false
