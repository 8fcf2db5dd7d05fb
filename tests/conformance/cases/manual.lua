-- The examples of the manual of the module, their addresses replaced by local ones.
local fiber = require('fiber')
local peers = require('peers')
local keep = peers.keep

case('tcp', function()
    local _, server = peers.client_of(function(s)
        s:read('\r\n\r\n')
        s:write('HTTP/1.1 302 Moved Temporarily\r\n\r\n')
    end)
    local socket = require('socket')
    local sock = keep(socket.tcp_connect('127.0.0.1', server:name().port))
    local kind, problem = type(sock), sock:error()
    local sent = sock:send('HEAD / HTTP/1.0\r\nHost: tarantool.org\r\n\r\n')
    return kind, problem, sent, sock:read(17), sock:close()
end)
case('tcp-error-of-new-connection', function()
    local socket = require('socket')
    local _, port = peers.listener()
    return keep(socket.tcp_connect('127.0.0.1', port)):error()
end)
case('udp', function()
    local socket = require('socket')
    local sock_1 = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    local bound = sock_1:bind('127.0.0.1')
    local sock_2 = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    local sent = sock_2:sendto('127.0.0.1', sock_1:name().port, 'X')
    local message = sock_1:recvfrom()
    return bound, sent, message, sock_1:close(), sock_2:close()
end)
case('server', function()
    local lines = {}
    local socket = require('socket')
    local server = keep(socket.tcp_server('0.0.0.0', 0, function(s)
        while true do
            local request
            request = s:read('\n')
            if request == '' or request == nil then
                break
            end
            lines[#lines + 1] = request
        end
        lines[#lines + 1] = 'end'
    end))
    local client = socket.tcp_connect('localhost', server:name().port)
    client:write('A\nB\nC\n')
    client:close()
    for _ = 1, 1000 do
        if lines[4] then
            break
        end
        fiber.sleep(0.001)
    end
    return lines
end)
case('getaddrinfo', function()
    local socket = require('socket')
    local first = socket.getaddrinfo('127.0.0.1', 'http')[1]
    return first.host, first.family, first.type, first.protocol, first.port
end)
case('iowait', function()
    local socket = require('socket')
    local client, server = peers.pair()
    client:write('x')
    return socket.iowait(server:fd(), 'r', 1.11)
end)
case('recvfrom-1', function()
    local receiver, sender, port = peers.udp_pair()
    sender:sendto('127.0.0.1', port, 'XYZ')
    receiver:readable(1)
    local content, from = receiver:recvfrom(1)
    return content, from.host, from.family, type(from.port)
end)
case('sysconnect-0', function()
    local socket = require('socket')
    local _, port = peers.listener()
    local sock = keep(socket('AF_INET', 'SOCK_STREAM', 'tcp'))
    sock:sysconnect(0, port)
    return sock:writable(1), sock:peer().host
end)
