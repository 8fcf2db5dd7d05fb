-- Prints every function that scripts find in the modules and in their objects, one a line, as
-- lua/meta/ names them. Runs under sockd and under Tarantool.
local function list(prefix, holder)
    for name, value in pairs(holder or {}) do
        local meta = type(value) == 'table' and getmetatable(value)
        local callable = type(value) == 'function' or (meta and meta.__call)
        if type(name) == 'string' and callable and not name:match('^_') then
            print(prefix .. name)
        end
    end
end

-- Methods are found through `__index`, be it a table or a function of the metatable.
local function methods(prefix, object, names)
    local meta = debug.getmetatable(object)
    if meta and type(meta.__index) == 'table' then
        list(prefix, meta.__index)
    end
    for _, name in ipairs(names or {}) do
        if type(object[name]) == 'function' then
            print(prefix .. name)
        end
    end
end

local function module(name)
    local ok, found = pcall(require, name)
    if not ok then
        return {}
    end
    local meta = type(found) == 'table' and getmetatable(found)
    if meta and meta.__call then
        print(name .. '.__call')
    end
    list(name .. '.', found)
    -- The constants of errno are found that way, too; they are no functions.
    if meta and type(meta.__index) == 'table' then
        list(name .. '.', meta.__index)
    end
    return found
end

local socket = module('socket')
list('socket.dns.', socket.dns)
methods('socket_object:', socket('AF_INET', 'SOCK_STREAM', 'tcp'))

local server = socket.bind('127.0.0.1', 0)
local host, port = server:getsockname()
for _, object in ipairs({socket.tcp(), server, (socket.connect(host, port))}) do
    methods('tcp_object:', object)
end
if socket.udp then
    methods('udp_object:', (socket.udp()))
end

local fiber = module('fiber')
methods('fiber_object:', fiber.self(), {
    'cancel', 'id', 'join', 'kill', 'name', 'set_joinable', 'status', 'wakeup',
})
if fiber.channel then
    methods('fiber_channel:', fiber.channel())
end
if fiber.cond then
    methods('fiber_cond:', fiber.cond())
end
for _, name in ipairs({'errno', 'log', 'clock', 'json', 'msgpack', 'sockd'}) do
    module(name)
end
for _, name in ipairs({'tarantool', 'uri', 'uuid', 'digest', 'yaml'}) do
    module(name)
end
if package.loaded.uuid then
    methods('uuid_object:', package.loaded.uuid.NULL)
end
list('box.', box)

-- What LuaJIT has in them is nobody's but LuaJIT's.
local OWN = ' byte char dump find format gmatch gsub len lower match rep reverse sub upper' ..
    ' concat foreach foreachi getn insert maxn move new pack remove sort unpack '
for name, holder in pairs({string = string, table = table}) do
    local added = {}
    for key, value in pairs(holder) do
        added[key] = not OWN:find(' ' .. key .. ' ', 1, true) and value or nil
    end
    list(name .. '.', added)
end
list('', {tonumber64 = tonumber64})
os.exit(0)
