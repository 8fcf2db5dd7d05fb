-- fiber.cond.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

check.case('a signal wakes one, in order; a broadcast all', function()
    local c, order = fiber.cond(), {}
    for i = 1, 5 do
        fiber.create(function()
            local woken = c:wait()
            order[#order + 1] = woken and i
        end)
    end
    check.results({n = 0}, c:signal())
    fiber.yield()
    check.equal(table.concat(order), '1')
    check.results({n = 0}, c:broadcast())
    fiber.yield()
    check.equal(table.concat(order), '12345')
end)

check.case('a signal that nobody waits for is lost', function()
    local c = fiber.cond()
    c:signal()
    c:broadcast()
    check.results({false}, c:wait(0.001))
    check.results({false}, c:wait(0))
end)

check.case('a signal in time', function()
    local c = fiber.cond()
    local wait = check.spawn(c.wait, c, 10)
    fiber.yield()
    c:signal()
    check.results({true, true}, wait())
end)

check.case('woken or cancelled it looks again', function()
    local c = fiber.cond()
    local wait, worker = check.spawn(c.wait, c, 10)
    fiber.yield()
    worker:wakeup()
    check.results({true, true}, wait())
    wait, worker = check.spawn(function()
        local first = c:wait()
        return first, select(2, pcall(c.wait, c)), select(2, pcall(c.wait, c, 0))
    end)
    fiber.yield()
    worker:cancel()
    check.results({true, true, 'fiber is cancelled', 'fiber is cancelled'}, wait())
end)

check.case('a loop that waits for a condition ends when it is cancelled', function()
    local c = fiber.cond()
    local worker = fiber.create(function()
        while true do
            c:wait()
        end
    end)
    worker:cancel()
    check.until_true(function() return worker:status() == 'dead' end)
end)

check.case('those who time out leave the others their place', function()
    local c, order = fiber.cond(), {}
    for i, timeout in ipairs({10, 0.001, 10}) do
        fiber.create(function()
            local woken = c:wait(timeout)
            order[#order + 1] = i .. tostring(woken)
        end)
    end
    fiber.sleep(0.01)
    c:signal()
    c:signal()
    fiber.yield()
    check.equal(table.concat(order, ' '), '2false 1true 3true')
end)

check.case('within a coroutine of the script', function()
    local c = fiber.cond()
    fiber.create(function()
        fiber.sleep(0.001)
        c:broadcast()
    end)
    check.equal(coroutine.wrap(function() return c:wait(10) end)(), true)
end)

check.case('wrong arguments', function()
    local c = fiber.cond()
    check.equal(tostring(c), 'cond')
    for _, timeout in ipairs({'x', -1, {}, 0 / 0}) do
        check.throws('usage: cond:wait([timeout])', c.wait, c, timeout)
    end
    check.throws('usage: cond:wait([timeout])', c.wait)
    check.throws('fiber.cond expected, got number', c.wait, 5)
    check.throws('usage: cond:signal()', c.signal)
    check.throws('usage: cond:broadcast()', c.broadcast)
    check.throws('fiber.cond expected, got userdata', c.signal, fiber.channel())
end)

check.finish()
