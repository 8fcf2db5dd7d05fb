-- A chat room: what one peer says, all others hear. Shows connections that work on each other, and
-- what to do about a peer that does not read.
--
--     sockctl server 127.0.0.1 7777 chat
--     nc 127.0.0.1 7777
local log = require('log')

local PATIENCE = 5 -- seconds that a peer may take to read a line

local room = {} -- connection -> name

-- Says a line to everyone but one. Each write is whole, however many fibers write; a peer that does
-- not take it in time is put out, so that nobody waits for it twice.
local function say(line, except)
    local peers = {}
    for connection in pairs(room) do
        peers[#peers + 1] = connection
    end
    for _, connection in ipairs(peers) do
        -- It may have left while another was written to.
        if connection ~= except and room[connection] and not connection:write(line, PATIENCE) then
            room[connection] = nil
            connection:close() -- wakes its own fiber, whose read then fails
        end
    end
end

local function talk(connection, name)
    while room[connection] do
        local line = connection:read({delimiter = '\n', limit = 1024})
        if line == nil or line == '' then
            return
        end
        say(name .. ': ' .. line:gsub('[%c]', '') .. '\n', connection)
    end
end

function chat(connection, from)
    connection:write('your name? ')
    local name = connection:read({delimiter = '\n', limit = 64}, 60)
    name = name and name:gsub('[%c]', '')
    if name == nil or name == '' then
        return
    end
    room[connection] = name
    say('* ' .. name .. ' is here\n', connection)
    log.verbose('chat: %s is %s', tostring(from), name)
    local ok, problem = pcall(talk, connection, name)
    room[connection] = nil
    say('* ' .. name .. ' is gone\n')
    if not ok then
        error(problem, 0)
    end
end
