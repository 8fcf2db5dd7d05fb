-- The module `socket`: what is easier said in Lua than in C.
local core = ...
local raw = core.socket
local methods = raw.methods

-- A function in C that has waited returns nothing: it has no code left that could make its results,
-- or throw when its fiber was cancelled. So that is done here, by `finish`, which is nil where there
-- was no wait. Each wrapper costs one comparison and returns exactly what the function in C does.
local finish = core.finish

local function check(first, ...)
    if first == nil and (...) == nil then
        return finish()
    end
    return first, ...
end

core.check = check

for _, name in ipairs({'readable', 'writable', 'wait', 'sysconnect', 'send'}) do
    local call = methods[name]
    methods[name] = function(sock, a, b)
        local result = call(sock, a, b)
        if result ~= nil then
            return result
        end
        return finish()
    end
end

local accept, read, recv = methods.accept, methods.read, methods.recv
local sendto, recvfrom = methods.sendto, methods.recvfrom
local sysread, syswrite, write = methods.sysread, methods.syswrite, methods.write

function methods.accept(sock)
    return check(accept(sock))
end

function methods.sendto(sock, host, port, data, flags)
    return check(sendto(sock, host, port, data, flags))
end

function methods.recvfrom(sock, limit, flags)
    return check(recvfrom(sock, limit, flags))
end

function methods.recv(sock, size, flags)
    return check(recv(sock, size, flags))
end

function methods.read(sock, what, timeout)
    local data = read(sock, what, timeout)
    if data then
        return data
    end
    return finish()
end

function methods.sysread(sock, size, more)
    local data = sysread(sock, size, more)
    if data then
        return data
    end
    return finish()
end

function methods.syswrite(sock, data, size)
    local sent = syswrite(sock, data, size)
    if sent then
        return sent
    end
    return finish()
end

function methods.write(sock, data, timeout)
    local sent, partial = write(sock, data, timeout)
    if sent then
        return sent
    elseif partial then
        return nil, partial
    end
    return finish()
end

local socket = {
    SHUT_RD = 0,
    SHUT_WR = 1,
    SHUT_RDWR = 2,
}

function socket.tcp_connect(host, port, timeout)
    return check(raw.tcp_connect(host, port, timeout))
end

function socket.iowait(fd, events, timeout)
    local activity = check(raw.iowait(fd, events, timeout))
    if activity ~= nil then
        return activity
    end
end

socket.socketpair = raw.socketpair
socket.from_fd = raw.from_fd

if package.preload.ffi then
    local ffi = require('ffi')
    if not core.service then
        ffi.cdef('typedef unsigned int socklen_t; struct sockaddr;') -- as programs for Tarantool expect
    end
    local signed, unsigned = ffi.typeof('int64_t'), ffi.typeof('uint64_t')
    -- sysread and syswrite ask here for the address in a pointer or an array. A number is none,
    -- though ffi would take it for one.
    core.export('sockd.pointer', function(pointer)
        if not ffi.istype(signed, pointer) and not ffi.istype(unsigned, pointer) then
            return tonumber(ffi.cast('uintptr_t', ffi.cast('const char *', pointer)))
        end
    end)
end

methods.tostring = nil

-- What JSON, MessagePack and the console show of a socket.
function raw.meta.__serialize(sock)
    local open, fd = pcall(methods.fd, sock)
    if not open then
        return { closed = true }
    end
    return { fd = fd, id = methods.id(sock), name = methods.name(sock), peer = methods.peer(sock) }
end

setmetatable(socket, {
    __call = function(_, ...)
        return raw.new(...)
    end,
})

package.loaded.socket = socket
