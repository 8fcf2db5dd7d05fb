-- The module clock.
local clock = require('clock')

for name, read in each({
    time = clock.time, realtime = clock.realtime, monotonic = clock.monotonic, proc = clock.proc,
    thread = clock.thread,
}) do
    case(name, function() return type(read()), read() > 0 end)
    case(name .. '-does-not-go-back', function()
        local before = read()
        return read() >= before
    end)
end
for name, read in each({
    time64 = clock.time64, realtime64 = clock.realtime64, monotonic64 = clock.monotonic64,
    proc64 = clock.proc64, thread64 = clock.thread64,
}) do
    case(name, function() return type(read()), read() > 0 end)
    case(name .. '-is-in-nanoseconds', function()
        local seconds = clock[name:sub(1, -3)]()
        return math.abs(tonumber(read()) / 1e9 - seconds) < 1
    end)
end
case('time-is-os-time', function() return math.abs(clock.time() - os.time()) < 2 end)
case('bench', function()
    local result = clock.bench(function(...) return ... end, 1, 'two')
    return type(result[1]), result[2], result[3]
end)
case('time64-prints', function() return tostring(clock.time64()):match('^%d+ULL$') ~= nil end)
case('no-such', function() return clock.no_such end)
