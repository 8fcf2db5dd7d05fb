-- The module clock, and the clocks of the module fiber in 64 bits.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local clock = require('clock')
local fiber = require('fiber')

check.case('seconds and nanoseconds', function()
    for _, name in ipairs({'time', 'realtime', 'monotonic', 'proc', 'thread'}) do
        local seconds, nanoseconds = clock[name](), clock[name .. '64']()
        check.equal(type(seconds), 'number', name)
        check.equal(type(nanoseconds), 'cdata', name)
        check.truthy(tonumber(nanoseconds) >= seconds * 1e9 - 1e3, name)
        check.truthy(math.abs(tonumber(nanoseconds) / 1e9 - seconds) < 5, name)
    end
end)

check.case('clocks go on', function()
    local before, cpu = clock.monotonic64(), clock.thread64()
    fiber.sleep(0.01)
    check.truthy(clock.monotonic64() - before >= 10000000ULL)
    check.truthy(clock.thread64() >= cpu)
    check.truthy(math.abs(clock.time() - os.time()) < 2)
end)

check.case('bench counts the time of the processor', function()
    local result = clock.bench(function(...)
        local sum = 0
        for i = 1, 100000 do
            sum = sum + i
        end
        fiber.sleep(0.01)
        return sum, ...
    end, 'x', nil, 'y')
    check.truthy(result[1] > 0)
    check.equal(result[2], 5000050000)
    check.equal(result[3], 'x')
    check.equal(result[5], 'y')
    check.throws('attempt to call', clock.bench)
end)

check.case('microseconds of fibers', function()
    check.truthy(math.abs(tonumber(fiber.time64()) / 1e6 - fiber.time()) < 1)
    check.truthy(math.abs(tonumber(fiber.clock64()) / 1e6 - fiber.clock()) < 1)
    check.truthy(tostring(fiber.time64()):match('^%d+ULL$'))
end)

check.finish()
