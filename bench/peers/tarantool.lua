-- A peer: Tarantool, whose socket module sockd's is modelled on.
--
--   tarantool tarantool.lua echo|bulk|lines|once HOST PORT     PORT is the path if HOST is unix/
--   tarantool tarantool.lua rpc FOLDER PATH               its own protocol on a unix socket
local socket = require('socket')
local errno = require('errno')

local mode, host, port = arg[1], arg[2], arg[3]
local handlers = {}

local function echo(s, piece)
    while true do
        local data = s:sysread(piece)
        if data == nil and s:errno() == errno.EAGAIN then
            s:readable()
        elseif data == nil or data == '' then
            break
        else
            s:write(data)
        end
    end
end

function handlers.echo(s)
    return echo(s, 65536)
end

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

if mode == 'rpc' then
    box.cfg{listen = 'unix/:' .. port, work_dir = host, wal_mode = 'none', log_level = 1,
            memtx_memory = 32 * 1024 * 1024}
else
    assert(socket.tcp_server(host, tonumber(port) or port, handlers[mode]))
end
