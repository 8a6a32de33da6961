"""The Lua scripts: each is one atomic step of the index.

Every write is conditional on the epoch and revision that the caller has read, so that two followers cannot
interleave, and a caller who lost a race learns the state that won.
The size that an epoch should have is counted by the change of DBSIZE inside the script, at no cost per key:
a database with fewer keys than that has lost some.
"""

from typing import NamedTuple

from redis.crc import key_slot

from dedup_service.index.connection import Script
from dedup_service.index.layout import META

# KEYS: state hash. ARGV: epoch, revision expected, revision reached, hot limit, change of record count,
# operations (msgpack list of [record_no, payload or "", gained, lost]; the last two: key, bucket, key, ...),
# record_nos known to be new.
# Answer: [outcome, epoch, revision]; the outcome is 'applied', 'moved' (lost the race) or 'known' (not new).
_APPLY = """
local state = redis.call('HMGET', KEYS[1], 'epoch', 'applied_revision')
if state[1] ~= ARGV[1] or state[2] ~= ARGV[2] then
  return {'moved', state[1] or '', state[2] or '0'}
end
local root = '{dedup}:' .. ARGV[1]
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
_READ_META = """
local meta = redis.call('HMGET', KEYS[1],
  'store_id', 'format_version', 'epoch', 'applied_revision', 'size', 'damaged', 'records', 'keys', 'way')
if meta[3] and not meta[6] then
  local expected = (tonumber(meta[5]) or 0) + (tonumber(redis.call('HGET', KEYS[2], 'size') or '0') or 0)
  if not meta[5] or not meta[4] or not meta[7] or not meta[8] or redis.call('DBSIZE') < expected then
    meta[6] = '1'
    redis.pcall('HSET', KEYS[1], 'damaged', '1')
  end
end
"""

# KEYS: meta, build. Answer: the fields of `meta`, and the records of a build, empty where there is none.
_INSPECT = f"""{_READ_META}
for i = 1, 9 do meta[i] = meta[i] or '' end
meta[10] = redis.call('HGET', KEYS[2], 'records') or ''
return meta
"""

# KEYS: meta, build. ARGV: store_id, format_version, way, hot limit, members to read in all, candidates to
# give, letters of the kinds wanted (empty: all), then key, bucket, most members with which it counts (0:
# any), key, ...
# Answer: [outcome, revision, positions of keys not read whole, record_nos, for each of them the sum of
# 2^position of the keys shared, and the payloads (nil where one is missing)]; outcome is 'whole', 'damaged',
# 'other' (another way of preparing) or 'missing' (nothing to read for this store and format). Small keys are
# read first. Of too many candidates those stay whose shared keys tell most: a key of k among n records tells
# log2(n / k) bits.
_CANDIDATES = f"""{_READ_META}
if not meta[3] or meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] then
  return {{'missing', '0', {{}}, {{}}, {{}}, {{}}}}
end
local root = '{{dedup}}:' .. meta[3]
local hot_limit, budget, wanted = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local kinds, records = ARGV[7], math.max(tonumber(meta[7]) or 1, 1)
local shared, found, read, sizes = {{}}, {{}}, {{}}, {{}}
local function add(no, place)
  local before = shared[no]
  if before then
    shared[no] = before + 2 ^ place
  else
    found[#found + 1] = no
    shared[no] = 2 ^ place
  end
end
for i = 8, #ARGV, 3 do
  local held = redis.call('HGET', root .. ':b:' .. ARGV[i + 1], ARGV[i])
  if held == '*' then
    local size, most = redis.call('SCARD', root .. ':k:' .. ARGV[i]), tonumber(ARGV[i + 2])
    if most == 0 or size <= most then sizes[#sizes + 1] = {{size, i}} end
  elseif held then
    add(held, (i - 8) / 3)
    read[#read + 1] = {{(i - 8) / 3, 1, {{held}}}}
  end
end
table.sort(sizes, function(a, b) if a[1] ~= b[1] then return a[1] < b[1] end return a[2] < b[2] end)
local truncated, largest = {{}}, nil
for _, size in ipairs(sizes) do
  local key, place = root .. ':k:' .. ARGV[size[2]], (size[2] - 8) / 3
  if size[1] <= hot_limit and size[1] <= budget then
    budget = budget - size[1]
    largest = place
    local members = redis.call('SMEMBERS', key)
    for _, no in ipairs(members) do add(no, place) end
    read[#read + 1] = {{place, size[1], members}}
  else
    truncated[#truncated + 1] = place
    if #found == 0 then
      for _, no in ipairs(redis.call('SSCAN', key, 0, 'COUNT', wanted)[2]) do add(no, place) end
    end
  end
end
local outcome = meta[9] ~= ARGV[3] and 'other' or meta[6] and 'damaged' or 'whole'
if #found == 0 then return {{outcome, meta[4], truncated, {{}}, {{}}, {{}}}} end
if kinds == '' and #found <= wanted then
  local names, masks = {{}}, {{}}
  for i, no in ipairs(found) do names[i], masks[i] = root .. ':p:' .. no, shared[no] end
  return {{outcome, meta[4], truncated, found, masks, redis.call('MGET', unpack(names))}}
end
if #found > wanted then
  local told = {{}}
  for _, each in ipairs(read) do
    local bits = math.log(records / each[2])
    for _, no in ipairs(each[3]) do told[no] = (told[no] or 0) + bits end
  end
  table.sort(found, function(a, b)
    local first, second = told[a] or 0, told[b] or 0
    if first ~= second then return first > second end
    return tonumber(a) < tonumber(b)
  end)
end
local given, masks, payloads, cut = {{}}, {{}}, {{}}, false
for start = 1, #found, 100 do
  local names = {{}}
  for i = start, math.min(start + 99, #found) do names[#names + 1] = root .. ':p:' .. found[i] end
  for i, payload in ipairs(redis.call('MGET', unpack(names))) do
    if payload and (kinds == '' or string.find(kinds, string.sub(payload, 1, 1), 1, true)) then
      if #given == wanted then
        cut = true
        break
      end
      local no = found[start + i - 1]
      given[#given + 1], masks[#given + 1], payloads[#given + 1] = no, shared[no], payload
    end
  end
  if cut then break end
end
if cut and largest and #truncated == 0 then truncated[1] = largest end
return {{outcome, meta[4], truncated, given, masks, payloads}}
"""

# KEYS: build, garbage. ARGV: epoch, store_id, format_version, way, revision, seconds that a build may be
# silent.
# Answer: 1 when the build is ours, 0 when another follower is at it.
_BEGIN_BUILD = """
local other = redis.call('HMGET', KEYS[1], 'epoch', 'touched')
local now = tonumber(redis.call('TIME')[1])
if other[1] then
  if now - tonumber(other[2] or '0') < tonumber(ARGV[6]) then return 0 end
  redis.call('SADD', KEYS[2], other[1])
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'store_id', ARGV[2], 'format_version', ARGV[3],
  'way', ARGV[4], 'applied_revision', ARGV[5], 'records', '0', 'keys', '0', 'size', '1', 'touched', now)
return 1
"""

# KEYS: meta, build, garbage. ARGV: epoch. Puts a finished build in the place of what serves.
# Answer: 'published', 'lost' (the build is not ours any more) or the revision it must reach first.
_PUBLISH = """
local build = redis.call('HMGET', KEYS[2],
  'epoch', 'store_id', 'format_version', 'applied_revision', 'size', 'way')
if build[1] ~= ARGV[1] or redis.call('DBSIZE') < tonumber(build[5]) then return 'lost' end
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'store_id', 'format_version', 'applied_revision', 'way')
if meta[1] then
  local same = meta[2] == build[2] and meta[3] == build[3] and meta[5] == build[6]
  if same and tonumber(meta[4] or '0') > tonumber(build[4]) then return meta[4] end
  redis.call('SADD', KEYS[3], meta[1])
end
redis.call('RENAME', KEYS[2], KEYS[1])
return 'published'
"""

# KEYS: a state hash, garbage. ARGV: epoch. Drops an epoch whose content is wrong or whose build was given up.
_DISCARD = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
return 1
"""

# KEYS: build, garbage. ARGV: seconds that a build may be silent. Answer: how many epochs are to be swept.
_ABANDON = """
local other = redis.call('HMGET', KEYS[1], 'epoch', 'touched')
local now = tonumber(redis.call('TIME')[1])
if other[1] and now - tonumber(other[2] or '0') >= tonumber(ARGV[1]) then
  redis.call('SADD', KEYS[2], other[1])
  redis.call('DEL', KEYS[1])
end
return redis.call('SCARD', KEYS[2])
"""


class Scripts(NamedTuple):
    """The scripts for one server."""

    apply: Script
    inspect: Script
    candidates: Script
    begin_build: Script
    publish: Script
    discard: Script
    abandon: Script


def scripts(*, is_cluster: bool) -> Scripts:
    """The scripts; in a cluster they count the keys of our slot, as other slots may hold what is not ours."""
    texts: tuple[str, ...] = (_APPLY, _INSPECT, _CANDIDATES, _BEGIN_BUILD, _PUBLISH, _DISCARD, _ABANDON)
    if is_cluster:
        count = f"redis.call('CLUSTER', 'COUNTKEYSINSLOT', {key_slot(META.encode())})"
        texts = tuple(text.replace("redis.call('DBSIZE')", count) for text in texts)
    return Scripts(*map(Script, texts))
