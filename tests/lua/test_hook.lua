-- A script's own debug hook stays, however long it runs; without a budget nobody is stopped.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

-- So many milliseconds of work, or nearly so.
local function burn(count)
    for _ = 1, count * 50000 do
    end
end

check.case('it stays over many slices', function()
    check.equal(debug.gethook(), nil)
    local count = 0
    local function hook()
        count = count + 1
    end
    debug.sethook(hook, '', 1000)
    burn(100)
    check.equal(debug.gethook(), hook)
    local before = count
    burn(100)
    check.truthy(count > before, 'it is called')
    fiber.create(function() burn(40) end)
    check.equal(debug.gethook(), hook)
    debug.sethook()
    check.equal(debug.gethook(), nil)
    before = count
    burn(40)
    check.equal(count, before)
end)

check.case('afterwards others have their turn again', function()
    local done = false
    fiber.create(function()
        burn(400)
        done = true
    end)
    check.equal(done, false)
    while not done do
        fiber.yield()
    end
end)

check.finish()
