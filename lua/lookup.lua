-- Looking names up, and the tables of names behind it: socket.getaddrinfo and socket.internal.
local core = ...
local raw, check, socket = core.socket, core.check, package.loaded.socket
local errno = package.loaded.errno

-- A name or its number; nil and false for one that is not in the table.
local function constant(value, names)
    if value == nil or type(value) == 'number' then
        return value, true
    end
    return names[value], names[value] ~= nil
end

-- The sum of a number, a name or a list of them; nil for an unknown one.
local function flags(value, names)
    if type(value) ~= 'table' then
        value = {value}
    end
    local sum, seen = 0, {}
    for _, name in ipairs(value) do
        local number, known = constant(name, names)
        if not known then
            return nil
        end
        if not seen[number] then
            sum, seen[number] = sum + number, true
        end
    end
    return sum
end

local function refuse(number)
    errno(number)
    return nil, errno.strerror(number)
end

function socket.getaddrinfo(host, service, timeout, options)
    if type(timeout) == 'table' then
        timeout, options = nil, timeout
    end
    options = options or {}
    local family, has_family = constant(options.family, raw.DOMAIN)
    local kind, has_kind = constant(options.type, raw.SO_TYPE)
    local sum = flags(options.flags, raw.AI_FLAGS)
    if not has_family or not has_kind or sum == nil then
        return refuse(errno.EINVAL)
    end
    local protocol
    if options.protocol ~= nil then
        protocol = raw.protocol(options.protocol)
        if protocol == nil then
            return refuse(errno.EPROTOTYPE)
        end
    end
    return check(raw.resolve(host, service, timeout, family, kind, protocol, sum))
end

socket.internal = {
    SOL_SOCKET = 1,
    DOMAIN = raw.DOMAIN,
    SO_TYPE = raw.SO_TYPE,
    SO_OPT = raw.SO_OPT,
    SEND_FLAGS = raw.SEND_FLAGS,
    AI_FLAGS = raw.AI_FLAGS,
    -- A protocol is looked up when somebody asks for it: the system's list may be long.
    protocols = setmetatable({tcp = 6, udp = 17, ip = 0}, {
        __index = function(_, name)
            return type(name) == 'string' and raw.protocol(name) or nil
        end,
    }),
}
