-- The handlers that are measured, written as a user would write them.
--
--   SOCKD_BENCH="MODE HOST PORT" sockd --load handlers.lua      PORT is the path if HOST is unix/
local socket = require('socket')

local handlers = {}

local function echo(s, piece)
    while true do
        local data = s:sysread(piece)
        if data == nil or data == '' then
            break
        end
        s:write(data)
    end
end

function handlers.echo(s)
    return echo(s, 65536)
end

-- Much at a time, since each call of the kernel's for a stream costs acknowledgements too. And as the limit and the other peers do for all their connections: otherwise the end of each large
-- piece waits until the peer has confirmed what went before.
function handlers.bulk(s)
    s:setsockopt('tcp', 'TCP_NODELAY', true)
    return echo(s, 262144)
end

function handlers.lines(s)
    while true do
        local line = s:read('\n')
        if line == nil or line == '' then
            break
        end
        s:write(line)
    end
end

function handlers.once(s)
    local line = s:read('\n')
    if line ~= nil then
        s:write(line)
    end
end

local mode, host, port = (os.getenv('SOCKD_BENCH') or ''):match('^(%S+) (%S+) (%S+)$')
if mode ~= nil then
    assert(socket.tcp_server(host, tonumber(port) or port, {handler = handlers[mode], name = mode}))
end
