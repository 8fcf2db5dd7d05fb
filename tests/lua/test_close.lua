-- Closing: what it does to others, to later calls, and what the collector closes.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

check.case('close twice', function()
    local client, server = check.pair()
    check.results({true}, client:close())
    check.results({false}, client:close())
    check.equal(errno(), errno.EBADF)
    check.results({''}, server:read(1))
    server:close()
end)

local methods = {
    'accept', 'bind', 'errno', 'error', 'fd', 'id', 'listen', 'name', 'nonblock', 'peer', 'read',
    'readable', 'recv', 'send', 'shutdown', 'sysconnect', 'sysread', 'syswrite', 'wait', 'writable',
    'write',
}

check.case('every other method of a closed socket throws', function()
    local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    sock:close()
    for _, name in ipairs(methods) do
        check.throws('attempt to use closed socket', sock[name], sock, 'x')
    end
    check.throws('attempt to use closed socket', tostring, sock)
end)

check.case('every method wants a socket', function()
    local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    for _, name in ipairs(methods) do
        check.throws('Usage: socket:method()', sock[name])
        check.throws('Usage: socket:method(), called with non-socket', sock[name], {})
        check.throws('Usage: socket:method(), called with non-socket', sock[name], {io.stdout})
        check.throws('Usage: socket:method(), called with non-socket', sock[name], 5, 'x')
    end
    check.throws('Usage: socket:method()', sock.close)
    sock:close()
end)

-- Each of these waits until its socket is closed by another fiber.
local waits = {
    {'read', {nil, n = 1}, '\n'},
    {'read', {nil, n = 1}, 100, 5},
    {'recv', {'', 'error', errno.EBADF, 'Bad file descriptor'}, 10},
    {'recv', {'', 'error', errno.EBADF, 'Bad file descriptor'}},
    {'sysread', {nil, n = 1}},
    {'readable', {false}},
    {'readable', {false}, 5},
    {'write', {nil, false, n = 2}, ('x'):rep(100000000)},
}

for _, case in ipairs(waits) do
    local name, expected, first, second = case[1], case[2], case[3], case[4]
    check.case('close wakes who waits in ' .. name, function()
        local client, server = check.pair()
        local number
        local result = check.spawn(function()
            local results = {client[name](client, first, second)}
            number = errno()
            return unpack(results, 1, expected.n or #expected)
        end)
        fiber.yield()
        check.equal(client:close(), true)
        local results = {result()}
        check.equal(results[1], true)
        for i = 1, expected.n or #expected do
            if expected[i] ~= false or name ~= 'write' then
                check.equal(results[i + 1], expected[i])
            end
        end
        check.equal(number, errno.EBADF)
        server:close()
    end)
end

check.case('close wakes who waits in accept and in wait', function()
    local listener = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    listener:bind('127.0.0.1')
    listener:listen()
    local accepting = check.spawn(function()
        return listener:accept(), errno()
    end)
    local waiting = check.spawn(function()
        return listener:wait(), errno()
    end)
    fiber.yield()
    listener:close()
    check.results({true, nil, errno.EBADF}, accepting())
    check.results({true, '', errno.EBADF}, waiting())
end)

check.case('a fiber that closes its own socket while another reads goes on first', function()
    local client, server = check.pair()
    local order = {}
    local result = check.spawn(function()
        client:read(1)
        order[#order + 1] = 'reader'
    end)
    fiber.yield()
    client:close()
    order[#order + 1] = 'closer'
    result()
    check.equal(table.concat(order, ' '), 'closer reader')
    server:close()
end)

check.case('a cancelled fiber throws from the call in which it waits', function()
    local large = ('x'):rep(100000000)
    local client, server = check.pair()
    local listener = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    listener:bind('127.0.0.1')
    listener:listen()
    for _, wait in ipairs({
        function() return client:read(1) end,
        function() return client:read('\n', 10) end,
        function() return client:recv(1) end,
        function() return client:sysread() end,
        function() return client:readable() end,
        function() return listener:wait() end,
        function() return listener:accept() end,
        function() return client:write(large) end,
        function() return fiber.sleep(100) end,
    }) do
        local after
        local result, worker = check.spawn(function()
            local results = {pcall(wait)}
            after = {pcall(wait)}
            return unpack(results)
        end)
        fiber.yield()
        worker:cancel()
        check.results({true, false, 'fiber is cancelled'}, result())
        check.equal(after[1], false)
        check.equal(after[2], 'fiber is cancelled')
    end
    for _, sock in ipairs({client, server, listener}) do
        sock:close()
    end
end)

check.case('a method called by pcall itself is cancelled too', function()
    local client, server = check.pair()
    local result, worker = check.spawn(function()
        return pcall(client.read, client, 1)
    end)
    fiber.yield()
    worker:cancel()
    check.results({true, false, 'fiber is cancelled'}, result())
    client:close()
    server:close()
end)

check.case('what a cancelled reader waited for goes to the next', function()
    local client, server = check.pair()
    local result, worker = check.spawn(function()
        return server:read('\n')
    end)
    client:write('half ')
    fiber.yield()
    worker:cancel()
    result()
    client:write('line\n')
    check.equal(server:read('\n'), 'half line\n')
    client:close()
    server:close()
end)

check.case('a cancelled fiber may still do what needs no wait', function()
    local client, server = check.pair()
    local result, worker = check.spawn(function()
        pcall(fiber.sleep, 100)
        return client:write('goodbye'), client:close()
    end)
    fiber.yield()
    worker:cancel()
    check.results({true, 7, true}, result())
    check.equal(server:read(100), 'goodbye')
    server:close()
end)

check.case('the collector closes what nobody can reach', function()
    local listener = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    listener:bind('127.0.0.1')
    listener:listen()
    local port = listener:name().port
    for _ = 1, 3000 do
        socket('AF_INET', 'SOCK_STREAM', 'tcp')
    end
    local server
    do
        local client = socket.tcp_connect('127.0.0.1', port)
        server = listener:accept()
        client:write('last words')
    end
    collectgarbage()
    collectgarbage()
    check.equal(server:read(100, 5), 'last words')
    check.equal(server:read(100, 5), '')
    server:close()
    listener:close()
end)

check.case('a fiber that waits keeps its socket', function()
    local client, server = check.pair()
    local fd = server:fd()
    local result = check.spawn(function(sock)
        return sock:read(1)
    end, server)
    fiber.yield()
    server = nil
    collectgarbage()
    collectgarbage()
    client:write('x')
    check.results({true, 'x'}, result())
    client:close()
    check.truthy(fd)
end)

check.finish()
