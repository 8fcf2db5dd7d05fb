-- Servers: a listener, and a handler for each of its connections.
local core = ...
local raw, check, socket = core.socket, core.check, package.loaded.socket
local errno = package.loaded.errno

-- Closes a listener that came to nothing; what was wrong is still the last error.
local function discard(listener)
    local number = errno()
    listener:close()
    errno(number)
end

-- A listener at one address, prepared: one of the scripts that are being replaced, or a new one.
local function listen_at(address, host, port, prepare)
    host, port = address.host or host, address.port or port
    local listener = core.claim(host, port)
    if listener then
        local backlog = prepare(listener)
        if type(backlog) == 'number' then
            listener:listen(backlog)
        end
        return listener
    end
    listener = raw.new(address.family or 'AF_UNIX', 'SOCK_STREAM', 0)
    if not listener then
        return nil
    end
    local done, problem = raw.listen_at(listener, host, port, prepare(listener))
    if done then
        return listener
    end
    discard(listener)
    return nil, problem
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
        local listener
        listener, problem = listen_at(address, host, port, prepare)
        if listener then
            return listener
        end
    end
    return nil, problem or core.strerror()
end

local function listen(host, port, prepare, timeout)
    if prepare then
        return listen_prepared(host, port, prepare, timeout)
    end
    return check(raw.listen(host, port, timeout))
end

local function is_callable(value)
    if type(value) == 'function' then
        return true
    end
    local meta = type(value) == 'table' and getmetatable(value)
    return meta and meta.__call ~= nil
end

-- {handler =, …} from a function or such a table; nil from anything else.
local function with_handler(value)
    if type(value) == 'function' then
        return {handler = value}
    elseif type(value) == 'table' and is_callable(value.handler) then
        return value
    end
end

local function listener_at(host, port, prepare, timeout)
    local listener, problem = listen(host, port, prepare, timeout)
    if not listener then
        return nil, problem
    end
    core.enlist(listener)
    return listener, listener:name()
end

function socket.tcp_server(host, port, handler, timeout)
    local options = with_handler(handler)
    local prepare = options and options.prepare
    if host == nil or options == nil or prepare ~= nil and not is_callable(prepare) then
        error('Usage: socket.tcp_server(host, port, handler | opts)', 2)
    end
    local listener, address = listener_at(host, port, prepare, timeout)
    if not listener then
        return nil, address
    end
    local problem = core.serve(listener, options.handler, options.name or 'server')
    if problem then
        discard(listener)
        return nil, problem
    end
    return listener, address
end

-- The first half of it: bound and listening, its connections waiting in the queue.
function socket.tcp_server_create(host, port, prepare, timeout)
    if type(prepare) == 'table' and not is_callable(prepare) then
        prepare = prepare.prepare
    end
    if host == nil or prepare ~= nil and not is_callable(prepare) then
        error('Usage: socket.tcp_server_create(host, port, prepare | opts)', 2)
    end
    return listener_at(host, port, prepare, timeout)
end

-- The second half: serves the listener until it closes, in the calling fiber.
function socket.tcp_server_loop(listener, handler)
    local options = with_handler(handler)
    if type(listener) == 'number' then
        listener = socket.from_fd(listener)
    end
    if type(listener) ~= 'table' or listener.listen == nil or options == nil then
        error('Usage: socket.tcp_server_loop(listener | fd, handler | opts)', 2)
    end
    local problem = core.serve(listener, options.handler, options.name or 'server')
    if problem then
        return nil, problem
    end
    check(raw.wait_closed(listener))
end
