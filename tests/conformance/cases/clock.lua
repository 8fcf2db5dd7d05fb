-- The module clock.
local clock = require('clock')

for _, name in ipairs({'time', 'realtime', 'monotonic', 'proc', 'thread'}) do
    case(name, function() return type(clock[name]()), clock[name]() > 0 end)
    case(name .. '64', function() return type(clock[name .. '64']()), clock[name .. '64']() > 0 end)
    case(name .. '-and-64-agree', function()
        local short, long = clock[name](), tonumber(clock[name .. '64']()) / 1e9
        return math.abs(long - short) < 1
    end)
    case(name .. '-does-not-go-back', function()
        local before = clock[name]()
        return clock[name]() >= before
    end)
end
case('time-is-os-time', function() return math.abs(clock.time() - os.time()) < 2 end)
case('bench', function()
    local result = clock.bench(function(...) return ... end, 1, 'two')
    return type(result[1]), result[2], result[3]
end)
case('time64-prints', function() return tostring(clock.time64()):match('^%d+ULL$') ~= nil end)
case('no-such', function() return clock.no_such end)
