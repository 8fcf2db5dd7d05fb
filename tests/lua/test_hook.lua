-- A script's own debug hook stays, however long it runs; without a budget nobody is stopped.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

local function burn(seconds)
    local stop = fiber.clock() + seconds
    while fiber.clock() < stop do
    end
end

check.case('it stays over many slices', function()
    check.equal(debug.gethook(), nil)
    local count = 0
    local function hook()
        count = count + 1
    end
    debug.sethook(hook, '', 1000)
    burn(0.05)
    check.equal(debug.gethook(), hook)
    local before = count
    burn(0.05)
    check.truthy(count > before, 'it is called')
    fiber.create(function() burn(0.02) end)
    check.equal(debug.gethook(), hook)
    debug.sethook()
    check.equal(debug.gethook(), nil)
    before = count
    burn(0.02)
    check.equal(count, before)
end)

check.case('afterwards others have their turn again', function()
    local done = false
    fiber.create(function()
        burn(0.1)
        done = true
    end)
    check.equal(done, false)
    while not done do
        fiber.yield()
    end
end)

check.finish()
