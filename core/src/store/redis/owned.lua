
-- The tag and the end of the claim under KEYS[1], and when its SMS was counted, where it is of the owner ARGV[3] and was not completed.
local function owned()
  local packed = redis.call('GET', KEYS[1])
  if not packed then return nil end
  local tag, until_, by, owner, counted_at = cmsgpack.unpack(packed)
  if by == 'claim' and owner == ARGV[3] then return tag, until_, counted_at end
end
