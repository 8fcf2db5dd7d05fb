-- tcp_server: handlers, options, addresses, errors.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

local function ask(address, text)
    local client = assert(socket.tcp_connect(address.host, address.port))
    client:write(text or '')
    client:shutdown(1)
    local answer = client:read({})
    client:close()
    return answer
end

check.case('a function as handler', function()
    local names, peers, ports = {}, {}, {}
    local listener, address = socket.tcp_server('127.0.0.1', 0, function(sock, from)
        names[#names + 1] = fiber.name()
        peers[#peers + 1] = 'server/' .. tostring(from)
        ports[#ports + 1] = sock:peer().port - from.port
        sock:write('you said ' .. sock:read({}))
    end)
    check.equal(address.host, '127.0.0.1')
    check.equal(address.family, 'AF_INET')
    check.equal(address.type, 'SOCK_STREAM')
    check.equal(address.protocol, 'tcp')
    check.equal(address.port, listener:name().port)
    check.equal(ask(address, 'hello'), 'you said hello')
    check.equal(ask(address, 'again'), 'you said again')
    check.equal(table.concat(names, ' '), table.concat(peers, ' '))
    check.equal(table.concat(ports, ' '), '0 0')
    check.equal(listener:close(), true)
    check.results({nil, 'Connection refused', n = 2},
                  socket.tcp_connect('127.0.0.1', address.port))
end)

check.case('a table as handler', function()
    local prepared, name
    local listener, address = socket.tcp_server('localhost', 0, {
        handler = function(sock)
            name = fiber.name()
            sock:write('hi')
        end,
        prepare = function(sock)
            prepared = (prepared or 0) + 1
            check.equal(type(sock), 'table')
            return 5
        end,
        name = 'greeter',
    })
    check.truthy(listener, address)
    check.equal(ask(address), 'hi')
    check.equal(prepared, 1)
    check.truthy(name:find('^greeter/'))
    listener:close()
end)

check.case('a handler gets the address if it has room for it', function()
    local function first_of(handler)
        local listener, address = socket.tcp_server('127.0.0.1', 0, handler)
        local answer = ask(address)
        listener:close()
        return answer
    end
    check.equal(first_of(function(sock) sock:write('alone') end), 'alone')
    check.equal(first_of(function(sock, from) sock:write(from.host) end), '127.0.0.1')
    check.equal(first_of(function(sock, from, more)
        sock:write(from.host .. ' ' .. tostring(more))
    end), '127.0.0.1 nil')
    check.equal(first_of(function(...)
        (...):write(select('#', ...) .. ' ' .. select(2, ...).host)
    end), '2 127.0.0.1')
    check.equal(first_of({handler = setmetatable({}, {__call = function(_, sock, from)
        sock:write(from.host)
    end})}), '127.0.0.1')
end)

check.case('a connection has a name, also when its fiber has ended', function()
    local worker, port
    local listener, address = socket.tcp_server('127.0.0.1', 0, {
        handler = function(sock)
            worker, port = fiber.self(), sock:peer().port
            worker:set_joinable(true)
        end,
        name = 'named',
    })
    ask(address)
    check.equal(worker:status(), 'dead')
    check.equal(worker:name(), 'named/127.0.0.1:' .. port)
    check.equal(worker:join(), true)
    listener:close()
end)

check.case('a callable table as handler', function()
    local handler = setmetatable({}, {__call = function(_, sock)
        sock:write('called')
    end})
    local listener, address = socket.tcp_server('127.0.0.1', 0, {handler = handler})
    check.equal(ask(address), 'called')
    listener:close()
end)

check.case('wrong arguments', function()
    local usage = 'Usage: socket.tcp_server(host, port, handler | opts)'
    check.throws(usage, socket.tcp_server)
    check.throws(usage, socket.tcp_server, '127.0.0.1', 0)
    check.throws(usage, socket.tcp_server, '127.0.0.1', 0, {})
    check.throws(usage, socket.tcp_server, '127.0.0.1', 0, 'echo')
end)

check.case('what cannot be listened on', function()
    local listener, address = socket.tcp_server('127.0.0.1', 0, print)
    local busy = errno.strerror(errno.EADDRINUSE)
    check.results({nil, busy, n = 2}, socket.tcp_server('127.0.0.1', address.port, print))
    check.equal(errno(), errno.EADDRINUSE)
    check.results({nil, busy, n = 2}, socket.tcp_server('127.0.0.1', address.port, {
        handler = print, prepare = function() end,
    }))
    listener:close()
    check.equal(socket.tcp_server('no such host.invalid', 0, print), nil)
    check.equal(socket.tcp_server('192.0.2.1', 0, print), nil)
    check.equal(errno(), errno.EADDRNOTAVAIL)
end)

check.case('an error in a handler costs its own connection only', function()
    local listener, address = socket.tcp_server('127.0.0.1', 0, function(sock)
        local word = sock:read('\n')
        if word == 'bad\n' then
            error('on purpose: this is what the log should show')
        end
        sock:write('good')
    end)
    local other = socket.tcp_connect(address.host, address.port)
    check.equal(ask(address, 'bad\n'), '')
    other:write('fine\n')
    check.equal(other:read({}), 'good')
    other:close()
    check.equal(ask(address, 'fine\n'), 'good')
    listener:close()
end)

check.case('the connection is closed when the handler is done, whoever still has it', function()
    local kept
    local listener, address = socket.tcp_server('127.0.0.1', 0, function(sock)
        kept = sock
    end)
    check.equal(ask(address), '')
    check.throws('closed socket', kept.write, kept, 'x')
    check.equal(kept:close(), false)
    listener:close()
end)

check.case('a handler may close its connection itself, or the listener', function()
    local listener, address
    listener, address = socket.tcp_server('127.0.0.1', 0, function(sock)
        listener:close()
        sock:write('the last one')
        sock:close()
    end)
    check.equal(ask(address), 'the last one')
    check.equal((socket.tcp_connect('127.0.0.1', address.port)), nil)
end)

check.case('a server that no variable names goes on serving', function()
    local address = select(2, socket.tcp_server('127.0.0.1', 0, function(sock)
        sock:write('still here')
    end))
    for _ = 1, 5 do
        collectgarbage()
        check.equal(ask(address), 'still here')
    end
    -- Found again by its number, so that this script can end.
    for id = 1, 100000 do
        local sock = sockd.socket(id)
        if sock and sock:name() and sock:name().port == address.port and not sock:peer() then
            sock:close()
            return
        end
    end
    error('the listener is not to be found')
end)

check.case('unix paths: a dead file is replaced, a live one is not, and it goes at the end',
           function()
    local path = check.path('server')
    local dead = socket('AF_UNIX', 'SOCK_STREAM', 0)
    dead:bind('unix/', path)
    dead:close()
    local function greet(sock)
        sock:write('hello')
    end
    local listener, address = socket.tcp_server('unix/', path, greet)
    check.truthy(listener, address)
    check.equal(address.host, 'unix/')
    check.equal(address.port, path)
    check.equal(ask(address), 'hello')
    check.results({nil, errno.strerror(errno.EADDRINUSE), n = 2},
                  socket.tcp_server('unix/', path, greet))
    listener:close()
    check.equal(io.open(path), nil)
    listener = socket.tcp_server('unix/', path, {handler = greet, prepare = function() end})
    check.equal(ask({host = 'unix/', port = path}), 'hello')
    listener:close()
    check.equal(io.open(path), nil)
end)

check.case('many connections at once', function()
    local listener, address = socket.tcp_server('127.0.0.1', 0, function(sock)
        sock:write(sock:read('\n'))
    end)
    local clients = {}
    for i = 1, 200 do
        clients[i] = assert(socket.tcp_connect('127.0.0.1', address.port))
    end
    for i, client in ipairs(clients) do
        client:write(i .. '\n')
    end
    for i, client in ipairs(clients) do
        check.equal(client:read({}), i .. '\n')
        client:close()
    end
    listener:close()
end)

check.case('a handler is not named, numbered or owned by the one before it', function()
    local ids, storages = {}, {}
    local listener, address = socket.tcp_server('127.0.0.1', 0, function(sock)
        ids[fiber.self():id()] = true
        storages[#storages + 1] = fiber.self().storage.seen
        fiber.self().storage.seen = true
        setfenv(0, {})
    end)
    for _ = 1, 5 do
        ask(address)
    end
    local count = 0
    for _ in pairs(ids) do
        count = count + 1
    end
    check.equal(count, 5)
    check.equal(#storages, 0)
    listener:close()
end)

check.finish()
