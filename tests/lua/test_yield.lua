-- Calls that wait, socket calls above all, inside pcall, xpcall, iterators and metamethods.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

-- A stream on which a line arrives whenever somebody waits for one: "1\n", "2\n", …; and a function
-- that ends it.
local function lines()
    local client, server = check.pair()
    local stop = false
    fiber.create(function()
        local number = 0
        while not stop do
            number = number + 1
            fiber.sleep(0.0005)
            client:write(number .. '\n')
        end
        client:close()
    end)
    return server, function()
        stop = true
        server:close()
    end
end

-- The number that arrives next, having waited for it.
local function receive(sock)
    return tonumber((sock:read('\n')))
end

check.case('pcall', function()
    local sock, stop = lines()
    check.results({true, '1\n'}, pcall(sock.read, sock, '\n'))
    check.results({true, true, 2, 'more'}, pcall(pcall, function()
        return receive(sock), 'more'
    end))
    check.results({false, 'got 3'}, pcall(function()
        error('got ' .. receive(sock), 0)
    end))
    local problem = {}
    check.results({false, problem}, pcall(function()
        local _, inner = pcall(function()
            receive(sock)
            error(problem)
        end)
        receive(sock)
        error(inner)
    end))
    stop()
    check.throws('attempt to use closed socket', sock.read, sock, 1)
end)

check.case('xpcall', function()
    local sock, stop = lines()
    check.results({true, 1, 'x'}, xpcall(function(...)
        return receive(sock), ...
    end, print, 'x'))
    local traced
    local function handler(problem)
        traced = debug.traceback(problem, 1)
        return 'handled: ' .. problem
    end
    check.results({false, 'handled: got 2'}, xpcall(function()
        error('got ' .. receive(sock), 0)
    end, handler))
    check.truthy(traced:find('stack traceback'))
    check.results({false, 'handled: outer'}, xpcall(function()
        check.results({false, 'handled: inner'}, xpcall(function()
            receive(sock)
            error('inner', 0)
        end, handler))
        receive(sock)
        error('outer', 0)
    end, handler))
    stop()
end)

check.case('a cancelled fiber is no prisoner of pcall', function()
    local client, server = check.pair()
    local caught = 0
    local join, worker = check.spawn(function()
        for _ = 1, 3 do
            local ok, problem = xpcall(function() return server:read(1) end, function(problem)
                return problem
            end)
            check.equal(ok, false)
            check.equal(problem, 'fiber is cancelled')
            caught = caught + 1
        end
    end)
    fiber.yield()
    worker:cancel()
    check.results({true}, join())
    check.equal(caught, 3)
    client:close()
    server:close()
end)

check.case('iterators', function()
    local sock, stop = lines()
    local sum = 0
    for number in function() return receive(sock) end do
        sum = sum + number
        if number == 4 then
            break
        end
    end
    check.equal(sum, 10)
    local function upto(state, last)
        local number = receive(state.sock)
        return number <= state.limit and number or nil, last
    end
    local seen = {}
    for number, before in upto, {sock = sock, limit = 7}, 4 do
        seen[#seen + 1] = before .. '<' .. number
    end
    check.equal(table.concat(seen, ' '), '4<5 5<6 6<7')
    for number in coroutine.wrap(function()
        for _ = 1, 3 do
            coroutine.yield(receive(sock))
        end
    end) do
        sum = sum + number
    end
    check.equal(sum, 10 + 9 + 10 + 11)
    local ok, problem = pcall(function()
        for _ in function() receive(sock) error('in an iterator', 0) end do
            error('not reached')
        end
    end)
    check.results({false, 'in an iterator'}, ok, problem)
    stop()
end)

check.case('every metamethod', function()
    local sock, stop = lines()
    local meta = {}
    local function object()
        return setmetatable({}, meta)
    end
    for _, name in ipairs({'add', 'sub', 'mul', 'div', 'mod', 'pow', 'unm'}) do
        meta['__' .. name] = function()
            return name .. receive(sock)
        end
    end
    meta.__concat = function() return 'concat' .. receive(sock) end
    meta.__index = function(_, key) return key .. receive(sock) end
    meta.__call = function(_, ...) return receive(sock), ... end
    local kept
    meta.__newindex = function(_, key, value) kept = key .. value .. receive(sock) end
    meta.__eq = function() return receive(sock) % 2 == 0 end
    meta.__lt = function() return receive(sock) % 2 == 0 end
    meta.__le = function() return receive(sock) % 2 == 0 end

    local a, b = object(), object()
    check.equal(a + b, 'add1')
    check.equal(a - 1, 'sub2')
    check.equal(2 * b, 'mul3')
    check.equal(a / b, 'div4')
    check.equal(a % 5, 'mod5')
    check.equal(a ^ b, 'pow6')
    check.equal(-a, 'unm7')
    check.equal(a .. 'x', 'concat8')
    check.equal('x' .. a, 'concat9')
    check.equal('x' .. 'y' .. a, 'xconcat10')
    check.equal(a.key, 'key11')
    check.results({12, 'p', nil, n = 3}, a('p', nil))
    a.field = 'value'
    check.equal(kept, 'fieldvalue13')
    check.equal(a == b, true) -- 14
    check.equal(a == b, false)
    check.equal(a ~= b, false)
    check.equal(a < b, false)
    check.equal(a < b, true)
    check.equal(a > b, false)
    check.equal(a <= b, true) -- 20
    check.equal(a >= b, false)
    check.equal(receive(sock), 22)
    -- deep: a metamethod of what a metamethod returns, within pcall, within an iterator
    for value in function(_, last)
        return last == nil and select(2, pcall(function() return (a + b) .. a.z .. -b end)) or nil
    end do
        check.equal(value, 'add23z24unm25')
    end
    stop()
end)

check.case('an index chain', function()
    local sock, stop = lines()
    local last = setmetatable({}, {__index = function(_, key) return key .. receive(sock) end})
    local middle = setmetatable({}, {__index = last})
    local first = setmetatable({}, {__index = middle, __newindex = setmetatable({}, {
        __newindex = function(_, key, value) rawset(middle, key, value + receive(sock)) end,
    })})
    check.equal(first.name, 'name1')
    first.number = 10
    check.equal(first.number, 12)
    stop()
end)

check.case('every kind of socket call', function()
    local listener = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    assert(listener:bind('127.0.0.1', 0) and listener:listen())
    local port = listener:name().port
    local receiver, sender = assert(socket.socketpair('AF_UNIX', 'SOCK_DGRAM', 0))
    -- The method by its name, in a metamethod, in pcall, in an iterator.
    local object = setmetatable({}, {__index = function(_, name)
        return function(sock, ...)
            local results
            for _, packed in function(arguments, done)
                if not done then
                    return true, {pcall(sock[name], sock, unpack(arguments))}
                end
            end, {...} do
                results = packed
            end
            assert(results[1], results[2])
            return unpack(results, 2)
        end
    end})
    local accepting = check.spawn(function() return object.accept(listener) end)
    local client = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    check.equal(object.sysconnect(client, '127.0.0.1', port), true)
    local _, server = accepting()
    local function later(call, ...)
        local arguments = {...}
        fiber.create(function()
            fiber.sleep(0.001)
            call(unpack(arguments))
        end)
    end
    for name, expected in pairs({
        read = 'hello', recv = 'hello', sysread = 'hello', recvfrom = 'hello', readable = true,
    }) do
        later(client.write, client, 'hello')
        check.equal(object[name](server, name ~= 'readable' and 5 or nil), expected)
    end
    check.equal(server:read(5), 'hello')
    check.equal(object.wait(server, 5), 'W')
    -- Fills the connection, and makes the call while the other end reads as much as that takes.
    local function with_no_room(name, ...)
        repeat until not client:send(('x'):rep(1000000), 'MSG_DONTWAIT')
        local done = false
        local reading = check.spawn(function()
            while not done do
                if server:readable(0.01) then
                    server:sysread(1000000)
                end
            end
        end)
        local result = object[name](client, ...)
        done = true
        check.results({true}, reading())
        return result
    end
    for _, name in ipairs({'send', 'syswrite', 'write'}) do
        check.equal(with_no_room(name, 'y'), 1)
    end
    check.equal(with_no_room('writable'), true)
    later(sender.send, sender, 'message')
    check.equal(object.recvfrom(receiver), 'message')
    check.equal(errno(), 0)
    for _, sock in ipairs({listener, client, server, receiver, sender}) do
        sock:close()
    end
end)

check.case('waiting where only a C function could go on throws, and the socket is as before',
           function()
    local sock, stop = lines()
    check.throws('cannot wait here', check.within_c, sock.read, sock, '\n')
    check.throws('cannot wait here', check.within_c, sock.readable, sock)
    check.equal(receive(sock), 1)
    stop()
end)

check.finish()
