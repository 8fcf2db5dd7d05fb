-- A fiber that does not wait neither stops the others nor goes on for ever. Run with a small
-- --handler-cpu.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

local TOO_LONG = 'the fiber ran too long without waiting'

-- While the function runs, others do, and its results are right.
local function runs_beside(fn, ...)
    local turns = 0
    local result, worker = check.spawn(fn, ...)
    while worker:status() ~= 'dead' do
        fiber.yield()
        turns = turns + 1
    end
    check.truthy(turns > 3, 'turns of the other fiber')
    return select(2, result())
end

-- A collector that looks at everything whenever something is made is slow.
local GC = os.getenv('SOCKD_TEST_GC')

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

check.case('short calls of C, in few instructions', function()
    check.equal(runs_beside(function()
        local length = 0
        for _ = 1, GC and 150 or 1500 do
            length = length + #('x'):rep(1000000)
        end
        return length
    end), GC and 150000000 or 1500000000)
end)

check.case('a hundred thousand fibers that run at once', function()
    local count = GC and 300 or 100000
    check.equal(runs_beside(function()
        local ran = {}
        for number = 1, count do
            fiber.create(function()
                ran[number] = true
            end)
        end
        return #ran
    end), count)
end)

-- The handler of an xpcall is called from within C: nobody can yield from there.
local function within_c(fn)
    local results
    xpcall(error, function()
        results = {pcall(fn)}
    end)
    return unpack(results, 1, 2)
end

-- There the coroutine cannot be left, and goes on at once.
check.case('a coroutine within a callback of C', function()
    check.results({true, 500000500000}, within_c(function()
        return coroutine.wrap(function()
            coroutine.yield(sum(1, 1000000))
        end)()
    end))
end)

check.case('a coroutine within a callback of C cannot wait, and nothing comes of it', function()
    local client, server = check.pair()
    for name, wait in pairs({
        sleep = function() fiber.sleep(0.001) end,
        read = function() server:read(1) end,
        select = function() require('socket').select({server}) end,
        channel = function() fiber.channel(0):get() end,
    }) do
        local ok, problem = within_c(coroutine.wrap(wait))
        check.equal(ok, false, name)
        check.truthy(tostring(problem):find('cannot wait here', 1, true), problem)
    end
    fiber.sleep(0.002)
    client:write('x')
    check.equal(server:read(1), 'x')
    client:close()
    server:close()
end)

check.case('a finalizer that never ends', function()
    local proxy, begun = newproxy(true), false
    getmetatable(proxy).__gc = function()
        begun = true
        while true do
        end
    end
    proxy = nil
    check.until_true(function()
        collectgarbage()
        return begun
    end)
    for _ = 1, 3 do
        fiber.sleep(0.001)
    end
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

local stopped = false

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
    ['a loop of long calls of C'] = function()
        while true do
            local _ = ('x'):rep(10000000)
        end
    end,
    ['a fork bomb'] = function()
        while true do
            fiber.create(function() end)
        end
    end,
    ['a loop of fibers that never end'] = function()
        while true do
            fiber.create(function()
                while not stopped do
                end
            end)
        end
    end,
    ['a handler of the very error that is to stop it'] = function()
        local function burn()
            while true do
            end
        end
        xpcall(burn, burn)
    end,
    ['such a handler in a callback of C'] = function()
        local function burn()
            while true do
            end
        end
        while true do
            xpcall(error, function() xpcall(burn, burn) end)
        end
    end,
    ['a loop of reads at the end of a stream'] = function()
        local client, server = check.pair()
        client:close()
        while true do
            server:read(1)
        end
    end,
    ['a loop of reads that need not wait'] = function()
        local _, server = check.pair()
        while true do
            server:read(1, 0)
        end
    end,
    ['a loop of questions whether it may write'] = function()
        local _, server = check.pair()
        while true do
            server:writable()
        end
    end,
    ['a gsub that never ends'] = function()
        ('x'):gsub('x', function()
            while true do
            end
        end)
    end,
    ['a replacement in a long text, byte by byte'] = function()
        ('a'):rep(1000000):gsub('a-b', '')
    end,
    ['a search through a table that never ends'] = function()
        ('x'):gsub('x', setmetatable({}, { __index = function()
            while true do
            end
        end }))
    end,
    ['a module that is never loaded'] = function()
        package.preload.endless = function()
            while true do
            end
        end
        require('endless')
    end,
    ['source that never ends'] = function()
        load(function()
            return ' '
        end)
        error(TOO_LONG) -- load has caught it, and then it is thrown again
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
        stopped = true
        fiber.yield()
        stopped = false
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

-- A stream with always more to read, for a second: three times what a fiber may burn.
local function busy(read)
    local client, server = check.pair()
    local begun, count = fiber.clock(), 0
    local _, writer = check.spawn(function()
        while client:write(('x'):rep(100000)) do
        end
    end)
    while fiber.clock() - begun < 1 do
        count = count + #read(server)
    end
    check.truthy(count > 1000)
    server:close()
    client:close()
    writer:cancel()
end

check.case('whoever always finds something to do is not stopped', function()
    busy(function(server) return server:read(1000) end)
end)

check.case('whoever reads within an iterator is not stopped', function()
    local pull
    busy(function(server)
        pull = pull or coroutine.wrap(function()
            while true do
                coroutine.yield(server:read(1000))
            end
        end)
        return pull()
    end)
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
