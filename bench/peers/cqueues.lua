-- A peer: cqueues, a coroutine for each connection.
--
--   luajit cqueues.lua echo|bulk|lines|once HOST PORT     PORT is the path if HOST is unix/
local cqueues = require('cqueues')
local socket = require('cqueues.socket')

local mode, host, port = arg[1], arg[2], arg[3]
local handlers = {}

local function echo(s, piece)
    while true do
        local data = s:read(-piece)
        if data == nil or not s:write(data) then
            break
        end
    end
end

function handlers.echo(s)
    return echo(s, 65536)
end

function handlers.bulk(s)
    return echo(s, 262144)
end

function handlers.lines(s)
    while true do
        local line = s:read('*L')
        if line == nil or not s:write(line) then
            break
        end
    end
end

function handlers.once(s)
    local line = s:read('*L')
    if line ~= nil then
        s:write(line)
    end
end

local function serve(s)
    s:setmode('b', 'bn') -- what is written goes out at once
    s:onerror(function(_, _, why) return why end)
    handlers[mode](s)
    s:close()
end

local loop = cqueues.new()
local listener = host == 'unix/' and socket.listen{path = port, unlink = true}
    or socket.listen{host = host, port = tonumber(port), nodelay = true}
loop:wrap(function()
    for s in listener:clients{nodelay = true} do
        loop:wrap(serve, s)
    end
end)
assert(loop:loop())
