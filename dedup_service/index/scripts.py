"""The Lua scripts: each is one atomic step of the index.

Every write is conditional on the epoch and revision that the caller has read, so that two followers cannot
interleave, and a caller who lost a race learns the state that won.
The size that an epoch should have is counted by the change of DBSIZE inside the script, at no cost per key:
a database with fewer keys than that has lost some.
"""

# KEYS: state hash. ARGV: epoch, revision expected, revision reached, hot limit, change of record count,
# operations (msgpack list of [record_no, payload or "", gained, lost]; the last two: key, bucket, key, ...),
# record_nos known to be new.
# Answer: [outcome, epoch, revision]; the outcome is 'applied', 'moved' (lost the race) or 'known' (not new).
APPLY = """
local state = redis.call('HMGET', KEYS[1], 'epoch', 'applied_revision')
if state[1] ~= ARGV[1] or state[2] ~= ARGV[2] then
  return {'moved', state[1] or '', state[2] or '0'}
end
local root = 'dedup:' .. ARGV[1]
local payload, bucket, block = root .. ':p:', root .. ':b:', root .. ':k:'
local hot_limit = tonumber(ARGV[4])
for _, no in ipairs(cmsgpack.unpack(ARGV[7])) do
  if redis.call('EXISTS', payload .. no) == 1 then return {'known', state[1], state[2]} end
end
local before = redis.call('DBSIZE')
local key_change = 0
local function gain(no, key, place)
  if redis.call('HSETNX', place, key, no) == 1 then
    key_change = key_change + 1
    return
  end
  local held = redis.call('HGET', place, key)
  if held == no then return end
  if held ~= '*' then
    redis.call('SADD', block .. key, held)
    redis.call('HSET', place, key, '*')
  end
  redis.call('SADD', block .. key, no)
  if redis.call('SCARD', block .. key) > hot_limit then redis.call('SADD', root .. ':hot', key) end
end
local function lose(no, key, place)
  local held = redis.call('HGET', place, key)
  if held == no then
    redis.call('HDEL', place, key)
    key_change = key_change - 1
  elseif held == '*' then
    redis.call('SREM', block .. key, no)
    if redis.call('SCARD', block .. key) == 1 then
      redis.call('HSET', place, key, redis.call('SMEMBERS', block .. key)[1])
      redis.call('DEL', block .. key)
    end
  end
end
for _, operation in ipairs(cmsgpack.unpack(ARGV[6])) do
  local no = operation[1]
  if operation[2] == '' then
    redis.call('DEL', payload .. no)
  else
    redis.call('SET', payload .. no, operation[2])
  end
  local gained, lost = operation[3], operation[4]
  for i = 1, #gained, 2 do gain(no, gained[i], bucket .. gained[i + 1]) end
  for i = 1, #lost, 2 do lose(no, lost[i], bucket .. lost[i + 1]) end
end
redis.call('HINCRBY', KEYS[1], 'size', redis.call('DBSIZE') - before)
redis.call('HINCRBY', KEYS[1], 'records', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'keys', key_change)
redis.call('HSET', KEYS[1], 'applied_revision', ARGV[3], 'touched', redis.call('TIME')[1])
return {'applied', ARGV[1], ARGV[3]}
"""

# KEYS: meta, build. Marks the serving epoch damaged when keys are missing, because a rebuild's own keys would
# soon hide the gap. Leaves `meta`, a list of these fields.
_INSPECT = """
local meta = redis.call('HMGET', KEYS[1],
  'store_id', 'format_version', 'epoch', 'applied_revision', 'size', 'damaged', 'records', 'keys')
if meta[3] and not meta[6] then
  local expected = (tonumber(meta[5]) or 0) + (tonumber(redis.call('HGET', KEYS[2], 'size') or '0') or 0)
  if not meta[5] or not meta[4] or not meta[7] or not meta[8] or redis.call('DBSIZE') < expected then
    meta[6] = '1'
    redis.pcall('HSET', KEYS[1], 'damaged', '1')
  end
end
"""

# KEYS: meta, build. Answer: the fields of `meta`, and whether there is a build.
INSPECT = f"""{_INSPECT}
for i = 1, 8 do meta[i] = meta[i] or '' end
meta[9] = redis.call('EXISTS', KEYS[2])
return meta
"""

# KEYS: meta, build. ARGV: store_id, format_version, hot limit, members to read in all, candidates to give,
# then key, bucket, key, ...
# Answer: [outcome, revision, positions of keys not read whole, record_no, payload, record_no, payload, ...];
# outcome is 'whole', 'damaged' or 'missing' (nothing to read for this store and format).
# Small keys are read first; of more candidates than asked for, those that share most keys stay.
CANDIDATES = f"""{_INSPECT}
if not meta[3] or meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] then return {{'missing', '0', {{}}}} end
local root = 'dedup:' .. meta[3]
local hot_limit, budget, wanted = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local shared, sizes = {{}}, {{}}
for i = 6, #ARGV, 2 do
  local held = redis.call('HGET', root .. ':b:' .. ARGV[i + 1], ARGV[i])
  if held == '*' then
    sizes[#sizes + 1] = {{redis.call('SCARD', root .. ':k:' .. ARGV[i]), i}}
  elseif held then
    shared[held] = (shared[held] or 0) + 1
  end
end
table.sort(sizes, function(a, b) if a[1] ~= b[1] then return a[1] < b[1] end return a[2] < b[2] end)
local truncated, largest = {{}}, nil
for _, size in ipairs(sizes) do
  local key = root .. ':k:' .. ARGV[size[2]]
  if size[1] <= hot_limit and size[1] <= budget then
    budget = budget - size[1]
    largest = size[2]
    for _, no in ipairs(redis.call('SMEMBERS', key)) do shared[no] = (shared[no] or 0) + 1 end
  else
    truncated[#truncated + 1] = (size[2] - 6) / 2
    if next(shared) == nil then
      for _, no in ipairs(redis.call('SSCAN', key, 0, 'COUNT', wanted)[2]) do shared[no] = 1 end
    end
  end
end
local by_count, most = {{}}, 0
for no, count in pairs(shared) do
  by_count[count] = by_count[count] or {{}}
  table.insert(by_count[count], no)
  if count > most then most = count end
end
local chosen, cut = {{}}, false
for count = most, 1, -1 do
  local group = by_count[count] or {{}}
  if #group > wanted - #chosen then
    cut = true
    table.sort(group, function(a, b) return tonumber(a) < tonumber(b) end)
  end
  for i = 1, math.min(#group, wanted - #chosen) do chosen[#chosen + 1] = group[i] end
end
if cut and largest and #truncated == 0 then truncated[1] = (largest - 6) / 2 end
local answer = {{meta[6] and 'damaged' or 'whole', meta[4], truncated}}
for _, no in ipairs(chosen) do
  local payload = redis.call('GET', root .. ':p:' .. no)
  if payload then
    answer[#answer + 1] = no
    answer[#answer + 1] = payload
  end
end
return answer
"""

# KEYS: build, garbage. ARGV: epoch, store_id, format_version, revision, seconds that a build may be silent.
# Answer: 1 when the build is ours, 0 when another follower is at it.
BEGIN_BUILD = """
local other = redis.call('HMGET', KEYS[1], 'epoch', 'touched')
local now = tonumber(redis.call('TIME')[1])
if other[1] then
  if now - tonumber(other[2] or '0') < tonumber(ARGV[5]) then return 0 end
  redis.call('SADD', KEYS[2], other[1])
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'store_id', ARGV[2], 'format_version', ARGV[3],
  'applied_revision', ARGV[4], 'records', '0', 'keys', '0', 'size', '1', 'touched', now)
return 1
"""

# KEYS: meta, build, garbage. ARGV: epoch. Puts a finished build in the place of what serves.
# Answer: 'published', 'lost' (the build is not ours any more) or the revision it must reach first.
PUBLISH = """
local build = redis.call('HMGET', KEYS[2], 'epoch', 'store_id', 'format_version', 'applied_revision', 'size')
if build[1] ~= ARGV[1] or redis.call('DBSIZE') < tonumber(build[5]) then return 'lost' end
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'store_id', 'format_version', 'applied_revision')
if meta[1] then
  local same = meta[2] == build[2] and meta[3] == build[3]
  if same and tonumber(meta[4] or '0') > tonumber(build[4]) then return meta[4] end
  redis.call('SADD', KEYS[3], meta[1])
end
redis.call('RENAME', KEYS[2], KEYS[1])
return 'published'
"""

# KEYS: a state hash, garbage. ARGV: epoch. Drops an epoch whose content is wrong or whose build was given up.
DISCARD = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
return 1
"""
