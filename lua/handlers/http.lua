-- A tiny HTTP/1.1 server, to show a protocol with headers, keep-alive and a limit on all that a
-- peer may send. Serve it by its dotted name:
--
--     sockctl server 127.0.0.1 8080 http.serve
--     curl http://127.0.0.1:8080/hello
local log = require('log')

http = {}

-- What is answered: path -> function(request) -> status, body. Other scripts may not add to it,
-- since each has globals of its own; copy this file and make it yours.
local routes = {}

routes['/'] = function()
    return '200 OK', 'sockd says hello\n'
end

routes['/hello'] = function(request)
    return '200 OK', ('hello, %s\n'):format(request.headers['user-agent'] or 'whoever you are')
end

local IDLE = 15 -- seconds that a connection may say nothing
local LINE = 8192 -- bytes of a request line or header
local HEADERS = 100

-- One line without its end, or nil at the end of the stream, on a timeout, or if it is too long.
local function read_line(connection)
    local line = connection:read({delimiter = '\n', limit = LINE}, IDLE)
    if line == nil or line:sub(-1) ~= '\n' then
        return nil
    end
    return (line:gsub('\r?\n$', ''))
end

local function read_headers(connection)
    local headers = {}
    for _ = 1, HEADERS do
        local line = read_line(connection)
        if line == nil then
            return nil
        elseif line == '' then
            return headers
        end
        local name, value = line:match('^([^:%s]+):%s*(.-)%s*$')
        if name then
            headers[name:lower()] = value
        end
    end
end

local function read_request(connection)
    local line = read_line(connection)
    if line == nil then
        return nil
    end
    local method, target, version = line:match('^(%u+) (%S+) HTTP/(1%.[01])$')
    local headers = method and read_headers(connection)
    if not headers then
        return nil, 'malformed'
    end
    return {method = method, path = target:match('^[^?]*'), version = version, headers = headers}
end

local function respond(connection, request, status, body)
    local keep = request.version == '1.1' and request.headers.connection ~= 'close'
    connection:write(table.concat({
        'HTTP/1.1 ' .. status,
        'Content-Type: text/plain; charset=utf-8',
        'Content-Length: ' .. #body,
        'Connection: ' .. (keep and 'keep-alive' or 'close'),
        '',
        request.method == 'HEAD' and '' or body,
    }, '\r\n'))
    return keep
end

local function answer(connection, request)
    if request.method ~= 'GET' and request.method ~= 'HEAD' then
        request.headers.connection = 'close' -- its body is not read
        return respond(connection, request, '405 Method Not Allowed', 'GET and HEAD only\n')
    end
    local route = routes[request.path]
    if not route then
        return respond(connection, request, '404 Not Found', 'nothing here\n')
    end
    return respond(connection, request, route(request))
end

function http.serve(connection, from)
    while true do
        local request, problem = read_request(connection)
        if problem then
            log.verbose('http: a malformed request from %s', tostring(from))
            connection:write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
        end
        if not request or not answer(connection, request) then
            return
        end
    end
end
