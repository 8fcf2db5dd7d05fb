-- The LuaSocket emulation: names and addresses. Look-ups go to the threads that getaddrinfo has.
local core = ...
local base, check = core.luasocket, core.check

local dns = {}
base.functions.dns = dns

dns.gethostname = base.gethostname

local families = {AF_INET = 'inet', AF_INET6 = 'inet6'}

function dns.getaddrinfo(host)
    host = base.check_string(host, 1, 'getaddrinfo')
    local found, problem = base.resolve(host ~= '*' and host or nil, 0, {type = 'SOCK_STREAM'})
    if not found then
        return nil, problem
    end
    local list = {}
    for index, address in ipairs(found) do
        list[index] = {family = families[address.family], addr = address.host}
    end
    return list
end

local function reverse(address, port)
    return check(base.reverse(address, port))
end

-- What is known of a name or an IPv4 address: {name =, alias =, ip =}.
local function look_up(host)
    local names, addresses = check(base.entry(host))
    if not names then
        return nil, addresses
    end
    local answer = {name = names:match('^%S+'), alias = {}, ip = {}}
    for alias in names:gmatch(' (%S+)') do
        answer.alias[#answer.alias + 1] = alias
    end
    for address in addresses:gmatch('%S+') do
        answer.ip[#answer.ip + 1] = address
    end
    return answer
end

function dns.toip(host)
    local answer, problem = look_up(base.check_string(host, 1, 'toip'))
    if not answer then
        return nil, problem
    end
    return answer.ip[1], answer
end

function dns.tohostname(host)
    local answer, problem = look_up(base.check_string(host, 1, 'tohostname'))
    if not answer then
        return nil, problem
    end
    return answer.name, answer
end

-- The names of each address of a host, and the name of a service; either may be left out.
function dns.getnameinfo(host, service)
    if host == nil and service == nil then
        base.throw('host and serv cannot be both nil')
    end
    local found, problem = base.resolve(host, service or 0, {type = 'SOCK_STREAM'})
    if not found then
        return nil, problem
    end
    local names, known = {}, nil
    for _, address in ipairs(found) do
        local name, of_service = reverse(address.host, address.port)
        if host ~= nil then
            names[#names + 1] = name
        end
        known = of_service
    end
    if service == nil then
        return names
    end
    return names, known
end
