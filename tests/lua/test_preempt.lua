-- A fiber that does not wait neither stops the others nor goes on for ever. Run with a small
-- --handler-cpu.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

local TOO_LONG = 'the fiber ran too long without waiting'

-- While the function runs, others do, and its results are right.
local function runs_beside(fn, ...)
    local turns, done = 0, false
    local result = check.spawn(function(...)
        local value = fn(...)
        done = true
        return value
    end, ...)
    while not done do
        fiber.yield()
        turns = turns + 1
    end
    check.truthy(turns > 3, 'turns of the other fiber')
    return select(2, result())
end

local function sum(from, to)
    local total = 0
    for i = from, to do
        total = total + i
    end
    return total
end

check.case('a long computation', function()
    check.equal(runs_beside(sum, 1, 20000000), 200000010000000)
end)

check.case('within pcall', function()
    check.equal(runs_beside(function()
        return select(2, pcall(sum, 1, 20000000))
    end), 200000010000000)
end)

check.case('within a coroutine, and one within that', function()
    check.equal(runs_beside(function()
        return coroutine.wrap(function()
            return coroutine.wrap(function()
                coroutine.yield(sum(1, 20000000))
            end)()
        end)()
    end), 200000010000000)
end)

check.case('fifty burners leave room', function()
    local stop, results = false, {}
    for i = 1, 50 do
        results[i] = check.spawn(function()
            while not stop do
            end
            return i
        end)
    end
    for _ = 1, 3 do
        fiber.sleep(0.001)
    end
    stop = true
    for i = 1, 50 do
        check.results({true, i}, results[i]())
    end
end)

for name, burn in pairs({
    ['a loop'] = function()
        while true do
        end
    end,
    ['a loop of pcall'] = function()
        while true do
            pcall(function()
                while true do
                end
            end)
        end
    end,
    ['a loop of coroutines'] = function()
        while true do
            coroutine.resume(coroutine.create(function()
                while true do
                end
            end))
        end
    end,
    ['a sort that never ends'] = function()
        table.sort({1, 2, 3}, function()
            while true do
            end
        end)
    end,
}) do
    check.case(name .. ' is stopped', function()
        local ok, problem = check.spawn(burn)()
        check.equal(ok, false)
        check.truthy(tostring(problem):find(TOO_LONG, 1, true), problem)
    end)
end

check.case('whoever waits now and then is not stopped', function()
    local client, server = check.pair()
    local begun = fiber.clock()
    while fiber.clock() - begun < 1 do
        sum(1, 10000)
        fiber.yield()
        client:write('x')
        server:read(1)
    end
    client:close()
    server:close()
end)

check.case('one fiber whose calls never wait leaves room', function()
    local client, server = check.pair()
    client:write(('x'):rep(100000))
    server:readable()
    local turns, done = 0, false
    local result = check.spawn(function()
        local count = 0
        for _ = 1, 50000 do
            count = count + #server:read(1)
        end
        done = true
        return count
    end)
    while not done do
        fiber.yield()
        turns = turns + 1
    end
    check.results({true, 50000}, result())
    check.truthy(turns > 100)
    client:close()
    server:close()
end)

check.finish()
