-- One long call each of a function that works in slices: others have their turn meanwhile. Run with a
-- budget that the slowest build does not use up.
local check = dofile((arg[0]:match('.*/') or './') .. 'check.lua')
local fiber = require('fiber')

if os.getenv('SOCKD_TEST_GC') then
    return -- with a collector that never rests they take minutes
end

-- While the function runs, others do, and its results are right.
local function runs_beside(fn)
    local turns, done = 0, false
    local result = check.spawn(function()
        local ok, value = pcall(fn)
        done = true
        return ok, value
    end)
    while not done do
        fiber.yield()
        turns = turns + 1
    end
    check.truthy(turns > 3, 'turns of the other fiber')
    local _, ok, value = result()
    check.equal(ok, true, value)
    return value
end

check.case('a pattern with a function', function()
    check.equal(runs_beside(function()
        return select(2, ('ab '):rep(150000):gsub('%a+', function(word)
            return word .. word
        end))
    end), 150000)
end)

check.case('a replacement in a long text', function()
    check.equal(runs_beside(function()
        return select(2, ('ab '):rep(1000000):gsub('%a+', 'x'))
    end), 1000000)
end)

check.case('sorting many numbers', function()
    local t = {}
    for i = 1, 600000 do
        t[i] = i * 7919 % 600011
    end
    fiber.yield()
    check.equal(runs_beside(function()
        table.sort(t)
        return t[1] < t[2] and t[599999] < t[600000]
    end), true)
end)

check.case('decoding a long text', function()
    local text = '[' .. ('[1],'):rep(400000) .. '2]'
    check.equal(runs_beside(function()
        return #require('json').decode(text)
    end), 400001)
end)

check.case('decoding and encoding much YAML', function()
    local yaml = require('yaml')
    check.equal(runs_beside(function()
        return #yaml.decode(yaml.encode(yaml.decode(('- {a: [1, b]}\n'):rep(20000))))
    end), 20000)
end)

check.finish()
