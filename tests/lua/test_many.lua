-- A hundred thousand fibers at once: that they are there, what they cost, and that they end.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

-- A collector that never rests looks at all of them each time.
local COUNT = os.getenv('SOCKD_TEST_GC') and 1000 or 100000

local function alive()
    local count = 0
    for _ in pairs(fiber.info()) do
        count = count + 1
    end
    return count
end

local function memory()
    collectgarbage()
    collectgarbage()
    return collectgarbage('count') * 1024
end

check.case('they sleep, wake and end', function()
    local before, used = alive(), memory()
    local up, ended = 0, 0
    for _ = 1, COUNT do
        fiber.create(function()
            up = up + 1
            fiber.sleep(1000)
            ended = ended + 1
        end)
    end
    check.equal(up, COUNT)
    local info = fiber.info()
    check.equal(alive(), before + COUNT)
    local each = (memory() - used) / COUNT
    check.truthy(each < 2048, each .. ' bytes for each, with its place in the list')
    for id in pairs(info) do
        if id ~= fiber.id() then
            fiber.find(id):wakeup()
        end
    end
    info = nil
    check.until_true(function() return ended == COUNT end)
    check.equal(alive(), before)
    local left = memory() - used
    check.truthy(left < 1e6 + 100 * COUNT, left .. ' bytes left')
end)

check.case('they are cancelled', function()
    local before, fibers, ended = alive(), {}, 0
    for i = 1, COUNT do
        fibers[i] = fiber.create(function()
            local ok = pcall(fiber.sleep, 1000)
            ended = ended + (ok and 0 or 1)
        end)
    end
    for _, each in ipairs(fibers) do
        each:cancel()
    end
    check.until_true(function() return ended == COUNT end)
    check.equal(alive(), before)
end)

check.case('they wait for one socket, and each gets a byte', function()
    local client, server = check.pair()
    local before, order, right = alive(), 0, 0
    for _ = 1, COUNT do
        fiber.create(function()
            local byte = server:read(1)
            order = order + 1
            if byte == string.char(order % 256) then
                right = right + 1
            end
        end)
    end
    local bytes = {}
    for i = 1, COUNT do
        bytes[i] = string.char(i % 256)
    end
    check.equal(client:write(table.concat(bytes)), COUNT)
    check.until_true(function() return order == COUNT end)
    check.equal(right, COUNT)
    check.equal(alive(), before)
    client:close()
    server:close()
end)

check.case('they are joined', function()
    local joins = {}
    for i = 1, COUNT do
        joins[i] = check.spawn(function()
            fiber.yield()
            return i
        end)
    end
    for i, join in ipairs(joins) do
        local ok, number = join()
        if not ok or number ~= i then
            error(('fiber %d: %s, %s'):format(i, tostring(ok), tostring(number)))
        end
    end
end)

check.finish()
