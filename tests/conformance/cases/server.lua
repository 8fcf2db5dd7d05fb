-- tcp_server in all its forms.
local errno = require('errno')
local fiber = require('fiber')
local peers = require('peers')
local socket = require('socket')
local keep = peers.keep

local function names_of_fibers(pattern)
    local names = {}
    for _, info in pairs(fiber.info()) do
        if info.name:match(pattern) then
            names[#names + 1] = info.name
        end
    end
    table.sort(names)
    return names
end

case('results', function()
    return keep(socket.tcp_server('127.0.0.1', 0, function() end))
end)
case('address', function()
    local server, address = keep(socket.tcp_server('127.0.0.1', 0, function() end))
    return address.host, address.family, address.type, address.protocol
end)
case('port-of-address', function()
    local server, address = keep(socket.tcp_server('127.0.0.1', 0, function() end))
    return address.port == server:name().port
end)
case('name-of-listener', function()
    return keep(socket.tcp_server('127.0.0.1', 0, function() end)):name()
end)
case('localhost', function()
    local server = keep(socket.tcp_server('localhost', 0, function(s) s:write('hi') end))
    local name = server:name()
    return keep(socket.tcp_connect(name.host, name.port)):read(2, 1)
end)
case('any', function()
    local server = keep(socket.tcp_server('0.0.0.0', 0, function(s) s:write('hi') end))
    return server:name(), keep(socket.tcp_connect('127.0.0.1', server:name().port)):read(2, 1)
end)
case('port-as-string', function()
    return keep(socket.tcp_server('127.0.0.1', '0', function() end)) ~= nil
end)
case('with-timeout', function()
    return keep(socket.tcp_server('127.0.0.1', 0, function() end, 5)) ~= nil
end)
case('port-nil', function()
    return keep(socket.tcp_server('127.0.0.1', nil, function() end)) ~= nil
end)
case('port-in-use', function()
    local _, port = peers.listener()
    local server = keep(socket.tcp_server('127.0.0.1', port, function() end))
    return server, peers.errno()
end)
case('port-in-use-results', function()
    local _, port = peers.listener()
    return keep(socket.tcp_server('127.0.0.1', port, function() end))
end)
case('not-a-local-address', function()
    local server = keep(socket.tcp_server('192.0.2.1', 0, function() end))
    return server, peers.errno()
end)
case('unknown-host', function()
    return (keep(socket.tcp_server('no-such-host.invalid', 0, function() end, 5)))
end)
case('unknown-service', function()
    return (keep(socket.tcp_server('127.0.0.1', 'no-such-service', function() end)))
end)
case('handler-in-table', function()
    local client = peers.client_of({handler = function(s) s:write('table') end})
    return client:read(5, 1)
end)
case('handler-writes', function()
    return peers.client_of(function(s) s:write('hello') end):read(5, 1)
end)
case('handler-echoes', function()
    local client = peers.client_of(function(s)
        while true do
            local line = s:read('\n')
            if line == '' or line == nil then
                break
            end
            s:write(line:upper())
        end
    end)
    client:write('one\n')
    local first = client:read('\n', 1)
    client:write('two\n')
    return first, client:read('\n', 1)
end)
case('handler-arguments', function()
    local kinds
    local client = peers.client_of(function(s, from)
        kinds = {type(s), type(from), from.host, from.family}
    end)
    client:read(1, 1)
    return kinds
end)
case('handler-from', function()
    local from
    local client = peers.client_of(function(_, peer) from = peer end)
    client:read(1, 1)
    return from.port == client:name().port, from
end)
case('handler-socket-mode', function()
    local mode
    peers.client_of(function(s) mode = s:nonblock() end):read(1, 1)
    return mode
end)
case('handler-returns-closes', function()
    local client = peers.client_of(function(s) s:write('bye') end)
    return client:read(100, 1), client:read(100, 1)
end)
case('handler-throws-closes', function()
    local client = peers.client_of(function(s)
        s:write('first')
        error('on purpose')
    end)
    return client:read(100, 1), client:read(100, 1)
end)
case('handler-throws-next-is-served', function()
    local first, listener = peers.client_of(function(s)
        s:write('x')
        error('on purpose')
    end)
    first:read(100, 1)
    return keep(socket.tcp_connect('127.0.0.1', listener:name().port)):read(100, 1)
end)
case('handler-closes-itself', function()
    local client = peers.client_of(function(s)
        s:write('closed')
        s:close()
    end)
    return client:read(100, 1)
end)
case('handler-waits', function()
    local client = peers.client_of(function(s)
        fiber.sleep(0.02)
        s:write('late')
    end)
    return client:read(4, 1)
end)
case('handler-of-two-at-once', function()
    local first, listener = peers.client_of(function(s)
        s:write(s:read('\n'))
    end)
    local second = keep(socket.tcp_connect('127.0.0.1', listener:name().port))
    second:write('second\n')
    local two = second:read('\n', 1)
    first:write('first\n')
    return two, first:read('\n', 1)
end)
case('fiber-name', function()
    local name
    peers.client_of(function() name = fiber.name() end):read(1, 1)
    return name
end)
case('fiber-name-of-own', function()
    local name
    peers.client_of({handler = function() name = fiber.name() end, name = 'mine'}):read(1, 1)
    return name
end)
case('fiber-name-too-long', function()
    local name
    local long = ('n'):rep(300)
    peers.client_of({handler = function() name = fiber.name() end, name = long}):read(1, 1)
    return #name
end)
case('fiber-name-of-port', function()
    local name, from
    local client = peers.client_of(function(_, peer) name, from = fiber.name(), peer end)
    client:read(1, 1)
    return name == ('server/%s:%s'):format(from.host, from.port)
end)
case('fiber-of-accept-loop', function()
    local server, address = keep(socket.tcp_server('127.0.0.1', 0, function() end))
    return #names_of_fibers('^server/127.0.0.1:') > 0
end)
case('fiber-status', function()
    local status
    peers.client_of(function() status = fiber.status() end):read(1, 1)
    return status
end)
case('prepare', function()
    local order, prepared = {}, nil
    local server = keep(socket.tcp_server('127.0.0.1', 0, {
        handler = function() end,
        prepare = function(listener, ...)
            prepared = listener
            order[#order + 1] = {listener:name().port, select('#', ...)}
        end,
    }))
    return prepared == server, order, server:name().port > 0
end)
case('prepare-sets-options', function()
    local server = keep(socket.tcp_server('127.0.0.1', 0, {
        handler = function() end,
        prepare = function(listener) listener:setsockopt('SOL_SOCKET', 'SO_KEEPALIVE', 1) end,
    }))
    return server:getsockopt('SOL_SOCKET', 'SO_KEEPALIVE'),
        server:getsockopt('SOL_SOCKET', 'SO_REUSEADDR')
end)
case('prepare-returns-backlog', function()
    return keep(socket.tcp_server('127.0.0.1', 0, {
        handler = function() end,
        prepare = function() return 5 end,
    })) ~= nil
end)
case('prepare-throws', function()
    return keep(socket.tcp_server('127.0.0.1', 0, {
        handler = function() end,
        prepare = function() error('not prepared', 0) end,
    }))
end)
case('without-prepare-reuseaddr', function()
    local server = keep(socket.tcp_server('127.0.0.1', 0, function() end))
    return server:getsockopt('SOL_SOCKET', 'SO_REUSEADDR')
end)
case('same-port-again-after-close', function()
    local client, server = peers.client_of(function(s) s:write('x') end)
    client:read(1, 1)
    local port = server:name().port
    server:close()
    peers.settle()
    return keep(socket.tcp_server('127.0.0.1', port, function() end)) ~= nil
end)
case('close-ends-the-listener', function()
    local client, server = peers.client_of(function(s) s:write('x') end)
    local port = server:name().port
    local closed = server:close()
    peers.settle()
    local sock = keep(socket.tcp_connect('127.0.0.1', port))
    return closed, sock
end)
case('close-leaves-connections', function()
    local client, server = peers.client_of(function(s) s:write(s:read('\n')) end)
    peers.settle()
    server:close()
    client:write('still here\n')
    return client:read('\n', 1)
end)
case('listener-without-a-name-serves', function()
    local port
    do
        local server = socket.tcp_server('127.0.0.1', 0, function(s) s:write('alive') end)
        port = server:name().port
        server = nil
    end
    collectgarbage()
    collectgarbage()
    return keep(socket.tcp_connect('127.0.0.1', port)):read(5, 1)
end)
case('hundred-clients', function()
    local first, listener = peers.client_of(function(s) s:write(s:read('\n')) end)
    local port, answers = listener:name().port, 0
    for i = 1, 100 do
        local client = socket.tcp_connect('127.0.0.1', port)
        client:write(i .. '\n')
        if client:read('\n', 2) == i .. '\n' then
            answers = answers + 1
        end
        client:close()
    end
    return answers
end)
case('handler-with-metatable', function()
    local callable = setmetatable({}, {__call = function(_, s) s:write('called') end})
    return (pcall(socket.tcp_server, '127.0.0.1', 0, {handler = callable}))
end)
case('errno-in-handler', function()
    local number
    peers.client_of(function() number = errno() end):read(1, 1)
    return type(number)
end)
