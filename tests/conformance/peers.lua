-- What cases need around the call under test: sockets that are connected, listeners, names of
-- errors. Everything made here is closed when the case is over.
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

local peers = {}

local made, scratch, path_count = {}, nil, 0

function peers.begin(folder)
    scratch = folder
    path_count = path_count + 1
end

function peers.finish()
    for _, sock in ipairs(made) do
        pcall(sock.close, sock)
    end
    made = {}
end

-- Lets what happens in other fibers and in the kernel happen.
function peers.settle()
    fiber.sleep(0.005)
end

-- Has the socket closed after the case.
function peers.keep(sock, ...)
    if sock then
        made[#made + 1] = sock
    end
    return sock, ...
end
local keep = peers.keep

local NAMES = {}
for _, name in ipairs({
    'EACCES', 'EADDRINUSE', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAGAIN', 'EALREADY', 'EBADF',
    'ECANCELED', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EDESTADDRREQ', 'EEXIST', 'EFAULT',
    'EINPROGRESS', 'EINTR', 'EINVAL', 'EIO', 'EISCONN', 'EMFILE', 'EMSGSIZE', 'ENOBUFS', 'ENODEV',
    'ENOENT', 'ENOMEM', 'ENOPROTOOPT', 'ENOTCONN', 'ENOTDIR', 'ENOTSOCK', 'ENXIO', 'EOPNOTSUPP',
    'EPERM', 'EPIPE', 'EPROTONOSUPPORT', 'EPROTOTYPE', 'ETIMEDOUT',
}) do
    NAMES[errno[name] or name] = name
end
NAMES[94] = 'ESOCKTNOSUPPORT' -- Tarantool has no constant for it

-- The name of an error number.
function peers.errname(number)
    if number == 0 then
        return '0'
    end
    return NAMES[number] or number
end

-- The name of the socket's last error, and the sentence for it.
function peers.last(sock)
    return peers.errname(sock:errno()), sock:error()
end

-- The name of the fiber's last error.
function peers.errno()
    return peers.errname(errno())
end

-- A path for a unix socket, which is new in each case.
function peers.path(name)
    return ('%s/%s-%d'):format(scratch, name or 'unix', path_count)
end

function peers.tcp()
    return keep(socket('AF_INET', 'SOCK_STREAM', 'tcp'))
end

function peers.udp()
    return keep(socket('AF_INET', 'SOCK_DGRAM', 'udp'))
end

function peers.unix(type)
    return keep(socket('AF_UNIX', type or 'SOCK_STREAM', 0))
end

-- A listening socket on a free port, and that port.
function peers.listener(backlog)
    local listener = peers.tcp()
    assert(listener:bind('127.0.0.1', 0))
    assert(listener:listen(backlog or 16))
    return listener, listener:name().port
end

-- A port on which nobody listens.
function peers.closed_port()
    local listener, port = peers.listener()
    listener:close()
    return port
end

local function join(client, listener, host, port)
    client:sysconnect(host, port)
    assert(client:writable(2), 'no connection')
    assert(listener:readable(2), 'nobody to accept')
    local server = keep(listener:accept())
    assert(server, 'nothing accepted')
    return client, server
end

-- Two ends of a TCP connection.
function peers.pair()
    local listener, port = peers.listener()
    local client, server = join(peers.tcp(), listener, '127.0.0.1', port)
    listener:close()
    return client, server
end

-- Two ends of a connection between unix sockets.
function peers.unix_pair(type)
    local listener, path = peers.unix(type), peers.path('pair')
    assert(listener:bind('unix/', path))
    assert(listener:listen(4))
    local client, server = join(peers.unix(type), listener, 'unix/', path)
    listener:close()
    os.remove(path)
    return client, server
end

-- Two UDP sockets, the first bound; and its port.
function peers.udp_pair()
    local receiver, sender = peers.udp(), peers.udp()
    assert(receiver:bind('127.0.0.1', 0))
    return receiver, sender, receiver:name().port
end

-- Two ends of a connection whose other end has reset it.
function peers.reset_pair()
    local client, server = peers.pair()
    server:linger(true, 0)
    server:close()
    peers.settle()
    return client
end

-- Writes until the kernel takes no more, nor will: it may need a while to move what it has to the
-- other end.
function peers.fill(sock)
    local mode, idle = sock:nonblock(), 0
    sock:nonblock(true)
    while idle < 20 do
        while sock:syswrite(('f'):rep(65536)) or sock:syswrite('f') do
            idle = 0
        end
        idle = idle + 1
        fiber.sleep(0.02)
    end
    sock:nonblock(mode)
end

-- A connection to a server that runs the handler; and the listener.
function peers.client_of(handler)
    local listener, address = socket.tcp_server('127.0.0.1', 0, handler)
    assert(listener, 'no server')
    keep(listener)
    local port = listener:name().port
    return keep(assert(socket.tcp_connect('127.0.0.1', port, 2))), listener, address
end

-- Runs fn in a new fiber; returns a function that waits for its results, as pcall's.
function peers.spawn(fn, ...)
    local results
    local arguments = {...}
    fiber.create(function()
        local function pack(...)
            results = {count = select('#', ...), ...}
        end
        pack(pcall(fn, unpack(arguments)))
    end)
    return function()
        for _ = 1, 2000 do
            if results then
                return unpack(results, 1, results.count)
            end
            fiber.sleep(0.001)
        end
        return 'waits on'
    end
end

-- Has bytes sent a little later, one piece after another.
function peers.later(sock, ...)
    local pieces = {...}
    fiber.create(function()
        for _, piece in ipairs(pieces) do
            fiber.sleep(0.01)
            sock:write(piece)
        end
    end)
end

return peers
