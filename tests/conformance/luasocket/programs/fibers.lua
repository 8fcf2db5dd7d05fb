-- Only sockd: while one fiber waits in a LuaSocket call, the others go on. The argument is the port of
-- the web server.
local fiber = require('fiber')
local http = require('socket.http')
local socket = require('socket')

-- Requests that each take a while, side by side.
local start, open = socket.gettime(), 0
for _ = 1, 5 do
    open = open + 1
    fiber.create(function()
        assert(http.request('http://127.0.0.1:' .. arg[1] .. '/slow') == 'slow')
        open = open - 1
    end)
end
while open > 0 do
    socket.sleep(0.01)
end
print('side by side', socket.gettime() - start < 1.5)

-- A select, a receive and an accept end when another fiber closes what they wait for.
local listener = assert(socket.bind('127.0.0.1', 0))
local host, port = listener:getsockname()
local client = assert(socket.connect(host, port))
local accepted = assert(listener:accept())
local answers = {}
fiber.create(function() answers[1] = {client:receive()} end)
fiber.create(function() answers[2] = {listener:accept()} end)
fiber.create(function() answers[3] = {#(socket.select({accepted}, nil, 5))} end)
fiber.sleep(0.01)
client:close()
listener:close()
fiber.sleep(0.1)
print('closed', answers[1][2], answers[2][2], answers[3][1])

-- A cancelled fiber leaves its select.
local victim = fiber.create(function()
    socket.select({accepted}, {socket.tcp4()}, 5)
    socket.select({}, {}, 5)
end)
accepted:close()
fiber.sleep(0.01)
pcall(fiber.cancel, victim)
fiber.sleep(0.01)
print('cancelled', pcall(fiber.status, victim))

-- The emulation and sockd's own calls share a module.
local server, address = socket.tcp_server('127.0.0.1', 0, function(connection)
    connection:write(connection:read('\n'))
end)
local object = socket.connect(address.host, address.port)
object:send('through both\n')
print((object:receive()))
server:close()

-- A unix path is an address too.
local path = os.tmpname()
os.remove(path)
listener = assert(socket.bind('unix/', path))
object = assert(socket.connect('unix/', path))
object:send('over a path\n')
print((assert(listener:accept()):receive()))
print(listener:getsockname() == 'unix/', (select(3, listener:getsockname())))
os.remove(path)
