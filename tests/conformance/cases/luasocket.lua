-- The emulation of LuaSocket, where Tarantool's departs from LuaSocket.
local socket = require('socket')
local peers = require('peers')

local function server()
    local object = assert(socket.bind('127.0.0.1', 0))
    local _, port = object:getsockname()
    return object, tonumber(port)
end

local function pair()
    local listener, port = server()
    local client = socket.tcp()
    assert(client:connect('127.0.0.1', tostring(port)))
    listener:settimeout(2)
    local peer = assert(listener:accept())
    listener:close()
    return client, peer
end

case('shutdown-recv', function()
    local client, peer = pair()
    client:shutdown('recv')
    peers.settle()
    peer:settimeout(0.02)
    local sent = client:send('text')
    local got, problem = peer:receive(4)
    client:close()
    peer:close()
    return sent, got, problem
end)
case('receive-all-timeout', function()
    local client, peer = pair()
    client:settimeout(0.05)
    peer:send('some')
    local all, problem, rest = client:receive('*a')
    client:close()
    peer:close()
    return all, problem, rest
end)
case('port-number', function()
    local listener, port = server()
    local client = socket.tcp()
    local ok, result = pcall(client.connect, client, '127.0.0.1', port)
    pcall(client.close, client)
    listener:close()
    return ok, ok and result
end)
case('setoption-before-connect', function()
    local client = socket.tcp()
    local ok, result = pcall(client.setoption, client, 'tcp-nodelay', true)
    pcall(client.close, client)
    return ok, ok and result
end)
