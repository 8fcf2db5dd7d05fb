-- The module json.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local json = require('json')

check.case('there and back', function()
    local value = json.decode(json.encode({
        number = 5, fraction = 0.25, text = 'a "b" \\ \n \0 \1', yes = true, no = false,
        list = {1, {2, {}}}, map = {a = {b = 1}}, null = json.NULL,
    }))
    check.equal(value.number, 5)
    check.equal(value.fraction, 0.25)
    check.equal(value.text, 'a "b" \\ \n \0 \1')
    check.equal(value.yes, true)
    check.equal(value.no, false)
    check.equal(#value.list, 2)
    check.equal(#value.list[2][2], 0)
    check.equal(value.map.a.b, 1)
    check.truthy(value.null == json.NULL and value.null == nil and rawget(value, 'null') ~= 'x')
end)

check.case('any text', function()
    for byte = 0, 255 do
        local text = ('x'):rep(byte % 7) .. string.char(byte) .. ('y'):rep(byte % 5)
        check.equal(json.decode(json.encode(text)), text)
    end
    local long = ('0123456789\n'):rep(100000)
    check.equal(json.decode(json.encode(long)), long)
end)

check.case('empty tables', function()
    check.equal(json.encode({}), '[]')
    check.equal(json.encode(setmetatable({}, json.map_mt)), '{}')
    check.equal(json.encode(json.decode('{}')), '{}')
    check.equal(json.encode(json.decode('[]')), '[]')
end)

check.case('a decoded table that is added to', function()
    local value = json.decode('[]')
    value.key = 1
    check.equal(json.encode(value), '{"key":1}')
end)

check.case('integers keep all their digits', function()
    for _, digits in ipairs({'9007199254740993', '-9223372036854775808', '18446744073709551615'}) do
        check.equal(json.encode(json.decode(digits)), digits)
        check.equal(json.encode(json.decode('[' .. digits .. ']')), '[' .. digits .. ']')
    end
    check.equal(json.encode(9007199254740993LL), '9007199254740993')
    check.equal(json.encode(json.decode('12345678901234567890123')), '1.2345678901235e+22')
end)

check.case('what is wrong, and where', function()
    check.throws('test_json.lua:', function() local value = json.decode('{') return value end)
    check.throws('Expected value but found invalid token on line 2 at character 2', json.decode,
                 '[\n x]')
    check.throws('Too high nest level', function()
        local cycle = {}
        cycle.self = cycle
        json.encode(cycle)
    end)
    check.throws('unsupported Lua type', json.encode, print)
end)

check.case('objects that know how they are written', function()
    local point = {__serialize = function(self) return {x = self[1]} end}
    check.equal(json.encode({setmetatable({5}, point)}), '[{"x":5}]')
    check.throws('on purpose', json.encode, setmetatable({}, {
        __serialize = function() error('on purpose') end,
    }))
end)

check.case('settings of a call, of a module, of another', function()
    local other = json.new()
    other.cfg({encode_invalid_as_nil = true})
    check.equal(other.encode({print}), '[null]')
    check.throws('unsupported', json.encode, {print})
    check.equal(json.encode({print}, {encode_invalid_as_nil = true}), '[null]')
    check.equal(other.cfg.encode_invalid_as_nil, true)
    check.equal(json.cfg.encode_invalid_as_nil, false)
end)

check.case('a large value', function()
    local list = {}
    for i = 1, 2000 do
        list[i] = {id = i, name = 'name ' .. i}
    end
    local back = json.decode(json.encode(list))
    check.equal(#back, 2000)
    check.equal(back[2000].name, 'name 2000')
end)

check.finish()
