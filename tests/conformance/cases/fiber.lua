-- The module fiber.
local fiber = require('fiber')
local peers = require('peers')

-- Makes a fiber that sleeps for long.
local function sleeper()
    return fiber.create(function() fiber.sleep(100) end)
end

for _, name in ipairs({
    'create', 'new', 'self', 'sleep', 'yield', 'status', 'id', 'name', 'cancel', 'kill', 'wakeup',
    'testcancel', 'find', 'info', 'clock', 'time', 'join', 'set_joinable', 'channel', 'cond', 'time64',
    'clock64',
}) do
    case('has-' .. name, function() return type(fiber[name]) end)
end
case('has-storage', function() return type(fiber.self().storage) end)
for _, name in ipairs({
    'status', 'id', 'name', 'cancel', 'kill', 'wakeup', 'join', 'set_joinable', 'storage', 'no_such_method',
}) do
    case('method-' .. name, function() return type(fiber.self()[name]) end)
end

case('create-runs-at-once', function()
    local order = {}
    fiber.create(function() order[#order + 1] = 'fiber' end)
    order[#order + 1] = 'creator'
    return order
end)
case('new-runs-later', function()
    local order = {}
    fiber.new(function() order[#order + 1] = 'fiber' end)
    order[#order + 1] = 'creator'
    fiber.yield()
    return order
end)
for _, maker in ipairs({'create', 'new'}) do
    case(maker .. '-passes-arguments', function()
        local got
        fiber[maker](function(...) got = {select('#', ...), ...} end, 1, nil, 'three', nil)
        fiber.yield()
        return got[1], got[2], got[3], got[4]
    end)
    case(maker .. '-results', function() return fiber[maker](function() end) end)
    case(maker .. '-of-nothing', function() return fiber[maker]() end)
    case(maker .. '-of-nil', function() return fiber[maker](nil, 1) end)
    case(maker .. '-of-string', function() return fiber[maker]('x') end)
    case(maker .. '-of-table', function() return fiber[maker]({}) end)
    case(maker .. '-in-order', function()
        local order = {}
        for i = 1, 5 do
            fiber[maker](function()
                fiber.yield()
                order[#order + 1] = i
            end)
        end
        fiber.sleep(0.01)
        return order
    end)
    case(maker .. '-throws', function()
        local made = fiber[maker](function() error('on purpose') end)
        fiber.yield()
        return made:status()
    end)
end

case('self', function() return fiber.self() end)
case('self-type', function() return type(fiber.self()) end)
case('self-is-self', function() return fiber.self() == fiber.self() end)
case('self-is-not-another', function() return fiber.self() == sleeper() end)
case('tostring', function() return (tostring(fiber.self()):match('^fiber: %d+$')) ~= nil end)
case('tostring-is-id', function() return tostring(fiber.self()) == 'fiber: ' .. fiber.id() end)
case('id-type', function() return type(fiber.id()) end)
case('id-is-id', function() return fiber.id() == fiber.self():id() end)
case('id-of-other', function()
    local other = sleeper()
    return other:id() > fiber.id(), other:id() == fiber.id(other)
end)
case('id-of-dead', function()
    local dead = fiber.create(function() end)
    return type(dead:id())
end)
case('id-of-string', function() return (pcall(fiber.id, 'x')) end)

case('status-of-self', function() return fiber.status() end)
case('status-of-suspended', function() return fiber.status(sleeper()) end)
case('status-of-new', function() return fiber.new(function() end):status() end)
case('status-of-dead', function() return fiber.create(function() end):status() end)
case('status-of-dead-by-function', function() return fiber.status(fiber.create(function() end)) end)
case('status-of-waiting', function()
    local listener = peers.listener()
    local waiting = fiber.create(function() listener:readable(1) end)
    local status = waiting:status()
    waiting:cancel()
    return status
end)
case('status-of-string', function() return (pcall(fiber.status, 'x')) end)

case('name', function() return fiber.create(function() fiber.sleep(1) end):name() end)
case('name-of-self', function() return type(fiber.name()) end)
case('name-set', function()
    fiber.name('mine')
    return fiber.name()
end)
case('name-set-results', function() return fiber.name('mine') end)
case('name-set-by-method', function()
    fiber.self():name('mine')
    return fiber.self():name()
end)
case('name-of-other', function()
    local other = sleeper()
    fiber.name(other, 'other')
    return fiber.name(other), other:name()
end)
case('name-set-method-results', function() return sleeper():name('x') end)
case('name-empty', function()
    fiber.name('')
    return fiber.name()
end)
case('name-of-255', function()
    fiber.name(('n'):rep(255))
    return #fiber.name()
end)
case('name-of-256', function() return (pcall(fiber.name, ('n'):rep(256))) end)
case('name-of-256-text', function() return fiber.name(('n'):rep(256)) end)
case('name-of-256-truncated', function()
    fiber.name(('n'):rep(300), {truncate = true})
    return #fiber.name()
end)
case('name-of-256-not-truncated', function()
    return (pcall(fiber.name, ('n'):rep(300), {truncate = false}))
end)
case('name-of-number', function()
    fiber.name(42)
    return fiber.name()
end)
case('name-of-dead', function()
    local dead = fiber.create(function() end)
    return dead:name()
end)
case('name-is-inherited', function()
    fiber.name('parent')
    local name
    fiber.create(function() name = fiber.name() end)
    return name
end)

case('sleep-results', function() return fiber.sleep(0) end)
case('sleep-takes-its-time', function()
    local before = fiber.clock()
    fiber.sleep(0.03)
    local took = fiber.clock() - before
    return took >= 0.029, took < 1
end)
case('sleep-0-lets-others-run', function()
    local ran = false
    fiber.new(function() ran = true end)
    fiber.sleep(0)
    return ran
end)
case('sleep-negative', function() return fiber.sleep(-1) end)
case('sleep-of-nothing', function() return fiber.sleep() end)
case('sleep-of-string', function() return fiber.sleep('x') end)
case('sleep-of-number-as-string', function() return (pcall(fiber.sleep, '0')) end)
case('sleepers-wake-in-order', function()
    local order = {}
    for _, delay in ipairs({0.03, 0.01, 0.02}) do
        fiber.create(function()
            fiber.sleep(delay)
            order[#order + 1] = delay
        end)
    end
    fiber.sleep(0.06)
    return order
end)
case('yield-results', function() return fiber.yield() end)
case('yield-lets-others-run', function()
    local order = {}
    fiber.create(function()
        order[#order + 1] = 'a1'
        fiber.yield()
        order[#order + 1] = 'a2'
    end)
    order[#order + 1] = 'b1'
    fiber.yield()
    order[#order + 1] = 'b2'
    fiber.yield()
    return order
end)
case('yield-in-pcall', function() return pcall(function() fiber.yield() return 'back' end) end)
case('yield-in-metamethod', function()
    local object = setmetatable({}, {__index = function(_, key)
        fiber.yield()
        return key .. '!'
    end})
    return object.late
end)
case('yield-in-iterator', function()
    local sum = 0
    for i in function(_, i) fiber.yield() return i < 4 and i + 1 or nil end, nil, 0 do
        sum = sum + i
    end
    return sum
end)
case('yield-in-coroutine', function()
    local co = coroutine.wrap(function()
        fiber.sleep(0)
        coroutine.yield('from coroutine')
    end)
    return (pcall(co))
end)

case('cancel-suspended', function()
    local other = sleeper()
    fiber.cancel(other)
    fiber.yield()
    return other:status()
end)
case('cancel-results', function() return fiber.cancel(sleeper()) end)
case('cancel-method', function()
    local other = sleeper()
    other:cancel()
    fiber.yield()
    return other:status()
end)
case('kill', function()
    local other = sleeper()
    fiber.kill(other)
    fiber.yield()
    return other:status()
end)
case('kill-method', function()
    local other = sleeper()
    local result = other:kill()
    fiber.yield()
    return result, other:status()
end)
case('cancel-by-id', function()
    local other = sleeper()
    fiber.cancel(other:id())
    fiber.yield()
    return other:status()
end)
case('kill-by-id', function()
    local other = sleeper()
    fiber.kill(other:id())
    fiber.yield()
    return other:status()
end)
case('cancel-error-text', function()
    local ok, problem
    local other = fiber.create(function() ok, problem = pcall(fiber.sleep, 100) end)
    other:cancel()
    fiber.yield()
    return ok, tostring(problem)
end)
case('cancelled-stays-cancelled', function()
    local second
    local other = fiber.create(function()
        pcall(fiber.sleep, 100)
        second = pcall(fiber.sleep, 100)
    end)
    other:cancel()
    fiber.sleep(0.005)
    return second, other:status()
end)
case('cancel-self', function()
    local after = false
    local other = fiber.create(function()
        fiber.self():cancel()
        after = true
    end)
    fiber.yield()
    return after, other:status()
end)
case('cancel-self-in-pcall', function()
    local ok, problem
    fiber.create(function() ok, problem = pcall(fiber.cancel, fiber.self()) end)
    fiber.yield()
    return ok, tostring(problem)
end)
case('cancel-new', function()
    local ran = false
    local other = fiber.new(function() ran = true end)
    other:cancel()
    fiber.yield()
    fiber.yield()
    return ran, other:status()
end)
case('cancel-dead', function() return (pcall(fiber.cancel, fiber.create(function() end))) end)
case('cancel-dead-text', function()
    local dead = fiber.create(function() end)
    return fiber.cancel(dead)
end)
case('cancel-unknown-id', function() return fiber.cancel(99999999) end)
case('kill-unknown-id', function() return fiber.kill(99999999) end)
case('cancel-of-nothing', function() return (pcall(fiber.cancel)) end)
case('cancel-of-string', function() return (pcall(fiber.cancel, 'x')) end)
case('cancel-of-string-text', function() return fiber.cancel('x') end)
case('testcancel', function() return fiber.testcancel() end)
case('testcancel-cancelled', function()
    local ok, problem
    local other = fiber.create(function()
        pcall(fiber.sleep, 100)
        ok, problem = pcall(fiber.testcancel)
    end)
    other:cancel()
    fiber.yield()
    return ok, tostring(problem)
end)

case('wakeup', function()
    local woken = false
    local other = fiber.create(function()
        fiber.sleep(100)
        woken = true
    end)
    fiber.wakeup(other)
    fiber.sleep(0.005)
    return woken
end)
case('wakeup-method', function()
    local woken = false
    local other = fiber.create(function()
        fiber.sleep(100)
        woken = true
    end)
    local result = other:wakeup()
    fiber.sleep(0.005)
    return result, woken
end)
case('wakeup-by-id', function()
    local woken = false
    local other = fiber.create(function()
        fiber.sleep(100)
        woken = true
    end)
    fiber.wakeup(other:id())
    fiber.sleep(0.005)
    return woken
end)
case('wakeup-results', function() return fiber.wakeup(sleeper()) end)
case('wakeup-dead', function()
    local dead = fiber.create(function() end)
    return (pcall(fiber.wakeup, dead))
end)
case('wakeup-dead-text', function()
    local dead = fiber.create(function() end)
    return fiber.wakeup(dead)
end)
case('wakeup-of-nothing', function() return (pcall(fiber.wakeup)) end)

case('find', function()
    local other = sleeper()
    return fiber.find(other:id()) == other
end)
case('find-unknown', function() return fiber.find(99999999) end)
case('find-0', function() return fiber.find(0) end)
case('find-dead', function() return fiber.find(fiber.create(function() end):id()) end)
case('find-of-nothing', function() return fiber.find() end)
case('find-of-string', function() return fiber.find('x') end)
case('info-of-self', function()
    fiber.name('known')
    local info = fiber.info()[fiber.id()]
    return type(info), info and info.name, info and info.fid == fiber.id(), info and type(info.csw)
end)
case('info-of-dead', function() return fiber.info()[fiber.create(function() end):id()] end)

case('clock', function() return type(fiber.clock()), fiber.clock() > 0 end)
case('clock-goes-on', function()
    local before = fiber.clock()
    fiber.sleep(0.01)
    return fiber.clock() > before
end)
case('time', function() return type(fiber.time()), math.abs(fiber.time() - os.time()) < 2 end)
case('time64', function() return type(fiber.time64()), tonumber(fiber.time64()) / 1e6 - fiber.time() < 1 end)
case('clock64', function() return type(fiber.clock64()), tonumber(fiber.clock64()) / 1e6 - fiber.clock() < 1 end)

case('join', function()
    local other = fiber.new(function() return 1, nil, 'three' end)
    other:set_joinable(true)
    return other:join()
end)
case('join-nothing', function()
    local other = fiber.new(function() end)
    other:set_joinable(true)
    return other:join()
end)
case('join-throws', function()
    local other = fiber.new(function() error('on purpose', 0) end)
    other:set_joinable(true)
    local ok, problem = other:join()
    return ok, tostring(problem)
end)
case('join-throws-table', function()
    local other = fiber.new(function() error({code = 5}) end)
    other:set_joinable(true)
    local ok, problem = other:join()
    return ok, type(problem)
end)
case('join-function', function()
    local other = fiber.new(function() return 'x' end)
    fiber.set_joinable(other, true)
    return fiber.join(other)
end)
case('join-waits', function()
    local other = fiber.create(function()
        fiber.sleep(0.01)
        return 'late'
    end)
    other:set_joinable(true)
    return other:join()
end)
case('join-ended', function()
    local other = fiber.new(function() return 'early' end)
    other:set_joinable(true)
    fiber.sleep(0.005)
    local status = other:status()
    return status, other:join()
end)
case('join-twice', function()
    local other = fiber.new(function() return 1 end)
    other:set_joinable(true)
    other:join()
    return (pcall(other.join, other))
end)
case('join-not-joinable', function() return sleeper():join() end)
case('join-cancelled', function()
    local other = sleeper()
    other:set_joinable(true)
    other:cancel()
    local ok, problem = other:join()
    return ok, tostring(problem)
end)
case('join-of-nothing', function() return (pcall(fiber.join)) end)
case('set_joinable-results', function() return fiber.new(function() end):set_joinable(true) end)
case('set_joinable-false', function()
    local other = fiber.new(function() end)
    other:set_joinable(true)
    other:set_joinable(false)
    return (pcall(other.join, other))
end)
case('set_joinable-of-nothing', function() return (pcall(fiber.set_joinable)) end)

case('storage', function()
    fiber.self().storage.key = 'value'
    return fiber.self().storage.key
end)
case('storage-is-its-own', function()
    fiber.self().storage.key = 'mine'
    local theirs
    fiber.create(function() theirs = fiber.self().storage.key end)
    return theirs
end)
case('storage-survives-a-switch', function()
    fiber.self().storage.key = 'kept'
    fiber.sleep(0.001)
    return fiber.self().storage.key
end)
case('storage-from-outside', function()
    local other = fiber.create(function()
        fiber.self().storage.key = 'seen'
        fiber.sleep(1)
    end)
    return other.storage.key
end)
case('errno-is-the-fibers-own', function()
    local errno = require('errno')
    errno(errno.EPERM)
    return peers.errno()
end)
case('ten-thousand', function()
    local count = 0
    for _ = 1, 10000 do
        fiber.create(function()
            fiber.yield()
            count = count + 1
        end)
    end
    for _ = 1, 100 do
        fiber.sleep(0.01)
        if count == 10000 then
            break
        end
    end
    return count
end)
