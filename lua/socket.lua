-- The module `socket`: what is easier said in Lua than in C.
local core = ...
local raw = core.socket
local methods = raw.methods

-- What a call that waited returns when its fiber was cancelled: the function in C has no code left
-- that could throw, so it is done here. Each wrapper costs one comparison and returns exactly what
-- the function in C did.
local CANCELLED = core.wait_mark

local function cancelled()
    error('fiber is cancelled', 0)
end

local function check(first, ...)
    if first == CANCELLED then
        cancelled()
    end
    return first, ...
end

for _, name in ipairs({'readable', 'writable', 'wait', 'sysconnect', 'send'}) do
    local call = methods[name]
    methods[name] = function(sock, a, b)
        local result = call(sock, a, b)
        if result == CANCELLED then
            cancelled()
        end
        return result
    end
end

local accept, read, recv = methods.accept, methods.read, methods.recv
local sysread, syswrite, write = methods.sysread, methods.syswrite, methods.write

function methods.accept(sock)
    return check(accept(sock))
end

function methods.recv(sock, size, flags)
    return check(recv(sock, size, flags))
end

function methods.read(sock, what, timeout)
    local data = read(sock, what, timeout)
    if data == CANCELLED then
        cancelled()
    end
    return data
end

function methods.sysread(sock, size, more)
    local data = sysread(sock, size, more)
    if data == CANCELLED then
        cancelled()
    end
    return data
end

function methods.syswrite(sock, data, size)
    local sent = syswrite(sock, data, size)
    if sent == CANCELLED then
        cancelled()
    end
    return sent
end

function methods.write(sock, data, timeout)
    local sent, partial = write(sock, data, timeout)
    if sent == CANCELLED then
        cancelled()
    elseif sent == nil then
        return nil, partial
    end
    return sent
end

local socket = {
    SHUT_RD = 0,
    SHUT_WR = 1,
    SHUT_RDWR = 2,
}

function socket.tcp_connect(host, port, timeout)
    return check(raw.tcp_connect(host, port, timeout))
end

-- The first address of the host that binds. `prepare` gets each candidate before it is bound and
-- may return the backlog.
local function listen_prepared(host, port, prepare, timeout)
    local candidates, problem = {{}}, nil
    if host ~= 'unix/' then
        candidates, problem = check(raw.resolve(host, port, timeout, nil,
                                                core.SOCK_STREAM, nil, core.AI_PASSIVE))
        if not candidates then
            return nil, problem
        end
    end
    for _, address in ipairs(candidates) do
        local listener = raw.new(address.family or 'AF_UNIX', 'SOCK_STREAM', 0)
        local backlog = listener and prepare(listener)
        local done
        if listener then
            done, problem = raw.listen_at(listener, address.host or host, address.port or port,
                                          backlog)
            if done then
                return listener
            end
            listener:close()
        end
    end
    return nil, problem or core.strerror()
end

local function is_callable(value)
    if type(value) == 'function' then
        return true
    end
    local meta = type(value) == 'table' and getmetatable(value)
    return meta and meta.__call ~= nil
end

local function server_options(options)
    if type(options) == 'function' then
        return {handler = options}
    elseif type(options) == 'table' and is_callable(options.handler) then
        return options
    end
    error('Usage: socket.tcp_server(host, port, handler | opts)', 3)
end

-- A server may be asked for with a host alone missing its port no more than with no handler.
function socket.tcp_server(host, port, options, timeout)
    if host == nil then
        error('Usage: socket.tcp_server(host, port, handler | opts)', 2)
    end
    options = server_options(options)
    local listener, problem
    if options.prepare then
        listener, problem = listen_prepared(host, port, options.prepare, timeout)
    else
        listener, problem = check(raw.listen(host, port, timeout))
    end
    if not listener then
        return nil, problem
    end
    problem = core.serve(listener, options.handler, options.name or 'server')
    if problem then
        listener:close()
        return nil, problem
    end
    return listener, listener:name()
end

if pcall(require, 'ffi') then
    local ffi = require('ffi')
    -- sysread and syswrite ask here for the address in a pointer or an array.
    core.export('sockd.pointer', function(pointer)
        return tonumber(ffi.cast('uintptr_t', ffi.cast('const char *', pointer)))
    end)
end

methods.tostring = nil

setmetatable(socket, {
    __call = function(_, ...)
        return raw.new(...)
    end,
})

package.loaded.socket = socket
