-- Mistakes in a program: every method on no socket, on something else, and on a closed socket; and
-- arguments of wrong types.
local peers = require('peers')
local socket = require('socket')

local METHODS = {
    'accept', 'bind', 'close', 'errno', 'error', 'fd', 'getsockopt', 'linger', 'listen', 'name',
    'nonblock', 'peer', 'read', 'readable', 'recv', 'recvfrom', 'send', 'sendto', 'setsockopt',
    'shutdown', 'sysconnect', 'sysread', 'syswrite', 'wait', 'writable', 'write',
}
-- Plausible arguments, so that nothing but the socket is wrong.
local ARGUMENTS = {
    bind = {'127.0.0.1', 0},
    getsockopt = {'SOL_SOCKET', 'SO_TYPE'},
    read = {1, 0},
    recv = {1},
    recvfrom = {1},
    readable = {0},
    send = {'x'},
    sendto = {'127.0.0.1', 9, 'x'},
    setsockopt = {'SOL_SOCKET', 'SO_REUSEADDR', 1},
    sysconnect = {'127.0.0.1', 9},
    sysread = {1},
    syswrite = {'x'},
    wait = {0},
    writable = {0},
    write = {'x', 0},
}

for _, name in ipairs(METHODS) do
    local arguments = ARGUMENTS[name] or {}
    case(name .. '-self-nil', function() return peers.tcp()[name](nil, unpack(arguments)) end)
    case(name .. '-self-table', function() return peers.tcp()[name]({}, unpack(arguments)) end)
    case(name .. '-self-string', function() return peers.tcp()[name]('x', unpack(arguments)) end)
    case(name .. '-self-number', function() return peers.tcp()[name](7, unpack(arguments)) end)
    case(name .. '-self-closed', function()
        local sock = peers.tcp()
        sock:close()
        return sock[name](sock, unpack(arguments))
    end)
end

case('method-without-argument', function() return peers.tcp().name() end)
case('method-with-dot', function() return peers.tcp().errno() end)

case('read-of-nothing', function() return peers.tcp():read() end)
case('read-of-nil-with-timeout', function() return peers.tcp():read(nil, 1) end)
case('read-of-boolean', function() return peers.tcp():read(true) end)
case('read-of-function', function() return peers.tcp():read(print) end)
case('read-negative', function() return peers.tcp():read(-1) end)
case('read-negative-with-timeout', function() return peers.tcp():read(-10, 0.01) end)
case('read-negative-chunk', function() return peers.tcp():read({chunk = -1}) end)
case('read-negative-size', function() return peers.tcp():read({size = -5}) end)
case('read-negative-limit', function() return peers.tcp():read({limit = -5}, 0) end)
case('read-delimiter-of-number', function() return peers.tcp():read({delimiter = 5}) end)
case('read-delimiter-of-boolean', function() return peers.tcp():read({delimiter = true}) end)
case('read-chunk-of-string', function() return peers.tcp():read({chunk = 'x'}) end)
case('read-timeout-of-string', function() return (pcall(peers.tcp().read, peers.tcp(), 1, 'x')) end)
case('read-timeout-of-table', function() return (pcall(peers.tcp().read, peers.tcp(), 1, {})) end)

case('sysread-negative', function() return peers.tcp():sysread(-1) end)
case('sysread-of-string', function() return peers.tcp():sysread('x') end)
case('sysread-of-table', function() return (pcall(peers.tcp().sysread, peers.tcp(), {})) end)
case('syswrite-of-nothing', function() return peers.tcp():syswrite() end)
case('syswrite-of-number', function() return peers.tcp():syswrite(5) end)
case('syswrite-of-boolean', function() return peers.tcp():syswrite(true) end)
case('syswrite-of-table', function() return peers.tcp():syswrite({}) end)
case('write-of-nothing', function() return (pcall(peers.tcp().write, peers.tcp())) end)
case('write-of-table', function() return (pcall(peers.tcp().write, peers.tcp(), {'x'})) end)
case('write-of-boolean', function() return (pcall(peers.tcp().write, peers.tcp(), true)) end)
case('send-of-nothing', function() return (pcall(peers.tcp().send, peers.tcp())) end)
case('send-of-table', function() return (pcall(peers.tcp().send, peers.tcp(), {})) end)
case('send-of-boolean', function() return (pcall(peers.tcp().send, peers.tcp(), false)) end)
case('recv-negative', function() return (pcall(peers.tcp().recv, peers.tcp(), -1)) end)
case('recv-of-string', function() return (pcall(peers.tcp().recv, peers.tcp(), 'x')) end)
case('recv-of-table', function() return (pcall(peers.tcp().recv, peers.tcp(), {})) end)
case('listen-of-string', function() return (pcall(peers.tcp().listen, peers.tcp(), 'x')) end)
case('listen-of-table', function() return (pcall(peers.tcp().listen, peers.tcp(), {})) end)
case('readable-of-string', function() return (pcall(peers.tcp().readable, peers.tcp(), 'x')) end)
case('wait-of-table', function() return (pcall(peers.tcp().wait, peers.tcp(), {})) end)

case('setsockopt-of-nothing', function() return peers.tcp():setsockopt() end)
case('setsockopt-without-name', function() return peers.tcp():setsockopt('SOL_SOCKET') end)
case('getsockopt-of-nothing', function() return peers.tcp():getsockopt() end)
case('getsockopt-without-name', function() return peers.tcp():getsockopt('SOL_SOCKET') end)
case('setsockopt-unknown-name', function()
    return peers.tcp():setsockopt('SOL_SOCKET', 'SO_NONSENSE', 1)
end)
case('getsockopt-unknown-name', function()
    return peers.tcp():getsockopt('SOL_SOCKET', 'SO_NONSENSE')
end)
case('getsockopt-unknown-tcp-name', function()
    return peers.tcp():getsockopt('tcp', 'SO_REUSEADDR')
end)
case('setsockopt-read-only', function()
    return peers.tcp():setsockopt('SOL_SOCKET', 'SO_ERROR', 1)
end)
case('setsockopt-linger', function()
    return peers.tcp():setsockopt('SOL_SOCKET', 'SO_LINGER', 1)
end)
case('getsockopt-linger', function() return peers.tcp():getsockopt('SOL_SOCKET', 'SO_LINGER') end)

for name, arguments in each({
    ['nothing'] = {},
    ['host'] = {'127.0.0.1'},
    ['no-handler'] = {'127.0.0.1', 0},
    ['handler-nil'] = {'127.0.0.1', 0, nil, 1},
    ['handler-string'] = {'127.0.0.1', 0, 'handler'},
    ['handler-number'] = {'127.0.0.1', 0, 5},
    ['handler-empty-table'] = {'127.0.0.1', 0, {}},
    ['handler-table-of-string'] = {'127.0.0.1', 0, {handler = 'f'}},
    ['handler-table-of-name'] = {'127.0.0.1', 0, {name = 'x'}},
    ['prepare-string'] = {'127.0.0.1', 0, {handler = function() end, prepare = 'x'}},
    ['prepare-number'] = {'127.0.0.1', 0, {handler = function() end, prepare = 1}},
}) do
    case('tcp_server-' .. name, function()
        return peers.keep(socket.tcp_server(unpack(arguments, 1, 4)))
    end)
end

case('iowait-of-nothing', function() return socket.iowait() end)
case('iowait-without-flags', function() return socket.iowait(0) end)
case('iowait-flags-nil', function() return socket.iowait(1, nil, 0.01) end)
case('iowait-flags-unknown', function() return socket.iowait(peers.tcp():fd(), 'X', 0.01) end)
case('iowait-flags-empty', function() return socket.iowait(peers.tcp():fd(), '', 0.01) end)
case('iowait-flags-0', function() return socket.iowait(peers.tcp():fd(), 0, 0.01) end)
case('iowait-flags-4', function() return socket.iowait(peers.tcp():fd(), 4, 0.01) end)
case('iowait-flags-table', function() return socket.iowait(peers.tcp():fd(), {}, 0.01) end)
case('iowait-flags-boolean', function() return socket.iowait(peers.tcp():fd(), true, 0.01) end)
case('iowait-fd-string', function() return socket.iowait('x', 'R', 0.01) end)
case('iowait-fd-table', function() return socket.iowait({}, 'R', 0.01) end)
case('iowait-fd-negative', function() return socket.iowait(-1, 'R', 0.01) end)
case('iowait-timeout-string', function() return socket.iowait(peers.tcp():fd(), 'R', 'x') end)
case('iowait-timeout-negative', function() return socket.iowait(nil, nil, -1) end)
case('iowait-timeout-table', function() return socket.iowait(nil, nil, {}) end)

case('tcp_connect-of-nothing', function() return (pcall(socket.tcp_connect)) end)
case('tcp_connect-of-table', function() return (pcall(socket.tcp_connect, {}, 1)) end)
case('getaddrinfo-of-nothing', function() return (pcall(socket.getaddrinfo)) end)
case('getaddrinfo-of-table', function() return (pcall(socket.getaddrinfo, {}, {})) end)
case('sendto-without-address', function()
    local ok, result = pcall(peers.udp().sendto, peers.udp())
    return ok, ok and result
end)
