-- What the scripts in this folder share. Each is a program for `sockd run`; it fails by its exit
-- status. A case is a function; it fails by an error, and the others still run.
--
-- With $SOCKD_TEST_GC set, the collector makes a whole round whenever the heap has grown by so many
-- percent; with 0, after every one or two objects. What lives only because nobody has looked yet
-- dies then.
local fiber = require('fiber')
local socket = require('socket')

local check = {}
local failed, passed = 0, 0

if os.getenv('SOCKD_TEST_GC') then
    collectgarbage('setpause', 100 + tonumber(os.getenv('SOCKD_TEST_GC')))
    collectgarbage('setstepmul', 0) -- a step is a whole round
end

local function show(value)
    if type(value) == 'string' then
        return #value <= 200 and ('%q'):format(value) or ('(%d bytes)'):format(#value)
    end
    return tostring(value)
end

function check.case(name, fn)
    local ok, problem = xpcall(fn, debug.traceback)
    if ok then
        passed = passed + 1
    else
        failed = failed + 1
        print('FAILED: ' .. name .. ': ' .. tostring(problem))
    end
end

function check.equal(actual, expected, what)
    if actual ~= expected then
        error(('%s: got %s, expected %s'):format(what or 'value', show(actual), show(expected)), 2)
    end
end

function check.truthy(actual, what)
    if not actual then
        error(('%s: got %s'):format(what or 'value', show(actual)), 2)
    end
end

-- check.results({'a', nil, 3, n = 3}, f()): the results, all of them and no more.
function check.results(expected, ...)
    local actual, count = {...}, select('#', ...)
    local wanted = expected.n or #expected
    for i = 1, math.max(count, wanted) do
        if actual[i] ~= expected[i] then
            error(('result %d: got %s, expected %s'):format(i, show(actual[i]), show(expected[i])), 2)
        end
    end
    if count ~= wanted then
        error(('got %d results, expected %d'):format(count, wanted), 2)
    end
end

-- The function throws, with this text in the message.
function check.throws(text, fn, ...)
    local ok, problem = pcall(fn, ...)
    if ok then
        error('did not throw', 2)
    elseif not tostring(problem):find(text, 1, true) then
        error(('threw %s, expected %s'):format(show(problem), show(text)), 2)
    end
end

-- Calls the function within a function in C, where nobody can wait.
function check.within_c(fn, ...)
    local arguments = {...}
    return ('%s'):format(setmetatable({}, { __tostring = function()
        fn(unpack(arguments))
        return ''
    end }))
end

-- Two ends of a TCP connection over loopback.
function check.pair()
    local listener = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    assert(listener:bind('127.0.0.1', 0) and listener:listen())
    local client = assert(socket.tcp_connect('127.0.0.1', listener:name().port))
    local server = assert(listener:accept())
    listener:close()
    return client, server
end

-- A path for a unix socket that no other test has.
function check.path(name)
    return ('%s/sockd-%s-%d-%s'):format(os.getenv('TMPDIR') or '/tmp', name, fiber.time() * 1e6,
                                        tostring({}):match('%x+$'))
end

-- Runs the function in a fiber; the result is a function that waits for its results.
function check.spawn(fn, ...)
    local joinable = false
    local worker = fiber.new(function(...)
        while not joinable do -- who made it has been preempted just then
            fiber.yield()
        end
        return fn(...)
    end, ...)
    worker:set_joinable(true)
    joinable = true
    return function()
        return worker:join()
    end, worker
end

-- Waits until the function answers; a test's own timeout is the limit.
function check.until_true(fn)
    while not fn() do
        fiber.sleep(0.001)
    end
end

function check.finish()
    if failed > 0 then
        print(('%d passed, %d failed'):format(passed, failed))
        os.exit(1)
    end
end

return check
