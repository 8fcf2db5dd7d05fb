-- Many conversations at once by copas, and socket.http within it. The arguments are the port of an
-- echo server and of the web server.
local copas = require('copas')
local socket = require('socket')
local http = require('socket.http')

local open = 0

local function begin(task)
    open = open + 1
    copas.addthread(function()
        task()
        open = open - 1
    end)
end

local total = 0
for index = 1, 20 do
    begin(function()
        local object = assert(socket.tcp())
        assert(copas.connect(object, '127.0.0.1', tonumber(arg[1])))
        object = copas.wrap(object)
        for round = 1, 10 do
            local line = ('%d %d '):format(index, round) .. ('x'):rep(1000)
            object:send(line .. '\n')
            local answer = object:receive()
            total = total + #answer
            assert(answer == line)
        end
    end)
end

begin(function()
    local pieces = {}
    local done, code = http.request({
        url = 'http://127.0.0.1:' .. arg[2] .. '/large',
        sink = require('ltn12').sink.table(pieces),
        create = function()
            local object = socket.tcp()
            return setmetatable({
                connect = function(_, ...) return copas.connect(object, ...) end,
                receive = function(_, ...) return copas.receive(object, ...) end,
                send = function(_, ...) return copas.send(object, ...) end,
                close = function() return object:close() end,
                settimeout = function() return 1 end,
            }, {})
        end,
    })
    print('http', done, code, #table.concat(pieces))
end)

while open > 0 do
    copas.step(1)
end
print('total', total)
