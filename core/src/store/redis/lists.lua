
-- Arguments from one that says how many they are, and where they end.
local function list(at)
  local items, count = {}, tonumber(ARGV[at])
  for i = 1, count do items[i] = ARGV[at + i] end
  return items, at + count + 1
end

local function has(items, wanted)
  for _, item in ipairs(items) do
    if item == wanted then return true end
  end
  return false
end
