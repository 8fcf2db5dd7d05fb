-- The module uuid.
local uuid = require('uuid')

local TEXT = '01234567-89ab-cdef-8123-456789abcdef'
local id = uuid.fromstr(TEXT)
local orders = {'l', 'b', 'h', 'n', 'host', 'network'}

case('functions', function()
    return type(uuid.new), type(uuid.str), type(uuid.bin), type(uuid.fromstr), type(uuid.frombin), type(getmetatable(uuid).__call)
end)
case('new', function()
    local a, b = uuid.new(), uuid()
    return a ~= b, a == a, #tostring(a), a:str():match('^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$') == a:str()
end)
case('str', function() return #uuid.str(), uuid.str() ~= uuid.str() end)
case('bin', function() return #uuid.bin(), #uuid.bin('l'), #uuid.bin('b'), uuid.bin() ~= uuid.bin() end)
case('type', function() return type(id) end)
case('field-unknown', function() return (pcall(function() return id.unknown end)) end)
case('tostring', function() return tostring(id), id:str() end)
case('of-bytes', function() return id:bin():hex() end)
for _, order in ipairs(orders) do
    case('bin-' .. order, function() return id:bin(order):hex() end)
    case('frombin-' .. order, function() return tostring(uuid.frombin(id:bin(order), order)) end)
    case('frombin-plain-' .. order, function() return tostring(uuid.frombin('abcdefghijklmnop', order)) end)
end
case('frombin-ones', function() return tostring(uuid.frombin(('\255'):rep(16))) end)
case('frombin-nuls', function() return uuid.frombin(('\0'):rep(16)):isnil(), uuid.frombin(('\0'):rep(16)) == uuid.NULL end)
case('isnil', function() return id:isnil(), uuid.NULL:isnil(), tostring(uuid.NULL), uuid.NULL == nil end)
case('equal', function()
    return id == uuid.fromstr(TEXT), id == TEXT, id == nil, id == 1, id ~= uuid.NULL, uuid.fromstr(TEXT) == id, id == {}
end)
for index, text in ipairs({
    '', ' ', 'a', TEXT:upper(), TEXT:gsub('-', ''), TEXT .. '0', TEXT .. '\0', TEXT .. ' ', TEXT:sub(1, -2), ' ' .. TEXT, '{' .. TEXT .. '}',
    TEXT:gsub('%-8', '-0'), TEXT:gsub('%-8', '-4'), TEXT:gsub('%-8', '-c'), TEXT:gsub('%-8', '-e'), TEXT:gsub('%-8', '-f'),
    TEXT:gsub('f$', 'x'), TEXT:gsub('f$', '\0'), TEXT:gsub('f$', '\n'), TEXT:gsub('^0', 'x'), TEXT:gsub('%-', '+'),
    '00000000-0000-0000-0000-000000000000', ('f'):rep(36), ('-'):rep(36),
}) do
    case(('fromstr-%02d'):format(index), function()
        local found = uuid.fromstr(text)
        return text, found and tostring(found)
    end)
end
for form, value in each({['number'] = 1, ['nan'] = 0 / 0, ['true'] = true, ['table'] = {}, ['function'] = print, ['nothing'] = nil, ['short'] = 'abc'}) do
    if value ~= 'abc' then
        case('fromstr-of-' .. form, function() return uuid.fromstr(value) end)
    end
    case('frombin-of-' .. form, function() return uuid.frombin(value) end)
    case('frombin-order-' .. form, function() return uuid.frombin(('a'):rep(16), value) end)
    case('bin-order-' .. form, function() return id:bin(value) end)
    case('new-bin-order-' .. form, function() return uuid.bin(value) end)
    case('bin-self-' .. form, function() return id.bin(value) end)
    case('str-self-' .. form, function() return id.str(value) end)
    case('isnil-self-' .. form, function() return id.isnil(value) end)
end
case('fromstr-nothing', function() return uuid.fromstr() end)
case('frombin-nothing', function() return uuid.frombin() end)
case('frombin-15', function() return uuid.frombin(('a'):rep(15)) end)
case('frombin-17', function() return uuid.frombin(('a'):rep(17)) end)
case('str-nothing', function() return id.str() end)
case('less', function() return (pcall(function() return id < id end)) end)
