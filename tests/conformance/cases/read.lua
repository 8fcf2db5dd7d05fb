-- The method read: limits, delimiters, both; waiting, timeouts, the end of the stream.
local fiber = require('fiber')
local peers = require('peers')

local function sent(...)
    local client, server = peers.pair()
    for _, piece in ipairs({...}) do
        client:write(piece)
        server:readable(1)
    end
    peers.settle()
    return server, client
end

local function sent_and_closed(...)
    local server, client = sent(...)
    client:close()
    peers.settle()
    return server
end

-- One read of what is here, for every form of the argument.
for form, case_of in each({
    ['limit'] = {'hello', 5},
    ['limit-less'] = {'hello', 2},
    ['limit-0'] = {'hello', 0},
    ['delimiter'] = {'one\ntwo\n', '\n'},
    ['delimiter-long'] = {'one\r\n\r\ntwo', '\r\n\r\n'},
    ['delimiter-at-once'] = {'\nrest', '\n'},
    ['delimiter-of-zero'] = {'a\0b', '\0'},
    ['delimiter-alone'] = {'END', 'END'},
    ['chunk'] = {'hello', {chunk = 3}},
    ['size'] = {'hello', {size = 3}},
    ['chunk-and-size'] = {'hello', {chunk = 2, size = 3}},
    ['chunk-0'] = {'hello', {chunk = 0}},
    ['table-delimiter'] = {'one\ntwo\n', {delimiter = '\n'}},
    ['table-line'] = {'one\ntwo\n', {line = '\n'}},
    ['table-delimiter-and-line'] = {'a;b\n', {delimiter = ';', line = '\n'}},
    ['delimiter-list'] = {'a;b,c\n', {delimiter = {'\n', ',', ';'}}},
    ['line-list'] = {'a;b,c\n', {line = {',', ';'}}},
    ['delimiter-list-of-one'] = {'a;b', {delimiter = {';'}}},
    ['delimiter-list-none-comes-but-limit'] = {'abcdef', {delimiter = {'x', 'y'}, chunk = 3}},
    ['delimiter-list-one-within-the-other'] = {'aXYb', {delimiter = {'XY', 'X'}}},
    ['delimiter-before-chunk'] = {'ab\ncdef', {delimiter = '\n', chunk = 5}},
    ['chunk-before-delimiter'] = {'abcdef\n', {delimiter = '\n', chunk = 5}},
    ['chunk-at-delimiter'] = {'abcd\nef', {delimiter = '\n', chunk = 5}},
    ['chunk-within-delimiter'] = {'abcEND', {delimiter = 'END', chunk = 5}},
    ['chunk-0-and-delimiter'] = {'a\n', {delimiter = '\n', chunk = 0}},
    ['limit-in-table'] = {'hello', {limit = 3}},
    ['limit-and-delimiter-in-table'] = {'hello\n', {limit = 3, delimiter = '\n'}},
    ['delimiter-empty-list'] = {'hello', {delimiter = {}, chunk = 2}},
    ['delimiter-empty'] = {'hello', ''},
    ['delimiter-empty-with-chunk'] = {'hello', {delimiter = '', chunk = 2}},
    ['fraction'] = {'hello', 2.5},
}) do
    case('here-' .. form, function()
        local server = sent(case_of[1])
        return server:read(case_of[2], 0.05), peers.last(server)
    end)
end
case('here-empty-table', function()
    local server = sent_and_closed('everything there is')
    return server:read({}, 1)
end)
case('here-limit-infinite', function()
    local server = sent_and_closed('everything')
    return server:read(math.huge, 1)
end)
case('here-limit-huge', function()
    local server = sent_and_closed('everything')
    return server:read(2 ^ 40, 1)
end)
case('here-without-timeout', function() return sent('now'):read(3) end)
case('here-timeout-0', function() return sent('now'):read(3, 0) end)
case('here-timeout-negative', function() return sent('now'):read(3, -1) end)
case('here-one-after-the-other', function()
    local server = sent('one\ntwo\nthree\n')
    return server:read('\n'), server:read('\n'), server:read('\n')
end)
case('here-mixed', function()
    local server = sent('12345one;two\nrest')
    return server:read(5), server:read(';'), server:read({delimiter = '\n', chunk = 100}), server:read(4)
end)

case('limit-in-pieces', function()
    local client, server = peers.pair()
    peers.later(client, 'ab', 'cd', 'ef')
    return server:read(6, 2)
end)
case('delimiter-in-pieces', function()
    local client, server = peers.pair()
    peers.later(client, 'head\r', '\n\r', '\nbody')
    return server:read('\r\n\r\n', 2), server:read(4, 1)
end)
case('delimiter-almost', function()
    local client, server = peers.pair()
    peers.later(client, 'aaa', 'ab')
    return server:read('aab', 2)
end)
case('list-in-pieces', function()
    local client, server = peers.pair()
    peers.later(client, 'x', 'y', 'EN', 'D', ';')
    return server:read({delimiter = {'END', ';'}}, 2), server:read(1, 1)
end)
case('byte-by-byte', function()
    local client, server = peers.pair()
    local text = 'a line\n'
    local pieces = {}
    for i = 1, #text do
        pieces[i] = text:sub(i, i)
    end
    peers.later(client, unpack(pieces))
    return server:read('\n', 2)
end)
case('waits-for-ever', function()
    local client, server = peers.pair()
    peers.later(client, 'late\n')
    return server:read('\n')
end)
case('waits-though-not-blocking', function()
    local client, server = peers.pair()
    server:nonblock(true)
    peers.later(client, 'late')
    return server:read(4, 2)
end)
case('waits-though-blocking', function()
    local client, server = peers.pair()
    peers.later(client, 'late')
    return server:read(4, 2)
end)

case('times-out', function()
    local _, server = peers.pair()
    return server:read(1, 0.01)
end)
case('times-out-errno', function()
    local _, server = peers.pair()
    server:read(1, 0.01)
    return peers.last(server)
end)
case('times-out-with-delimiter', function()
    local _, server = peers.pair()
    return server:read('\n', 0.01)
end)
case('times-out-with-timeout-0', function()
    local _, server = peers.pair()
    return server:read(1, 0)
end)
case('times-out-with-timeout-negative', function()
    local _, server = peers.pair()
    return server:read(1, -5)
end)
case('times-out-keeps-bytes', function()
    local server = sent('half')
    return server:read(8, 0.01), server:read(4, 0.01)
end)
case('times-out-keeps-bytes-for-delimiter', function()
    local server, client = sent('half a li')
    local first = server:read('\n', 0.01)
    client:write('ne\n')
    return first, server:read('\n', 1)
end)
case('times-out-takes-time', function()
    local _, server = peers.pair()
    local before = fiber.clock()
    server:read(1, 0.05)
    local took = fiber.clock() - before
    return took >= 0.045, took < 1
end)

case('end', function() return sent_and_closed():read(1, 1) end)
case('end-errno', function()
    local server = sent_and_closed()
    server:read(1, 1)
    return peers.last(server)
end)
case('end-with-delimiter', function() return sent_and_closed():read('\n', 1) end)
case('end-with-table', function() return sent_and_closed():read({delimiter = {'a', 'b'}}, 1) end)
case('end-without-timeout', function() return sent_and_closed():read(1) end)
case('end-again-and-again', function()
    local server = sent_and_closed()
    return server:read(1, 1), server:read('\n', 1), server:read({chunk = 4}, 1)
end)
case('end-rest-of-limit', function()
    local server = sent_and_closed('rest')
    return server:read(100, 1), server:read(1, 1)
end)
case('end-rest-of-delimiter', function()
    local server = sent_and_closed('no newline')
    return server:read('\n', 1), server:read('\n', 1)
end)
case('end-lines-then-rest', function()
    local server = sent_and_closed('one\ntwo')
    return server:read('\n'), server:read('\n'), server:read('\n')
end)
case('end-while-waiting', function()
    local client, server = peers.pair()
    local wait = peers.spawn(function() return server:read(10, 2) end)
    peers.settle()
    client:write('some')
    peers.settle()
    client:close()
    return wait()
end)
case('end-by-shutdown', function()
    local client, server = peers.pair()
    client:write('bye')
    client:shutdown('W')
    return server:read(10, 1), server:read(10, 1)
end)
case('end-limit-0', function() return sent_and_closed():read(0, 1) end)

case('unconnected', function()
    local sock = peers.tcp()
    return sock:read(1, 0.1), peers.last(sock)
end)
case('on-listener', function()
    local sock = peers.listener()
    return sock:read(1, 0.1), peers.last(sock)
end)
case('after-reset', function()
    local client = peers.reset_pair()
    return client:read(1, 0.1), peers.last(client)
end)
case('after-reset-again', function()
    local client = peers.reset_pair()
    client:read(1, 0.1)
    return client:read(1, 0.1), peers.last(client)
end)
case('after-shutdown-of-reading', function()
    local _, server = peers.pair()
    server:shutdown('R')
    return server:read(1, 0.1)
end)
case('clears-errno', function()
    local server = sent('xy')
    server:sysconnect('nonsense', 1)
    return server:read(1), peers.last(server)
end)
case('closed-by-another-fiber', function()
    local _, server = peers.pair()
    local wait = peers.spawn(function() return server:read(1, 2) end)
    peers.settle()
    server:close()
    return wait()
end)
case('cancelled', function()
    local _, server = peers.pair()
    local result
    local reader = fiber.create(function()
        result = {pcall(server.read, server, 1, 2)}
    end)
    peers.settle()
    fiber.cancel(reader)
    peers.settle()
    return result and result[1], result and tostring(result[2]), reader:status()
end)
case('woken-early', function()
    local client, server = peers.pair()
    local wait = peers.spawn(function()
        return server:read(2, 2)
    end)
    peers.settle()
    client:write('ab')
    return wait()
end)
case('large', function()
    local client, server = peers.pair()
    local block = ('0123456789abcdef'):rep(100000)
    local wait = peers.spawn(function() return client:write(block) end)
    local data = server:read(#block, 4)
    wait()
    return #data, data == block
end)
case('large-until-delimiter', function()
    local client, server = peers.pair()
    local block = ('x'):rep(500000) .. '\n'
    local wait = peers.spawn(function() return client:write(block .. 'after') end)
    local data = server:read('\n', 4)
    wait()
    return #data, server:read(5, 1)
end)
case('delimiter-of-a-kilobyte', function()
    local mark = ('m'):rep(1000) .. 'n'
    local server = sent('text' .. mark .. 'more')
    return #server:read(mark, 1), server:read(4, 1)
end)
case('two-readers', function()
    local client, server = peers.pair()
    local first = peers.spawn(function() return server:read(2, 2) end)
    local second = peers.spawn(function() return server:read(2, 2) end)
    peers.settle()
    client:write('aabb')
    local _, one = first()
    local _, two = second()
    return one, two
end)
case('in-pcall', function()
    local client, server = peers.pair()
    peers.later(client, 'x')
    return pcall(server.read, server, 1, 2)
end)
case('in-iterator', function()
    local server = sent_and_closed('a\nb\nc\n')
    local lines = {}
    for line in function()
        local line = server:read('\n', 1)
        return line ~= '' and line or nil
    end do
        lines[#lines + 1] = line
    end
    return lines
end)
case('unix', function()
    local client, server = peers.unix_pair()
    client:write('over unix\n')
    return server:read('\n', 1)
end)
case('datagram', function()
    local receiver, sender, port = peers.udp_pair()
    sender:sendto('127.0.0.1', port, 'datagram')
    return receiver:read(8, 1)
end)
case('after-readable', function()
    local server = sent('x')
    return server:readable(1), server:read(1, 0)
end)
