-- getoption and setoption.
local socket = require('socket')

-- Gets, sets and gets again.
local function turn(object, name, value)
    local label = name .. (type(value) == 'table' and '' or ' ' .. tostring(value))
    show(label, object:setoption(name, value))
    show(label .. ' got', object:getoption(name))
end

case('tcp', function()
    local object = socket.tcp4()
    for _, name in ipairs({'keepalive', 'reuseaddr', 'reuseport', 'tcp-nodelay'}) do
        show(name, object:getoption(name))
        turn(object, name, true)
        turn(object, name, false)
    end
    show('linger', object:getoption('linger'))
    turn(object, 'linger', {on = true, timeout = 3})
    turn(object, 'linger', {on = false, timeout = 0})
    for _, name in ipairs({'tcp-keepidle', 'tcp-keepcnt', 'tcp-keepintvl'}) do
        show(name, type(object:getoption(name)))
        turn(object, name, 11)
        turn(object, name, '12')
    end
    for _, name in ipairs({'recv-buffer-size', 'send-buffer-size'}) do
        show(name, object:getoption(name) > 1000)
        turn(object, name, 10000)
    end
    show('error', object:getoption('error'))
    show('tcp-defer-accept', object:setoption('tcp-defer-accept', 3))
    show('tcp-fastopen', object:setoption('tcp-fastopen', 5))
    show('ipv6-v6only', object:setoption('ipv6-v6only', true))
    show('ipv6-v6only on v6', socket.tcp6():setoption('ipv6-v6only', true))
    fails('get tcp-defer-accept', function() object:getoption('tcp-defer-accept') end)
    fails('get tcp-fastopen', function() object:getoption('tcp-fastopen') end)
    fails('get ipv6-v6only', function() object:getoption('ipv6-v6only') end)
    fails('set error', function() object:setoption('error', 1) end)
    fails('broadcast', function() object:getoption('broadcast') end)
    show('of a server', (server()):getoption('reuseaddr'))
    show('of a client', pair():getoption('tcp-nodelay'))
end)

case('udp', function()
    local object = socket.udp4()
    for _, name in ipairs({'broadcast', 'dontroute', 'reuseaddr', 'reuseport', 'ip-multicast-loop'}) do
        show(name, object:getoption(name))
        turn(object, name, true)
        turn(object, name, false)
    end
    for _, name in ipairs({'recv-buffer-size', 'send-buffer-size'}) do
        show(name, object:getoption(name) > 1000)
        turn(object, name, 10000)
    end
    show('ttl', object:setoption('ip-multicast-ttl', 3))
    show('multicast-if', object:getoption('ip-multicast-if'))
    show('set multicast-if', object:setoption('ip-multicast-if', '127.0.0.1'))
    show('multicast-if set', object:getoption('ip-multicast-if'))
    show('error', object:getoption('error'))
    fails('get ttl', function() object:getoption('ip-multicast-ttl') end)
    fails('keepalive', function() object:setoption('keepalive', true) end)
    fails('linger', function() object:getoption('linger') end)
    local unmade = socket.udp()
    show('set without descriptor', unmade:setoption('broadcast', true))
    show('get without descriptor', unmade:getoption('broadcast'))
end)

case('groups', function()
    local object = socket.udp4()
    local group = {multiaddr = '224.0.0.251', interface = '127.0.0.1'}
    show('join', object:setoption('ip-add-membership', group))
    show('join again', object:setoption('ip-add-membership', group))
    show('leave', object:setoption('ip-drop-membership', group))
    show('leave again', object:setoption('ip-drop-membership', group))
    show('any interface', object:setoption('ip-add-membership',
                                           {multiaddr = '224.0.0.251', interface = '*'}))
    show('no group', object:setoption('ip-add-membership',
                                      {multiaddr = '127.0.0.1', interface = '127.0.0.1'}))
    fails('get', function() object:getoption('ip-add-membership') end)
    fails('no table', function() object:setoption('ip-add-membership', 1) end)
    fails('empty', function() object:setoption('ip-add-membership', {}) end)
    fails('no interface', function()
        object:setoption('ip-add-membership', {multiaddr = '224.0.0.251'})
    end)
end)

case('udp6', function()
    local object = socket.udp6()
    show('v6only', object:getoption('ipv6-v6only'))
    turn(object, 'ipv6-unicast-hops', 7)
    show('multicast-hops', type(object:getoption('ipv6-multicast-hops')))
    turn(object, 'ipv6-multicast-hops', 8)
    show('multicast-loop', object:getoption('ipv6-multicast-loop'))
    turn(object, 'ipv6-multicast-loop', false)
    local group = {multiaddr = 'ff02::114', interface = 1}
    show('join', object:setoption('ipv6-add-membership', group))
    show('leave', object:setoption('ipv6-drop-membership', group))
    show('leave again', object:setoption('ipv6-drop-membership', group))
end)

case('wrong use', function()
    local object = socket.tcp4()
    fails('flag as number', function() object:setoption('keepalive', 1) end)
    fails('flag missing', function() object:setoption('keepalive') end)
    fails('name as table', function() object:setoption({}, true) end)
    fails('linger', function() object:setoption('linger', 1) end)
    fails('linger without on', function() object:setoption('linger', {timeout = 2}) end)
    fails('linger without timeout', function() object:setoption('linger', {on = true}) end)
    show('buffer as word', object:setoption('send-buffer-size', 'x'))
end)
