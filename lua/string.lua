-- gsub: what calls a script back, and what takes long, goes in pieces, so that the fiber may wait
-- and be preempted in between.
local core = ...
local raw = core.string
local whole, some, ask, asked = raw.gsub, raw.gsub_some, raw.ask, raw.asked

local sub, concat = string.sub, table.concat
local getmetatable = debug.getmetatable
local tonumber, tostring, type = tonumber, tostring, type

local LONG = 65536 -- bytes of a subject; below, one piece does

local function is_text(value)
    return type(value) == 'string' or type(value) == 'number'
end

-- Asks about a match; or hands on that there was none.
local function answer(replace, state, ...)
    if state then
        return state, replace(...)
    end
    return state, ...
end

-- By a function, which gets all captures or one.
local function by_calls(subject, pattern, replace, one, most)
    local state, value, count = answer(replace, ask(subject, pattern, most, one))
    while state ~= nil do
        if state then
            state, value, count = answer(replace, asked(state, value))
        else
            state, value, count = answer(replace, asked(value))
        end
    end
    return value, count
end

-- By a text or a table, in a subject that is long.
local function by_slices(subject, pattern, replace, most)
    local parts, size, count, copied, at = {}, 0, 0, 0, 0
    local part, replaced
    repeat
        part, replaced, copied, at = some(subject, pattern, replace, copied, at, most - count)
        size, count = size + 1, count + replaced
        parts[size] = part
    until not at
    parts[size + 1] = sub(subject, copied + 1)
    return concat(parts), count
end

-- A function that asks a table, whose metatable may call a script.
local function asker(map)
    return function(key)
        return map[key]
    end
end

local function is_long(subject)
    return type(subject) == 'string' and #subject > LONG
end

local INT32 = 2 ^ 31

-- As many as `most` says, an integer of 32 bits to LuaJIT.
local function limit(subject, most)
    if most == nil then
        return #subject + 1
    end
    most = tonumber(most)
    return most > -INT32 and most < INT32 and most - most % 1 or -INT32
end

function string.gsub(...)
    local subject, pattern, replace, most = ...
    local kind = type(replace)
    local calls = kind == 'function' or kind == 'table' and getmetatable(replace) ~= nil
    if not calls and not is_long(subject) then
        return whole(...)
    elseif not is_text(subject) or not is_text(pattern) or most ~= nil and not tonumber(most) or
        not calls and not is_text(replace) and kind ~= 'table' then
        return whole(...) -- which complains
    end
    subject, pattern = tostring(subject), tostring(pattern)
    if not calls then
        return by_slices(subject, pattern, replace, limit(subject, most))
    end
    local is_table = kind == 'table'
    return by_calls(subject, pattern, is_table and asker(replace) or replace, is_table,
        limit(subject, most))
end
