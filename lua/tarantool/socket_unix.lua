-- The module socket.unix of LuaSocket: unix sockets by their paths, streams and datagrams. It is in memory
-- from when a script requires it.
local core = ...
local base = core.luasocket
local stream, datagram, options = base.stream, base.datagram, base.options
local errno = package.loaded.errno
local raw = core.socket.methods
local getmetatable, setmetatable = getmetatable, setmetatable

local PATH = 108 -- the first length that is too long

-- ---- paths ----

local function path_problem(path)
    if #path >= PATH then
        return 'path too long'
    end
end

local function getsockname(self)
    local address = self.sock and self.sock:name()
    if not address then
        return nil, self.sock and base.word(errno()) or errno.strerror(errno.EBADF)
    end
    return address.port or ''
end

-- What begins with `call` and fails there leaves a closed object.
local function attempt(self, path, call)
    local problem = path_problem(path) or not self.sock and 'closed'
    if problem then
        return nil, problem
    end
    problem = call(self, {host = 'unix/', port = path})
    if problem then
        base.close(self)
        return nil, problem
    end
    return 1
end

-- Throws unless the object is of the class.
local function check(self, class, name)
    if getmetatable(self) ~= class then
        base.refuse_self(name, class.__index.class)
    end
end

local function new(class, kind)
    local self = stream.new(class, nil)
    self.kind = kind
    if not base.prepare(self, 'AF_UNIX') then
        return nil, base.word(errno())
    end
    return self
end

-- ---- streams ----

local methods = {
    close = base.close, getfd = base.getfd, getsockname = getsockname, setfd = base.setfd,
    settimeout = base.settimeout, dirty = stream.methods.dirty,
}
local master, client, server

for _, name in ipairs({'receive', 'send', 'shutdown', 'getstats', 'setstats'}) do
    local method = stream.methods[name]
    methods[name] = function(self, ...)
        check(self, client, name)
        return method(self, ...)
    end
end

function methods.bind(self, path)
    check(self, master, 'bind')
    return attempt(self, base.check_string(path, 1, 'bind'), base.bind_to)
end

function methods.connect(self, path)
    check(self, master, 'connect')
    local done, problem = attempt(self, base.check_string(path, 1, 'connect'), stream.connect_to)
    if not done then
        return nil, problem
    end
    setmetatable(self, client)
    return 1
end

function methods.listen(self, backlog)
    check(self, master, 'listen')
    return stream.listen_as(self, backlog, server)
end

function methods.accept(self)
    check(self, server, 'accept')
    return stream.accept_as(self, client, 'AF_UNIX')
end

methods.setsockname, methods.setpeername = methods.bind, methods.connect

local stream_options = {
    keepalive = options.tcp.keepalive, reuseaddr = options.tcp.reuseaddr, linger = options.tcp.linger,
}

function methods.setoption(self, name, value)
    return options.set(stream_options, self, name, value)
end

master = base.new_class('unixstream{master}', methods)
client = base.new_class('unixstream{client}', methods)
server = base.new_class('unixstream{server}', methods)
base.unix_client = client

-- ---- datagrams ----

local unconnected, connected

local messages = {
    close = base.close, getfd = base.getfd, getsockname = getsockname, setfd = base.setfd,
    settimeout = base.settimeout, gettimeout = base.gettimeout, dirty = stream.methods.dirty,
}

function messages.bind(self, path)
    check(self, unconnected, 'bind')
    return attempt(self, base.check_string(path, 1, 'bind'), base.bind_to)
end

function messages.connect(self, path)
    if getmetatable(self) ~= connected then
        check(self, unconnected, 'connect')
    end
    path = base.check_string(path, 1, 'connect')
    local done, problem = attempt(self, path, stream.connect_to)
    if not done then
        return nil, problem
    end
    setmetatable(self, connected)
    return 1
end

function messages.send(self, data)
    check(self, connected, 'send')
    data = base.check_string(data, 1, 'send')
    return datagram.settle(datagram.insist(self, raw.writable, raw.send, data))
end

function messages.sendto(self, data, path)
    check(self, unconnected, 'sendto')
    data, path = base.check_string(data, 1, 'sendto'), base.check_string(path, 2, 'sendto')
    local problem = path_problem(path)
    if problem then
        return nil, problem
    end
    return datagram.settle(datagram.insist(self, raw.writable, raw.sendto, 'unix/', path, data))
end

-- One that has been closed stays so: no socket is made for it.
local function receive(self, size, call)
    if not self.sock then
        return nil, 'closed'
    end
    return datagram.receive(self, size, call)
end

function messages.receive(self, size)
    if getmetatable(self) ~= connected then
        check(self, unconnected, 'receive')
    end
    return datagram.settle(receive(self, datagram.size_of(size, 'receive'), datagram.receive_message))
end

function messages.receivefrom(self, size)
    check(self, unconnected, 'receivefrom')
    local data, from = receive(self, datagram.size_of(size, 'receivefrom'), raw.recvfrom)
    if data then
        return data, from and from.port or ''
    end
    return nil, from
end

messages.setsockname, messages.setpeername = messages.bind, messages.connect

local message_options = {reuseaddr = options.udp.reuseaddr}

function messages.setoption(self, name, value)
    return options.set(message_options, self, name, value)
end

unconnected = base.new_class('unixdgram{unconnected}', messages)
connected = base.new_class('unixdgram{connected}', messages)

-- ---- the module ----

local unix = {}

function unix.stream()
    return new(master, 'SOCK_STREAM')
end

function unix.dgram()
    return new(unconnected, 'SOCK_DGRAM')
end

unix.tcp, unix.udp = unix.stream, unix.dgram

function unix.__call()
    return unix.stream()
end

return setmetatable(unix, unix)
