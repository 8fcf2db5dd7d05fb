-- A fiber that takes all the memory fails, and nothing else does. Run with a small --lua-memory.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local errno = require('errno')
local fiber = require('fiber')

local function bomb()
    local hoard = {}
    while true do
        hoard[#hoard + 1] = ('x'):rep(10000) .. #hoard
    end
end

check.case('a bomb, several times', function()
    for _ = 1, 5 do
        check.results({false, 'not enough memory'}, check.spawn(bomb)())
    end
end)

check.case('a bomb within pcall and within a coroutine', function()
    check.results({false, 'not enough memory'}, pcall(bomb))
    check.results({false, 'not enough memory'}, coroutine.resume(coroutine.create(bomb)))
    check.throws('not enough memory', function()
        local text = 'x'
        while true do
            text = text .. text
        end
    end)
end)

check.case('a connection is served beside it', function()
    local client, server = check.pair()
    local result = check.spawn(bomb)
    client:write('hello\n')
    check.equal(server:read('\n'), 'hello\n')
    result()
    client:close()
    server:close()
end)

check.case('data that does not fit stays for the next reader', function()
    local client, server = check.pair()
    local size = 6000000
    local piece = ('0123456789'):rep(1000)
    fiber.create(function() -- in pieces: equal strings are one in memory
        for _ = 1, size / #piece do
            client:write(piece)
        end
        client:close()
    end)
    local hoard = {}
    for _ = 1, 3 do -- once more in the place of what was garbage
        pcall(function()
            while true do
                hoard[#hoard + 1] = ('y'):rep(100000) .. #hoard
            end
        end)
        collectgarbage()
    end
    for i = #hoard - 4, #hoard do -- room for anything but the data
        hoard[i] = nil
    end
    collectgarbage()
    -- Waiting, it gets nil and ENOMEM; with all of it there at once, it throws.
    local ok, got = pcall(server.read, server, size)
    check.truthy(not ok or got == nil, 'no data')
    check.truthy(not ok or errno() == errno.ENOMEM, 'ENOMEM')
    check.truthy(#hoard > 50)
    hoard = nil
    collectgarbage()
    local data = server:read(size)
    check.equal(#data, size)
    check.equal(data:gsub(piece, ''), '')
    server:close()
end)

check.finish()
