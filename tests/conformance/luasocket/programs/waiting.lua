-- Only sockd: fibers that wait in every kind of call, until the process is told to end.
local fiber = require('fiber')
local socket = require('socket')

local listener = assert(socket.bind('127.0.0.1', 0))
local host, port = listener:getsockname()
local client = assert(socket.connect(host, port))
local datagrams = assert(socket.udp())
datagrams:setsockname('127.0.0.1', 0)

for _, wait in ipairs({
    function() socket.select({listener, client}, {}, 60) end,
    function() socket.select({}, nil, 60) end,
    function() socket.select({{getfd = function() return 1 end}, client}) end,
    function() client:receive() end,
    function() client:send(('x'):rep(30000000)) end,
    function() datagrams:receivefrom() end,
    function() socket.sleep(60) end,
    function() coroutine.wrap(function() socket.select({client}, nil, 60) end)() end,
}) do
    fiber.create(wait)
end
fiber.sleep(0.01)
print('waiting')
fiber.sleep(60)
