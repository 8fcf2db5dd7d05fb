-- SO_RCVTIMEO and SO_SNDTIMEO: they bound the calls that have no timeout of their own.
local here = arg[0]:match('.*/') or './'
local check = dofile(here .. 'check.lua')
local stuck = assert(loadfile(here .. 'stuck.lua'))(check)
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

local LIMIT = 0.03
local AGAIN = {'error', errno.EAGAIN, errno.strerror(errno.EAGAIN)}

local calls = {
    SO_RCVTIMEO = {
        {'accept', 'listener', function(s) return s:accept() end, {nil, n = 1}},
        {'recv', 'silent', function(s) return s:recv() end, {'', unpack(AGAIN)}},
        {'recv a number', 'silent', function(s) return s:recv(10) end, {'', unpack(AGAIN)}},
        {'recv a message', 'silent_seqpacket', function(s) return s:recv() end,
         {'', unpack(AGAIN)}},
        {'recv a datagram', 'deaf', function(s) return s:recv(10) end, {'', unpack(AGAIN)}},
        {'recvfrom', 'deaf', function(s) return s:recvfrom() end, {nil, unpack(AGAIN)}},
        {'recvfrom a stream', 'silent', function(s) return s:recvfrom(5) end,
         {nil, unpack(AGAIN)}},
        {'sysread', 'silent_unix', function(s) return s:sysread() end, {nil, n = 1}},
        {'sysread a number', 'silent', function(s) return s:sysread(5) end, {nil, n = 1}},
    },
    SO_SNDTIMEO = {
        {'send', 'full', function(s) return s:send('x') end, {nil, n = 1}},
        {'syswrite', 'full_unix', function(s) return s:syswrite('x') end, {nil, n = 1}},
        {'sendto', 'full_receiver', function(s, path) return s:sendto('unix/', path, 'x') end,
         {nil, unpack(AGAIN)}},
        {'sysconnect', 'unanswered', function(s, port)
            return s:sysconnect('127.0.0.1', port)
        end, {false}},
        {'sysconnect to a path', 'unanswered_unix', function(s, path)
            return s:sysconnect('unix/', path)
        end, {false}},
    },
}

for option, list in pairs(calls) do
    for _, case in ipairs(list) do
        local name, kind, call, expected = unpack(case, 1, 4)
        check.case(option .. ' bounds ' .. name, function()
            local sock, others, more = stuck[kind]()
            check.equal(sock:setsockopt('SOL_SOCKET', option, LIMIT), true)
            check.truthy(math.abs(sock:getsockopt('SOL_SOCKET', option) - LIMIT) < 0.005)
            local begun, turns = fiber.clock(), 0
            local done = false
            fiber.create(function() -- others run meanwhile
                while not done do
                    turns = turns + 1
                    fiber.sleep(0.001)
                end
            end)
            check.results(expected, call(sock, more))
            done = true
            check.equal(errno(), errno.EAGAIN)
            check.equal(sock:errno(), errno.EAGAIN)
            local took = fiber.clock() - begun
            check.truthy(took >= LIMIT - 0.005, 'it took ' .. took)
            check.truthy(turns > 1, 'turns of others') -- the first was before the call
            stuck.close(sock, others)
        end)
    end
end

check.case('calls with a timeout of their own go by that', function()
    local sock, others = stuck.full_unix()
    sock:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', 0.01)
    sock:setsockopt('SOL_SOCKET', 'SO_SNDTIMEO', 0.01)
    for name, call in pairs({
        read = function() return (sock:read('\n', 0.05)) end,
        readable = function() return sock:readable(0.05) or nil end,
        writable = function() return sock:writable(0.05) or nil end,
        write = function() return (sock:write('x', 0.05)) end,
    }) do
        local begun = fiber.clock()
        check.equal(call(), nil, name)
        check.equal(errno(), errno.ETIMEDOUT, name)
        check.truthy(fiber.clock() - begun >= 0.045, name)
    end
    local result = check.spawn(function() return sock:read('\n') end)
    fiber.sleep(0.03)
    others[1]:write('late\n', 0)
    check.results({true, 'late\n'}, result())
    stuck.close(sock, others)
end)

check.case('what came in time is not lost', function()
    local client, server = check.pair()
    server:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', LIMIT)
    client:write('half')
    check.equal(server:readable(), true)
    server:recv(10)
    client:write(' and half')
    server:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', 0)
    client:close()
    local rest = server:read({})
    check.truthy(rest == 'half and half' or rest == ' and half', rest)
    server:close()
end)

check.case('no limit again', function()
    local client, server = check.pair()
    server:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', LIMIT)
    check.equal(server:sysread(), nil)
    server:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', 0)
    local result = check.spawn(function() return server:sysread() end)
    fiber.sleep(LIMIT * 2)
    client:write('at last')
    check.results({true, 'at last'}, result())
    client:close()
    server:close()
end)

check.case('a call behind another in the queue', function()
    local client, server = check.pair()
    local first = check.spawn(function() return server:read('\n') end)
    fiber.yield()
    server:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', LIMIT)
    check.equal(server:sysread(), nil)
    check.equal(server:errno(), errno.EAGAIN)
    client:write('line\n')
    check.results({true, 'line\n'}, first())
    client:close()
    server:close()
end)

check.case('a non-blocking socket does not wait at all', function()
    local client, server = check.pair()
    server:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', 100)
    server:nonblock(true)
    check.equal(server:sysread(), nil)
    check.equal(server:errno(), errno.EAGAIN)
    client:close()
    server:close()
end)

check.case('an accepted socket inherits the limits of its listener', function()
    local listener = stuck.listener()
    listener:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', LIMIT)
    listener:setsockopt('SOL_SOCKET', 'SO_SNDTIMEO', LIMIT)
    local client = socket.tcp_connect('127.0.0.1', listener:name().port)
    local server = listener:accept()
    check.truthy(server:getsockopt('SOL_SOCKET', 'SO_RCVTIMEO') > 0)
    check.equal(server:sysread(), nil)
    check.equal(server:errno(), errno.EAGAIN)
    repeat until not server:send(('x'):rep(1000000))
    check.equal(server:errno(), errno.EAGAIN)
    stuck.close(client, {server, listener})
end)

check.case('a descriptor brings its limits along', function()
    local client, server = check.pair()
    client:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', LIMIT)
    local fd = client:fd()
    client:detach()
    client = socket.from_fd(fd)
    check.equal(client:sysread(), nil)
    check.equal(client:errno(), errno.EAGAIN)
    client:close()
    server:close()
end)

check.finish()
