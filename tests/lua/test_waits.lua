-- Every call that can wait, and every way in which a wait ends early: the socket is closed by
-- another fiber, the fiber is cancelled, the other end goes away.
local here = arg[0]:match('.*/') or './'
local check = dofile(here .. 'check.lua')
local stuck = assert(loadfile(here .. 'stuck.lua'))(check)
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

local BADF = {'error', errno.EBADF, 'Bad file descriptor'}
local ANY = {} -- a result that need only be there

-- What it is called; on which kind of socket; the call, which gets the third result of the kind;
-- its results when another fiber closes the socket; and when the peer closes its end, with the
-- last error then.
local calls = {
    {'read a line', 'silent', function(s) return s:read('\n') end, {nil, n = 1}, {''}, 0},
    {'read a number', 'silent', function(s) return s:read(5, 100) end, {nil, n = 1}, {''}, 0},
    {'read all', 'silent_unix', function(s) return s:read({}) end, {nil, n = 1}, {''}, 0},
    {'read one of several', 'silent', function(s)
        return s:read({delimiter = {'\n', ';'}, limit = 5})
    end, {nil, n = 1}, {''}, 0},
    {'read a message', 'silent_seqpacket', function(s) return s:read(5) end, {nil, n = 1}, {''}, 0},
    {'recv', 'silent', function(s) return s:recv() end, {'', unpack(BADF)}, {'', 'eof'}, 0},
    {'recv a number', 'silent', function(s) return s:recv(10) end, {'', unpack(BADF)}, {'', 'eof'},
     0},
    {'recv and leave it there', 'silent', function(s) return s:recv(10, 'MSG_PEEK') end,
     {'', unpack(BADF)}, {'', 'eof'}, 0},
    {'recv a message', 'silent_seqpacket', function(s) return s:recv() end, {'', unpack(BADF)},
     {'', 'eof'}, 0},
    {'recv a datagram', 'deaf', function(s) return s:recv() end, {'', unpack(BADF)}},
    {'recvfrom a stream', 'silent', function(s) return s:recvfrom() end, {nil, unpack(BADF)},
     {'', nil, n = 2}, 0},
    {'recvfrom', 'deaf', function(s) return s:recvfrom() end, {nil, unpack(BADF)}},
    {'recvfrom a number', 'deaf', function(s) return s:recvfrom(10) end, {nil, unpack(BADF)}},
    {'sysread', 'silent', function(s) return s:sysread() end, {nil, n = 1}, {''}, 0},
    {'sysread a number', 'silent_unix', function(s) return s:sysread(10) end, {nil, n = 1}, {''}, 0},
    {'readable', 'silent', function(s) return s:readable() end, {false}, {true}, 0},
    {'readable for some time', 'deaf', function(s) return s:readable(100) end, {false}},
    {'writable', 'full_unix', function(s) return s:writable() end, {false}, {true}, 0},
    {'wait', 'full_unix', function(s) return s:wait() end, {''}, {'RW'}, 0},
    {'wait for a connection', 'listener', function(s) return s:wait(100) end, {''}},
    {'iowait', 'silent', function(s) return socket.iowait(s:fd(), 'R') end, {''}, {'R'}},
    {'iowait by number', 'silent', function(s) return socket.iowait(s:fd(), 1, 100) end, {0}, {1}},
    {'accept', 'listener', function(s) return s:accept() end, {nil, n = 1}},
    {'serve', 'listener', function(s) return socket.tcp_server_loop(s, print) end, {n = 0}},
    {'write', 'full_unix', function(s) return s:write('x') end, {nil, 0, n = 2}, {nil, 0, n = 2},
     errno.EPIPE},
    {'write much', 'silent_unix', function(s) return s:write(('x'):rep(10000000), 100) end,
     {nil, ANY, n = 2}, {nil, ANY, n = 2}, errno.EPIPE},
    {'write over TCP', 'full', function(s) return s:write('x') end, {nil, 0, n = 2}},
    {'send', 'full_unix', function(s) return s:send('x') end, {nil, n = 1}, {nil, n = 1},
     errno.EPIPE},
    {'syswrite', 'full_unix', function(s) return s:syswrite('x') end, {nil, n = 1}, {nil, n = 1},
     errno.EPIPE},
    {'sendto', 'full_receiver', function(s, path) return s:sendto('unix/', path, 'x') end,
     {nil, unpack(BADF)}, {nil, 'error', errno.ECONNREFUSED, 'Connection refused'},
     errno.ECONNREFUSED},
    {'sysconnect', 'unanswered', function(s, port) return s:sysconnect('127.0.0.1', port) end,
     {false}},
    {'sysconnect to a path', 'unanswered_unix', function(s, path)
        return s:sysconnect('unix/', path)
    end, {false}, {false}, errno.ECONNREFUSED},
}

-- The call in a fiber of its own, which waits when this returns: a function that waits for its
-- results, the fiber, and a function that tells its last error.
local function begin(call, sock, more)
    local number
    local join, worker = check.spawn(function()
        local function keep(...)
            number = errno()
            return ...
        end
        return keep(call(sock, more))
    end)
    for _ = 1, 3 do
        fiber.yield()
    end
    check.equal(worker:status(), 'suspended', 'it waits')
    return join, worker, function() return number end
end

-- The results that join() gives are these.
local function expect(expected, join)
    local function compare(ok, ...)
        check.truthy(ok, tostring((...)))
        local wanted = {n = expected.n or #expected, unpack(expected, 1, expected.n or #expected)}
        for i = 1, wanted.n do
            if wanted[i] == ANY then
                wanted[i] = select(i, ...)
                check.truthy(wanted[i] ~= nil, 'result ' .. i)
            end
        end
        check.results(wanted, ...)
    end
    compare(join())
end

for _, case in ipairs(calls) do
    local name, kind, call, closed, ended, last = unpack(case, 1, 6)

    check.case('closed by another fiber: ' .. name, function()
        local sock, others, more = stuck[kind]()
        local join, _, number = begin(call, sock, more)
        local closing = check.spawn(function() return sock:close() end)
        check.results({true, true}, closing())
        expect(closed, join)
        if name ~= 'serve' then
            check.equal(number(), errno.EBADF, 'errno')
        end
        check.throws('attempt to use closed socket', sock.fd, sock)
        stuck.close(sock, others)
    end)

    check.case('closed by a second object for it: ' .. name, function()
        local sock, others, more = stuck[kind]()
        local join = begin(call, sock, more)
        check.equal(sockd.socket(sock:id()):close(), true)
        expect(closed, join)
        stuck.close(sock, others)
    end)

    check.case('the fiber is cancelled: ' .. name, function()
        local sock, others, more = stuck[kind]()
        local join, worker = begin(call, sock, more)
        worker:cancel()
        check.results({false, 'fiber is cancelled'}, join())
        check.equal(sockd.socket(sock:id()):fd(), sock:fd())
        if name == 'sysconnect' then -- which the kernel goes on with
            check.equal(call(sock, more), false)
            check.equal(errno(), errno.EALREADY)
        else -- it is as if there had been no such call
            join, worker = begin(call, sock, more)
            worker:cancel()
            check.results({false, 'fiber is cancelled'}, join())
        end
        stuck.close(sock, others)
    end)

    check.case('a fiber that is cancelled already: ' .. name, function()
        local sock, others, more = stuck[kind]()
        local first, second
        local join, worker = check.spawn(function()
            pcall(fiber.sleep, 100)
            first = {pcall(call, sock, more)}
            second = name == 'sysconnect' and first or {pcall(call, sock, more)}
        end)
        fiber.yield()
        worker:cancel()
        check.equal(join(), true)
        check.results({false, 'fiber is cancelled'}, unpack(first))
        check.results({false, 'fiber is cancelled'}, unpack(second))
        stuck.close(sock, others)
    end)

    if ended then
        check.case('the other end goes away meanwhile: ' .. name, function()
            local sock, others, more = stuck[kind]()
            local join, _, number = begin(call, sock, more)
            others[1]:close()
            expect(ended, join)
            if last then
                check.equal(number(), last, 'errno')
                check.equal(sock:errno(), last, 'last error')
            end
            stuck.close(sock, others)
        end)

        check.case('the other end was gone before: ' .. name, function()
            local sock, others, more = stuck[kind]()
            others[1]:close()
            expect(ended, check.spawn(call, sock, more))
            stuck.close(sock, others)
        end)
    end

    check.case('a closed socket: ' .. name, function()
        local sock, others, more = stuck[kind]()
        sock:close()
        check.throws('attempt to use closed socket', call, sock, more)
        stuck.close(sock, others)
    end)
end

check.case('a closed socket: every method there is', function()
    local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    local count = 0
    sock:close()
    for name, method in pairs(getmetatable(sock).__index) do
        if name ~= 'close' and type(method) == 'function' then
            check.throws('attempt to use closed socket', method, sock, '127.0.0.1', '1', 'x')
            check.throws('Usage:', method)
            check.throws('Usage:', method, {}, '127.0.0.1', '1', 'x')
            count = count + 1
        end
    end
    check.truthy(count >= 27, 'methods: ' .. count)
    check.results({false}, sock:close())
end)

check.case('one close wakes everybody', function()
    local sock, others = stuck.full()
    local joins = {}
    for i, call in ipairs({
        function() return sock:read('\n') end,
        function() return sock:read(5) end,
        function() return sock:recv(5) end,
        function() return sock:sysread() end,
        function() return sock:readable() end,
        function() return sock:wait() end,
        function() return sock:writable() end,
        function() return sock:write('x') end,
        function() return sock:send('x') end,
        function() return socket.iowait(sock:fd(), 'RW') end,
    }) do
        joins[i] = check.spawn(function()
            call()
            return errno()
        end)
    end
    fiber.yield()
    fiber.yield()
    sock:close()
    for _, join in ipairs(joins) do
        check.results({true, errno.EBADF}, join())
    end
    stuck.close(sock, others)
end)

check.case('a waiter closes its own socket as soon as it is woken', function()
    local sock, others = stuck.silent()
    local joins = {}
    for i = 1, 5 do
        joins[i] = check.spawn(function()
            local got = sock:read(1)
            sock:close()
            return got
        end)
    end
    fiber.yield()
    others[1]:write('abc')
    check.results({true, 'a'}, joins[1]())
    for i = 2, 5 do
        check.results({true, nil, n = 2}, joins[i]())
    end
    stuck.close(sock, others)
end)

check.case('a full receiver of datagrams: sendto goes on when it reads', function()
    local sock, others, path = stuck.full_receiver()
    local join = begin(function()
        return sock:sendto('unix/', path, 'the last')
    end)
    local receiver, got = others[1], nil
    repeat
        got = receiver:recv()
    until got ~= 'x'
    check.equal(got, 'the last')
    check.results({true, 8}, join())
    stuck.close(sock, others)
end)

check.case('a full receiver that others have filled: sendto goes on when it reads', function()
    local sock, others, path = stuck.full_receiver()
    others[2] = socket('AF_UNIX', 'SOCK_DGRAM', 0)
    local join = begin(function()
        return others[2]:sendto('unix/', path, 'the last')
    end)
    local receiver, got = others[1], nil
    repeat
        got = receiver:recv()
    until got ~= 'x'
    check.equal(got, 'the last')
    check.results({true, 8}, join())
    stuck.close(sock, others)
end)

check.case('a full queue of a unix listener: sysconnect goes on when it accepts', function()
    local sock, others, path = stuck.unanswered_unix()
    local join = begin(function()
        return sock:sysconnect('unix/', path)
    end)
    local accepted = others[1]:accept()
    check.results({true, true}, join())
    accepted:close()
    stuck.close(sock, others)
end)

check.finish()
