-- Values as text that is the same in every process: keys sorted, what the kernel chose (ports,
-- descriptors, addresses in memory, the scratch folder) replaced.
local fiber = require('fiber')

local canon = {}

-- Ports of the kernel's choosing are numbered in the order in which a case shows them.
local range = assert(io.open('/proc/sys/net/ipv4/ip_local_port_range'))
local EPHEMERAL_FIRST, EPHEMERAL_LAST = range:read('*n', '*n')
range:close()
local ports, port_count, folder

function canon.reset(scratch)
    ports, port_count, folder = {}, 0, scratch
end

local function port_name(port)
    if not ports[port] then
        port_count = port_count + 1
        ports[port] = 'PORT' .. port_count
    end
    return ports[port]
end

local function is_ephemeral(port)
    return port and port >= EPHEMERAL_FIRST and port <= EPHEMERAL_LAST
end

local function replace_plain(text, what, by)
    local result, from = {}, 1
    while true do
        local first, last = text:find(what, from, true)
        if not first then
            result[#result + 1] = text:sub(from)
            return table.concat(result)
        end
        result[#result + 1] = text:sub(from, first - 1)
        result[#result + 1] = by
        from = last + 1
    end
end

-- An error's text begins with a place in a source file, which is nobody's concern.
local function without_place(text)
    return (text:gsub('^[%w_/.-]*%.lua:%d+: ', ''))
end

local function scrub(text)
    text = without_place(replace_plain(text, folder, 'DIR'))
    text = text:gsub(':(%d+)', function(digits)
        local port = tonumber(digits)
        return is_ephemeral(port) and ':' .. port_name(port) or nil
    end)
    text = text:gsub('fd %d+', 'fd N'):gsub('fd=%d+', 'fd=N')
    return (text:gsub('0x%x+', 'ADDRESS'))
end

local ESCAPES = {['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t', ['"'] = '\\"', ['\\'] = '\\\\'}

local function quote(text)
    if #text > 200 then
        return ('"%s…" of %d bytes'):format(quote(text:sub(1, 20)):sub(2, -2), #text)
    end
    return '"' .. text:gsub('[%c"\\\128-\255]', function(char)
        return ESCAPES[char] or ('\\%03d'):format(char:byte())
    end) .. '"'
end

local function number(value)
    if value ~= value then
        return 'nan'
    elseif value == math.floor(value) and math.abs(value) < 2 ^ 63 then
        return ('%.0f'):format(value)
    end
    return ('%.14g'):format(value)
end

local function is_socket(value)
    local meta = getmetatable(value)
    return type(meta) == 'table' and type(meta.__index) == 'table'
        and type(meta.__index.sysconnect) == 'function'
end

-- The fiber that shows the case is one; a dead one cannot be printed everywhere.
local function is_fiber(value)
    return debug.getmetatable(value) == debug.getmetatable(fiber.self())
end

-- Numbers before strings before the rest.
local function key_less(a, b)
    if type(a) ~= type(b) then
        return type(a) < type(b)
    elseif type(a) == 'number' or type(a) == 'string' then
        return a < b
    end
    return tostring(a) < tostring(b)
end

local dump

local function dump_table(value, above)
    if is_socket(value) then
        return 'socket'
    elseif above[value] then
        return 'cycle'
    end
    above[value] = true
    local keys, parts = {}, {}
    for key in pairs(value) do
        keys[#keys + 1] = key
    end
    table.sort(keys, key_less)
    for index, key in ipairs(keys) do
        local item = value[key]
        if key == 'port' and is_ephemeral(tonumber(item)) then
            item = port_name(tonumber(item))
        else
            item = dump(item, above)
        end
        if key == index then
            parts[index] = item
        elseif type(key) == 'string' then
            parts[index] = key .. ' = ' .. item
        else
            parts[index] = '[' .. dump(key, above) .. '] = ' .. item
        end
    end
    above[value] = nil
    return '{' .. table.concat(parts, ', ') .. '}'
end

function dump(value, above)
    local kind = type(value)
    if kind == 'string' then
        return quote(scrub(value))
    elseif kind == 'number' then
        return number(value)
    elseif kind == 'table' then
        return dump_table(value, above)
    elseif kind == 'cdata' then
        return value == nil and 'null' or scrub(tostring(value))
    elseif kind == 'userdata' then
        if value == nil then
            return 'null'
        end
        return is_fiber(value) and 'fiber' or kind
    elseif kind == 'function' or kind == 'thread' then
        return kind
    end
    return tostring(value)
end

local function dump_all(first, last, values)
    local parts = {}
    for i = first, last do
        parts[#parts + 1] = dump(values[i], {})
    end
    return #parts > 0 and table.concat(parts, ', ') or 'nothing'
end

local function message(problem)
    if type(problem) == 'table' then
        return dump(problem, {})
    end
    return quote(scrub(tostring(problem)))
end

-- What pcall returned.
function canon.outcome(ok, ...)
    if ok then
        return dump_all(1, select('#', ...), {...})
    end
    return 'throws ' .. message((...))
end

return canon
