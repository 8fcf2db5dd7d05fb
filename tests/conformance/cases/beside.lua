-- What else scripts find: box, log, print, arg.
local log = require('log')

case('box', function() return type(box) end)
case('box-cfg', function() return type(box.cfg) end)
for _, name in ipairs({'error', 'warn', 'info', 'verbose', 'debug'}) do
    case('log-' .. name, function() return log[name]('a line of the conformance tests') end)
    case('log-format-' .. name, function() return log[name]('%s and %d', 'text', 5) end)
    case('log-type-' .. name, function() return type(log[name]) end)
end
case('log-table', function() return log.info({a = 1}) end)
case('log-number', function() return log.info(5) end)
case('log-nil', function() return (pcall(log.info, nil)) end)
case('log-nothing', function() return (pcall(log.info)) end)
case('log-percent-without-arguments', function() return log.info('100%') end)
case('log-wrong-format', function() return (pcall(log.info, '%d', 'x')) end)
case('print', function() return type(print) end)
case('arg', function() return type(arg), type(arg[0]), type(arg[1]) end)
case('ffi', function() return type(require('ffi')) end)
case('jit-module', function() return type(jit) end)
case('bit', function() return type(bit), bit.bor(1, 2) end)
case('os-time', function() return type(os.time()) end)
case('io-open', function() return type(io.open) end)
case('require-unknown', function() return (pcall(require, 'no.such.module')) end)
case('load-text', function() return load('return 1 + 1')() end)
case('loadstring', function() return loadstring('return 2 + 2')() end)
case('load-function', function()
    local parts = {'return ', '3', nil}
    local i = 0
    return load(function()
        i = i + 1
        return parts[i]
    end)()
end)
case('load-broken', function() return (load('return +')) end)
case('string-dump', function() return type(string.dump(function() end)) end)
case('coroutine', function()
    local co = coroutine.create(function(a)
        local b = coroutine.yield(a + 1)
        return b * 2
    end)
    return coroutine.resume(co, 1), select(2, coroutine.resume(co, 10)), coroutine.status(co)
end)
case('coroutine-wrap', function()
    local numbers = {}
    for n in coroutine.wrap(function()
        for i = 1, 3 do
            coroutine.yield(i)
        end
    end) do
        numbers[#numbers + 1] = n
    end
    return numbers
end)
case('coroutine-error', function()
    local co = coroutine.create(function() error('inside', 0) end)
    return coroutine.resume(co)
end)
