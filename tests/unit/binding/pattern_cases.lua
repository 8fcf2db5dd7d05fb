-- Random patterns, subjects and replacements for LuaJIT's functions and for ours (against_luajit.h).
-- The result is a text: what each call returned, asked or threw, one line each.
local seed, count = ...
local state = seed
local function random(n)
    state = (state * 16807) % 2147483647
    return state % n + 1
end
local atoms = {'a', 'b', 'c', '.', '%a', '%d', '%s', '%w', '%W', '%x', '%p', '%z', '%Z', '%g', '%u', '%l', '%c', '%.', '%%',
    '[ab]', '[^ab]', '[a-c]', '[%a_]', '[^%s]', '[]]', '[^]]', '[a-]', '[%]]', '[a%-z]', ' ', '1', '\200', '%\200', '%_', '%@', '%{', 'x', '-', ']', '\0'}
local repeats = {'', '', '', '', '*', '+', '-', '?'}
local special = {'(', ')', '()', '%1', '%2', '%b()', '%bab', '%f[%w]', '%f[^a]', '^', '$', '%', '[', '%f', '%b', '[a', '%0', '(a*)', '(.)', '(%w+)', '%f[%z]', '[%', '[^'}
local letters = {'a', 'b', 'c', ' ', '1', '(', ')', '_', 'A', '\0', '\200', '.', '%', 'x', '-', '\n', ']', 'ab', 'abab'}
local function make(parts, most)
    local out = {}
    for i = 1, random(most) - 1 do out[i] = parts[random(#parts)] end
    return table.concat(out)
end
local function pattern()
    local out = {}
    if random(6) == 1 then out[1] = '^' end
    for _ = 1, random(6) do
        if random(4) == 1 then
            out[#out + 1] = special[random(#special)]
            if random(2) == 1 then out[#out+1] = ')' end
        else
            out[#out + 1] = atoms[random(#atoms)] .. repeats[random(#repeats)]
        end
    end
    if random(6) == 1 then out[#out + 1] = '$' end
    return table.concat(out)
end
local texts = {'', 'x', '%0', '%1', '%2', '<%1>', '%%', '%', '%a', '%0%0', 'abc', '\0'}
local values = {'v', 7, false, 1.5, {}, print}
local function replacement(log)
    local kind = random(4)
    if kind == 1 then return texts[random(#texts)]
    elseif kind == 2 then return {a = 'A', b = false, ab = 3, [' '] = '', ['1'] = random(3) == 1 and {} or nil}
    elseif kind == 3 then
        local map = {a = 'x', b = 'y'}
        return setmetatable({}, {__index = function(_, key) log[#log + 1] = tostring(key) return map[key] end})
    end
    local value = values[random(#values)]
    local odd = random(3)
    return function(...)
        for i = 1, select('#', ...) do log[#log + 1] = tostring((select(i, ...))) end
        if odd == 1 then return value elseif odd == 2 then return ... end
    end
end
local inits = {nil, 1, 2, -1, -3, 0, 5, 100, -100, 2.7, '2'}
local function show(value) return type(value) == 'string' and ('%q'):format(value) or type(value) == 'function' and 'function' or type(value)=='table' and 'table' or tostring(value) end
local function line(what, ...)
    local out = {what}
    for i = 1, select('#', ...) do out[#out + 1] = show((select(i, ...))) end
    return table.concat(out, ' ')
end
local results = {}
local function note(...) results[#results + 1] = line(...) end
for i = 1, count do
    local subject, p = make(letters, 14), pattern()
    local init = inits[random(#inits)]
    local what = ('%q %q %s'):format(subject, p, tostring(init))
    note('find ' .. what, pcall(function() return string.find(subject, p, init) end))
    note('plain ' .. what, pcall(function() return (string.find(subject, p, init, true)) end))
    note('match ' .. what, pcall(function() return subject:match(p, init) end))
    local log, rounds = {}, 0
    local ok, problem = pcall(function() for a, b, c in subject:gmatch(p) do rounds = rounds + 1 if rounds > 60 then break end log[#log+1] = line('', a, b, c) end end)
    note('gmatch ' .. what, ok, problem, table.concat(log, ','))
    log = {}
    local repl, most = replacement(log), ({nil, nil, nil, 0, 1, 2, -1, 1.9, '2'})[random(9)]
    note('gsub ' .. what .. ' ' .. show(repl) .. ' ' .. tostring(most), pcall(function() local a, b = subject:gsub(p, repl, most) return a, b end))
    note('called', unpack(log))
end
-- Wrong arguments.
for _, name in ipairs({'find', 'match', 'gmatch', 'gsub'}) do
    local f = string[name]
    for _, args in ipairs({{}, {1}, {'a'}, {{}}, {'a', {}}, {'a', 'a'}, {'a', 'a', {}}, {'a','a',print}, {'a','a','a',{}}, {12, 1, 1}, {'a', 1, 2, 3}, {nil, 'a'}, {'a', nil}, {'a', 'a', nil, 1}, {'a','a',true}, {'a','a','x','y'}, {'a','a','x','2'}, {121, 1, function() return 3 end}, {'a', 'a', print, {}}, {{}, 'a', print}}) do
        note(name .. #args, pcall(function() return f(unpack(args, 1, 4)) end))
        note(name .. #args, pcall(function() local a = f(unpack(args)) return a end))
        note(name .. #args, pcall(function() local a, b = string[name](unpack(args)) return a, b end))
        note(name .. #args, pcall(f, unpack(args)))
    end
end
return table.concat(results, '\n')
