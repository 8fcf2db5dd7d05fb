-- errno, log, box, text-only loading, the standard library.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local log = require('log')
local fiber = require('fiber')
local socket = require('socket')

check.case('errno', function()
    check.equal(errno.EINVAL, 22)
    check.equal(errno.ETIMEDOUT, 110)
    check.equal(errno.EWOULDBLOCK, errno.EAGAIN)
    check.equal(errno.ENONESUCH, nil)
    check.equal(errno.strerror(22), 'Invalid argument')
    check.equal(errno.strerror(99999), 'Unknown error 99999')
    errno(5)
    check.equal(errno(), 5)
    check.equal(errno.strerror(), errno.strerror(5))
    check.equal(errno(0), 5)
    check.equal(errno(), 0)
end)

check.case("each fiber's own errno", function()
    socket('AF_NONE_SUCH', 'SOCK_STREAM', 'tcp')
    local result = check.spawn(function()
        local before = errno()
        errno(7)
        return before
    end)
    check.results({true, 0}, result())
    check.equal(errno(), errno.EINVAL)
end)

check.case('log', function()
    for _, level in ipairs({'error', 'warn', 'info', 'verbose', 'debug'}) do
        check.results({n = 0}, log[level]('a line at %s: %d', level, 5))
    end
    log.info('100% as it is')
    log.info({})
    log.info({print})
    log.info('two\nlines')
    check.throws('number expected', log.info, '%d', 'x')
    local before = log.level()
    log.level('warn')
    check.equal(log.level(), 'warn')
    log.level(7)
    check.equal(log.level(), 'debug')
    log.level(before)
    check.throws('expected a name', log.level, 'loud')
    check.equal(log.level(), before)
end)

check.case('box.cfg changes nothing', function()
    check.equal(box.cfg({listen = 3301}), nil)
    box.cfg {}
end)

check.case('bytecode is refused everywhere', function()
    local code = string.dump(function() end)
    check.equal(load(code), nil)
    check.equal(loadstring(code), nil)
    check.equal(load(code, 'x', 'b'), nil)
    check.equal(load(code, 'x', 'bt'), nil)
    check.equal(load(function() local part = code code = nil return part end), nil)
    code = string.dump(function() end)
    local path = check.path('code')
    local file = io.open(path .. '.lua', 'wb')
    file:write(code)
    file:close()
    check.equal(loadfile(path .. '.lua'), nil)
    check.equal(loadfile(path .. '.lua', 'b'), nil)
    check.throws('attempt to load chunk', dofile, path .. '.lua')
    package.path = path:match('.*/') .. '?.lua'
    check.throws('attempt to load chunk', require, path:match('[^/]*$'))
    os.remove(path .. '.lua')
end)

check.case('text is loaded', function()
    check.equal(load('return ...')(5), 5)
    check.equal(load('return x', 'name', 't', {x = 7})(), 7)
    check.equal(loadstring('return 5')(), 5)
    local parts = {'return', ' 8'}
    check.equal(load(function()
        return table.remove(parts, 1)
    end)(), 8)
    check.results({nil, '[string "("]:1: unexpected symbol near \'<eof>\'', n = 2}, load('('))
    check.throws("module 'none.such' not found", require, 'none.such')
end)

check.case('require finds files', function()
    local path = check.path('module')
    local file = io.open(path .. '.lua', 'w')
    file:write('return {name = ...}')
    file:close()
    package.path = path:match('.*/') .. '?.lua'
    local name = path:match('[^/]*$')
    check.equal(require(name).name, name)
    os.remove(path .. '.lua')
end)

check.case('the compiler stays off', function()
    if jit.status() then
        return -- run with --jit
    end
    jit.on()
    check.equal((jit.status()), false)
end)

check.case('the arguments', function()
    check.equal(arg[0]:match('[^/]*$'), 'test_modules.lua')
    check.equal(arg[1], 'first')
    check.equal(arg[2], 'second argument')
    check.equal(arg[3], nil)
end)

check.case('a module may wait while it is loaded', function()
    package.preload.patient = function(name)
        local client, server = check.pair()
        fiber.create(function()
            fiber.sleep(0.001)
            server:write('late')
        end)
        local got = client:read(4)
        client:close()
        server:close()
        return { name = name, got = got }
    end
    check.equal(require('patient').got, 'late')
    check.equal(require('patient').name, 'patient')
    check.equal(require('patient'), package.loaded.patient)
end)

check.case('a module that needs itself is told so', function()
    package.preload.first = function()
        require('second')
    end
    package.preload.second = function()
        return require('first')
    end
    check.throws("loop or previous error loading module 'first'", require, 'first')
    check.throws("loop or previous error loading module 'second'", require, 'second')
    package.preload.failing = function()
        error('on purpose')
    end
    check.throws('on purpose', require, 'failing')
    check.throws("loop or previous error loading module 'failing'", require, 'failing')
    package.loaded.failing, package.preload.failing = nil, function() end
    check.equal(require('failing'), true)
    package.preload.own = function(name)
        package.loaded[name] = 'its own'
    end
    check.equal(require('own'), 'its own')
    check.throws("module 'no.such' not found:\n\tno field package.preload['no.such']", require,
        'no.such')
    check.throws('string expected, got table', require, {})
end)

check.case('a reader of source may wait', function()
    local parts = {'return ', '1 +', ' 2', ''}
    local at = 0
    check.equal(load(function()
        fiber.sleep(0.001)
        at = at + 1
        return parts[at]
    end)(), 3)
    check.results({nil, 'on purpose'}, load(function()
        error('on purpose', 0)
    end))
    check.equal(select(2, load(function()
        return true
    end)), 'reader function must return a string')
    check.equal(select(2, load(function()
        at = at + 1
        return at == 6 and '= x' or at < 6 and 12 or nil
    end, '=mine')), "mine:1: unexpected symbol near '12'")
    check.equal(load('return ...', 'text', 't', {})(7), 7)
    check.truthy(not pcall(load, nil))
end)

check.case('finalizers of a script run in a fiber, and may wait', function()
    local client, server = check.pair()
    local got
    local proxy = newproxy(true)
    getmetatable(proxy).__index = { client = client }
    getmetatable(proxy).__gc = function(object)
        object.client:write('from a finalizer')
        got = object.client:read(5)
    end
    check.equal(proxy.client, client)
    proxy = nil
    collectgarbage()
    check.equal(server:read(16), 'from a finalizer')
    server:write('reply')
    check.until_true(function()
        return got
    end)
    check.equal(got, 'reply')
    client:close()
    server:close()
    check.truthy(fiber.id())
end)

check.case('a finalizer that fails keeps none from running', function()
    local ran = 0
    for i = 1, 10 do
        local proxy = newproxy(true)
        getmetatable(proxy).__gc = function()
            ran = ran + 1
            if i % 2 == 0 then
                error('on purpose')
            end
        end
    end
    collectgarbage()
    check.until_true(function()
        collectgarbage()
        return ran == 10
    end)
    check.equal(type(newproxy()), 'userdata')
    check.equal(getmetatable(newproxy(newproxy(true))).__index, nil)
end)

check.finish()
