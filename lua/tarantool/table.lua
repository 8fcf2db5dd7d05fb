-- What Tarantool adds to the module table: copies of tables. `__copy` in a metatable makes the copy
-- of its table.
local table = package.loaded.table

local getmetatable, pairs, setmetatable, type, unpack = getmetatable, pairs, setmetatable, type, unpack

table.clear = require('table.clear')

local function copier(value)
    local meta = getmetatable(value)
    if meta then
        return meta, meta.__copy
    end
    return meta, nil
end

function table.copy(value)
    if type(value) ~= 'table' then
        return value
    end
    local meta, by_itself = copier(value)
    if by_itself ~= nil then
        return (by_itself(value))
    end
    local copy = {}
    for key, item in pairs(value) do
        copy[key] = item
    end
    if meta ~= nil then
        setmetatable(copy, meta)
    end
    return copy
end

-- Each table has one copy, be it met once or often.
local function copy_of(value, copies, waiting)
    if type(value) ~= 'table' then
        return value
    elseif copies[value] ~= nil then
        return copies[value]
    end
    local meta, by_itself = copier(value)
    if by_itself ~= nil then
        return (by_itself(value))
    end
    local copy = {}
    copies[value] = copy
    waiting[#waiting + 1] = {value, copy, meta}
    return copy
end

-- No recursion: however deep tables nest, the stack has room.
function table.deepcopy(value)
    local copies, waiting = {}, {}
    local result = copy_of(value, copies, waiting)
    while #waiting > 0 do
        local original, copy, meta = unpack(waiting[#waiting], 1, 3)
        waiting[#waiting] = nil
        for key, item in pairs(original) do
            copy[copy_of(key, copies, waiting)] = copy_of(item, copies, waiting)
        end
        if meta ~= nil then
            setmetatable(copy, meta)
        end
    end
    return result
end
