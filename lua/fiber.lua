-- The module `fiber`: what has to happen in Lua. The functions that wait throw afterwards when the
-- fiber was cancelled meanwhile; the C half cannot, since it has no code left to run then.
local core = ...
local raw = core.fiber
local testcancel = raw.testcancel

local fiber = {}
for _, name in ipairs({
    'cancel', 'clock', 'create', 'find', 'id', 'info', 'kill', 'name', 'new', 'self',
    'set_joinable', 'status', 'testcancel', 'time', 'wakeup',
}) do
    fiber[name] = raw[name]
end

-- In microseconds, as integers of 64 bits.
fiber.time64, fiber.clock64 = core.time64, core.clock64

function fiber.sleep(delay)
    raw.sleep(delay)
    testcancel()
end

function fiber.yield()
    raw.yield()
    testcancel()
end

-- The results of a joinable fiber, as pcall gives them, once it has ended.
function fiber.join(object)
    while raw.wait_end(object) ~= nil do
        testcancel()
    end
    return raw.reap(object)
end

local methods = {}
for _, name in ipairs({
    'cancel', 'id', 'join', 'kill', 'name', 'set_joinable', 'status', 'wakeup',
}) do
    methods[name] = fiber[name]
end

function raw.metatable.__index(object, key)
    if key == 'storage' then
        return raw.storage(object)
    end
    return methods[key]
end

package.loaded.fiber = fiber
