-- Calls of every function and method that scripts have, with arguments that an input chooses among
-- those that are likely to be wrong. Returns the function that runs an input: in a fiber, and what
-- may wait in fibers of its own. What it is given beside the input hears of every outcome, in the
-- fiber that made the call: the name, what it is a method of, the object, and pcall's results.
local fiber, socket = require('fiber'), require('socket')
local json, msgpack = require('json'), require('msgpack')
local nan, inf = 0 / 0, math.huge

-- ---- what is called ----

local functions = {}

local function sorted(holder)
    local names = {}
    for name in pairs(holder) do
        if type(name) == 'string' then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    return names
end

-- Functions, and objects that can be called; `kind` of the object that they are methods of.
local function add(holder, kind)
    for _, name in ipairs(sorted(holder)) do
        local value = holder[name]
        local meta = type(value) == 'table' and getmetatable(value)
        if type(value) == 'function' or (meta and meta.__call) then
            functions[#functions + 1] = {call = value, kind = kind, name = name}
        end
    end
end

local function methods(object, kind)
    local meta = debug.getmetatable(object)
    add(type(meta.__index) == 'table' and meta.__index or {}, kind)
    add(meta, kind)
end

local sleeper = fiber.new(function() end)

for _, name in ipairs({'socket', 'fiber', 'clock', 'json', 'msgpack', 'log', 'errno', 'sockd'}) do
    local module = require(name)
    add(module)
    functions[#functions + 1] = {call = module}
end
add(socket.dns)
methods(socket('AF_INET', 'SOCK_STREAM', 'tcp'), 'socket')
methods(socket.tcp(), 'tcp')
methods(socket.udp(), 'udp')
methods(sleeper, 'fiber')
for _, name in ipairs({'cancel', 'id', 'join', 'kill', 'name', 'set_joinable', 'status', 'wakeup'}) do
    functions[#functions + 1] = {call = sleeper[name], kind = 'fiber'}
end
methods(fiber.channel(), 'channel')
methods(fiber.cond(), 'cond')
add(json.new(), 'json')
add(msgpack.new(), 'msgpack')

-- ---- with what ----

local function deep(levels)
    local value = {}
    for _ = 1, levels do
        value = {value}
    end
    return value
end

local cycle = {1}
cycle[2], cycle.self = cycle, cycle
local trap = setmetatable({}, {
    __index = function() error('a trap') end,
    __newindex = function() error('a trap') end,
    __call = function() error('a trap') end,
    __tostring = function() return 7 end,
    __serialize = function() error('a trap') end,
    __len = function() return -1 end,
})

local plain = {
    false, true, 0, -0.0, 1, 2, -1, 0.5, 1e-9, 127, 128, 255, 256, 32767, 65535, 65536, 2 ^ 31 - 1, 2 ^ 31,
    -2 ^ 31, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 53, 2 ^ 53 + 2, 2 ^ 63, -2 ^ 63, 2 ^ 64, 1e18, 1e308, -1e308, 5e-324, nan, inf,
    -inf, 1LL, -1LL, 9223372036854775807LL, 18446744073709551615ULL, '', '0', '1', '80', '-1', '0x10', '1e5',
    '1e400', 'nan', '99999999999999999999', '65536', ' 1', '1 ', '1\0', '\0', 'a\0b', 'a\nb', '\n', '\r\n', '\255',
    ('x'):rep(255), ('x'):rep(256), ('x'):rep(70000), ('9'):rep(400), '%s', '%n%d', '127.0.0.1', '127.0.0.1:80',
    '::1', '0.0.0.0', '255.255.255.255', 'localhost', 'name.invalid', 'unix/', '/nowhere/socket', '@abstract',
    '\0abstract', ('/'):rep(108), 'AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK', 'SOCK_STREAM', 'SOCK_DGRAM',
    'SOCK_SEQPACKET', 'SOCK_RAW', 'tcp', 'udp', 'SOL_SOCKET', 'SO_REUSEADDR', 'SO_LINGER', 'SO_RCVBUF', 'SO_ERROR',
    'SO_RCVTIMEO', 'IPPROTO_TCP', 'TCP_NODELAY', 'tcp-nodelay', 'reuseaddr', 'linger', 'MSG_DONTWAIT', 'MSG_PEEK',
    'SHUT_RD', 'SHUT_RDWR', 'both', 'R', 'W', 'RW', '*a', '*l', '*n', 'b', 't', 'line', 'chunk',
}
for _, value in ipairs({
    {}, {1, 2, 3}, {'a', 'b'}, {limit = 10, delimiter = '\n'}, {chunk = 5}, {delimiter = {'', 'x'}}, {timeout = nan},
    {limit = -1}, {limit = 2 ^ 40}, {delimiter = {}}, {name = 'n', handler = print}, {handler = 5}, {on = true, timeout = inf},
    {family = 'AF_INET', type = 'SOCK_STREAM'}, {[2 ^ 40] = 1}, {[1] = 1, [1e6] = 2}, {[nan ~= nan] = 1}, {{}}, {[{}] = {}},
    deep(20), deep(200), cycle, trap, json.NULL or false, setmetatable({}, {__serialize = 'map'}),
    function() end, function(...) return ... end, function() error({}) end, function() error('text') end,
    function() fiber.yield() end, function() fiber.sleep(1) end, function() return nil, 'no' end,
    coroutine.create(function() end), coroutine.wrap(function() coroutine.yield() end), io.stdout, string, print,
}) do
    plain[#plain + 1] = value
end

-- Objects of each input, in every state.
local function objects()
    local reader, writer = socket('AF_INET', 'SOCK_STREAM', 'tcp'), socket('AF_INET', 'SOCK_STREAM', 'tcp')
    local message = socket('AF_INET', 'SOCK_DGRAM', 'udp')
    local closed = socket('AF_INET', 'SOCK_STREAM', 'tcp')
    closed:close()
    reader:bind('127.0.0.1', 0)
    reader:listen(1)
    local ended = fiber.new(function() end)
    ended:set_joinable(true)
    local cancelled = fiber.new(function() fiber.sleep(100) end)
    cancelled:cancel()
    local waiting = fiber.create(function() fiber.sleep(1000) end)
    local over = fiber.channel(1)
    over:close()
    local full = fiber.channel(1)
    full:put('x', 0)
    return {
        socket = {reader, writer, message, closed}, fiber = {ended, cancelled, waiting, fiber.self()},
        channel = {fiber.channel(), fiber.channel(3), over, full}, cond = {fiber.cond()},
        tcp = {socket.tcp(), (socket.bind('127.0.0.1', 0))}, udp = {socket.udp()}, json = {json.new()},
        msgpack = {msgpack.new()},
    }
end
local kinds = {'socket', 'fiber', 'channel', 'cond', 'tcp', 'udp', 'json', 'msgpack'}

-- ---- an input ----

local function reader(text)
    local at = 0
    local function byte()
        at = at + 1
        return text:byte(at) or 0
    end
    return byte, function() return at < #text end, function(count)
        local piece = text:sub(at + 1, at + count)
        at = at + count
        return piece
    end
end

-- One argument. What earlier calls returned are arguments too.
local function argument(byte, piece, own, results)
    local choice = byte()
    if choice < 200 then
        return plain[(choice * 256 + byte()) % #plain + 1]
    elseif choice < 225 then
        local kind = own[kinds[byte() % #kinds + 1]]
        return kind[byte() % #kind + 1]
    elseif choice < 240 then
        return results[byte() % 16 + 1]
    elseif choice < 250 then
        return piece(byte() % 32)
    end
    return (byte() - 128) * 2 ^ (byte() - 128)
end

local function arguments(entry, byte, piece, own, results)
    local shape = byte()
    local count, list = shape % 6, {}
    if entry.kind and shape < 224 then
        local same = own[entry.kind]
        list[1] = same[byte() % #same + 1]
    end
    local first = entry.kind and shape < 224 and 1 or 0
    for i = first + 1, first + count do
        list[i] = argument(byte, piece, own, results)
    end
    return list, first + count
end

-- Objects join those of their kind, other values the results.
local function keep(own, results, ok, ...)
    for i = 1, ok and select('#', ...) or 0 do
        table.insert(results, 1, (select(i, ...)))
        results[17] = nil
    end
end

local function within(way, call, ...)
    local list, count = {...}, select('#', ...)
    local function again() return call(unpack(list, 1, count)) end
    if way == 0 then
        return pcall(table.sort, {1, 2}, function() again() return false end)
    elseif way == 1 then
        return pcall(string.gsub, 'x', 'x', again)
    elseif way == 2 then
        return pcall(coroutine.wrap(again))
    end
    return xpcall(again, function(text) pcall(again) return text end)
end

local function tell(heard, entry, object, ...)
    if heard then
        heard(entry.name, entry.kind, object, ...)
    end
    return ...
end

local function step(byte, piece, own, results, heard)
    local entry = functions[(byte() * 256 + byte()) % #functions + 1]
    local way = byte()
    local list, count = arguments(entry, byte, piece, own, results)
    if way < 160 then
        fiber.create(function()
            keep(own, results, tell(heard, entry, list[1], pcall(entry.call, unpack(list, 1, count))))
        end)
    elseif way < 200 then
        fiber.create(function() keep(own, results, within(way % 4, entry.call, unpack(list, 1, count))) end)
    elseif way < 240 then
        local doomed = fiber.create(function() pcall(entry.call, unpack(list, 1, count)) end)
        pcall(doomed.cancel, doomed)
    else
        fiber.yield()
    end
end

return function(text, heard)
    local byte, more, piece = reader(text)
    local own, results = objects(), {}
    for _ = 1, 40 do
        if not more() then
            break
        end
        step(byte, piece, own, results, heard)
    end
end
