-- The LuaSocket emulation: what programs for LuaSocket find in the module `socket` beside sockd's own
-- calls: functions that make objects, the ways to handle errors, and the sources and sinks that ltn12
-- pumps between. `require('socket.core')` is the same module.
local core = ...
local base = core.luasocket
local functions = base.functions
local socket = package.loaded.socket

local setmetatable, type, pcall, error, select = setmetatable, type, pcall, error, select
local getmetatable = debug.getmetatable

socket._VERSION = 'LuaSocket 3.0.0'
socket._SETSIZE = 1024
socket._DATAGRAMSIZE = 8192
socket.BLOCKSIZE = 2048
for name, value in pairs(functions) do
    socket[name] = value
end

-- ---- connections and servers in one call ----

local makers = {inet = 'tcp4', inet6 = 'tcp6', unspec = 'tcp'}

-- connect(host, port[, local host, local port[, family]])
function socket.connect(host, port, local_host, local_port, family)
    host = base.check_string(host, 1, 'connect')
    port = base.check_string(port, 2, 'connect')
    family = family == nil and 'unspec' or base.check_string(family, 5, 'connect')
    if not makers[family] then
        base.refuse(5, 'connect', ("invalid option '%s'"):format(family))
    end
    local object, problem = functions[makers[family]]()
    local done = object
    if done and local_host then
        done, problem = object:bind(local_host, local_port or 0)
    end
    if done then
        done, problem = object:connect(host, port)
    end
    if done then
        return object
    elseif object then
        object:close()
    end
    return nil, problem
end

function socket.connect4(host, port, local_host, local_port)
    return socket.connect(host, port, local_host, local_port, 'inet')
end

function socket.connect6(host, port, local_host, local_port)
    return socket.connect(host, port, local_host, local_port, 'inet6')
end

local function serve_at(self, address)
    self.sock:setsockopt('SOL_SOCKET', 'SO_REUSEADDR', true)
    return base.bind_to(self, address)
end

-- bind(host, port[, backlog]): a server.
function socket.bind(host, port, backlog)
    host = base.check_string(host, 1, 'bind')
    port = base.check_string(port, 2, 'bind')
    local object = functions.tcp()
    local done, problem = base.try_each(object, host == '*' and '0.0.0.0' or host, port,
                                        'AI_PASSIVE', serve_at)
    if done then
        done, problem = object:listen(backlog)
    end
    if done then
        return object
    end
    object:close()
    return nil, problem
end

-- ---- errors ----

-- What `try` throws and `protect` turns into results again: the first element is the error.
local exception = {__metatable = false}

-- A function that hands its arguments on, unless the first is false: then it calls `finalizer` and
-- throws the second.
function socket.newtry(finalizer)
    return function(...)
        if ... then
            return ...
        end
        if finalizer then
            finalizer()
        end
        error(setmetatable({(select(2, ...))}, exception), 0)
    end
end

socket.try = socket.newtry()

local function settle(done, ...)
    if done then
        return ...
    end
    local problem = ...
    if getmetatable(problem) == exception then
        return nil, problem[1]
    end
    error(problem, 0)
end

-- A function that does what `call` does, and returns nil and the error where that threw from a try.
function socket.protect(call)
    return function(...)
        return settle(pcall(call, ...))
    end
end

-- All but the first `count` of the other arguments.
function socket.skip(count, ...)
    count = base.check_number(count, 1, 'skip')
    if count < 0 then
        return count, ...
    end
    return select(count + 1, ...)
end

-- ---- sources and sinks ----

-- A callable that select takes for the object behind it.
local function wrap(object, call)
    return setmetatable({
        getfd = function()
            return object:getfd()
        end,
        dirty = function()
            return object:dirty()
        end,
    }, {__call = call})
end

local sinks, sources = {}, {}
socket.sinkt, socket.sourcet = sinks, sources

sinks['keep-open'] = function(object)
    return wrap(object, function(_, chunk)
        if chunk then
            return object:send(chunk)
        end
        return 1
    end)
end

sinks['close-when-done'] = function(object)
    return wrap(object, function(_, chunk)
        if chunk then
            return object:send(chunk)
        end
        object:close()
        return 1
    end)
end

sinks.default = sinks['keep-open']

sources['by-length'] = function(object, length)
    return wrap(object, function()
        if length <= 0 then
            return nil
        end
        local chunk, problem = object:receive(math.min(socket.BLOCKSIZE, length))
        if not chunk then
            return nil, problem
        end
        length = length - #chunk
        return chunk
    end)
end

sources['until-closed'] = function(object)
    local ended
    return wrap(object, function()
        if ended then
            return nil
        end
        local chunk, problem, rest = object:receive(socket.BLOCKSIZE)
        if chunk then
            return chunk
        elseif problem ~= 'closed' then
            return nil, problem
        end
        ended = true
        object:close()
        return rest
    end)
end

sources.default = sources['until-closed']

-- A function that finds a maker by its name, `default` without one, and calls it with the rest.
function socket.choose(known)
    return function(name, ...)
        if type(name) ~= 'string' then
            return known.default(name, ...)
        elseif not known[name] then
            error(('unknown key (%s)'):format(name), 2)
        end
        return known[name](...)
    end
end

socket.sink, socket.source = socket.choose(sinks), socket.choose(sources)

function socket.__unload() end

package.loaded['socket.core'] = socket

-- LuaSocket's own would stop the process while it waits.
package.preload['socket.unix'] = function()
    return core.extend('socket_unix')
end
