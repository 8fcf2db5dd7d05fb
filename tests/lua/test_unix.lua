-- Unix sockets: paths and their files, abstract names, SOCK_SEQPACKET, pairs, credentials.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

-- A socket's file cannot be opened, but what is missing says so.
local function exists(path)
    local file, problem, number = io.open(path)
    if file then
        file:close()
    end
    return file ~= nil or number ~= errno.ENOENT, problem
end

local function greet(sock)
    sock:write('hello')
end

local function hears(path)
    local client = assert(socket.tcp_connect('unix/', path))
    check.equal(client:read({}), 'hello')
    client:close()
end

local IN_USE = errno.strerror(errno.EADDRINUSE)

-- Each way to listen on a path.
local ways = {
    tcp_server = function(path) return socket.tcp_server('unix/', path, greet) end,
    ['tcp_server with prepare'] = function(path)
        return socket.tcp_server('unix/', path, {handler = greet, prepare = function() return 5 end})
    end,
    tcp_server_create = function(path)
        local listener, address = socket.tcp_server_create('unix/', path)
        if listener then
            fiber.create(socket.tcp_server_loop, listener, greet)
        end
        return listener, address
    end,
}

for name, listen in pairs(ways) do
    check.case(name .. ': a file that a dead socket has left is replaced', function()
        local path = check.path('dead')
        local dead = socket('AF_UNIX', 'SOCK_STREAM', 0)
        assert(dead:bind('unix/', path) and dead:listen())
        dead:close()
        check.truthy(exists(path))
        local listener, address = listen(path)
        check.truthy(listener, address)
        check.equal(address.host, 'unix/')
        check.equal(address.port, path)
        hears(path)
        check.equal(listener:close(), true)
        check.equal(exists(path), false)
    end)

    check.case(name .. ': a live one is not', function()
        local path = check.path('live')
        local listener = assert(listen(path))
        for _, again in pairs(ways) do
            check.results({nil, IN_USE}, again(path))
            check.equal(errno(), errno.EADDRINUSE)
        end
        hears(path)
        listener:close()
        check.equal(exists(path), false)
    end)

    check.case(name .. ': nor is one that only has a full queue', function()
        local path = check.path('busy')
        local busy = socket('AF_UNIX', 'SOCK_STREAM', 0)
        assert(busy:bind('unix/', path) and busy:listen(0))
        local clients = {}
        repeat
            clients[#clients + 1] = socket('AF_UNIX', 'SOCK_STREAM', 0)
            clients[#clients]:nonblock(true)
        until not clients[#clients]:sysconnect('unix/', path)
        check.results({nil, IN_USE}, listen(path))
        check.truthy(exists(path))
        for _, client in ipairs(clients) do
            client:close()
        end
        busy:close()
        os.remove(path)
    end)

    check.case(name .. ': what is no socket stays', function()
        local path = check.path('file')
        local file = io.open(path, 'w')
        file:write('precious')
        file:close()
        check.results({nil, IN_USE}, listen(path))
        file = io.open(path)
        check.equal(file:read('*a'), 'precious')
        file:close()
        os.remove(path)
    end)

    check.case(name .. ': the file of a successor stays when the first is closed', function()
        local path = check.path('next')
        local first = assert(listen(path))
        os.remove(path)
        local second = assert(listen(path))
        first:close()
        check.truthy(exists(path))
        hears(path)
        second:close()
        check.equal(exists(path), false)
    end)

    check.case(name .. ': a folder that is not there, a path that is too long', function()
        check.results({nil, errno.strerror(errno.ENOENT)}, listen(check.path('none') .. '/x'))
        check.results({nil, errno.strerror(errno.ENOBUFS)}, listen('/tmp/' .. ('x'):rep(200)))
    end)
end

check.case('abstract names', function()
    local name = '@' .. check.path('abstract'):sub(-60)
    local listener, address = assert(socket.tcp_server('unix/', name, greet))
    check.equal(address.port, name)
    check.equal(listener:name().port, name)
    check.equal(exists(name), false)
    hears(name)
    check.results({nil, IN_USE}, socket.tcp_server('unix/', name, greet))
    local client = socket('AF_UNIX', 'SOCK_STREAM', 0)
    check.equal(client:sysconnect('unix/', name), true)
    check.equal(client:peer().port, name)
    check.equal(tostring(client:peer()), 'unix/:' .. name)
    client:close()
    listener:close()
    check.results({nil, errno.strerror(errno.ECONNREFUSED)}, socket.tcp_connect('unix/', name))
    local receiver, sender = socket('AF_UNIX', 'SOCK_DGRAM', 0), socket('AF_UNIX', 'SOCK_DGRAM', 0)
    check.equal(receiver:bind('unix/', name), true)
    check.equal(sender:bind('unix/', name .. '2'), true)
    check.equal(sender:sendto('unix/', name, 'abstractly'), 10)
    local message, from = receiver:recvfrom()
    check.equal(message, 'abstractly')
    check.equal(from.port, name .. '2')
    check.equal(from.host, 'unix/')
    check.equal(from.family, 'AF_UNIX')
    receiver:close()
    sender:close()
end)

check.case('URLs', function()
    local path = check.path('url')
    local listener = assert(socket.tcp_server('unix/', path, greet))
    local client = assert(socket.tcp_connect('unix/:' .. path))
    check.equal(client:read({}), 'hello')
    client:close()
    listener:close()
end)

check.case('SOCK_SEQPACKET: a connection that keeps the boundaries of messages', function()
    local path = check.path('seqpacket')
    local listener = socket('AF_UNIX', 'SOCK_SEQPACKET', 0)
    check.equal(listener:bind('unix/', path), true)
    check.equal(listener:listen(), true)
    local client = socket('AF_UNIX', 'SOCK_SEQPACKET', 0)
    check.equal(client:sysconnect('unix/', path), true)
    local server = listener:accept()
    check.equal(server:name().type, 'SOCK_SEQPACKET')
    for _, size in ipairs({1, 511, 512, 513, 65536, 100000}) do
        check.equal(client:send(('m'):rep(size)), size)
        check.equal(client:write('next'), 4)
        check.equal(#server:recv(), size)
        check.equal(server:recv(100), 'next')
    end
    client:send('a long one')
    client:syswrite('another')
    check.equal(server:recv(6), 'a long')
    check.equal(server:sysread(100), 'another')
    client:send('for read')
    check.equal(server:read(100), 'for read')
    client:send('for recvfrom')
    check.equal((server:recvfrom(3)), 'for')
    client:send('seen twice')
    check.equal(server:recv(100, 'MSG_PEEK'), 'seen twice')
    check.equal(server:recv(100), 'seen twice')
    client:close()
    check.results({'', 'eof'}, server:recv(10))
    check.results({''}, server:sysread(10))
    check.results({''}, server:read(10))
    server:close()
    listener:close()
    os.remove(path)
end)

check.case('pairs of every type', function()
    for _, kind in ipairs({'SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_SEQPACKET'}) do
        local first, second = socket.socketpair('AF_UNIX', kind, 0)
        check.equal(first:name().type, kind)
        check.equal(first:name().port, '')
        check.equal(second:peer().host, 'unix/')
        check.equal(first:send('ping'), 4)
        check.equal(second:recv(), 'ping')
        check.equal(second:write('pong'), 4)
        check.equal(first:recv(4), 'pong')
        local join = check.spawn(function() return second:recv(4) end)
        fiber.yield()
        first:send('late')
        check.results({true, 'late'}, join())
        first:close()
        second:close()
    end
    check.equal(socket.socketpair('AF_UNIX', 'SOCK_NONE', 0), nil)
    check.equal(errno(), errno.EINVAL)
    check.equal(socket.socketpair('AF_INET', 'SOCK_STREAM', 'tcp'), nil)
    check.equal(errno(), errno.EOPNOTSUPP)
end)

check.case('who is at the other end', function()
    local first, second = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
    local who = first:getsockopt('SOL_SOCKET', 'SO_PEERCRED')
    check.truthy(who.pid > 0)
    check.equal(type(who.uid), 'number')
    check.equal(type(who.gid), 'number')
    first:close()
    second:close()
end)

check.finish()
