-- The LuaSocket emulation: UDP objects, which are connected to a peer or not.
local core = ...
local base = core.luasocket
local options = base.options
local errno = package.loaded.errno
local raw = core.socket.methods
local disconnect, getaddrinfo = base.disconnect, package.loaded.socket.getaddrinfo
local getmetatable, setmetatable = getmetatable, setmetatable

local DATAGRAM_SIZE = 8192

local methods = {
    close = base.close,
    getfamily = base.getfamily,
    getfd = base.getfd,
    getsockname = base.getsockname,
    gettimeout = base.gettimeout,
    setfd = base.setfd,
    settimeout = base.settimeout,
}
local unconnected, connected

local function is_udp(self)
    local class = getmetatable(self)
    return class == unconnected or class == connected
end

-- ---- addresses ----

function methods.getpeername(self)
    if getmetatable(self) ~= connected then
        base.refuse_self('getpeername', 'udp{connected}')
    end
    return base.getpeername(self)
end

function methods.setsockname(self, host, port)
    if getmetatable(self) ~= unconnected then
        base.refuse_self('setsockname', 'udp{unconnected}')
    end
    host = base.check_string(host, 1, 'setsockname')
    port = base.check_string(port, 2, 'setsockname')
    return base.try_each(self, host ~= '*' and host or nil, port, 'AI_PASSIVE', base.bind_to)
end

local function connect_to(self, address)
    if not self.sock:sysconnect(address.host, address.port) then
        return base.word(errno())
    end
end

function methods.setpeername(self, host, port)
    if not is_udp(self) then
        base.refuse_self('setpeername', 'udp{any}')
    end
    host = base.check_string(host, 1, 'setpeername')
    if host == '*' then
        if self.sock and not disconnect(self.sock) then
            return nil, base.word(errno())
        end
        setmetatable(self, unconnected)
        return 1
    end
    port = base.check_string(port, 2, 'setpeername')
    local done, problem = base.try_each(self, host, port, nil, connect_to)
    if not done then
        return nil, problem
    end
    setmetatable(self, connected)
    return 1
end

-- ---- datagrams ----

-- Repeats a call until it has succeeded or may wait no longer: its results, or nil and a word.
local function insist(self, ready, call, ...)
    local limit = base.limit(self)
    local problem
    repeat
        local sock = self.sock
        if not sock then
            return nil, 'closed'
        end
        local result, from = call(sock, ...)
        if result then
            return result, from
        end
        problem = base.await(self, sock, ready, limit)
    until problem
    return nil, problem
end

-- A result alone, or nil and a word.
local function settle(result, problem)
    if result then
        return result
    end
    return nil, problem
end

function methods.send(self, data)
    if getmetatable(self) ~= connected then
        base.refuse_self('send', 'udp{connected}')
    end
    data = base.check_string(data, 1, 'send')
    return settle(insist(self, raw.writable, raw.send, data))
end

-- Names are not looked up.
local function numeric(self, host, port)
    if host == 'unix/' then
        return {host = host, port = port, family = 'AF_UNIX'}
    end
    local list, problem = getaddrinfo(host, port, {
        family = self.family, type = 'SOCK_DGRAM', flags = {'AI_NUMERICHOST', 'AI_NUMERICSERV'},
    })
    return list and list[1], problem
end

-- A socket of any family gets that of the first address that it sends to.
function methods.sendto(self, data, host, port)
    if getmetatable(self) ~= unconnected then
        base.refuse_self('sendto', 'udp{unconnected}')
    end
    data = base.check_string(data, 1, 'sendto')
    host = base.check_string(host, 2, 'sendto')
    port = base.check_string(port, 3, 'sendto')
    local found, problem = numeric(self, host, port)
    if not found then
        return nil, problem
    elseif not self.sock and not base.prepare(self, found.family) then
        return nil, base.word(errno())
    end
    return settle(insist(self, raw.writable, raw.sendto, found.host, found.port, data))
end

local function size_of(size, name)
    return size == nil and DATAGRAM_SIZE or base.check_number(size, 1, name)
end

-- recv with its message as the only result; nothing when there is none.
local function receive_message(sock, size)
    local data, status = sock:recv(size)
    if not status or status == 'eof' then
        return data
    end
end

-- Of no size at all is also a message, which is then taken.
local function receive(self, size, call)
    if not self.sock and not base.prepare(self, self.family or 'AF_INET') then
        return nil, base.word(errno())
    elseif size < 0 then
        return nil, 'out of memory'
    end
    local data, from = insist(self, raw.readable, call, size > 0 and size or 1)
    if data and size == 0 then
        data = ''
    end
    return data, from
end

function methods.receive(self, size)
    if not is_udp(self) then
        base.refuse_self('receive', 'udp{any}')
    end
    return settle(receive(self, size_of(size, 'receive'), receive_message))
end

function methods.receivefrom(self, size)
    if getmetatable(self) ~= unconnected then
        base.refuse_self('receivefrom', 'udp{unconnected}')
    end
    local data, from = receive(self, size_of(size, 'receivefrom'), raw.recvfrom)
    if data then
        return data, from.host, from.port
    end
    return nil, from
end

function methods.dirty()
    return false
end

-- ---- options ----

function methods.getoption(self, name)
    return options.get(options.udp, self, name)
end

function methods.setoption(self, name, value)
    return options.set(options.udp, self, name, value)
end

unconnected = base.new_class('udp{unconnected}', methods)
connected = base.new_class('udp{connected}', methods)

-- For socket.unix.
base.datagram = {insist = insist, settle = settle, receive = receive, size_of = size_of, receive_message = receive_message}

-- ---- making them ----

local function new_udp(family)
    local self = setmetatable({
        kind = 'SOCK_DGRAM',
        family = family,
        any_family = family == nil,
    }, unconnected)
    if family and not base.prepare(self, family) then
        return nil, base.word(errno())
    end
    return self
end

function base.functions.udp()
    return new_udp(nil)
end

function base.functions.udp4()
    return new_udp('AF_INET')
end

function base.functions.udp6()
    return new_udp('AF_INET6')
end
