-- The module itself: what it makes, from which words, and what it holds.
local errno = require('errno')
local peers = require('peers')
local socket = require('socket')
local keep = peers.keep

-- What making a socket comes to: its kind and protocol, or the error.
local function made(...)
    local sock = keep(socket(...))
    if not sock then
        return sock, peers.errno()
    end
    local name = sock:name()
    return name and name.family, name and name.type, name and name.protocol
end

case('type-of-module', function() return type(socket) end)
case('type-of-object', function() return type(peers.tcp()) end)
case('required-twice', function() return socket == require('socket') end)
case('functions', function()
    return type(socket.tcp_connect), type(socket.tcp_server), type(socket.getaddrinfo),
        type(socket.iowait), type(socket.internal)
end)
case('no-such-function', function() return socket.no_such_function end)
case('shut-constants', function() return socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR end)
case('new-keeps-errno', function()
    errno(errno.EPERM)
    local sock = peers.tcp()
    return type(sock), sock:errno(), sock:error()
end)

for _, domain in ipairs({'AF_INET', 'PF_INET', 2, 'AF_INET6', 'PF_INET6', 10}) do
    for _, kind in ipairs({'SOCK_STREAM', 1, 'SOCK_DGRAM', 2}) do
        case(('new-%s-%s'):format(domain, kind), function() return made(domain, kind, 0) end)
    end
end
for _, domain in ipairs({'AF_UNIX', 'PF_UNIX', 'AF_LOCAL', 'PF_LOCAL', 1}) do
    for _, kind in ipairs({'SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_SEQPACKET'}) do
        case(('new-%s-%s'):format(domain, kind), function() return made(domain, kind, 0) end)
    end
end
for _, protocol in ipairs({'tcp', 'TCP', 6, 0, 'ip', 'udp', 17, 'no-such-protocol', 255, -1}) do
    case('new-stream-protocol-' .. protocol, function()
        return made('AF_INET', 'SOCK_STREAM', protocol)
    end)
    case('new-datagram-protocol-' .. protocol, function()
        return made('AF_INET', 'SOCK_DGRAM', protocol)
    end)
end
case('new-protocol-nil', function() return made('AF_INET', 'SOCK_STREAM', nil) end)
case('new-protocol-boolean', function() return made('AF_INET', 'SOCK_STREAM', true) end)
case('new-protocol-table', function() return made('AF_INET', 'SOCK_STREAM', {}) end)
case('new-domain-unknown', function() return made('AF_NONSENSE', 'SOCK_STREAM', 'tcp') end)
case('new-domain-lower-case', function() return made('af_inet', 'SOCK_STREAM', 'tcp') end)
case('new-domain-number-unknown', function() return made(9999, 'SOCK_STREAM', 0) end)
case('new-domain-negative', function() return made(-1, 'SOCK_STREAM', 0) end)
case('new-domain-boolean', function() return made(true, 'SOCK_STREAM', 'tcp') end)
case('new-type-unknown', function() return made('AF_INET', 'SOCK_NONSENSE', 'tcp') end)
case('new-type-number-unknown', function() return made('AF_INET', 77, 0) end)
case('new-type-not-of-domain', function() return made('AF_INET', 'SOCK_SEQPACKET', 0) end)
case('new-type-boolean', function() return made('AF_INET', false, 'tcp') end)
case('new-unix-with-tcp', function() return made('AF_UNIX', 'SOCK_STREAM', 'tcp') end)
case('new-raw', function()
    local sock = keep(socket('AF_INET', 'SOCK_RAW', 'icmp'))
    return sock ~= nil or peers.errno() == 'EPERM'
end)
case('new-domain-nil', function() return made(nil, 'SOCK_STREAM', 'tcp') end)
case('new-type-nil', function() return made('AF_INET', nil, 'tcp') end)

case('tostring-new', function() return tostring(peers.tcp()) end)
case('tostring-bound', function()
    local sock = peers.tcp()
    sock:bind('127.0.0.1', 0)
    return tostring(sock)
end)
case('tostring-connected', function()
    local client, server = peers.pair()
    return tostring(client), tostring(server)
end)
case('tostring-unix', function()
    local client, server = peers.unix_pair()
    return tostring(client), tostring(server)
end)
case('tostring-unix-new', function() return tostring(peers.unix()) end)
case('tostring-ipv6', function()
    local sock = keep(socket('AF_INET6', 'SOCK_STREAM', 'tcp'))
    sock:bind('::1', 0)
    return tostring(sock)
end)
case('tostring-udp', function() return tostring(peers.udp()) end)
case('tostring-closed', function()
    local sock = peers.tcp()
    sock:close()
    return tostring(sock)
end)
case('tostring-keeps-errno', function()
    local sock = peers.tcp()
    sock:sysread(1)
    local before = peers.errname(sock:errno())
    tostring(sock)
    return before, peers.errname(sock:errno())
end)
case('fd-is-a-number', function() return type(peers.tcp():fd()) end)
case('fd-after-close', function()
    local sock = peers.tcp()
    sock:close()
    return sock:fd()
end)
case('methods', function()
    local sock, missing = peers.tcp(), {}
    for _, name in ipairs({
        'accept', 'bind', 'close', 'errno', 'error', 'fd', 'getsockopt', 'linger', 'listen', 'name',
        'nonblock', 'peer', 'read', 'readable', 'recv', 'recvfrom', 'send', 'sendto', 'setsockopt',
        'shutdown', 'sysconnect', 'sysread', 'syswrite', 'wait', 'writable', 'write',
    }) do
        if type(sock[name]) ~= 'function' then
            missing[#missing + 1] = name
        end
    end
    return missing
end)
case('no-such-method', function() return peers.tcp().no_such_method end)
case('field-of-ones-own', function()
    local sock = peers.tcp()
    sock.mine = 'kept'
    return sock.mine
end)
case('garbage-is-closed', function()
    local listener, port = peers.listener()
    do
        local sock = socket.tcp_connect('127.0.0.1', port)
        assert(sock)
        sock = nil
    end
    local server = keep(listener:accept())
    for _ = 1, 20 do
        collectgarbage()
    end
    peers.settle()
    return server:read(1, 1)
end)
case('thousands-of-garbage', function()
    local listener = peers.listener()
    for _ = 1, 3000 do
        if not socket('AF_INET', 'SOCK_STREAM', 'tcp') then
            return peers.errno()
        end
        if _ % 200 == 0 then
            collectgarbage()
            collectgarbage()
        end
    end
    return listener:fd() > 0
end)

for _, name in ipairs({
    'DOMAIN', 'SO_TYPE', 'SO_OPT', 'SEND_FLAGS', 'AI_FLAGS', 'protocols',
}) do
    case('internal-' .. name, function() return type(socket.internal[name]) end)
end
for name, words in each({
    DOMAIN = {
        'AF_UNIX', 'AF_LOCAL', 'AF_INET', 'AF_INET6', 'AF_UNSPEC', 'PF_UNIX', 'PF_LOCAL', 'PF_INET',
        'PF_INET6', 'PF_UNSPEC', 'AF_NETLINK', 'PF_NETLINK', 'AF_PACKET', 'PF_PACKET', 'AF_X25', 'AF_IPX',
        'AF_AX25', 'AF_ATMPVC', 'AF_APPLETALK', 'PF_APPLETALK', 'AF_DECnet', 'AF_BLUETOOTH', 'NO_SUCH',
    },
    SO_TYPE = {
        'SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_RAW', 'SOCK_RDM', 'SOCK_SEQPACKET', 'SOCK_PACKET',
        'SOCK_NONBLOCK', 'SOCK_CLOEXEC', 'SOCK_DCCP', 'NO_SUCH',
    },
    SEND_FLAGS = {
        'MSG_OOB', 'MSG_PEEK', 'MSG_DONTROUTE', 'MSG_CTRUNC', 'MSG_PROXY', 'MSG_TRUNC', 'MSG_DONTWAIT',
        'MSG_EOR', 'MSG_WAITALL', 'MSG_FIN', 'MSG_SYN', 'MSG_CONFIRM', 'MSG_RST', 'MSG_ERRQUEUE',
        'MSG_NOSIGNAL', 'MSG_MORE', 'MSG_WAITFORONE', 'MSG_FASTOPEN', 'MSG_CMSG_CLOEXEC', 'NO_SUCH',
    },
    AI_FLAGS = {
        'AI_PASSIVE', 'AI_CANONNAME', 'AI_NUMERICHOST', 'AI_V4MAPPED', 'AI_ALL', 'AI_ADDRCONFIG',
        'AI_IDN', 'AI_CANONIDN', 'AI_IDN_ALLOW_UNASSIGNED', 'AI_IDN_USE_STD3_ASCII_RULES',
        'AI_NUMERICSERV', 'NO_SUCH',
    },
    protocols = {'ip', 'tcp', 'udp', 'icmp', 'no-such-protocol'},
}) do
    for _, word in ipairs(words) do
        case(('internal-%s-%s'):format(name, word), function()
            return socket.internal[name][word]
        end)
    end
end
case('internal-SO_OPT-levels', function()
    return type(socket.internal.SO_OPT[1]), type(socket.internal.SO_OPT[6])
end)
case('internal-SOL_SOCKET', function() return socket.internal.SOL_SOCKET end)
for _, name in ipairs({'SO_REUSEADDR', 'SO_ERROR', 'SO_LINGER', 'SO_BINDTODEVICE', 'SO_RCVTIMEO'}) do
    case('internal-SO_OPT-' .. name, function()
        local info = socket.internal.SO_OPT[1][name]
        return info and info.iname, info and info.rw
    end)
end
for _, name in ipairs({'TCP_NODELAY', 'TCP_CORK', 'TCP_INFO'}) do
    case('internal-SO_OPT-' .. name, function()
        local info = socket.internal.SO_OPT[6][name]
        return info and info.iname, info and info.rw
    end)
end
