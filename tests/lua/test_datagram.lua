-- Datagrams of every family and size: empty, large, cut, seen first, counted, refused.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')
local socket = require('socket')

-- The most that fits: a packet of IPv4 counts its headers, one of IPv6 does not; unix sockets are
-- only bound by their buffers.
local LARGEST = {['127.0.0.1'] = 65507, ['::1'] = 65527, ['unix/'] = 200000}

-- A receiver and a sender that is bound too: the sockets, the receiver's host and port, the
-- sender's port.
local families = {
    ['over IPv4'] = function()
        local receiver = socket('AF_INET', 'SOCK_DGRAM', 'udp')
        local sender = socket('AF_INET', 'SOCK_DGRAM', 'udp')
        assert(receiver:bind('127.0.0.1') and sender:bind('127.0.0.1', 0))
        return receiver, sender, '127.0.0.1', receiver:name().port, sender:name().port
    end,
    ['over IPv6'] = function()
        local receiver = socket('AF_INET6', 'SOCK_DGRAM', 'udp')
        local sender = socket('AF_INET6', 'SOCK_DGRAM', 'udp')
        assert(receiver:bind('::1') and sender:bind('::1', 0))
        return receiver, sender, '::1', receiver:name().port, sender:name().port
    end,
    ['by path'] = function()
        local receiver = socket('AF_UNIX', 'SOCK_DGRAM', 0)
        local sender = socket('AF_UNIX', 'SOCK_DGRAM', 0)
        local from, to = '@' .. check.path('s'):sub(-60), '@' .. check.path('r'):sub(-60)
        assert(receiver:bind('unix/', to) and sender:bind('unix/', from))
        return receiver, sender, 'unix/', to, from
    end,
}

local function noise(size)
    local piece = {}
    for i = 1, 997 do
        piece[i] = string.char((i * 7 + size) % 256)
    end
    return table.concat(piece):rep(math.ceil(size / 997)):sub(1, size)
end

for family, make in pairs(families) do
    local function case(name, fn)
        check.case(name .. ' ' .. family, function()
            local receiver, sender, host, port, from = make()
            fn(receiver, sender, host, port, from)
            receiver:close()
            sender:close()
        end)
    end

    case('every size, whole', function(receiver, sender, host, port, from)
        for _, size in ipairs({0, 1, 2, 511, 512, 513, 1024, 4096, 9000, 65000, LARGEST[host]}) do
            local message = noise(size)
            check.equal(sender:sendto(host, port, message), size)
            check.truthy(receiver:recv() == message, 'recv of ' .. size)
            check.equal(receiver:errno(), 0)
            sender:sendto(host, port, message)
            local got, who = receiver:recvfrom()
            check.truthy(got == message, 'recvfrom of ' .. size)
            check.equal(who.host, host)
            check.equal(who.port, from)
            check.equal(tostring(who), host .. ':' .. from)
            sender:sendto(host, port, message)
            check.truthy(receiver:sysread(size + 1) == message, 'sysread of ' .. size)
        end
    end)

    case('an empty one is no end', function(receiver, sender, host, port)
        for _ = 1, 3 do
            check.results({0}, sender:sendto(host, port, ''))
        end
        check.results({''}, receiver:recv())
        check.results({''}, receiver:recv(10))
        local message, who = receiver:recvfrom()
        check.equal(message, '')
        check.equal(who.host, host)
        sender:sendto(host, port, 'after')
        check.results({'after'}, receiver:recv())
    end)

    case('one that is longer than asked for is cut', function(receiver, sender, host, port)
        for _, call in ipairs({'recv', 'recvfrom', 'sysread'}) do
            sender:sendto(host, port, 'a long message')
            sender:sendto(host, port, 'next')
            check.equal((receiver[call](receiver, 6)), 'a long')
            check.equal((receiver[call](receiver, 6)), 'next')
        end
    end)

    case('flags', function(receiver, sender, host, port)
        check.equal(sender:sendto(host, port, 'seen', {'MSG_DONTWAIT', 'MSG_NOSIGNAL'}), 4)
        check.equal(receiver:recv(10, 'MSG_PEEK'), 'seen')
        check.equal((receiver:recvfrom(2, {'MSG_PEEK'})), 'se')
        check.equal((receiver:recvfrom(10, 0)), 'seen')
        check.results({nil, 'error', errno.EAGAIN, errno.strerror(errno.EAGAIN)},
                      receiver:recvfrom(10, 'MSG_DONTWAIT'))
        check.results({'', 'error', errno.EAGAIN, errno.strerror(errno.EAGAIN)},
                      receiver:recv(10, {'MSG_DONTWAIT', 'MSG_PEEK'}))
        check.results({nil, 'error', errno.EINVAL, errno.strerror(errno.EINVAL)},
                      receiver:recvfrom(10, 'MSG_NONE_SUCH'))
        check.results({nil, 'error', errno.EINVAL, errno.strerror(errno.EINVAL)},
                      sender:sendto(host, port, 'x', 'MSG_NONE_SUCH'))
    end)

    case('a connected sender', function(receiver, sender, host, port)
        check.equal(sender:sysconnect(host, port), true)
        check.equal(sender:peer().port, port)
        check.equal(sender:send('by send'), 7)
        check.equal(sender:write('by write'), 8)
        check.equal(sender:syswrite('by syswrite'), 11)
        check.equal(sender:send(''), 0)
        check.equal(receiver:recv(), 'by send')
        check.equal(receiver:recv(), 'by write')
        check.equal(receiver:recv(), 'by syswrite')
        check.equal(receiver:recv(), '')
    end)

    case('one that is too long is refused', function(receiver, sender, host, port)
        local message = ('x'):rep(host == 'unix/' and 100000000 or LARGEST[host] + 1)
        check.results({nil, 'error', errno.EMSGSIZE, errno.strerror(errno.EMSGSIZE)},
                      sender:sendto(host, port, message))
        check.equal(sender:errno(), errno.EMSGSIZE)
        check.equal(receiver:readable(0), false)
    end)

    case('a receiver that waits, and two of them', function(receiver, sender, host, port)
        local first = check.spawn(function() return receiver:recv() end)
        local second = check.spawn(function() return (receiver:recvfrom(3)) end)
        fiber.yield()
        sender:sendto(host, port, 'first')
        sender:sendto(host, port, 'second')
        check.results({true, 'first'}, first())
        check.results({true, 'sec'}, second())
    end)

    case('addresses that are none', function(_, sender, host, port)
        local INVALID = {nil, 'error', errno.EINVAL, errno.strerror(errno.EINVAL)}
        check.results(INVALID, sender:sendto('localhost', port, 'x'))
        check.results(INVALID, sender:sendto('not an address', port, 'x'))
        if host ~= 'unix/' then
            check.results(INVALID, sender:sendto(host, 'no such service', 'x'))
            check.results(INVALID, sender:sendto(host, 100000, 'x'))
        end
        check.throws('Usage:', sender.sendto, sender, host, port)
        check.throws('Usage:', sender.sendto, sender, host, port, {})
    end)
end

check.case('a large unix datagram among small ones takes no memory for ever', function()
    local first, second = socket.socketpair('AF_UNIX', 'SOCK_DGRAM', 0)
    first:setsockopt('SOL_SOCKET', 'SO_SNDBUF', 1048576)
    local message = noise(150000)
    for _ = 1, 100 do
        first:send('small')
        first:send(message)
        check.equal(second:recv(), 'small')
        check.truthy(second:recv() == message)
    end
    first:close()
    second:close()
end)

check.case('nobody is there', function()
    local gone = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    gone:bind('127.0.0.1', 0)
    local port = gone:name().port
    gone:close()
    local sender = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    check.equal(sender:sysconnect('127.0.0.1', port), true)
    check.equal(sender:send('x'), 1)
    check.equal(sender:readable(5), true)
    check.results({'', 'error', errno.ECONNREFUSED, errno.strerror(errno.ECONNREFUSED)},
                  sender:recv())
    sender:close()
    local path = check.path('none')
    sender = socket('AF_UNIX', 'SOCK_DGRAM', 0)
    check.results({nil, 'error', errno.ENOENT, errno.strerror(errno.ENOENT)},
                  sender:sendto('unix/', path, 'x'))
    sender:close()
end)

check.case('an unnamed sender', function()
    local path = '@' .. check.path('unnamed'):sub(-60)
    local receiver, sender = socket('AF_UNIX', 'SOCK_DGRAM', 0), socket('AF_UNIX', 'SOCK_DGRAM', 0)
    receiver:bind('unix/', path)
    sender:sendto('unix/', path, 'who')
    local message, from = receiver:recvfrom()
    check.equal(message, 'who')
    check.truthy(from == nil or from.port == '')
    receiver:close()
    sender:close()
end)

check.finish()
