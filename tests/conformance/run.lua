-- Runs the cases of one topic and prints a line for each: its name, a tab, what came of it.
--
--     tarantool run.lua cases/TOPIC.lua SCRATCH-FOLDER [AFTER]
--     sockd run run.lua cases/TOPIC.lua SCRATCH-FOLDER [AFTER]
--
-- Each case runs in a fiber of its own with a deadline of its own, so that one that hangs holds up
-- nobody. With AFTER, the name of a case, only those behind it run: whoever compares goes on there
-- when a case has ended the process.
local here = arg[0]:match('^(.*/)') or './'
package.path = here .. '?.lua;' .. package.path

local canon = require('canon')
local fiber = require('fiber')
local peers = require('peers')

local topic_file, scratch, after = arg[1], arg[2], arg[3]
local topic = topic_file:match('([^/]+)%.lua$')
local PATIENCE = 5

io.stdout:setvbuf('line')

-- Results go past `print`, which is itself under test.
local function report(name, text)
    io.stdout:write(topic, '.', name, '\t', text, '\n')
    io.stdout:flush()
end

local function perform(body)
    local result
    local runner = fiber.create(function()
        result = canon.outcome(pcall(body))
    end)
    local deadline = fiber.clock() + PATIENCE
    while not result and fiber.clock() < deadline do
        fiber.sleep(0.0005)
    end
    if not result then
        pcall(fiber.cancel, runner)
        fiber.sleep(0.01)
        result = 'hangs'
    end
    return result
end

local skipping = after ~= nil
local seen = {}

-- case(name, body): what the body returns, or throws, is the result.
function case(name, body)
    if seen[name] then
        error('a second case of the name ' .. name, 2)
    end
    seen[name] = true
    if skipping then
        skipping = topic .. '.' .. name ~= after
        return
    end
    canon.reset(scratch)
    peers.begin(scratch)
    report(name, perform(body))
    peers.finish()
end

-- pairs in the order of the keys: cases that come from a table run in the same order everywhere.
function each(cases)
    local keys = {}
    for key in pairs(cases) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    local index = 0
    return function()
        index = index + 1
        return keys[index], cases[keys[index]]
    end
end

dofile(topic_file)
os.exit(0)
