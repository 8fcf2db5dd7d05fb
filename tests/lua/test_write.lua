-- send, write, syswrite.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')

local MIB = 1024 * 1024

check.case('each returns the number of bytes', function()
    local client, server = check.pair()
    check.results({5}, client:send('hello'))
    check.results({3}, client:write('abc'))
    check.results({2}, client:syswrite('de'))
    check.results({1}, client:write(7))
    check.results({0}, client:write(''))
    check.equal(server:read(11), 'helloabcde7')
    client:close()
    server:close()
end)

check.case('wrong arguments', function()
    local client, server = check.pair()
    check.throws('Usage: socket:write(data)', client.write, client)
    check.throws('Usage: socket:send(data)', client.send, client, {})
    check.throws('Usage: socket:syswrite(data)', client.syswrite, client, true)
    client:close()
    server:close()
end)

check.case('10 MiB in one write, read meanwhile', function()
    local client, server = check.pair()
    local piece = {}
    for i = 0, 255 do
        piece[#piece + 1] = string.char(i)
    end
    local data = table.concat(piece):rep(10 * MIB / 256)
    local result = check.spawn(function()
        local sent = client:write(data)
        client:close()
        return sent
    end)
    local got = {}
    repeat
        local part = server:sysread(100000)
        got[#got + 1] = part
    until part == ''
    check.results({true, #data}, result())
    check.truthy(table.concat(got) == data)
    server:close()
end)

check.case('writers are not interleaved', function()
    local client, server = check.pair()
    local results = {}
    for i = 1, 4 do
        results[i] = check.spawn(function()
            return client:write(tostring(i):rep(3 * MIB))
        end)
    end
    for i = 1, 4 do
        check.truthy(server:read(3 * MIB) == tostring(i):rep(3 * MIB), 'writer ' .. i)
    end
    for i = 1, 4 do
        check.results({true, 3 * MIB}, results[i]())
    end
    client:close()
    server:close()
end)

check.case('reading and writing go on side by side', function()
    local client, server = check.pair()
    local data = ('x'):rep(4 * MIB)
    local writer = check.spawn(function()
        return client:write(data)
    end)
    local reader = check.spawn(function()
        return client:read('\n')
    end)
    fiber.yield()
    server:write('answer\n')
    check.results({true, 'answer\n'}, reader())
    check.truthy(server:read(#data) == data)
    check.results({true, #data}, writer())
    client:close()
    server:close()
end)

check.case('a write that times out says how much went out, and no byte is lost', function()
    local client, server = check.pair()
    local data = ('0123456789'):rep(2 * MIB)
    local sent, partial = client:write(data, 0.05)
    check.equal(sent, nil)
    check.equal(errno(), errno.ETIMEDOUT)
    check.equal(client:errno(), errno.ETIMEDOUT)
    check.truthy(partial > 0 and partial < #data)
    client:close()
    check.truthy(server:read({}) == data:sub(1, partial))
    server:close()
end)

check.case('send may send less', function()
    local client, server = check.pair()
    local data = ('x'):rep(64 * MIB)
    local sent = client:send(data)
    check.truthy(sent > 0 and sent < #data)
    client:nonblock(true)
    repeat
        local more = client:send(data)
    until more == nil
    check.equal(client:errno(), errno.EAGAIN)
    check.equal(client:syswrite(data), nil)
    check.equal(errno(), errno.EAGAIN)
    client:close()
    server:close()
end)

check.case('a blocking send waits for room', function()
    local client, server = check.pair()
    client:nonblock(true)
    repeat until client:send(('x'):rep(MIB)) == nil
    client:nonblock(false)
    local result = check.spawn(function()
        return client:send('y')
    end)
    fiber.yield()
    server:read(MIB)
    check.results({true, 1}, result())
    client:close()
    server:close()
end)

check.case('a broken connection', function()
    local client, server = check.pair()
    server:close()
    check.until_true(function()
        return client:write('x') == nil
    end)
    check.equal(client:errno(), errno.EPIPE)
    check.results({nil, 0, n = 2}, client:write('x'))
    check.equal(client:send('x'), nil)
    check.equal(client:error(), 'Broken pipe')
    client:close()
end)

check.case('data stays alive while it is written', function()
    local client, server = check.pair()
    local result = check.spawn(function()
        return client:write(('z'):rep(5 * MIB) .. 'end')
    end)
    fiber.yield()
    collectgarbage()
    collectgarbage()
    check.equal(server:read(5 * MIB):find('[^z]'), nil)
    check.equal(server:read(3), 'end')
    check.results({true, 5 * MIB + 3}, result())
    client:close()
    server:close()
end)

check.case('pointers, where ffi is', function()
    local ffi = require('ffi')
    local client, server = check.pair()
    local text = 'from a pointer'
    check.equal(client:syswrite(ffi.cast('const char *', text), 6), 6)
    local buffer = ffi.new('char[32]', 'array')
    check.equal(client:syswrite(buffer, 5), 5)
    check.equal(server:read(11), 'from aarray')
    client:write('back')
    check.equal(server:sysread(buffer, 32), 4)
    check.equal(ffi.string(buffer, 4), 'back')
    client:close()
    check.equal(server:sysread(buffer, 32), 0)
    server:close()
end)

check.finish()
