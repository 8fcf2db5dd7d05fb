-- A peer: luv, callbacks without coroutines.
--
--   luajit luv.lua echo|bulk|lines|once HOST PORT     PORT is the path if HOST is unix/
local uv = require('luv')

local mode, host, port = arg[1], arg[2], arg[3]
local handlers = {}

function handlers.echo(s)
    return function(_, chunk)
        if chunk == nil then
            s:close()
        else
            s:write(chunk)
        end
    end
end

handlers.bulk = handlers.echo -- the library itself decides for pieces of 64 KiB

function handlers.lines(s)
    local held = ''
    return function(_, chunk)
        if chunk == nil then
            s:close()
            return
        end
        held = held ~= '' and held .. chunk or chunk
        local at = 1
        while true do
            local newline = held:find('\n', at, true)
            if newline == nil then
                break
            end
            s:write(held:sub(at, newline))
            at = newline + 1
        end
        held = held:sub(at)
    end
end

function handlers.once(s)
    local held = ''
    return function(_, chunk)
        if chunk == nil then
            s:close()
            return
        end
        held = held .. chunk
        local newline = held:find('\n', 1, true)
        if newline ~= nil then
            s:write(held:sub(1, newline))
            s:close()
        end
    end
end

uv.new_signal():start('sigpipe', function() end) -- a client that is gone must not end the server

local listener = host == 'unix/' and uv.new_pipe(false) or uv.new_tcp()
if host == 'unix/' then
    assert(listener:bind(port))
else
    assert(listener:bind(host, tonumber(port)))
end
assert(listener:listen(4096, function()
    local s = host == 'unix/' and uv.new_pipe(false) or uv.new_tcp()
    listener:accept(s)
    if host ~= 'unix/' then
        s:nodelay(true)
    end
    s:read_start(handlers[mode](s))
end))
uv.run()
