-- The module fiber.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

check.case('create runs the new fiber first', function()
    local order = {}
    local worker = fiber.create(function(a, b)
        order[#order + 1] = 'begins ' .. a .. b
        fiber.sleep(0.001)
        order[#order + 1] = 'ends'
    end, 'x', 'y')
    order[#order + 1] = 'goes on'
    check.equal(worker:status(), 'suspended')
    check.until_true(function()
        return worker:status() == 'dead'
    end)
    check.equal(table.concat(order, ', '), 'begins xy, goes on, ends')
end)

check.case('nested creation', function()
    local order = {}
    fiber.create(function()
        order[#order + 1] = '1'
        fiber.create(function()
            order[#order + 1] = '2'
            fiber.create(function()
                order[#order + 1] = '3'
                fiber.yield()
                order[#order + 1] = '6'
            end)
            order[#order + 1] = '4'
        end)
        order[#order + 1] = '5'
    end)
    fiber.yield()
    fiber.yield()
    check.equal(table.concat(order), '123456')
end)

check.case('new runs it later', function()
    local order = {}
    local worker = fiber.new(function()
        order[#order + 1] = 'second'
    end)
    order[#order + 1] = 'first'
    check.equal(worker:status(), 'suspended')
    fiber.yield()
    check.equal(table.concat(order, ' '), 'first second')
    check.equal(worker:status(), 'dead')
end)

check.case('wrong arguments', function()
    check.throws('fiber.create(function, ...): bad arguments', fiber.create)
    check.throws('fiber.new(function, ...): bad arguments', fiber.new, 5)
    check.throws('fiber.sleep(delay): bad arguments', fiber.sleep)
    check.throws('fiber.sleep(delay): bad arguments', fiber.sleep, 'x')
    check.throws('fiber.find(id): bad arguments', fiber.find)
    check.throws('fiber expected, got number', fiber.status, 5)
    check.throws('the fiber is dead', fiber.cancel, 99999999)
end)

check.case('the running fiber', function()
    local self = fiber.self()
    check.equal(self:status(), 'running')
    check.equal(self:id(), fiber.id())
    check.equal(fiber.status(), 'running')
    check.equal(self:name(), 'test_fiber.lua')
    check.equal(tostring(self), 'fiber: ' .. fiber.id())
    check.truthy(self == fiber.self())
    check.truthy(fiber.find(fiber.id()) == self)
    check.equal(fiber.find(99999999), nil)
end)

check.case('a dead fiber has its number and nothing else', function()
    local worker = fiber.create(function() end)
    check.equal(worker:status(), 'dead')
    check.truthy(worker:id() > 100)
    for _, name in ipairs({'name', 'cancel', 'wakeup', 'join'}) do
        check.throws('the fiber is dead', worker[name], worker)
    end
end)

check.case('names', function()
    local worker = fiber.create(fiber.sleep, 10)
    check.equal(worker:name(), 'lua')
    worker:name('another')
    check.equal(worker:name(), 'another')
    check.equal(fiber.name(worker), 'another')
    check.throws('Fiber name is too long', worker.name, worker, ('x'):rep(256))
    worker:name(('x'):rep(300), {truncate = true})
    check.equal(#worker:name(), 255)
    local before = fiber.name()
    fiber.name('mine')
    check.equal(fiber.name(), 'mine')
    fiber.name(before)
    worker:cancel()
end)

check.case('sleep and time', function()
    local before, wall = fiber.clock(), fiber.time()
    check.results({n = 0}, fiber.sleep(0.02))
    check.truthy(fiber.clock() - before >= 0.02)
    check.truthy(fiber.time() - wall >= 0.019)
    check.truthy(math.abs(fiber.time() - os.time()) < 2)
    check.results({n = 0}, fiber.sleep(0))
    check.results({n = 0}, fiber.yield())
end)

check.case('those who sleep wake in order', function()
    local order, results = {}, {}
    for i, delay in ipairs({0.03, 0.01, 0.02}) do
        results[i] = check.spawn(function()
            fiber.sleep(delay)
            order[#order + 1] = i
        end)
    end
    for i = 1, 3 do
        results[i]()
    end
    check.equal(table.concat(order), '231')
end)

check.case('yield takes turns', function()
    local order, results = {}, {}
    for i = 1, 3 do
        results[i] = check.spawn(function()
            for _ = 1, 3 do
                order[#order + 1] = i
                fiber.yield()
            end
        end)
    end
    for i = 1, 3 do
        results[i]()
    end
    check.equal(table.concat(order), '123123123')
end)

check.case('wakeup ends a sleep', function()
    local result, worker = check.spawn(function()
        fiber.sleep(100)
        return 'awake'
    end)
    fiber.yield()
    worker:wakeup()
    check.results({true, 'awake'}, result())
end)

check.case('join', function()
    check.results({true, 1, nil, 3, n = 4}, check.spawn(function()
        return 1, nil, 3
    end)())
    check.results({true}, check.spawn(function() end)())
    local result = check.spawn(function(...)
        fiber.sleep(0.001)
        return select('#', ...)
    end, nil, nil, nil)
    check.results({true, 3}, result())
    local failure = {}
    check.results({false, failure}, check.spawn(function()
        error(failure)
    end)())
    check.throws('the fiber is not joinable', function()
        fiber.new(function() end):join()
    end)
    check.throws('cannot join itself', function()
        fiber.self():set_joinable(true)
        fiber.self():join()
    end)
    fiber.self():set_joinable(false)
end)

check.case('a joinable fiber waits to be joined, once', function()
    local result, worker = check.spawn(function()
        return 5
    end)
    fiber.yield()
    check.equal(worker:status(), 'dead')
    check.results({true, 5}, result())
    check.throws('the fiber is dead', worker.join, worker)
end)

check.case('fibers that finalizers make while all are listed', function()
    local made = 0
    local function make()
        made = made + 1
    end
    local function trap()
        getmetatable(newproxy(true)).__gc = function()
            for _ = 1, 50 do
                fiber.new(make)
            end
        end
    end
    -- Each allocation that may collect collects everything.
    local step = collectgarbage('setstepmul', 1e9)
    for _ = 1, 20 do
        trap()
        collectgarbage('restart')
        fiber.info()
        fiber.yield()
    end
    collectgarbage('setstepmul', step)
    collectgarbage()
    check.until_true(function() return made == 20 * 50 end)
end)

check.case('cancel', function()
    local log = {}
    local worker = fiber.create(function()
        log[#log + 1] = tostring(select(2, pcall(fiber.sleep, 100)))
        log[#log + 1] = tostring(select(2, pcall(fiber.testcancel)))
        log[#log + 1] = tostring(select(2, pcall(fiber.yield)))
        fiber.sleep(100)
        log[#log + 1] = 'not reached'
    end)
    worker:cancel()
    check.equal(#log, 0)
    fiber.yield()
    check.equal(worker:status(), 'dead')
    check.equal(table.concat(log, ', '), ('fiber is cancelled, '):rep(2) .. 'fiber is cancelled')
    local by_number = fiber.create(fiber.sleep, 100)
    fiber.kill(by_number:id())
    fiber.yield()
    check.equal(by_number:status(), 'dead')
end)

check.case('cancelled before it runs', function()
    local ran
    local result, worker = check.spawn(function()
        ran = true
        fiber.sleep(100)
    end)
    worker:cancel()
    check.results({false, 'fiber is cancelled'}, result())
    check.equal(ran, true)
end)

check.case('a fiber cancels itself', function()
    check.results({false, 'fiber is cancelled'}, check.spawn(function()
        fiber.self():cancel()
    end)())
end)

check.case('storage', function()
    local worker = fiber.create(function()
        fiber.self().storage.value = 5
        fiber.sleep(100)
    end)
    check.equal(worker.storage.value, 5)
    check.equal(fiber.self().storage.value, nil)
    worker:cancel()
    fiber.yield()
    check.throws('the fiber is dead', function()
        return worker.storage
    end)
end)

check.case('info', function()
    local worker = fiber.create(fiber.sleep, 100)
    worker:name('listed')
    local info = fiber.info()
    check.equal(info[worker:id()].name, 'listed')
    check.equal(info[worker:id()].fid, worker:id())
    check.equal(info[worker:id()].csw, 1)
    check.truthy(info[fiber.id()])
    worker:cancel()
end)

check.case('an error is logged and ends only its fiber', function()
    local worker = fiber.create(function()
        error('on purpose: this is what the log should show')
    end)
    check.equal(worker:status(), 'dead')
end)

check.case('ten thousand fibers', function()
    local count, last = 0, nil
    for _ = 1, 10000 do
        last = fiber.create(function()
            fiber.sleep(0.01)
            count = count + 1
        end)
    end
    check.until_true(function()
        return count == 10000
    end)
    check.equal(last:status(), 'dead')
end)

check.case('many arguments and results', function()
    local numbers = {}
    for i = 1, 200 do
        numbers[i] = i
    end
    check.results({true, unpack(numbers)}, check.spawn(function(...)
        fiber.yield()
        return ...
    end, unpack(numbers))())
end)

check.case('waiting through pcall, metamethods and iterators', function()
    local object = setmetatable({}, {
        __index = function(_, key)
            fiber.sleep(0.001)
            return key .. '!'
        end,
        __add = function(_, number)
            fiber.yield()
            return number + 1
        end,
        __call = function(_, ...)
            fiber.yield()
            return ...
        end,
    })
    check.equal(object.x, 'x!')
    check.equal(object + 1, 2)
    check.results({1, 2}, object(1, 2))
    local sum = 0
    for i in function(_, last)
        fiber.yield()
        return (last or 0) < 3 and (last or 0) + 1 or nil
    end do
        sum = sum + i
    end
    check.equal(sum, 6)
    check.results({false, 'thrown'}, pcall(function()
        fiber.yield()
        error('thrown', 0)
    end))
end)

check.case('where nobody can wait, waiting throws', function()
    check.throws('cannot wait here', check.within_c, fiber.sleep, 1)
    check.throws('cannot wait here', check.within_c, fiber.yield)
    local done
    check.within_c(fiber.create, function()
        done = true
    end)
    check.equal(done, nil)
    fiber.yield()
    check.equal(done, true)
end)

check.finish()
