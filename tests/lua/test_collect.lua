-- Sockets that nobody can reach: the collector closes them, thousands of them; and what it must not
-- close. Run with --max-sockets 2000.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local ffi = require('ffi')
local fiber = require('fiber')
local socket = require('socket')

ffi.cdef('int getpid(void); int dup(int); int close(int);')

-- How many sockets this process has open.
local function descriptors()
    local list = io.popen('ls -l /proc/' .. ffi.C.getpid() .. '/fd')
    local count = select(2, list:read('*a'):gsub('socket:', ''))
    list:close()
    return count
end

local function collect()
    collectgarbage()
    collectgarbage()
end

-- A thread of sockd's closes them.
local function check_descriptors(before)
    check.until_true(function() return descriptors() <= before end)
end

local ROUNDS, EACH = os.getenv('SOCKD_TEST_GC') and 2 or 10, 500

local kinds = {
    ['unconnected sockets'] = function()
        return socket('AF_INET', 'SOCK_STREAM', 'tcp')
    end,
    ['bound sockets of datagrams'] = function()
        local sock = socket('AF_INET6', 'SOCK_DGRAM', 'udp')
        assert(sock:bind('::1', 0))
        return sock
    end,
    ['pairs'] = function()
        local first, second = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
        first:write('unread')
        return {first, second}
    end,
    ['connections with something read ahead'] = function()
        local first, second = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
        first:write('line\nmore')
        check.equal(second:read('\n'), 'line\n')
        return {first, second}
    end,
    ['sockets by from_fd'] = function()
        local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
        local copy = socket.from_fd(ffi.C.dup(sock:fd()))
        sock:close()
        return copy
    end,
    ['what was accepted'] = function(state)
        if not state.listener then
            state.listener = socket('AF_UNIX', 'SOCK_STREAM', 0)
            assert(state.listener:bind('unix/', '@' .. check.path('collect'):sub(-40)))
            assert(state.listener:listen())
        end
        local client = assert(socket.tcp_connect('unix/', state.listener:name().port))
        return {client, (state.listener:accept())}
    end,
    ['sockets that fibers have used'] = function()
        local first, second = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
        fiber.create(function()
            fiber.self().storage.sock = second
            second:read(1)
        end)
        first:write('x')
        fiber.yield()
        return {first, second}
    end,
    ['objects of the LuaSocket emulation'] = function()
        return socket.tcp()
    end,
    ['sockets in a circle'] = function()
        local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
        local holder = {sock = sock}
        sock.holder = holder
        holder.fn = function() return holder, sock end
        return holder
    end,
}

for name, make in pairs(kinds) do
    check.case('thousands of ' .. name, function()
        local state = {}
        make(state)
        collect()
        local before = descriptors()
        for _ = 1, ROUNDS do
            local list = {}
            for i = 1, EACH do
                list[i] = make(state)
            end
            list = nil
            collect()
        end
        fiber.yield()
        collect()
        check_descriptors(before)
    end)
end

check.case('thousands that nobody ever held, at the limit of descriptors', function()
    -- Nothing tells the collector that descriptors are scarce, but for socket() itself.
    collect()
    local before = descriptors()
    collectgarbage('stop')
    for i = 1, 10000 do
        local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
        if not sock then
            error(('socket number %d: %s'):format(i, errno.strerror()))
        end
    end
    collectgarbage('restart')
    collect()
    check_descriptors(before)
end)

check.case('closed ones are not closed again', function()
    local list = {}
    for i = 1, EACH do
        list[i] = socket('AF_INET', 'SOCK_STREAM', 'tcp')
        list[i]:close()
    end
    local others = {} -- which have the descriptors of those
    for i = 1, EACH do
        others[i] = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    end
    list = nil
    collect()
    for i = 1, EACH do
        check.truthy(others[i]:name(), 'it is open')
        others[i]:close()
    end
end)

check.case('one object of two keeps the socket', function()
    local client, server = check.pair()
    local other = socket.from_fd(server:fd())
    server = nil
    collect()
    client:write('still here')
    check.equal(other:read(10), 'still here')
    local weak = setmetatable({other}, {__mode = 'v'})
    other = nil
    collect()
    check.equal(weak[1], nil)
    check.equal(client:read(1), '')
    client:close()
end)

check.case('who waits keeps the socket, in every call', function()
    for _, call in ipairs({
        function(sock) return sock:read(1) end,
        function(sock) return sock:recv(1) end,
        function(sock) return sock:sysread() end,
        function(sock) return sock:readable() and 'x' end,
        function(sock) return socket.iowait(sock:fd(), 'R') == 'R' and 'x' end,
        function(sock) return pcall(sock.wait, sock) and sock:read(1) end,
    }) do
        local client, server = check.pair()
        local join = check.spawn(call, server)
        server = nil
        fiber.yield()
        collect()
        client:write('x')
        check.results({true, 'x'}, join())
        client:close()
        collect()
    end
end)

check.case('a listener that no variable names goes on serving', function()
    local path = check.path('unnamed')
    local addresses = {{host = 'unix/', port = path}}
    local function greet(sock)
        local word = sock:read('\n')
        if word == 'end\n' then
            sock:write('ending')
        else
            sock:write('serving')
        end
    end
    socket.tcp_server('unix/', path, greet)
    addresses[2] = select(2, socket.tcp_server('127.0.0.1', 0, greet))
    addresses[3] = select(2, socket.tcp_server('::1', 0, {handler = greet, name = 'unnamed'}))
    fiber.create(function()
        local listener
        listener, addresses[4] = socket.tcp_server_create('127.0.0.1', 0)
        socket.tcp_server_loop(listener:fd(), greet)
    end)
    for _ = 1, 200 do
        for _, address in ipairs(addresses) do
            local client = assert(socket.tcp_connect(address.host, address.port))
            collect()
            client:write('?\n')
            check.equal(client:read({}), 'serving')
        end
    end
    for id = 1, 10000000 do -- found again, so that this script can end
        local sock = sockd.socket(id)
        if sock and sock:getsockopt('SOL_SOCKET', 'SO_ACCEPTCONN') == 1 then
            sock:close()
            addresses[#addresses] = nil
            if #addresses == 0 then
                break
            end
        end
    end
    check.equal(#addresses, 0)
    check.equal(io.open(path), nil)
end)

check.finish()
