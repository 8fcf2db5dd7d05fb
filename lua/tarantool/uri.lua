-- The module uri: addresses as Tarantool writes them, such as user:password@host:3301,
-- unix/:/path/to/socket, /path/to/socket, 3301, or a URL.
local uri = {}

local concat = table.concat
local error, type = error, type

local MAX_HOST, MAX_SERVICE = 1024, 255 -- bytes that a host and a service may have

-- Sets of characters, as patterns have them.
local NAME = "%w%-_~.!$&'()*+,;="
local PATH = NAME .. '@:|'

-- Whether all of a text is of these characters, and of bytes written as %20.
local function is_of(text, chars)
    if text:find('%', 1, true) then
        local rest = text:gsub('%%%%', ''):gsub('%%u%x%x%x%x', ''):gsub('%%%x%x?', '')
        return not rest:find('[^' .. chars .. ']')
    end
    return not text:find('[^' .. chars .. ']')
end

-- ---- the parts of what has neither a query nor a fragment any more ----

-- A path to a socket: no part of it is empty.
local function is_socket_path(text)
    local path = text:match('^%.?(/.*)$')
    return path and not path:find('//', 1, true) and path:sub(-1) ~= '/' and is_of(path, NAME .. '@/')
end

local function is_ipv4(text)
    local a, b, c, d = text:match('^(%d+)%.(%d+)%.(%d+)%.(%d+)$')
    return a and #a <= 3 and #b <= 3 and #c <= 3 and #d <= 3
end

local function is_ipv6(text)
    local mapped = text:match('^::[fF][fF][fF][fF]:(.*)$')
    if mapped and is_ipv4(mapped) then
        return true
    end
    local _, colons = text:gsub(':', '')
    return colons >= 1 and colons <= 8 and not text:find('[^%x:]') and not text:find('%x%x%x%x%x')
end

-- login[:password] before the @, if that is one. The rest.
local function take_login(result, text)
    local front, rest = text:match('^([^@/]*)@(.*)$')
    if not front or front == '' then
        return text
    end
    local login, colon, password = front:match('^([^:]*)(:?)(.*)$')
    if login == '' or not is_of(login, NAME) or not is_of(password, NAME) then
        return text
    end
    result.login = login
    if colon ~= '' then
        result.password = password
    end
    return rest
end

local function set_unix(result, path)
    if #path > MAX_SERVICE then
        return nil
    end
    result.host, result.service, result.unix = 'unix/', path, path
    return result
end

-- [host][:service] as a whole.
local function take_host(result, text)
    local host, service = text:match('^(%b[])(.*)$')
    if host then
        host = host:sub(2, -2)
        if not is_ipv6(host) then
            return nil
        end
        result.ipv6 = host
    else
        host, service = text:match('^([^:]+)(.*)$')
        if not host or not is_of(host, NAME) then
            return nil
        elseif is_ipv4(host) then
            result.ipv4 = host
        end
    end
    service = service:match('^:(%d*)$') or service:match('^:(%a*)$') or service ~= '' and error
    if service == error or #host > MAX_HOST or service and #service > MAX_SERVICE then
        return nil
    end
    result.host = host
    result.service = service and service ~= '' and service or nil
    return result
end

-- A path alone is that of a socket, unless a scheme or a query says that it is none.
local function take_path(result, text)
    if text:find('^//') or not is_of(text, PATH .. '/') then
        return nil
    elseif result.scheme or result.query or result.fragment then
        result.path = text
        return result
    end
    return set_unix(result, text)
end

-- unix/: and the path of a socket, maybe with a path behind it.
local function take_unix(result, text)
    if is_socket_path(text) then
        return set_unix(result, text)
    end
    local socket, behind = text:match('^(.-):(.*)$')
    if socket and is_socket_path(socket) and (behind == '' or behind:find('^/')) and is_of(behind, PATH .. '/') then
        result.path = behind ~= '' and behind or nil
        return set_unix(result, socket)
    end
    return nil
end

-- host[:service][/path].
local function take_place(result, text)
    if text:find('^/') then
        return take_path(result, text)
    elseif text:find('^unix/:') then
        return take_unix(result, text:sub(7))
    end
    local host, rest = text:match('^([^/]*)(.*)$')
    if not is_of(rest, PATH .. '/') then
        return nil
    elseif rest ~= '' then
        result.path = rest
    end
    return host ~= '' and take_host(result, host) or nil
end

-- ---- parse ----

local function parse_place(result, text)
    if text == '' or text == '@' or text:find('^@/') and is_of(text, PATH .. '/') then
        return result
    end
    return take_place(result, take_login(result, text))
end

local function parse_front(result, text)
    if text:find('^%d+$') and not result.query and not result.fragment then
        result.service = text
        return #text <= MAX_SERVICE and result or nil
    end
    local scheme, rest = text:match('^(%a[%w+.-]*)://(.*)$')
    result.scheme = scheme
    return parse_place(result, rest or text)
end

-- Nil for what is no URI.
function uri.parse(text)
    if text == nil then
        error('Usage: uri.parse(string)')
    elseif type(text) ~= 'string' then
        error(("bad argument #1 to 'uri.parse' (string expected, got %s)"):format(type(text)), 2)
    end
    text = text:match('^%Z*')
    if text == '' then
        return nil
    end
    local front, fragment = text:match('^([^#]*)#(.*)$')
    front = front or text
    local place, query = front:match('^([^?]*)%?(.*)$')
    if fragment and not is_of(fragment, PATH .. '/?') or query and not is_of(query, PATH .. '/?') then
        return nil
    end
    return parse_front({query = query, fragment = fragment}, place or front)
end

-- ---- format ----

-- The text of a field, up to a NUL; nil for one that is empty or missing.
local function field(parts, name)
    local value = parts[name]
    if value == nil then
        return nil
    elseif type(value) ~= 'string' then
        error(("uri.format: '%s' is to be a string, not a %s"):format(name, type(value)), 3)
    end
    value = value:match('^%Z*')
    return value ~= '' and value or nil
end

-- The text of what `parse` returned; the password only if that is wanted.
function uri.format(parts, with_password)
    if type(parts) ~= 'table' then
        error(("bad argument #1 to 'uri.format' (table expected, got %s)"):format(type(parts)), 2)
    end
    local out = {}
    local function put(front, text, behind)
        if text then
            out[#out + 1] = front .. text .. (behind or '')
        end
    end
    local login, password, host = field(parts, 'login'), field(parts, 'password'), field(parts, 'host')
    put('', field(parts, 'scheme'), '://')
    if host then
        if login then
            put(login, with_password and password and ':' .. password or '', '@')
        end
        put('', host)
        put(':', field(parts, 'service'))
    end
    put('', field(parts, 'path'))
    put('?', field(parts, 'query'))
    put('#', field(parts, 'fragment'))
    return concat(out)
end

return uri
