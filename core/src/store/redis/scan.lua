
-- What matches our keys of a kind, whatever characters the prefix has.
local function pattern(kind)
  return (prefix .. kind):gsub('[%*%?%[%]%^%-\\]', '\\%0') .. '*'
end
