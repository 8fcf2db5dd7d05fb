-- Options of sockets, and linger.
local peers = require('peers')
local socket = require('socket')

-- Sets an option, and reads it back.
local function set(sock, level, name, value)
    local ok, result = pcall(sock.setsockopt, sock, level, name, value)
    if not ok then
        return 'throws', (tostring(result):gsub('^[^%s:]+:%d+: ', ''))
    elseif not result then
        return result, peers.last(sock)
    end
    return result, sock:getsockopt(level, name)
end

for _, name in ipairs({
    'SO_ACCEPTCONN', 'SO_BINDTODEVICE', 'SO_BROADCAST', 'SO_DEBUG', 'SO_DOMAIN', 'SO_DONTROUTE', 'SO_ERROR',
    'SO_KEEPALIVE', 'SO_MARK', 'SO_OOBINLINE', 'SO_PASSCRED', 'SO_PEERCRED', 'SO_PRIORITY',
    'SO_PROTOCOL', 'SO_RCVBUF', 'SO_RCVBUFFORCE', 'SO_RCVLOWAT', 'SO_RCVTIMEO', 'SO_REUSEADDR',
    'SO_REUSEPORT', 'SO_SNDBUF', 'SO_SNDBUFFORCE', 'SO_SNDLOWAT', 'SO_SNDTIMEO', 'SO_TIMESTAMP', 'SO_TYPE',
    'SO_NO_CHECK', 'SO_PASSSEC', 'SO_PEERSEC', 'SO_BSDCOMPAT', 'SO_LINGER',
}) do
    case('get-' .. name, function() return peers.tcp():getsockopt('SOL_SOCKET', name) end)
    case('set-to-1-' .. name, function() return set(peers.tcp(), 'SOL_SOCKET', name, 1) end)
end
for _, name in ipairs({
    'SO_BROADCAST', 'SO_DONTROUTE', 'SO_KEEPALIVE', 'SO_OOBINLINE', 'SO_REUSEADDR', 'SO_REUSEPORT',
    'SO_TIMESTAMP',
}) do
    case('set-to-true-' .. name, function() return set(peers.tcp(), 'SOL_SOCKET', name, true) end)
    case('set-to-false-' .. name, function() return set(peers.tcp(), 'SOL_SOCKET', name, false) end)
    case('set-to-0-' .. name, function() return set(peers.tcp(), 'SOL_SOCKET', name, 0) end)
end
for _, name in ipairs({
    'TCP_NODELAY', 'TCP_MAXSEG', 'TCP_CORK', 'TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT', 'TCP_SYNCNT',
    'TCP_LINGER2', 'TCP_DEFER_ACCEPT', 'TCP_WINDOW_CLAMP', 'TCP_QUICKACK', 'TCP_MD5SIG',
    'TCP_USER_TIMEOUT', 'TCP_THIN_LINEAR_TIMEOUTS', 'TCP_THIN_DUPACK', 'TCP_COOKIE_TRANSACTIONS',
    'TCP_FASTOPEN',
}) do
    case('tcp-get-' .. name, function()
        local ok, value = pcall(peers.tcp().getsockopt, peers.tcp(), 'tcp', name)
        return ok and type(value) or value
    end)
    case('tcp-set-' .. name, function()
        local sock = peers.tcp()
        local ok, result = pcall(sock.setsockopt, sock, 'tcp', name, name == 'TCP_MAXSEG' and 1000 or 1)
        return ok, ok and result or tostring(result)
    end)
end
case('tcp-nodelay-value', function() return set(peers.tcp(), 'tcp', 'TCP_NODELAY', 1) end)
case('tcp-keepidle-value', function() return set(peers.tcp(), 'tcp', 'TCP_KEEPIDLE', 77) end)
case('tcp-user-timeout-value', function() return set(peers.tcp(), 'tcp', 'TCP_USER_TIMEOUT', 5000) end)
case('tcp-congestion', function() return type(peers.tcp():getsockopt('tcp', 'TCP_CONGESTION')) end)
case('tcp-info', function() return type(peers.tcp():getsockopt('tcp', 'TCP_INFO')) end)

for _, level in ipairs({
    'SOL_SOCKET', 'socket', 1, 'SOL_TCP', 'IPPROTO_TCP', 'tcp', 6, 'TCP', 'SOL_UDP', 'udp', 'ip', 'IPPROTO_IP',
    'SOL_NONSENSE', 'nonsense', 99,
}) do
    local name = (level == 'SOL_SOCKET' or level == 'socket' or level == 1) and 'SO_REUSEADDR'
        or 'TCP_NODELAY'
    case('level-' .. level, function()
        local sock = peers.tcp()
        return sock:setsockopt(level, name, 1), peers.last(sock)
    end)
    case('get-level-' .. level, function()
        local sock = peers.tcp()
        return sock:getsockopt(level, name), peers.last(sock)
    end)
end
case('level-nil', function() return (pcall(peers.tcp().getsockopt, peers.tcp(), nil, 'SO_TYPE')) end)
case('level-nil-errno', function()
    local sock = peers.tcp()
    pcall(sock.setsockopt, sock, nil, 'SO_TYPE', 1)
    return peers.last(sock)
end)
case('level-table', function()
    local sock = peers.tcp()
    return sock:setsockopt({}, 'SO_TYPE', 1), peers.last(sock)
end)
case('level-nonsense-get', function()
    local sock = peers.tcp()
    return sock:getsockopt('nonsense', 'SO_TYPE'), peers.last(sock)
end)

case('type-of-stream', function() return peers.tcp():getsockopt('SOL_SOCKET', 'SO_TYPE') end)
case('type-of-datagrams', function() return peers.udp():getsockopt('SOL_SOCKET', 'SO_TYPE') end)
case('acceptconn-of-listener', function()
    local listener = peers.listener()
    return listener:getsockopt('SOL_SOCKET', 'SO_ACCEPTCONN')
end)
case('error-is-taken', function()
    local sock = peers.tcp()
    sock:sysconnect('127.0.0.1', peers.closed_port())
    sock:writable(1)
    sock:getsockopt('SOL_SOCKET', 'SO_ERROR')
    return sock:getsockopt('SOL_SOCKET', 'SO_ERROR')
end)
case('error-of-connected', function()
    local client = peers.pair()
    return client:getsockopt('SOL_SOCKET', 'SO_ERROR'), peers.last(client)
end)
case('sndbuf', function() return set(peers.tcp(), 'SOL_SOCKET', 'SO_SNDBUF', 40000) end)
case('rcvbuf', function() return set(peers.tcp(), 'SOL_SOCKET', 'SO_RCVBUF', 40000) end)
case('rcvlowat', function() return set(peers.tcp(), 'SOL_SOCKET', 'SO_RCVLOWAT', 5) end)
case('priority', function() return set(peers.tcp(), 'SOL_SOCKET', 'SO_PRIORITY', 3) end)
case('rcvtimeo', function() return set(peers.tcp(), 'SOL_SOCKET', 'SO_RCVTIMEO', 1.5) end)
case('sndtimeo', function() return set(peers.tcp(), 'SOL_SOCKET', 'SO_SNDTIMEO', 2) end)
case('peercred', function()
    local client = peers.unix_pair()
    local cred = client:getsockopt('SOL_SOCKET', 'SO_PEERCRED')
    return type(cred)
end)
case('passcred-unix', function()
    return set(peers.unix(), 'SOL_SOCKET', 'SO_PASSCRED', 1)
end)
case('bindtodevice', function()
    local sock = peers.tcp()
    local ok, result = pcall(sock.setsockopt, sock, 'SOL_SOCKET', 'SO_BINDTODEVICE', 'lo')
    return ok and result
end)
case('bindtodevice-unknown', function()
    local sock = peers.tcp()
    local ok, result = pcall(sock.setsockopt, sock, 'SOL_SOCKET', 'SO_BINDTODEVICE', 'no-such-device')
    return ok and result, peers.last(sock)
end)
case('bindtodevice-get', function()
    return peers.tcp():getsockopt('SOL_SOCKET', 'SO_BINDTODEVICE')
end)
case('set-errno', function()
    local sock = peers.tcp()
    sock:setsockopt('SOL_SOCKET', 'SO_REUSEADDR', 1)
    return peers.last(sock)
end)
case('set-fails', function()
    local sock = peers.tcp()
    return sock:setsockopt('tcp', 'TCP_KEEPIDLE', -1), peers.last(sock)
end)
case('set-value-string', function()
    local sock = peers.tcp()
    return (pcall(sock.setsockopt, sock, 'SOL_SOCKET', 'SO_REUSEADDR', 'x'))
end)
case('set-value-nil', function()
    local sock = peers.tcp()
    return (pcall(sock.setsockopt, sock, 'SOL_SOCKET', 'SO_REUSEADDR'))
end)
case('set-value-table', function()
    local sock = peers.tcp()
    return (pcall(sock.setsockopt, sock, 'SOL_SOCKET', 'SO_REUSEADDR', {}))
end)
case('tcp-on-udp', function()
    local sock = peers.udp()
    return sock:setsockopt('tcp', 'TCP_NODELAY', 1), peers.last(sock)
end)
case('tcp-on-unix', function()
    local sock = peers.unix()
    return sock:setsockopt('tcp', 'TCP_NODELAY', 1), peers.last(sock)
end)
case('name-number', function()
    return (pcall(peers.tcp().setsockopt, peers.tcp(), 'SOL_SOCKET', 2, 1))
end)
for _, name in ipairs({'IP_TTL', 'IP_TOS', 'IP_FREEBIND', 'IP_MULTICAST_TTL', 'IP_MULTICAST_LOOP'}) do
    case('ip-' .. name, function() return set(peers.udp(), 'ip', name, name == 'IP_TOS' and 16 or 1) end)
end
for _, name in ipairs({'IPV6_V6ONLY', 'IPV6_MULTICAST_HOPS', 'IPV6_MULTICAST_LOOP'}) do
    case('ipv6-' .. name, function()
        return set(peers.keep(socket('AF_INET6', 'SOCK_DGRAM', 'udp')), 'ipv6', name, 1)
    end)
end

case('linger', function() return peers.tcp():linger() end)
case('linger-true', function() return peers.tcp():linger(true) end)
case('linger-false', function() return peers.tcp():linger(false) end)
case('linger-true-and-timeout', function() return peers.tcp():linger(true, 5) end)
case('linger-read-back', function()
    local sock = peers.tcp()
    sock:linger(true, 5)
    return sock:linger()
end)
case('linger-off-again', function()
    local sock = peers.tcp()
    sock:linger(true, 5)
    sock:linger(false)
    return sock:linger()
end)
case('linger-false-with-timeout', function()
    local sock = peers.tcp()
    sock:linger(false, 7)
    return sock:linger()
end)
case('linger-1', function() return peers.tcp():linger(1, 2) end)
case('linger-errno', function()
    local sock = peers.tcp()
    sock:linger(true)
    return peers.last(sock)
end)
case('linger-resets', function()
    local client, server = peers.pair()
    server:linger(true, 0)
    server:close()
    return client:read(1, 1), peers.last(client)
end)
case('linger-udp', function() return peers.udp():linger(true, 1) end)

case('nonblock', function() return peers.tcp():nonblock() end)
case('nonblock-true', function()
    local sock = peers.tcp()
    return sock:nonblock(true), sock:nonblock()
end)
case('nonblock-false', function()
    local sock = peers.tcp()
    return sock:nonblock(false), sock:nonblock()
end)
case('nonblock-nil', function()
    local sock = peers.tcp()
    sock:nonblock(true)
    return sock:nonblock(nil)
end)
case('nonblock-1', function() return peers.tcp():nonblock(1) end)
case('nonblock-0', function() return peers.tcp():nonblock(0) end)
case('nonblock-errno', function()
    local sock = peers.tcp()
    sock:nonblock(true)
    return peers.last(sock)
end)
