-- Random tables and orders for LuaJIT's table.sort and for ours, and some for concat
-- (against_luajit.h): what is in the table afterwards, or the error, one line each.
local seed, count = ...
local state = seed
local function random(n) state = (state * 16807) % 2147483647 return state % n + 1 end
local results = {}
local function show(v) return type(v)=='table' and 't' .. tostring(v.id) or tostring(v) end
local orders = {nil, function(a,b) return a > b end, function(a,b) return a < b end, function(a,b) return a % 3 < b % 3 end, function() return true end, function() return false end, function(a, b) return random(2) == 1 end, function(a,b) return a <= b end}
for i = 1, count do
  local n = random(({3, 10, 60, 1500})[random(i % 50 == 0 and 4 or 3)])
  local t, kind = {}, random(8)
  for j = 1, n do
    local v = random(random(2) == 1 and 5 or 1000)
    if kind == 5 then v = tostring(v) elseif kind == 6 then v = setmetatable({id=v, key = v % 7}, {__lt = nil}) elseif kind == 7 and j == n then v = random(2) == 1 and 'x' or true elseif kind == 8 and random(5) == 1 then v = 0/0 end
    t[j] = v
  end
  if kind == 6 then local mt = {__lt = function(a,b) return a.key < b.key end} if random(4) ~= 1 then for _, v in ipairs(t) do setmetatable(v, mt) end end end
  local order = orders[random(8)]
  if kind >= 5 and kind <= 7 then order = nil end
  if random(5) == 1 then setmetatable(t, {__index = function() return 9 end, __newindex = function() error('no') end}) end
  local ok, problem = pcall(function() table.sort(t, order) end)
  local out = {}
  for j = 1, n do out[j] = show(t[j]) end
  if not ok and n > 1000 then out = {} end
  results[#results+1] = tostring(ok) .. ' ' .. tostring(problem) .. ' ' .. (getmetatable(t) and not ok and '' or table.concat(out, ' '))
end
for _, args in ipairs({{}, {1}, {{}, 1}, {{}, nil}, {{1,2}, {}}, {nil, print}}) do
  results[#results+1] = tostring((select(2, pcall(function() table.sort(unpack(args)) end))))
  results[#results+1] = tostring((select(2, pcall(function() return table.concat(unpack(args)) end))))
end
return table.concat(results, '\n')
