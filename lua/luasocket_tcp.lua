-- The LuaSocket emulation: TCP objects. A master becomes a client when it connects and a server when
-- it listens; a unix path serves as an address too, with the host 'unix/'.
--
-- An object reads ahead for itself, as LuaSocket's do, so that a timeout can say what had arrived:
-- `buffer` from `first` on has come and is not delivered.
local core = ...
local base = core.luasocket
local options = base.options
local errno = package.loaded.errno
local raw = core.socket.methods
local gettime = package.loaded.fiber.time
local getmetatable, setmetatable, type = getmetatable, setmetatable, type
local find, sub, gsub, concat = string.find, string.sub, string.gsub, table.concat
local await, limit_of = base.await, base.limit

-- How much is asked for at once, and handed over at once.
local RECEIVE_SIZE, SEND_SIZE = 65536, 65536

local methods = {
    close = base.close,
    getfamily = base.getfamily,
    getfd = base.getfd,
    getpeername = base.getpeername,
    getsockname = base.getsockname,
    gettimeout = base.gettimeout,
    setfd = base.setfd,
    settimeout = base.settimeout,
}
local master, client, server

local function new_object(class, family, sock)
    return setmetatable({
        kind = 'SOCK_STREAM',
        family = family,
        sock = sock,
        buffer = '',
        first = 1,
        received = 0,
        sent = 0,
        born = gettime(),
    }, class)
end

local function is_tcp(self)
    local class = getmetatable(self)
    return class == client or class == master or class == server
end

-- Of TCP, or a client of socket.unix, which has the same methods.
local function is_client(self)
    local class = getmetatable(self)
    return class == client or class ~= nil and class == base.unix_client
end

-- ---- addresses ----

function methods.bind(self, host, port)
    if getmetatable(self) ~= master then
        base.refuse_self('bind', 'tcp{master}')
    end
    host = base.check_string(host, 1, 'bind')
    port = base.check_string(port, 2, 'bind')
    return base.try_each(self, host ~= '*' and host or nil, port, 'AI_PASSIVE', base.bind_to)
end

-- The outcome of an attempt that goes on by itself, which without time to wait is not looked at.
local function outcome(self, sock, limit)
    if errno() == errno.EINPROGRESS then
        if self.block == 0 then
            return 'timeout'
        end
        errno(errno.EAGAIN)
    end
    local problem = await(self, sock, raw.writable, limit)
    if problem then
        return problem
    end
    local code = sock:getsockopt('SOL_SOCKET', 'SO_ERROR')
    return code ~= 0 and base.word(code) or nil
end

local function connect_to(self, address)
    local sock = self.sock
    local limit = limit_of(self)
    local done = sock:sysconnect(address.host, address.port)
    if not done and errno() == errno.ECONNABORTED then
        -- That was left of an attempt that had failed (connect(2) says so once).
        done = sock:sysconnect(address.host, address.port)
    end
    if not done then
        return outcome(self, sock, limit)
    end
end

function methods.connect(self, host, port)
    if not is_tcp(self) then
        base.refuse_self('connect', 'tcp{any}')
    end
    host = base.check_string(host, 1, 'connect')
    port = base.check_string(port, 2, 'connect')
    setmetatable(self, client)
    return base.try_each(self, host, port, nil, connect_to)
end

methods.setsockname = methods.bind
methods.setpeername = methods.connect

-- What a stream of any family does once its class is known to be right.

local function listen_as(self, backlog, class)
    backlog = backlog == nil and 32 or base.check_number(backlog, 1, 'listen')
    if not self.sock then
        return nil, errno.strerror(errno.EBADF)
    elseif not self.sock:listen(backlog) then
        return nil, base.word(errno())
    end
    setmetatable(self, class)
    return 1
end

local function accept_as(self, class, family)
    local limit = limit_of(self)
    local problem
    repeat
        local sock = self.sock
        if not sock then
            return nil, 'closed'
        end
        local accepted = sock:accept()
        if accepted then
            local object = new_object(class, family, accepted)
            base.set_mode(object)
            return object
        end
        problem = await(self, sock, raw.readable, limit)
    until problem
    return nil, problem
end

function methods.listen(self, backlog)
    if getmetatable(self) ~= master then
        base.refuse_self('listen', 'tcp{master}')
    end
    return listen_as(self, backlog, server)
end

function methods.accept(self)
    if getmetatable(self) ~= server then
        base.refuse_self('accept', 'tcp{server}')
    end
    return accept_as(self, client, self.family)
end

-- ---- receiving ----

-- Waits for bytes, which it puts into the buffer. nil, or the word for why none came; and true at the
-- orderly end of the stream.
local function fill(self, limit)
    local problem
    repeat
        local sock = self.sock
        if not sock then
            return 'closed'
        end
        local data = sock:sysread(RECEIVE_SIZE)
        if data == '' then
            return 'closed', true
        elseif data then
            self.received = self.received + #data
            -- Another fiber may have filled it meanwhile.
            self.buffer = sub(self.buffer, self.first) .. data
            self.first = 1
            return nil
        end
        problem = await(self, sock, raw.readable, limit)
    until problem
    return problem
end

-- Takes up to `most` bytes out of the buffer.
local function take(self, most)
    local buffer, first = self.buffer, self.first
    local last = first + most - 1
    if last < #buffer then
        self.first = last + 1
    else
        self.buffer, self.first = '', 1
    end
    return sub(buffer, first, last)
end

local function receive_bytes(self, wanted, limit, parts)
    repeat
        if self.first > #self.buffer then
            local problem = fill(self, limit)
            if problem then
                return problem
            end
        end
        local piece = take(self, wanted)
        parts[#parts + 1] = piece
        wanted = wanted - #piece
    until wanted <= 0
end

-- Up to the end of a line, which is dropped, and so is every carriage return.
local function receive_line(self, limit, parts)
    local stop
    repeat
        if self.first > #self.buffer then
            local problem = fill(self, limit)
            if problem then
                return problem
            end
        end
        stop = find(self.buffer, '\n', self.first, true)
        local piece = take(self, stop and stop - self.first + 1 or #self.buffer)
        parts[#parts + 1] = gsub(stop and sub(piece, 1, -2) or piece, '\r', '')
    until stop
end

-- To the end of the stream, which is success if anything came before it.
local function receive_all(self, limit, parts)
    local before = #parts
    while true do
        if self.first <= #self.buffer then
            parts[#parts + 1] = take(self, #self.buffer)
        end
        local problem, orderly = fill(self, limit)
        if problem then
            return not (orderly and #parts > before) and problem or nil
        end
    end
end

-- What the argument asks for: a number of bytes, or the function that receives it.
local function pattern_of(pattern)
    local size = type(pattern) ~= 'nil' and tonumber(pattern)
    if size then
        if size >= 0 then
            return math.floor(size)
        end
    elseif pattern == nil or pattern == 'l' then
        return nil, receive_line
    elseif pattern == 'a' then
        return nil, receive_all
    else
        local start = sub(base.check_string(pattern, 1, 'receive'), 1, 2)
        if start == '*l' then
            return nil, receive_line
        elseif start == '*a' then
            return nil, receive_all
        end
    end
    base.refuse(1, 'receive', 'invalid receive pattern')
end

-- A line that is there already, the common case: nil if there is more to it.
local function ready_line(self)
    local stop = find(self.buffer, '\n', self.first, true)
    return stop and gsub(sub(take(self, stop - self.first + 1), 1, -2), '\r', '') or nil
end

function methods.receive(self, pattern, prefix)
    if not is_client(self) then
        base.refuse_self('receive', 'tcp{client}')
    end
    local size, receiver = pattern_of(pattern)
    prefix = prefix == nil and '' or base.check_string(prefix, 2, 'receive')
    if receiver == receive_line and prefix == '' then
        local line = ready_line(self)
        if line then
            return line, nil, nil
        end
    end
    local limit, parts = limit_of(self), {prefix}
    local problem
    if receiver then
        problem = receiver(self, limit, parts)
    elseif size == 0 or size > #prefix then
        problem = receive_bytes(self, math.max(0, size - #prefix), limit, parts)
    end
    local data = concat(parts)
    if problem then
        return nil, problem, data
    end
    return data, nil, nil
end

function methods.dirty(self)
    return self.first <= #self.buffer
end

-- ---- sending ----

local function send_bytes(self, data, position, last)
    local limit = limit_of(self)
    while position <= last do
        local sock = self.sock
        if not sock then
            return 'closed', position
        end
        local stop = position + SEND_SIZE - 1
        local piece = data
        if position > 1 or last < #data or stop < last then
            piece = sub(data, position, stop < last and stop or last)
        end
        local sent = sock:syswrite(piece)
        if sent then
            position = position + sent
            self.sent = self.sent + sent
        else
            local problem = await(self, sock, raw.writable, limit)
            if problem then
                return problem, position
            end
        end
    end
    return nil, position
end

-- An index as string.sub has it, within the string.
local function index_of(value, default, length, argument)
    if value == nil then
        return default
    end
    local index = base.check_number(value, argument, 'send')
    return index < 0 and length + index + 1 or index
end

function methods.send(self, data, first, last)
    if not is_client(self) then
        base.refuse_self('send', 'tcp{client}')
    end
    data = base.check_string(data, 1, 'send')
    first = index_of(first, 1, #data, 2)
    last = index_of(last, #data, #data, 3)
    first = first < 1 and 1 or first
    last = last > #data and #data or last
    local problem, position = send_bytes(self, data, first, last)
    if problem then
        return nil, problem, position - 1
    end
    return position - 1, nil, nil
end

-- ---- the rest ----

local halves = {both = 'RW', receive = 'R', send = 'W'}

function methods.shutdown(self, how)
    if not is_client(self) then
        base.refuse_self('shutdown', 'tcp{client}')
    end
    how = how == nil and 'both' or base.check_string(how, 1, 'shutdown')
    if not halves[how] then
        base.refuse(1, 'shutdown', ("invalid option '%s'"):format(how))
    end
    if self.sock then
        self.sock:shutdown(halves[how])
    end
    return 1
end

function methods.getoption(self, name)
    return options.get(options.tcp, self, name)
end

function methods.setoption(self, name, value)
    return options.set(options.tcp, self, name, value)
end

function methods.getstats(self)
    if not is_client(self) then
        base.refuse_self('getstats', 'tcp{client}')
    end
    return self.received, self.sent, gettime() - self.born
end

function methods.setstats(self, received, sent, age)
    if not is_client(self) then
        base.refuse_self('setstats', 'tcp{client}')
    end
    self.received = received == nil and self.received or base.check_number(received, 1, 'setstats')
    self.sent = sent == nil and self.sent or base.check_number(sent, 2, 'setstats')
    self.born = age == nil and self.born or gettime() - base.check_number(age, 3, 'setstats')
    return 1
end

master = base.new_class('tcp{master}', methods)
client = base.new_class('tcp{client}', methods)
server = base.new_class('tcp{server}', methods)

-- For socket.unix.
base.stream = {
    methods = methods, new = new_object, connect_to = connect_to, listen_as = listen_as, accept_as = accept_as,
}

-- ---- making them ----

-- Without a family the first address that is bound or connected to decides.
local function new_tcp(family)
    local self = new_object(master, family)
    self.any_family = family == nil
    if family and not base.prepare(self, family) then
        return nil, base.word(errno())
    end
    return self
end

base.functions = {
    tcp = function()
        return new_tcp(nil)
    end,
    tcp4 = function()
        return new_tcp('AF_INET')
    end,
    tcp6 = function()
        return new_tcp('AF_INET6')
    end,
}
