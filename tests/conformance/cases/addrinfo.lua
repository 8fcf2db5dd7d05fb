-- Names and addresses: getaddrinfo.
local errno = require('errno')
local peers = require('peers')
local socket = require('socket')
local look_up = socket.getaddrinfo

case('stream', function() return look_up('127.0.0.1', 80, {type = 'SOCK_STREAM'}) end)
case('datagrams', function() return look_up('127.0.0.1', 80, {type = 'SOCK_DGRAM'}) end)
case('all-types', function() return look_up('127.0.0.1', 80) end)
case('service-as-string', function() return look_up('127.0.0.1', '80', {type = 'SOCK_STREAM'}) end)
case('service-name', function() return look_up('127.0.0.1', 'http', {type = 'SOCK_STREAM'}) end)
case('service-name-udp', function() return look_up('127.0.0.1', 'domain', {type = 'SOCK_DGRAM'}) end)
case('service-0', function() return look_up('127.0.0.1', 0, {type = 'SOCK_STREAM'}) end)
case('service-nil', function() return look_up('127.0.0.1', nil, {type = 'SOCK_STREAM'}) end)
case('service-absent', function() return #look_up('127.0.0.1') > 0 end)
case('service-unknown', function() return (look_up('127.0.0.1', 'no-such-service')) end)
case('service-unknown-with-type', function()
    return (look_up('127.0.0.1', 'no-such-service', {type = 'SOCK_STREAM'}))
end)
case('service-large', function()
    local found = look_up('127.0.0.1', 65535, {type = 'SOCK_STREAM'})
    return found and found[1].host
end)
case('host-unknown', function() return (look_up('no such host', 80, 5)) end)
case('host-unknown-results', function()
    local found, problem = look_up('no such host', 80, 5)
    return found, type(problem)
end)
case('host-nonsense', function() return (look_up('nonsense..', 80, 5)) end)
case('host-localhost', function()
    local found = look_up('localhost', 80, {type = 'SOCK_STREAM', family = 'AF_INET'})
    return found
end)
case('v6', function() return look_up('::1', 80, {type = 'SOCK_STREAM'}) end)
case('tostring', function()
    return tostring(look_up('127.0.0.1', 80, {type = 'SOCK_STREAM'})[1]):match('^table') ~= nil
end)

case('timeout', function() return look_up('127.0.0.1', 80, 1, {type = 'SOCK_STREAM'}) end)
case('timeout-nil', function() return look_up('127.0.0.1', 80, nil, {type = 'SOCK_STREAM'}) end)
case('timeout-alone', function() return #look_up('127.0.0.1', 80, 1) > 0 end)

for form, options in each({
    ['none'] = {},
    ['family-AF_INET'] = {family = 'AF_INET', type = 'SOCK_STREAM'},
    ['family-PF_INET'] = {family = 'PF_INET', type = 'SOCK_STREAM'},
    ['family-2'] = {family = 2, type = 'SOCK_STREAM'},
    ['type-1'] = {type = 1},
    ['type-SOCK_RAW'] = {type = 'SOCK_RAW', protocol = 'icmp'},
    ['protocol-tcp'] = {protocol = 'tcp'},
    ['protocol-6'] = {protocol = 6},
    ['protocol-udp'] = {protocol = 'udp'},
    ['flags-AI_PASSIVE'] = {flags = 'AI_PASSIVE', type = 'SOCK_STREAM'},
    ['flags-AI_NUMERICHOST'] = {flags = 'AI_NUMERICHOST', type = 'SOCK_STREAM'},
    ['flags-AI_NUMERICSERV'] = {flags = 'AI_NUMERICSERV', type = 'SOCK_STREAM'},
    ['flags-AI_CANONNAME'] = {flags = 'AI_CANONNAME', type = 'SOCK_STREAM'},
    ['flags-list'] = {flags = {'AI_NUMERICHOST', 'AI_PASSIVE'}, type = 'SOCK_STREAM'},
    ['flags-empty-list'] = {flags = {}, type = 'SOCK_STREAM'},
    ['flags-AI_V4MAPPED'] = {flags = 'AI_V4MAPPED', family = 'AF_INET6', type = 'SOCK_STREAM'},
    ['everything'] = {family = 'AF_INET', type = 'SOCK_STREAM', protocol = 'tcp', flags = 'AI_PASSIVE'},
    ['unknown-key'] = {nonsense = 1, type = 'SOCK_STREAM'},
}) do
    case('options-' .. form, function() return look_up('127.0.0.1', 80, options) end)
end
for form, options in each({
    ['family'] = {family = 'AF_NONSENSE'},
    ['family-boolean'] = {family = true},
    ['type'] = {type = 'SOCK_NONSENSE'},
    ['type-boolean'] = {type = true},
    ['protocol'] = {protocol = 'nonsense'},
    ['flags'] = {flags = 'AI_NONSENSE'},
    ['flags-in-list'] = {flags = {'AI_PASSIVE', 'AI_NONSENSE'}},
    ['flags-number'] = {flags = 1},
}) do
    case('wrong-' .. form, function()
        errno(0)
        local found = look_up('127.0.0.1', 80, options)
        return found, peers.errno()
    end)
end
case('wrong-family-of-address', function()
    return (look_up('127.0.0.1', 80, {family = 'AF_INET6', type = 'SOCK_STREAM'}))
end)
case('numeric-host-that-is-a-name', function()
    return (look_up('localhost', 80, {flags = 'AI_NUMERICHOST'}))
end)
case('numeric-service-that-is-a-name', function()
    return (look_up('127.0.0.1', 'http', {flags = 'AI_NUMERICSERV'}))
end)
case('usable-for-sysconnect', function()
    local _, port = peers.listener()
    local found = look_up('127.0.0.1', port, {type = 'SOCK_STREAM', protocol = 'tcp'})[1]
    local sock = peers.keep(socket(found.family, found.type, found.protocol))
    sock:sysconnect(found.host, found.port)
    return sock:writable(1)
end)
