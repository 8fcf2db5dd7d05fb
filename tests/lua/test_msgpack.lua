-- The module msgpack.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local msgpack = require('msgpack')

local function back(value)
    local result, after = msgpack.decode(msgpack.encode(value))
    check.equal(after, #msgpack.encode(value) + 1)
    return result
end

check.case('numbers there and back', function()
    for power = 0, 46 do
        for _, near in ipairs({-1, 0, 1}) do
            check.equal(back(2 ^ power + near), 2 ^ power + near)
            check.equal(back(-2 ^ power + near), -2 ^ power + near)
        end
    end
    for _, number in ipairs({0.1, -0.5, 1e300, 5e-324, 1 / 0, -1 / 0}) do
        check.equal(back(number), number)
    end
    local nan = back(0 / 0)
    check.truthy(nan ~= nan)
    for _, number in ipairs({2 ^ 53 + 2, -2 ^ 60, 2 ^ 63}) do
        check.truthy(back(number) == (number < 0 and -1152921504606846976LL or
                                      number == 2 ^ 63 and 9223372036854775808ULL or
                                      9007199254740994ULL))
    end
end)

check.case('strings of each length', function()
    for _, length in ipairs({0, 1, 31, 32, 255, 256, 65535, 65536, 200000}) do
        local text = ('\0\255x'):rep(length):sub(1, length)
        check.equal(back(text), text)
    end
end)

check.case('tables of each size', function()
    for _, size in ipairs({0, 1, 15, 16, 255, 256, 65535, 65536}) do
        local list = {}
        for i = 1, size do
            list[i] = i
        end
        local list_back = back(list)
        check.equal(#list_back, size)
        check.equal(list_back[size], list[size])
    end
    for _, size in ipairs({0, 1, 15, 16, 255, 256}) do
        local map = setmetatable({}, msgpack.map_mt)
        for i = 1, size do
            map['key ' .. i] = i
        end
        local map_back = back(map)
        local count = 0
        for key, value in pairs(map_back) do
            check.equal(value, map[key])
            count = count + 1
        end
        check.equal(count, size)
    end
end)

check.case('keys are what they are', function()
    local value = back({[-5] = 'a', [1.5] = 'b', ['5'] = 'c', [true] = 'd'})
    check.equal(value[-5], 'a')
    check.equal(value[1.5], 'b')
    check.equal(value['5'], 'c')
    check.equal(value[true], 'd')
end)

check.case('null', function()
    local value = back({1, nil, msgpack.NULL, 4})
    check.equal(#value, 4)
    check.truthy(value[2] == nil and value[3] == msgpack.NULL)
    check.truthy(msgpack.NULL == require('json').NULL)
end)

check.case('one message after another', function()
    local bytes, at, count = ('\1\161x\144'):rep(100), 1, 0
    while at <= #bytes do
        count, at = count + 1, select(2, msgpack.decode(bytes, at))
    end
    check.equal(count, 300)
end)

check.case('what is wrong', function()
    local bytes = msgpack.encode({1, 'two', {three = 3.5}})
    for i = 0, #bytes - 1 do
        check.throws('invalid MsgPack', msgpack.decode, bytes:sub(1, i))
    end
    check.throws('extension type 7', msgpack.decode, '\212\7x')
    check.throws('offset is out of bounds', msgpack.decode, bytes, #bytes + 1)
    check.throws('unsupported Lua type', msgpack.encode, {print})
end)

check.finish()
