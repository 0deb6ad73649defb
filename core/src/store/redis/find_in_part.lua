-- KEYS: requests. ARGV: 3 the tags of a number. Gives back those of the number, each as a caller reads it and its id.

local tags = list(3)
local found = {}
for _, key in ipairs(KEYS) do
  local request = load(key)
  if request and has(tags, request[TAG]) then
    local response = stored('there', request)
    response[#response + 1] = key:sub(-16)
    found[#found + 1] = response
  end
end
return found
