-- The LuaSocket emulation: what its objects share. A call of it returns nil and a word where it
-- fails, as LuaSocket's do; what the word is for an errno is said here, and so is how long a call may
-- wait.
--
-- The emulation uses nothing but what scripts have too. Where a fiber waits, only it waits.
local core = ...
local raw = core.socket.methods
local errno = package.loaded.errno
local clock = package.loaded.fiber.clock
local type, tonumber, tostring, error = type, tonumber, tostring, error
local rawget = rawget
local find, getinfo, getmetatable = string.find, debug.getinfo, debug.getmetatable

local base = core.luasocket -- with the functions in C

-- ---- what went wrong ----

local words = {
    [errno.EAGAIN] = 'timeout',
    [errno.ETIMEDOUT] = 'timeout',
    [errno.EPIPE] = 'closed',
    [errno.ECONNRESET] = 'closed',
    [errno.ECONNABORTED] = 'closed',
    [errno.ECONNREFUSED] = 'connection refused',
    [errno.EISCONN] = 'already connected',
    [errno.EACCES] = 'permission denied',
    [errno.EADDRINUSE] = 'address already in use',
}

function base.word(code)
    return words[code] or errno.strerror(code)
end

-- ---- arguments ----

local function is_own(source)
    return find(source, '^=sockd/luasocket') or find(source, '^=sockd/tarantool/socket_unix')
end

-- Throws where a script called the emulation.
function base.throw(message)
    local level = 2
    local info = getinfo(level, 'S')
    while info and is_own(info.source) do
        level = level + 1
        info = getinfo(level, 'S')
    end
    error(message, level)
end

-- `what` completes "bad argument #1 to 'send' (…)".
function base.refuse(position, name, what)
    base.throw(("bad argument #%d to '%s' (%s)"):format(position, name, what))
end

-- Of a method of another class.
function base.refuse_self(name, class)
    base.throw(("calling '%s' on bad self (%s expected)"):format(name, class))
end

local function refuse_type(kind, value, position, name)
    local got = value == nil and 'no value' or type(value)
    base.refuse(position, name, ('%s expected, got %s'):format(kind, got))
end

-- A number is a string too, and a string that reads as a number is a number.
function base.check_string(value, position, name)
    local kind = type(value)
    if kind == 'string' then
        return value
    elseif kind ~= 'number' then
        refuse_type('string', value, position, name)
    end
    return tostring(value)
end

function base.check_number(value, position, name)
    local number = tonumber(value)
    if not number then
        refuse_type('number', value, position, name)
    end
    return number
end

function base.check_type(kind, value, position, name)
    if type(value) ~= kind then
        refuse_type(kind, value, position, name)
    end
    return value
end

-- ---- classes ----

-- What JSON, MessagePack and the console show of an object: what they show of its socket.
local function serialize(self)
    local sock = rawget(self, 'sock')
    local shown = sock and getmetatable(sock).__serialize(sock) or {closed = true}
    shown.class = self.class
    return shown
end

-- An object is of one class at a time and changes it: a master becomes a client or a server. Each
-- class is a metatable; all of a kind share their methods.
function base.new_class(name, methods)
    local index = {class = name}
    for key, method in pairs(methods) do
        index[key] = method
    end
    return {
        __index = index,
        __luasocket = true, -- an eval answers with the number of its socket
        __serialize = serialize,
        __tostring = function(self)
            return ('%s: %p'):format(name, self)
        end,
    }
end

-- ---- how long to wait ----

-- settimeout(seconds, mode): for a single wait ('b') or for a call as a whole ('t').
function base.settimeout(self, value, mode)
    local seconds
    if value ~= nil then
        seconds = base.check_number(value, 1, 'settimeout')
        if seconds < 0 then
            seconds = nil
        end
    end
    local first = mode == nil and 'b' or base.check_string(mode, 2, 'settimeout'):sub(1, 1)
    if first == 'b' then
        self.block = seconds
    elseif first == 't' or first == 'r' then
        self.total = seconds
    else
        base.refuse(2, 'settimeout', 'invalid timeout mode')
    end
    base.set_mode(self)
    return 1
end

function base.gettimeout(self)
    return self.block or -1, self.total or -1
end

-- Without a timeout the socket itself waits, and with one `await` does.
function base.set_mode(self)
    if self.sock then
        self.sock:nonblock(self.block ~= nil or self.total ~= nil)
    end
end

-- When a call that begins now has to be over; nil: never. Of the two timeouts, the one for a single
-- wait counts from the beginning too, unless there is one for the whole.
function base.limit(self)
    local seconds = self.total or self.block
    return seconds and clock() + seconds
end

-- How long the next wait of that call may be; nil: for ever.
local function patience(self, limit)
    if not limit then
        return nil
    end
    local left = limit - clock()
    if left < 0 then
        left = 0
    end
    return self.total and self.block and self.block < left and self.block or left
end

-- After a call on `sock` has failed: waits if it has to be repeated. nil: repeat it. Otherwise the
-- word for what went wrong. `ready` is one of the socket's methods: readable, writable.
function base.await(self, sock, ready, limit)
    local code = errno()
    if code == errno.EAGAIN then
        if ready(sock, patience(self, limit)) and self.sock == sock then
            return nil
        end
        code = errno()
    end
    if self.sock ~= sock or code == errno.EBADF then
        self.sock = nil
        return 'closed'
    end
    return base.word(code)
end

-- ---- names ----

local families = {AF_INET = 'inet', AF_INET6 = 'inet6', AF_UNIX = 'unix'}

-- The address that one of the socket's methods answers with, or nil and a sentence.
local function ask(self, method)
    local sock = self.sock
    if not sock then
        return nil, errno.strerror(errno.EBADF)
    end
    local address = method(sock)
    return address, not address and base.word(errno()) or nil
end

-- The own port is a string and the peer's a number: so LuaSocket has it.
function base.getsockname(self)
    local address, problem = ask(self, raw.name)
    if not address then
        return nil, problem
    end
    return address.host, tostring(address.port), families[address.family]
end

function base.getpeername(self)
    local address, problem = ask(self, raw.peer)
    if not address then
        return nil, problem
    end
    return address.host, address.port, families[address.family]
end

function base.getfamily(self)
    return self.family == 'AF_INET6' and 'inet6' or 'inet4'
end

-- ---- looking names up ----

-- In LuaSocket's words; the rest are those of the system.
local lookup_words = {
    ['Name or service not known'] = 'host or service not provided, or not known',
    ['Servname not supported for ai_socktype'] = 'service not supported for socket type',
    ['Temporary failure in name resolution'] = 'temporary failure in name resolution',
    ['Non-recoverable failure in name resolution'] = 'non-recoverable failure in name resolution',
    ['Memory allocation failure'] = 'memory allocation failure',
}

-- The addresses of a host for a socket of that family (nil: any): a list of address tables; or nil
-- and a word.
function base.resolve(host, port, options, timeout)
    local found, problem = package.loaded.socket.getaddrinfo(host, port, timeout, options)
    if not found then
        return nil, lookup_words[problem] or problem
    end
    return found
end

-- Those that an object may be bound or connected to. A unix path is one too.
local function candidates(self, host, port, flags)
    if host == 'unix/' then
        return {{host = host, port = port, family = 'AF_UNIX'}}
    end
    return base.resolve(host, port, {
        family = not self.any_family and self.family or nil,
        type = self.kind,
        flags = flags,
    }, self.total)
end

-- Sees to it that an object has a socket of the family. One of another family goes.
function base.prepare(self, family)
    if self.sock and self.family == family then
        return true
    end
    local sock = core.socket.new(family, self.kind, 0)
    if not sock then
        return false
    end
    if self.sock then
        self.sock:close()
    end
    if family == 'AF_INET6' then
        sock:setsockopt('IPPROTO_IPV6', 'IPV6_V6ONLY', true)
    end
    self.sock, self.family = sock, family
    base.set_mode(self)
    return true
end

-- Tries each address of a name with `attempt`, which returns what went wrong. 1; or nil and a word.
function base.try_each(self, host, port, flags, attempt)
    local list, problem = candidates(self, host, port, flags)
    for index, address in ipairs(list or {}) do
        if index > 1 and problem == 'timeout' then
            base.close(self) -- it still tries the address before
        end
        if base.prepare(self, address.family) then
            problem = attempt(self, address)
        else
            problem = base.word(errno())
        end
        if not problem then
            return 1
        end
    end
    return nil, problem
end

function base.bind_to(self, address)
    if not self.sock:bind(address.host, address.port) then
        return base.word(errno())
    end
end

-- ---- descriptors ----

function base.getfd(self)
    return self.sock and self.sock:fd() or -1
end

-- Gives the object another descriptor; -1: none. The one that it had is not closed.
function base.setfd(self, fd)
    fd = base.check_number(fd, 1, 'setfd')
    if self.sock then
        self.sock:detach()
    end
    self.sock = fd >= 0 and package.loaded.socket.from_fd(fd) or nil
    base.set_mode(self)
end

function base.close(self)
    local sock = self.sock
    self.sock = nil
    if sock then
        sock:close()
    end
    return 1
end
