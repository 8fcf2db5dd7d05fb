-- Runs the cases of one file, written for LuaSocket, and prints a line for each thing that they show:
-- its name, a tab, and the values in a form that is the same in every process.
--
--     luajit run.lua cases/TOPIC.lua PEER-PORT
--     sockd run run.lua cases/TOPIC.lua PEER-PORT
--
-- The peer is that of compare.py.
local socket = require('socket')

local file, peer_port = arg[1], tonumber(arg[2])
local topic = file:match('([^/]+)%.lua$')
local current

-- ---- values as text ----

-- Ports of the kernel's choosing are anybody's.
local function scrub(text)
    text = text:gsub('^[^\n]-:%d+: ', '', 1) -- the place of an error
    text = text:gsub('0x%x+', 'ADDRESS')
    return (text:gsub('%f[%d]%d%d%d%d%d%f[%D]', function(digits)
        local port = tonumber(digits)
        return port >= 32768 and port <= 60999 and 'PORT' or nil
    end))
end

local function is_object(value)
    return tostring(value):match('^%l+{%l+}') ~= nil
end

local describe

local function describe_table(value)
    local keys, parts = {}, {}
    for key in pairs(value) do
        keys[#keys + 1] = key
    end
    table.sort(keys, function(a, b)
        return tostring(a) < tostring(b)
    end)
    for _, key in ipairs(keys) do
        parts[#parts + 1] = describe(key) .. '=' .. describe(value[key])
    end
    return '{' .. table.concat(parts, ', ') .. '}'
end

function describe(value)
    local kind = type(value)
    if is_object(value) then
        return '<' .. tostring(value):match('^[^:]+') .. '>'
    elseif kind == 'string' then
        return #value > 200 and ('%d bytes'):format(#value) or ('%q'):format(scrub(value))
    elseif kind == 'table' then
        return describe_table(value)
    elseif kind == 'function' then
        return 'function'
    end
    return scrub(tostring(value))
end

-- ---- for the cases ----

-- Prints what it is given under the case's name and `label`.
function show(label, ...)
    local parts = {}
    for index = 1, select('#', ...) do
        parts[index] = describe((select(index, ...)))
    end
    io.write(topic, '.', current, '.', label, '\t', table.concat(parts, ' | '), '\n')
end

-- Prints the error that `call` throws.
function fails(label, call)
    local done, problem = pcall(call)
    show(label, done and 'does not fail' or problem)
end

function case(name, body)
    current = name
    local done, problem = pcall(body)
    if not done then
        show('!', problem)
    end
end

-- A listening socket on the loopback interface, and its port.
function server(host)
    local listener = assert(socket.bind(host or '127.0.0.1', 0))
    local _, port = listener:getsockname()
    return listener, tonumber(port)
end

-- Two ends of a connection.
function pair()
    local listener, port = server()
    local client = assert(socket.connect('127.0.0.1', port))
    local accepted = assert(listener:accept())
    listener:close()
    return client, accepted
end

-- A connection to the peer, which does what it is told.
function peer(order)
    local client = assert(socket.connect('127.0.0.1', peer_port))
    assert(client:send(order .. '\n'))
    return client
end

-- Waits until the other end has bytes, or the end of the stream, to read.
function settle(object)
    socket.select({object}, nil, 5)
end

-- A port where nobody listens.
function dead_port()
    local listener, port = server()
    listener:close()
    return port
end

dofile(file)
os.exit(0)
