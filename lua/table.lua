-- sort and concat of large tables, so that the fiber can be preempted meanwhile, and sort's
-- comparison may wait: what C would call back is called from here.
local core = ...
local raw = core.table
local raw_sort, raw_concat = table.sort, table.concat
local numbers, sorted, uniform = raw.numbers, raw.sorted, raw.uniform

local error, rawget, rawset, type = error, rawget, rawset, type
local floor, getmetatable = math.floor, debug.getmetatable

local SMALL = 1000 -- elements that LuaJIT's own functions may have in one call
local MANY = 100000 -- of concat

local function invalid_order(depth)
    error('invalid order function for sorting', depth + 3)
end

-- Lua 5.1's quicksort, step by step, for the order of equal elements comes from it. An order that is
-- none leads to an error, never out of the range. `depth`: of the recursion, for the error.
local function sort(t, low, high, less, depth)
    while low < high do
        local first, last = t[low], t[high]
        if less(last, first) then
            t[low], t[high] = last, first
        end
        if high - low == 1 then
            return
        end
        local middle = floor((low + high) / 2)
        local pivot = t[middle]
        first = t[low]
        if less(pivot, first) then
            t[middle], t[low] = first, pivot
        else
            last = t[high]
            if less(last, pivot) then
                t[middle], t[high] = last, pivot
            end
        end
        if high - low == 2 then
            return
        end
        pivot = t[middle]
        t[middle], t[high - 1] = t[high - 1], pivot
        local i, j = low, high - 1
        while true do
            i = i + 1
            while less(t[i], pivot) do
                if i >= high then
                    invalid_order(depth)
                end
                i = i + 1
            end
            j = j - 1
            while less(pivot, t[j]) do
                if j <= low then
                    invalid_order(depth)
                end
                j = j - 1
            end
            if j < i then
                break
            end
            t[i], t[j] = t[j], t[i]
        end
        t[high - 1], t[i] = t[i], t[high - 1]
        -- The smaller part by recursion.
        if i - low < high - i then
            sort(t, low, i - 1, less, depth + 1)
            low = i + 1
        else
            sort(t, i + 1, high, less, depth + 1)
            high = i - 1
        end
    end
end

-- Metamethods are not asked.
local function sort_raw(t, count, less)
    local copy = {}
    for i = 1, count do
        copy[i] = rawget(t, i)
    end
    sort(copy, 1, count, less, 1)
    for i = 1, count do
        rawset(t, i, copy[i])
    end
end

local function comparison_of(value)
    local meta = getmetatable(value)
    return meta and rawget(meta, '__lt')
end

-- What < is, with the errors that have no place in a script.
local function less(a, b)
    local kind, other = type(a), type(b)
    if kind ~= other then
        error(('attempt to compare %s with %s'):format(kind, other), 0)
    elseif kind ~= 'number' and kind ~= 'string' and not comparison_of(a) then
        error(('attempt to compare two %s values'):format(kind), 0)
    end
    return a < b
end

local function less_of_a_kind(a, b)
    return a < b
end

-- False if they are not all numbers.
local function sort_numbers(t, count)
    local state = numbers(count)
    while true do
        local over = sorted(state, t)
        if over ~= false then
            return over
        end
    end
end

local function sort_any(t, count, compare)
    if getmetatable(t) then
        return sort_raw(t, count, compare)
    end
    return sort(t, 1, count, compare, 0)
end

function table.sort(...)
    local t, compare = ...
    if type(t) ~= 'table' or compare ~= nil and type(compare) ~= 'function' then
        return raw_sort(...) -- which complains
    end
    local count = #t
    if compare then
        return sort_any(t, count, compare)
    elseif count <= SMALL and uniform(t, count) then
        return raw_sort(t)
    elseif type(rawget(t, 1)) == 'number' and sort_numbers(t, count) then
        return
    end
    return sort_any(t, count, uniform(t, count) and less_of_a_kind or less)
end

function table.concat(...)
    local t, separator, from, to = ...
    if type(t) ~= 'table' or #t <= MANY or from ~= nil or to ~= nil then
        return raw_concat(...)
    end
    local parts, count = {}, #t
    for first = 1, count, MANY do
        parts[#parts + 1] = raw_concat(t, separator, first, math.min(first + MANY - 1, count))
    end
    return raw_concat(parts, separator)
end
