-- The LuaSocket emulation: socket options by LuaSocket's names, each with how it is got and set by
-- sockd's own getsockopt and setsockopt.
local core = ...
local base = core.luasocket
local multicast_if = base.multicast_if

-- ---- kinds: get(sock, option), set(sock, option, value) ----

local function get(sock, option)
    return sock:getsockopt(option.level, option.name)
end

local flag = {
    get = function(sock, option)
        local value = get(sock, option)
        return value and value ~= 0
    end,
    set = function(sock, option, value)
        base.check_type('boolean', value, 2, 'setoption')
        return sock:setsockopt(option.level, option.name, value)
    end,
}

local number = {
    get = get,
    set = function(sock, option, value)
        value = tonumber(value) or 0
        return sock:setsockopt(option.level, option.name, value - math.fmod(value, 1))
    end,
}

local function field(value, name, kind)
    local got = value[name]
    if type(got) ~= kind then
        base.refuse(2, 'setoption', ("%s '%s' field expected"):format(kind, name))
    end
    return got
end

local linger = {
    get = function(sock)
        local on, timeout = sock:linger()
        return on ~= nil and {on = on, timeout = timeout} or nil
    end,
    set = function(sock, _, value)
        base.check_type('table', value, 2, 'setoption')
        return sock:linger(field(value, 'on', 'boolean'), field(value, 'timeout', 'number')) ~= nil
    end,
}

-- The socket's pending error in words; reading it takes it away. No error is a value too.
local pending = {
    get = function(sock, option)
        local code = get(sock, option)
        return code and code ~= 0 and base.word(code) or nil, true
    end,
}

-- {multiaddr =, interface =}, the interface by address for IPv4 and by index for IPv6.
local group = {
    set = function(sock, option, value)
        base.check_type('table', value, 2, 'setoption')
        local address = field(value, 'multiaddr', 'string')
        local interface = value.interface
        if option.level == 'IPPROTO_IP' then
            interface = field(value, 'interface', 'string')
            interface = interface == '*' and '0.0.0.0' or interface
        end
        return sock:setsockopt(option.level, option.name, {address, interface})
    end,
}

-- The interface of outgoing multicasts, by address.
local outgoing = {
    get = function(sock)
        return multicast_if(sock)
    end,
    set = function(sock, _, value)
        value = base.check_string(value, 2, 'setoption')
        return multicast_if(sock, value == '*' and '0.0.0.0' or value)
    end,
}

-- ---- the options ----

local function option(kind, level, name)
    return {level = level, name = name, get = kind.get, set = kind.set}
end

local function writable(kind, level, name)
    return {level = level, name = name, set = kind.set}
end

local common = {
    ['error'] = option(pending, 'SOL_SOCKET', 'SO_ERROR'),
    ['recv-buffer-size'] = option(number, 'SOL_SOCKET', 'SO_RCVBUF'),
    ['reuseaddr'] = option(flag, 'SOL_SOCKET', 'SO_REUSEADDR'),
    ['reuseport'] = option(flag, 'SOL_SOCKET', 'SO_REUSEPORT'),
    ['send-buffer-size'] = option(number, 'SOL_SOCKET', 'SO_SNDBUF'),
}

local tcp = {
    ['ipv6-v6only'] = writable(flag, 'IPPROTO_IPV6', 'IPV6_V6ONLY'),
    ['keepalive'] = option(flag, 'SOL_SOCKET', 'SO_KEEPALIVE'),
    ['linger'] = option(linger, 'SOL_SOCKET', 'SO_LINGER'),
    ['tcp-defer-accept'] = writable(number, 'IPPROTO_TCP', 'TCP_DEFER_ACCEPT'),
    ['tcp-fastopen'] = writable(number, 'IPPROTO_TCP', 'TCP_FASTOPEN'),
    ['tcp-keepcnt'] = option(number, 'IPPROTO_TCP', 'TCP_KEEPCNT'),
    ['tcp-keepidle'] = option(number, 'IPPROTO_TCP', 'TCP_KEEPIDLE'),
    ['tcp-keepintvl'] = option(number, 'IPPROTO_TCP', 'TCP_KEEPINTVL'),
    ['tcp-nodelay'] = option(flag, 'IPPROTO_TCP', 'TCP_NODELAY'),
}

local udp = {
    ['broadcast'] = option(flag, 'SOL_SOCKET', 'SO_BROADCAST'),
    ['dontroute'] = option(flag, 'SOL_SOCKET', 'SO_DONTROUTE'),
    ['ip-add-membership'] = writable(group, 'IPPROTO_IP', 'IP_ADD_MEMBERSHIP'),
    ['ip-drop-membership'] = writable(group, 'IPPROTO_IP', 'IP_DROP_MEMBERSHIP'),
    ['ip-multicast-if'] = option(outgoing, 'IPPROTO_IP', 'IP_MULTICAST_IF'),
    ['ip-multicast-loop'] = option(flag, 'IPPROTO_IP', 'IP_MULTICAST_LOOP'),
    ['ip-multicast-ttl'] = writable(number, 'IPPROTO_IP', 'IP_MULTICAST_TTL'),
    ['ipv6-add-membership'] = writable(group, 'IPPROTO_IPV6', 'IPV6_JOIN_GROUP'),
    ['ipv6-drop-membership'] = writable(group, 'IPPROTO_IPV6', 'IPV6_LEAVE_GROUP'),
    ['ipv6-multicast-hops'] = option(number, 'IPPROTO_IPV6', 'IPV6_MULTICAST_HOPS'),
    ['ipv6-multicast-loop'] = option(flag, 'IPPROTO_IPV6', 'IPV6_MULTICAST_LOOP'),
    ['ipv6-unicast-hops'] = option(number, 'IPPROTO_IPV6', 'IPV6_UNICAST_HOPS'),
    ['ipv6-v6only'] = option(flag, 'IPPROTO_IPV6', 'IPV6_V6ONLY'),
}

for name, row in pairs(common) do
    tcp[name], udp[name] = row, row
end

-- ---- the methods ----

local options = {tcp = tcp, udp = udp}
base.options = options

local function find(known, name, what, method)
    name = base.check_string(name, 1, method)
    local row = known[name]
    if not row or not row[what] then
        base.refuse(1, method, ('unsupported option `%s\''):format(name))
    end
    return row
end

-- The value; or nil and a sentence.
function options.get(known, self, name)
    local row = find(known, name, 'get', 'getoption')
    if self.sock then
        local value, fine = row.get(self.sock, row)
        if value ~= nil or fine then
            return value
        end
    end
    return nil, 'getsockopt failed'
end

function options.set(known, self, name, value)
    local row = find(known, name, 'set', 'setoption')
    if self.sock and row.set(self.sock, row, value) then
        return 1
    end
    return nil, 'setsockopt failed'
end
