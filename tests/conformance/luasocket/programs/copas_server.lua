-- An echo server by copas, over TCP and UDP. It prints its ports, and ends when a client says so.
local copas = require('copas')
local socket = require('socket')

local listener = assert(socket.bind('127.0.0.1', 0))
copas.addserver(listener, function(client)
    client = copas.wrap(client)
    while true do
        local line, problem = client:receive()
        if not line then
            print('closed', problem)
            return
        elseif line == 'quit' then
            client:send('bye\n')
            print('quit')
            os.exit(0)
        end
        client:send(('%d %s\n'):format(#line, line:sub(1, 20)))
    end
end)

local datagrams = assert(socket.udp())
assert(datagrams:setsockname('127.0.0.1', 0))
copas.addserver(datagrams, function(object)
    object = copas.wrap(object)
    while true do
        local data, host, port = object:receivefrom()
        if data then
            object:sendto(data:upper(), host, port)
        end
    end
end)

print((select(2, listener:getsockname())))
print((select(2, datagrams:getsockname())))
io.stdout:flush()
copas.loop(0.5)
