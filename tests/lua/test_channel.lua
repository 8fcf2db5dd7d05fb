-- fiber.channel.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

check.case('a channel with room', function()
    local c = fiber.channel(2)
    check.equal(tostring(c), 'channel: 0')
    check.equal(getmetatable(c), 'fiber.channel')
    check.truthy(c:is_empty() and not c:is_full() and not c:is_closed())
    check.results({true}, c:put('a'))
    check.results({true}, c:put('b', 0))
    check.truthy(c:is_full() and not c:is_empty())
    check.results({false}, c:put('c', 0.001))
    check.equal(c:count(), 2)
    check.equal(c:size(), 2)
    check.results({'a'}, c:get())
    check.results({'b'}, c:get(0))
    check.results({nil, n = 1}, c:get(0.001))
    check.truthy(not c:has_readers() and not c:has_writers())
end)

check.case('it goes round', function()
    local c = fiber.channel(3)
    local expected = 1
    for i = 1, 100 do
        c:put(i)
        if i % 3 ~= 1 or c:is_full() then
            check.equal(c:get(), expected)
            expected = expected + 1
        end
        if c:is_full() then
            check.equal(c:get(), expected)
            expected = expected + 1
        end
    end
end)

check.case('any value, nil and false included', function()
    local c, table = fiber.channel(1), {}
    for _, value in ipairs({false, 0, '', table, print}) do
        c:put(value)
        check.equal(c:get(), value)
    end
    c:put(nil)
    check.equal(c:count(), 1)
    check.results({nil, n = 1}, c:get(0))
    check.equal(c:count(), 0)
    local wait = check.spawn(function() return c:get(), c:get() end)
    c:put(nil)
    c:put('after')
    check.results({true, nil, 'after', n = 3}, wait())
end)

check.case('without room they meet', function()
    local c = fiber.channel()
    check.results({false}, c:put(1, 0))
    local writer = check.spawn(c.put, c, 'x')
    fiber.yield()
    check.truthy(c:has_writers() and c:is_full() and c:is_empty())
    check.results({'x'}, c:get(0))
    check.results({true, true}, writer())
    local reader = check.spawn(c.get, c)
    fiber.yield()
    check.truthy(c:has_readers())
    check.results({true}, c:put('y', 0))
    check.results({true, 'y'}, reader())
end)

check.case('those who wait are served in order', function()
    local c, got = fiber.channel(1), {}
    for i = 1, 5 do
        fiber.create(function()
            local letter = c:get()
            got[#got + 1] = i .. letter
        end)
    end
    for _, letter in ipairs({'a', 'b', 'c', 'd', 'e'}) do
        c:put(letter)
    end
    fiber.sleep(0.001)
    check.equal(table.concat(got, ' '), '1a 2b 3c 4d 5e')
    for i = 1, 5 do
        fiber.create(function() c:put(i) end)
    end
    got = {}
    for i = 1, 5 do
        got[i] = c:get()
    end
    check.equal(table.concat(got), '12345')
end)

check.case('a writer that waits is let in when there is room', function()
    local c = fiber.channel(1)
    c:put(1)
    local writer = check.spawn(c.put, c, 2)
    fiber.yield()
    check.equal(c:get(), 1)
    check.equal(c:count(), 1)
    check.results({true, true}, writer())
    check.equal(c:get(), 2)
end)

check.case('closing', function()
    local c = fiber.channel(1)
    c:put('lost')
    local writer = check.spawn(c.put, c, 'never')
    local empty = fiber.channel()
    local readers = {check.spawn(empty.get, empty), check.spawn(empty.get, empty, 10)}
    fiber.yield()
    check.results({n = 0}, c:close())
    empty:close()
    check.results({true, false}, writer())
    check.results({true, nil, n = 2}, readers[1]())
    check.results({true, nil, n = 2}, readers[2]())
    check.results({nil, n = 1}, c:get())
    check.results({false}, c:put(1))
    check.equal(c:count(), 0)
    check.truthy(c:is_closed() and not c:has_readers() and not c:has_writers())
    check.equal(tostring(c), 'channel: closed')
    c:close()
end)

check.case('cancelled while it waits, and before', function()
    local c, log = fiber.channel(), {}
    local function note(...)
        log[#log + 1] = tostring(select(2, ...))
    end
    local worker = fiber.create(function()
        note(pcall(c.get, c))
        note(pcall(c.get, c, 0))
        note(pcall(c.put, c, 1))
    end)
    worker:cancel()
    check.until_true(function() return worker:status() == 'dead' end)
    check.equal(table.concat(log, ', '), ('fiber is cancelled, '):rep(2) .. 'fiber is cancelled')
    check.truthy(not c:has_readers() and not c:has_writers())
    local writer = fiber.create(function() note(pcall(c.put, c, 'gone')) end)
    writer:cancel()
    fiber.yield()
    check.results({nil, n = 1}, c:get(0))
end)

check.case('woken early it waits on', function()
    local c = fiber.channel()
    local wait, worker = check.spawn(c.get, c, 10)
    fiber.yield()
    for _ = 1, 3 do
        worker:wakeup()
        fiber.yield()
    end
    check.equal(worker:status(), 'suspended')
    c:put('x')
    check.results({true, 'x'}, wait())
end)

check.case('within a coroutine of the script', function()
    local c = fiber.channel()
    fiber.create(function()
        fiber.sleep(0.001)
        c:put('late')
    end)
    check.equal(coroutine.wrap(function() return c:get() end)(), 'late')
end)

check.case('wrong arguments', function()
    local c = fiber.channel()
    check.throws('fiber.channel(size): bad arguments', fiber.channel, 'x')
    check.throws('fiber.channel(size): negative size', fiber.channel, -1)
    check.throws('usage: channel:put(var [, timeout])', c.put, c)
    check.throws('usage: channel:put(var [, timeout])', c.put, c, 1, -1)
    check.throws('usage: channel:get([timeout])', c.get, c, 'x')
    check.throws('usage: channel:get([timeout])', c.get)
    check.throws('fiber.channel expected, got table', c.get, {})
    for _, name in ipairs({'close', 'count', 'has_readers', 'has_writers', 'is_closed', 'is_empty',
                           'is_full', 'size'}) do
        check.throws('usage: channel:' .. name .. '()', c[name])
        check.throws('fiber.channel expected, got userdata', c[name], fiber.cond())
    end
end)

-- Many of both, preempted, woken and timing out: nothing is lost, nothing comes twice.
check.case('a crowd', function()
    local c, sum, sent, finished = fiber.channel(3), 0, 0, 0
    local workers = {}
    for i = 1, 20 do
        workers[i] = fiber.new(function()
            for k = 1, 200 do
                local value = (i * 1000 + k)
                while not c:put(value, (k % 3 + 1) * 0.0001) do end
                sent = sent + value
            end
            finished = finished + 1
        end)
    end
    for i = 21, 30 do
        workers[i] = fiber.new(function()
            while true do
                local value = c:get(i % 2 == 0 and 0.0002 or nil)
                if value then
                    sum = sum + value
                elseif c:is_closed() then
                    return
                end
            end
        end)
    end
    while finished < 20 do
        local worker = workers[math.random(30)]
        if worker:status() ~= 'dead' then
            worker:wakeup()
        end
        fiber.sleep(0)
    end
    check.until_true(function() return c:is_empty() and not c:has_writers() end)
    fiber.sleep(0.001)
    c:close()
    check.equal(sum, sent)
end)

check.case('what is no longer needed is collected', function()
    local weak = setmetatable({}, {__mode = 'v'})
    for i = 1, 100 do
        local c = fiber.channel(1)
        weak[i] = c
        c:put({c})
        c:put('x', 0)
    end
    collectgarbage()
    collectgarbage()
    check.equal(next(weak), nil)
end)

check.finish()
