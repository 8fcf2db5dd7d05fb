-- Sockets on which calls get stuck, for scripts that prove how those end. Each function returns the
-- socket and a list of what else belongs to it, the peer first.
local check = ...
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

local stuck = {}

local MIB = 1024 * 1024

-- Sends until there is no room for a single byte, nor will be: the kernel may need a while to move
-- what it has to the other end.
local function fill(sock)
    local idle = 0
    while idle < 5 do
        while sock:send(('x'):rep(MIB), 'MSG_DONTWAIT') or sock:send('x', 'MSG_DONTWAIT') do
            idle = 0
        end
        assert(sock:errno() == errno.EAGAIN, sock:error())
        idle = idle + 1
        fiber.sleep(0.02)
    end
end

-- A stream from which nothing comes.
function stuck.silent()
    local client, server = check.pair()
    return client, {server}
end

function stuck.silent_unix()
    local client, server = assert(socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0))
    return client, {server}
end

-- A connection with message boundaries.
function stuck.silent_seqpacket()
    local client, server = assert(socket.socketpair('AF_UNIX', 'SOCK_SEQPACKET', 0))
    return client, {server}
end

-- A stream that takes no more.
function stuck.full()
    local client, others = stuck.silent()
    fill(client)
    return client, others
end

function stuck.full_unix()
    local client, others = stuck.silent_unix()
    fill(client)
    return client, others
end

-- A socket of datagrams that nobody sends anything to.
function stuck.deaf()
    local sock = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    assert(sock:bind('127.0.0.1', 0))
    return sock, {}
end

-- A socket of datagrams whose receiver takes no more; and the receiver's path.
function stuck.full_receiver()
    local path = check.path('stuck')
    local receiver = socket('AF_UNIX', 'SOCK_DGRAM', 0)
    assert(receiver:bind('unix/', path))
    local sender = socket('AF_UNIX', 'SOCK_DGRAM', 0)
    repeat until not sender:sendto('unix/', path, 'x', 'MSG_DONTWAIT')
    assert(sender:errno() == errno.EAGAIN, sender:error())
    return sender, {receiver, path = path}, path
end

-- A listener that nobody connects to.
function stuck.listener()
    local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    assert(sock:bind('127.0.0.1', 0) and sock:listen())
    return sock, {}
end

-- A socket, and the port of a listener whose queue is full: it answers nobody.
function stuck.unanswered()
    local listener = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    assert(listener:bind('127.0.0.1', 0) and listener:listen(0))
    local port, others = listener:name().port, {listener}
    for i = 1, 4 do
        others[i + 1] = socket('AF_INET', 'SOCK_STREAM', 'tcp')
        others[i + 1]:nonblock(true)
        others[i + 1]:sysconnect('127.0.0.1', port)
        if not others[i + 1]:writable(0.05) then
            break
        end
    end
    return socket('AF_INET', 'SOCK_STREAM', 'tcp'), others, port
end

-- The same of a unix listener, and its path.
function stuck.unanswered_unix()
    local path = check.path('queue')
    local listener = socket('AF_UNIX', 'SOCK_STREAM', 0)
    assert(listener:bind('unix/', path) and listener:listen(0))
    local others, sock = {listener, path = path}, nil
    repeat
        sock = socket('AF_UNIX', 'SOCK_STREAM', 0)
        sock:nonblock(true)
        others[#others + 1] = sock
    until not sock:sysconnect('unix/', path)
    sock:nonblock(false)
    return table.remove(others), others, path
end

function stuck.close(sock, others)
    sock:close()
    for _, other in ipairs(others) do
        other:close()
    end
    os.remove(others.path or '')
end

return stuck
