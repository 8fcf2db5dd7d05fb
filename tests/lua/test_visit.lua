-- The object that a server's handler gets, while the handler runs and afterwards: nobody but the
-- handler's fiber keeps the connection.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local json = require('json')
local socket = require('socket')

-- Calls the handler for one connection, then `client` with the other end and the address.
local function visit(handler, client)
    local ok, problem
    local listener, address = socket.tcp_server('127.0.0.1', 0, function(sock)
        ok, problem = pcall(handler, sock)
    end)
    local sock = assert(socket.tcp_connect('127.0.0.1', address.port))
    client(sock, address)
    sock:close()
    listener:close()
    -- The client may be through before the handler, which has had to yield.
    check.until_true(function() return ok ~= nil end)
    check.truthy(ok, problem)
end

local function collect()
    collectgarbage()
    collectgarbage()
end

local methods = {
    'accept', 'bind', 'detach', 'errno', 'error', 'fd', 'getsockopt', 'id', 'linger', 'listen', 'name',
    'nonblock', 'peer', 'read', 'readable', 'recv', 'recvfrom', 'send', 'sendto', 'setsockopt',
    'shutdown', 'sysconnect', 'sysread', 'syswrite', 'wait', 'writable', 'write',
}

local function check_closed(sock)
    check.equal(type(sock), 'table')
    for _, name in ipairs(methods) do
        check.throws('attempt to use closed socket', sock[name], sock, 'x')
    end
    check.throws('attempt to use closed socket', tostring, sock)
    check.equal(json.encode(sock), '{"closed":true}')
    for _ = 1, 2 do
        errno(0)
        check.results({false}, sock:close())
        check.equal(errno(), errno.EBADF)
    end
    check.throws('attempt to use closed socket', sock.fd, sock)
end

local function hears_the_end(client)
    check.results({''}, client:read(1))
end

check.case('after the handler the object is that of a closed socket', function()
    local kept
    visit(function(sock)
        kept = sock
        check.truthy(sock:fd() > 0 and sock:id() > 0)
    end, hears_the_end)
    check_closed(kept)
end)

check.case('and so it is when the handler has closed, detached or lost it', function()
    local kept, number, copy = {}, nil, nil
    visit(function(sock)
        kept[1] = sock
        check.results({true}, sock:close())
        check_closed(sock)
    end, hears_the_end)
    visit(function(sock)
        kept[2] = sock
        number = sock:fd()
        check.results({}, sock:detach())
        check.throws('attempt to use closed socket', sock.fd, sock)
    end, function(client)
        check.until_true(function() return number end)
        copy = socket.from_fd(number)
        check.results({5}, copy:write('hello'))
        check.results({'hello'}, client:read(5))
        copy:close()
    end)
    visit(function(sock)
        kept[3] = setmetatable({sock = sock}, {__mode = 'v'})
        sock = nil
        collect()
        fiber.sleep(0.001)
        collect()
    end, hears_the_end)
    check_closed(kept[1])
    check_closed(kept[2])
    collect()
    check.equal(kept[3].sock, nil)
end)

check.case('who waits on it in another fiber wakes at its end', function()
    local result
    visit(function(sock)
        result = check.spawn(function()
            local data = sock:read(1)
            return data, errno(), pcall(sock.read, sock, 1)
        end)
        fiber.yield()
    end, hears_the_end)
    local ok, data, number, again = result()
    check.results({true, nil, errno.EBADF, false}, ok, data, number, again)
end)

check.case('other objects for it are of the same socket, and close it', function()
    local outcome
    visit(function(sock)
        local second, third = socket.from_fd(sock:fd()), sockd.socket(sock:id())
        check.equal(second:id(), sock:id())
        check.results({1}, second:write('x'))
        check.results({'y'}, third:read(1))
        check.results({true}, second:close())
        check_closed(sock)
        check_closed(third)
        outcome = true
    end, function(client)
        check.results({'x'}, client:read(1))
        client:write('y')
        hears_the_end(client)
    end)
    check.truthy(outcome)
end)

check.case('other objects do not keep it beyond the handler', function()
    local second
    visit(function(sock)
        second = sockd.socket(sock:id())
    end, hears_the_end)
    check_closed(second)
end)

check.case('what stands in the object otherwise is no socket', function()
    local outcome
    visit(function(sock)
        local first = rawget(sock, 1)
        check.equal(type(first), 'userdata')
        for _, value in ipairs({json.null, 5, 'x', {}, true}) do
            sock[1] = value
            check.throws('called with non-socket', sock.fd, sock)
            check.throws('called with non-socket', sock.close, sock)
        end
        sock[1] = first
        outcome = sock:fd() > 0
    end, hears_the_end)
    check.truthy(outcome)
end)

check.case('the peer is in the name of the fiber', function()
    local path, name, unnamed = check.path('visit'), nil, nil
    visit(function(sock)
        name = fiber.name()
        check.equal(name, ('server/%s:%d'):format(sock:peer().host, sock:peer().port))
    end, hears_the_end)
    check.truthy(name)
    local listener = assert(socket.tcp_server('unix/', path, function()
        unnamed = fiber.name()
    end))
    local client = assert(socket.tcp_connect('unix/', path))
    hears_the_end(client)
    check.equal(unnamed, 'server/unix/:')
    client:close()
    listener:close()
end)

check.finish()
