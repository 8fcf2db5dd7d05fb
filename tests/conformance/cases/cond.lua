-- fiber.cond.
local fiber = require('fiber')
local peers = require('peers')
local cond = fiber.cond

case('make', function() return type(cond()) end)
for _, name in ipairs({'wait', 'signal', 'broadcast', 'no_such_method'}) do
    case('method-' .. name, function() return type(cond()[name]) end)
end
case('signal-nobody', function() return cond():signal() end)
case('broadcast-nobody', function() return cond():broadcast() end)
case('wait-times-out', function() return cond():wait(0.01) end)
case('wait-timeout-0', function() return cond():wait(0) end)
case('wait-timeout-negative', function() return (pcall(cond().wait, cond(), -1)) end)
case('wait-timeout-string', function() return (pcall(cond().wait, cond(), 'x')) end)
case('wait-timeout-string-text', function() return cond():wait('x') end)
case('wait-signalled', function()
    local c = cond()
    local wait = peers.spawn(function() return c:wait(1) end)
    c:signal()
    return wait()
end)
case('wait-without-timeout', function()
    local c = cond()
    local wait = peers.spawn(function() return c:wait() end)
    c:signal()
    return wait()
end)
case('signal-before-wait-is-lost', function()
    local c = cond()
    c:signal()
    return c:wait(0.01)
end)
case('signal-wakes-one', function()
    local c, woken = cond(), 0
    for _ = 1, 3 do
        fiber.create(function()
            if c:wait(0.05) then
                woken = woken + 1
            end
        end)
    end
    c:signal()
    fiber.sleep(0.01)
    return woken
end)
case('signal-in-order', function()
    local c, order = cond(), {}
    for i = 1, 3 do
        fiber.create(function()
            c:wait(1)
            order[#order + 1] = i
        end)
    end
    for _ = 1, 3 do
        c:signal()
    end
    fiber.sleep(0.01)
    return order
end)
case('broadcast-wakes-all', function()
    local c, woken = cond(), 0
    for _ = 1, 3 do
        fiber.create(function()
            c:wait(1)
            woken = woken + 1
        end)
    end
    c:broadcast()
    fiber.sleep(0.01)
    return woken
end)
case('cancelled', function()
    local c = cond()
    local ok, problem
    local waiter = fiber.create(function() ok, problem = pcall(c.wait, c) end)
    waiter:cancel()
    fiber.yield()
    return ok, tostring(problem)
end)
case('method-of-nothing', function() return (pcall(cond().wait)) end)
case('method-of-nothing-text', function() return cond().signal() end)
case('method-of-table', function() return (pcall(cond().signal, {})) end)
case('with-a-condition', function()
    local c, ready = cond(), false
    fiber.create(function()
        fiber.sleep(0.005)
        ready = true
        c:broadcast()
    end)
    while not ready do
        c:wait(1)
    end
    return ready
end)
