-- Every operation, so that its outcome is the same however bytes arrive and leave and whatever
-- system calls say in between: this script also runs with tests/harness/drip.c, under which they
-- carry one byte, or fail with EAGAIN and EINTR.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

-- A byte that travels alone takes up much more room: who writes more than a few is not the one who
-- reads them.
local function noise(size)
    local piece = {}
    for i = 1, size do
        piece[i] = string.char((i * 31 + math.floor(i / 7)) % 256)
    end
    return table.concat(piece)
end

local function unix_pair()
    return socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
end

-- Reads until there are so many bytes, by a call that gives some at a time.
local function gather(size, call)
    local parts, count = {}, 0
    while count < size do
        local part = call(size - count)
        check.truthy(part and part ~= '', 'a part')
        parts[#parts + 1], count = part, count + #part
    end
    return table.concat(parts)
end

for family, pair in pairs({['over TCP'] = check.pair, ['over a unix socket'] = unix_pair}) do
    local function case(name, fn)
        check.case(name .. ' ' .. family, function()
            local client, server = pair()
            fn(client, server)
            client:close()
            server:close()
        end)
    end

    case('read', function(client, server)
        local data = noise(700)
        local results = {}
        local join = check.spawn(function()
            results = {
                server:read(100), server:read('\n'), server:read({limit = 5, delimiter = 'x'}),
                server:read({delimiter = {'\r\n', '--end--'}}), server:read(3, 100),
                server:read('--end--', 100), server:read(0), server:read(700), server:read({}),
                server:read(1),
            }
        end)
        local sent = client:write(data:sub(1, 100) .. 'line\n12345a\r\n678a--end--b--end--' .. data)
        check.equal(sent, 100 + 5 + 5 + 3 + 3 + 8 + 8 + 700)
        check.equal(client:write('the rest'), 8)
        client:close()
        check.equal((join()), true)
        check.truthy(results[1] == data:sub(1, 100))
        check.equal(results[2], 'line\n')
        check.equal(results[3], '12345')
        check.equal(results[4], 'a\r\n')
        check.equal(results[5], '678')
        check.equal(results[6], 'a--end--')
        check.equal(results[7], '')
        check.truthy(results[8] == 'b--end--' .. data:sub(1, 692))
        check.equal(results[9], data:sub(693) .. 'the rest')
        check.equal(results[10], '')
    end)

    case('a read that times out leaves what has come', function(client, server)
        client:write('half ')
        check.equal(server:read('\n', 0.02), nil)
        check.equal(server:errno(), errno.ETIMEDOUT)
        check.equal(server:read(100, 0.02), nil)
        client:write('a line\n')
        check.equal(server:read('\n', 100), 'half a line\n')
        check.equal(server:errno(), 0)
    end)

    case('recv', function(client, server)
        local data = noise(600)
        local join = check.spawn(client.write, client, data)
        check.equal(server:recv(1), data:sub(1, 1))
        check.truthy(server:recv(300) == data:sub(2, 301))
        check.truthy(gather(299, function(left) return (server:recv(left, 0)) end) ==
                     data:sub(302))
        check.results({true, 600}, join())
        client:write('peek')
        check.equal(server:recv(4, 'MSG_PEEK'), 'peek')
        check.equal(server:recv(4, 'MSG_WAITALL'), 'peek')
        client:write('end')
        client:close()
        check.results({'end', 'eof'}, server:recv(10))
        check.results({'', 'eof'}, server:recv(10))
    end)

    case('recv without a size, recvfrom and sysread', function(client, server)
        local data = noise(500)
        for _, call in ipairs({
            function() return (server:recv()) end,
            function(left) return (server:recvfrom(left)) end,
            function(left) return server:sysread(left) end,
            function() return server:sysread() end,
        }) do
            local join = check.spawn(client.write, client, data)
            check.truthy(gather(500, call) == data)
            check.results({true, 500}, join())
        end
        client:close()
        check.equal(server:sysread(10), '')
        check.equal(server:recv(), '')
        check.equal((server:recvfrom()), '')
    end)

    case('send and syswrite', function(client, server)
        local data = noise(500)
        for _, name in ipairs({'send', 'syswrite'}) do
            local join = check.spawn(function() return server:read(#data) end)
            local sent = 0
            while sent < #data do
                sent = sent + client[name](client, data:sub(sent + 1))
            end
            local _, got = join()
            check.truthy(got == data, name)
        end
    end)

    case('writes of several fibers', function(client, server)
        local joins = {}
        for i = 1, 5 do
            joins[i] = check.spawn(function()
                return client:write(tostring(i):rep(300) .. '\n')
            end)
        end
        for i = 1, 5 do
            check.equal(server:read('\n'), tostring(i):rep(300) .. '\n')
        end
        for i = 1, 5 do
            check.results({true, 301}, joins[i]())
        end
    end)

    case('both ways at once', function(client, server)
        local data = noise(1000)
        local echo = check.spawn(function()
            local count = 0
            while count < #data do
                local part = server:sysread(64)
                count = count + #part
                server:write(part)
            end
        end)
        local writer = check.spawn(function() return client:write(data) end)
        check.truthy(client:read(#data) == data)
        check.results({true, #data}, writer())
        check.results({true}, echo())
    end)

    case('much', function(client, server)
        local data = noise(1000):rep(1000)
        local writer = check.spawn(function()
            local sent = client:write(data)
            client:close()
            return sent
        end)
        check.truthy(server:read({}) == data)
        check.results({true, #data}, writer())
    end)

    case('a write that times out knows what went out', function(client, server)
        local data = noise(1000):rep(20000)
        local sent, partial = client:write(data, 0.1)
        check.equal(sent, nil)
        check.equal(client:errno(), errno.ETIMEDOUT)
        client:close()
        local got = server:read({})
        check.equal(#got, partial)
        check.truthy(got == data:sub(1, partial))
    end)

    case('readable, writable, wait, iowait', function(client, server)
        check.equal(server:readable(0.01), false)
        check.equal(server:writable(100), true)
        check.equal(server:wait(100), 'W')
        client:write('x')
        check.equal(server:readable(100), true)
        check.equal(socket.iowait(server:fd(), 'R', 100), 'R')
        check.equal(server:read(1), 'x')
        check.equal(socket.iowait(server:fd(), 'R', 0.01), '')
        local join = check.spawn(function() return server:readable() end)
        client:close()
        check.results({true, true}, join())
    end)

    case('closed, cancelled and gone in the middle of a line', function(client, server)
        local join = check.spawn(function() return server:read('\n') end)
        client:write('half')
        fiber.sleep(0.02)
        server:close()
        check.results({true, nil, n = 2}, join())
        client:close()
        client, server = pair()
        local worker
        join, worker = check.spawn(function() return server:read('\n') end)
        client:write('half')
        fiber.sleep(0.02)
        worker:cancel()
        check.results({false, 'fiber is cancelled'}, join())
        client:write(' a line\nand no more')
        check.equal(server:read('\n'), 'half a line\n')
        client:close()
        check.equal(server:read('\n'), 'and no more')
        check.equal(server:read('\n'), '')
        server:close()
    end)

    case('a broken connection', function(client, server)
        server:close()
        check.until_true(function() return client:write('xx') == nil end)
        check.equal(client:errno(), errno.EPIPE)
        check.equal(client:send('x'), nil)
        check.equal(client:errno(), errno.EPIPE)
    end)
end

check.case('accept, sysconnect, tcp_connect, tcp_server', function()
    for _, address in ipairs({{'AF_INET', '127.0.0.1', 0}, {'AF_INET6', '::1', 0},
                              {'AF_UNIX', 'unix/', '@' .. check.path('drip'):sub(-60)}}) do
        local listener = socket(address[1], 'SOCK_STREAM', 0)
        assert(listener:bind(address[2], address[3]) and listener:listen())
        local port = listener:name().port
        for _ = 1, 5 do
            local accepting = check.spawn(function() return listener:accept() end)
            local client = socket(address[1], 'SOCK_STREAM', 0)
            check.equal(client:sysconnect(address[2], port), true)
            local _, server = accepting()
            client:write('question')
            check.equal(server:read(8), 'question')
            client:close()
            server:close()
            client = assert(socket.tcp_connect(address[2], port, 100))
            listener:accept():close()
            check.equal(client:read(1), '')
            client:close()
        end
        listener:close()
        check.equal((socket.tcp_connect(address[2], port)), nil)
        check.equal(errno(), errno.ECONNREFUSED)
        listener = assert(socket.tcp_server(address[2], address[3], function(s)
            s:write(s:read('\n'):upper())
        end))
        for i = 1, 5 do
            local client = assert(socket.tcp_connect(address[2], listener:name().port))
            client:write('line ' .. i .. '\n')
            check.equal(client:read({}), 'LINE ' .. i .. '\n')
            client:close()
        end
        listener:close()
    end
end)

check.case('messages', function()
    for _, kind in ipairs({'SOCK_DGRAM', 'SOCK_SEQPACKET'}) do
        local first, second = socket.socketpair('AF_UNIX', kind, 0)
        for _, size in ipairs({1, 100, 5000, 70000}) do
            local message = noise(size)
            check.equal(first:send(message), size)
            check.truthy(second:recv() == message)
            check.equal(first:syswrite(message), size)
            check.truthy(second:recv(size) == message)
            check.equal(first:write(message), size)
            check.truthy((second:recvfrom()) == message)
        end
        local join = check.spawn(function() return second:recv() end)
        fiber.yield()
        first:send('late')
        check.results({true, 'late'}, join())
        first:close()
        second:close()
    end
    local receiver = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    local sender = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    receiver:bind('127.0.0.1')
    for _, message in ipairs({'', 'x', noise(60000)}) do
        check.equal(sender:sendto('127.0.0.1', receiver:name().port, message), #message)
        local got, from = receiver:recvfrom()
        check.truthy(got == message)
        check.equal(from.port, sender:name().port)
    end
    receiver:close()
    sender:close()
end)

check.finish()
