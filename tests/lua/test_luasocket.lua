-- The LuaSocket emulation where it meets fibers. What it has in common with LuaSocket is compared with
-- LuaSocket in tests/conformance/luasocket.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')
local socket = require('socket')

local function pair()
    local listener = assert(socket.bind('127.0.0.1', 0))
    local host, port = listener:getsockname()
    local client = assert(socket.connect(host, port))
    local accepted = assert(listener:accept())
    listener:close()
    return client, accepted
end

-- What the call returns in a fiber of its own, which another one goes on beside.
local function aside(call, ...)
    local results
    local runner = fiber.create(function(...)
        results = {call(...)}
    end, ...)
    return function()
        for _ = 1, 1000 do
            if results then
                return unpack(results, 1, 3)
            end
            fiber.sleep(0.001)
        end
        error('it does not end')
    end, runner
end

check.case('an object shows its socket and nothing of its inside', function()
    local json, msgpack = require('json'), require('msgpack')
    local client, accepted = pair()
    local shown = json.decode(json.encode(client))
    check.equal(shown.class, 'tcp{client}')
    check.equal(shown.fd, client:getfd())
    check.equal(shown.peer.port, select(2, client:getpeername()))
    local known = {class = true, fd = true, id = true, name = true, peer = true}
    for key in pairs(shown) do
        check.equal(known[key] and key, key)
    end
    check.equal(msgpack.decode(msgpack.encode({client}))[1].fd, client:getfd())
    client:close()
    accepted:close()
    check.equal(json.decode(json.encode(client)).closed, true)
    for _, object in ipairs({socket.tcp(), socket.tcp4(), socket.udp(), socket.udp4()}) do
        local text = json.encode(object)
        check.equal(text:find('born'), nil)
        object:close()
    end
end)

check.case('select in one fiber, send in another', function()
    local client, accepted = pair()
    local finish = aside(socket.select, {client}, nil, 5)
    accepted:send('x')
    local readable, writable = finish()
    check.equal(readable[1], client)
    check.equal(#writable, 0)
end)

check.case('select in a coroutine of the script', function()
    local client, accepted = pair()
    local step = coroutine.wrap(function()
        coroutine.yield('first')
        local readable = socket.select({client}, nil, 5)
        coroutine.yield(#readable)
        return client:receive()
    end)
    check.equal(step(), 'first')
    fiber.create(function()
        fiber.sleep(0.01)
        accepted:send('line\n')
    end)
    check.equal(step(), 1)
    check.equal(step(), 'line')
end)

check.case('select within a function in C cannot wait', function()
    local client, accepted = pair()
    check.throws('cannot wait here', check.within_c, socket.select, {client})
    check.within_c(function() socket.select({client}, nil, 0) end) -- but it can look
    client:close()
    accepted:close()
end)

check.case('select of a thousand', function()
    local watched, senders = {}, {}
    for index = 1, 400 do
        watched[index], senders[index] = pair()
    end
    local finish = aside(socket.select, watched, nil, 5)
    fiber.sleep(0.01)
    senders[317]:send('x')
    local readable = finish()
    check.equal(#readable, 1)
    check.equal(readable[1], watched[317])
end)

check.case('the same object twice in a select', function()
    local client, accepted = pair()
    local finish = aside(socket.select, {client, client}, {client}, 5)
    check.equal(#select(2, finish()), 1)
    finish = aside(socket.select, {client, client}, nil, 5)
    accepted:send('x')
    check.equal(#finish(), 2)
end)

check.case('a select on what another fiber closes ends', function()
    local client = pair()
    local finish = aside(socket.select, {client}, nil, 5)
    fiber.sleep(0.01)
    client:close()
    finish()
end)

check.case('a cancelled select throws, and leaves nothing', function()
    local client, accepted = pair()
    local problem
    local victim = fiber.create(function()
        local _
        _, problem = pcall(socket.select, {client}, {}, 5)
    end)
    fiber.sleep(0.01)
    fiber.cancel(victim)
    fiber.sleep(0.01)
    check.equal(problem, 'fiber is cancelled')
    accepted:send('x')
    check.equal(#(socket.select({client}, nil, 5)), 1)
end)

check.case('a cancelled receive throws', function()
    local client, accepted = pair()
    local problem
    local victim = fiber.create(function()
        local _
        _, problem = pcall(client.receive, client)
    end)
    fiber.sleep(0.01)
    fiber.cancel(victim)
    fiber.sleep(0.01)
    check.equal(problem, 'fiber is cancelled')
    accepted:close()
end)

check.case('protect lets a cancellation through', function()
    local client, accepted = pair()
    local problem
    local victim = fiber.create(function()
        local _
        _, problem = pcall(socket.protect(function()
            socket.try(client:receive())
        end))
    end)
    fiber.sleep(0.01)
    fiber.cancel(victim)
    fiber.sleep(0.01)
    check.equal(problem, 'fiber is cancelled')
    accepted:close()
end)

check.case('one fiber receives while another sends', function()
    local client, accepted = pair()
    local data = ('x'):rep(3000000)
    local finish = aside(client.send, client, data)
    check.equal(#accepted:receive(#data), #data)
    check.equal(finish(), #data)
end)

check.case('each call that waits ends when another fiber closes the object', function()
    local client, accepted = pair()
    local finish = aside(client.receive, client)
    fiber.sleep(0.01)
    client:close()
    check.results({nil, 'closed', '', n = 3}, finish())
    accepted:close()

    client, accepted = pair()
    finish = aside(client.send, client, ('x'):rep(30000000))
    fiber.sleep(0.05)
    client:close()
    local sent, problem, last = finish()
    check.equal(sent, nil)
    check.equal(problem, 'closed')
    check.truthy(last > 0 and last < 30000000)
    accepted:close()

    local listener = socket.bind('127.0.0.1', 0)
    finish = aside(listener.accept, listener)
    fiber.sleep(0.01)
    listener:close()
    check.equal(select(2, finish()), 'closed')

    local datagrams = socket.udp()
    datagrams:setsockname('127.0.0.1', 0)
    finish = aside(datagrams.receivefrom, datagrams)
    fiber.sleep(0.01)
    datagrams:close()
    check.equal(select(2, finish()), 'closed')
end)

check.case('timeouts end at other times than waits of others', function()
    local client, accepted = pair()
    local sleeper = aside(client.receive, client)
    accepted:settimeout(0.02)
    check.equal(select(2, accepted:receive()), 'timeout')
    accepted:send('late\n')
    check.equal((sleeper()), 'late')
end)

check.case('a long line in many pieces', function()
    local client, accepted = pair()
    local finish = aside(client.receive, client)
    for _ = 1, 200 do
        accepted:send('piece\r')
        fiber.sleep(0)
    end
    accepted:send('\n')
    check.equal(finish(), ('piece'):rep(200))
end)

check.case('a unix path is an address', function()
    local path = os.tmpname()
    os.remove(path)
    local listener = assert(socket.bind('unix/', path))
    local client = assert(socket.connect('unix/', path))
    local accepted = assert(listener:accept())
    client:send('x')
    check.equal(accepted:receive(1), 'x')
    check.results({'unix/', path, 'unix'}, client:getpeername())
    check.results({nil, 'connection refused'}, (function()
        listener:close()
        os.remove(path)
        local dead = socket('AF_UNIX', 'SOCK_STREAM', 0)
        dead:bind('unix/', path)
        return socket.connect('unix/', path)
    end)())
    os.remove(path)
end)

check.case('unreachable objects are closed', function()
    local function highest()
        local fd = 0
        for _ = 1, 300 do
            fd = math.max(fd, socket.tcp4():getfd())
        end
        collectgarbage()
        collectgarbage()
        return fd
    end
    collectgarbage()
    collectgarbage()
    local first = highest()
    for _ = 1, 5 do
        check.truthy(highest() <= first, 'descriptors are used again')
    end
end)

check.case('names of addresses', function()
    local names, service = socket.dns.getnameinfo('127.0.0.1', 'smtp')
    check.equal(#names, 1)
    check.equal(service, 'smtp')
end)

check.finish()
