-- The module uri.
local uri = require('uri')

local whole = {
    'localhost', 'localhost:3301', 'login@localhost', 'login:password@localhost:3301', 'login:@localhost', '3301', '1', 'host:port',
    '127.0.0.1', '127.0.0.1:3301', 'u:p@127.0.0.1:3301', '1.2.3', '256.256.256.256', '1234.1.1.1', '1.2.3.4.5', '[::1]', '[::1]:3301',
    'u@[::1]:3301', '[2001:db8::ff]', '[::ffff:1.2.3.4]', '[::FFFF:1.2.3.4]:1', '[fe80]', '[]', '[', ']', '[::1', '::1', '[1:2:3:4:5:6:7:8:9:a]',
    '[12345::]', 'unix/:/path', 'unix/:./path', 'unix/:/a/b.sock', 'u:p@unix/:/path', 'u@/path', '/', '/path', '/path/', '/a//b', '//',
    '//a', './path', '../path', '/path:', '/path:/a', 'unix/:/path:', 'unix/:/path:/a', 'unix/:/path:/a?q', 'http://host', 'http://host/',
    'http://host/path?query#fragment', 'http://user:pass@host:80/a/b?c=d&e=f#g', 'tarantool+ssl://host:1', 'a.b-c://h',
    '1a://h', '://h', 'http:/h', 'http:h', 'http', 'http:', 'scheme:host:port', 'host?query', 'host#fragment', 'host?', 'host#',
    'host?a?b', 'host#a#b', 'host?a#b?c', '/path?query', '/path#fragment', '?query', '#fragment', '?', '#', '3301?q', '3301#f',
    '@', '@host', ':', ':3301', ':@host', 'login@', 'login:password@', 'a@b@c', 'a:b:c@d', 'host:', 'host:33a', 'host:a1', 'host:-1',
    'host:99999999999999999999', 'host:65536', 'h/p', 'h:1/p', 'h:1//p', 'h/p:q', 'h/p|q', 'h|p', 'h/p@q', 'h/a?b/c?d', 'h%20', 'h%', 'h%%', 'h%zz',
    'h%u12ab', 'h%u12a', 'h/%20', 'h?%20', 'h#%', 'h/a b', ' host', 'host ', 'ho st', 'host\n', '\nhost', 'host\nname', 'host"', '<host>', 'h\\p', 'h^p',
    'при', 'h/при', '\255', '\127', '~', '_', '-', '.', '..', 'a=b', 'a&b', "!$'()*+,;", 'h:(', 'tnt://unix/:/p', 'unix/', 'unix/:', 'unix:/p', 'unix',
    '%', '%41', 'a%41@h', 'h\0p', '\0', 'u:p\0@h',
}
local fields = {'scheme', 'login', 'password', 'host', 'service', 'path', 'query', 'fragment', 'ipv4', 'ipv6', 'unix'}
for index, text in ipairs(whole) do
    case(('parse-%d'):format(index), function() return text, uri.parse(text) end)
    case(('there-and-back-%d'):format(index), function()
        local parsed = uri.parse(text)
        return parsed and uri.format(parsed), parsed and uri.format(parsed, true)
    end)
end

-- Pieces of addresses, put together as they come, are the same to both.
local pieces = {
    'a', 'host', '1', '33', '127.0.0.1', '[::1]', '[fe80::2]', 'unix/:/', '/', '/path', '/a/b', ':', '@', '?', '#', '=', '&', '%20', 'http', 'tnt+1',
    '~', '_', '1.2.3', 'x/y', '/tmp/s.sock', '%', '|', '"', ' ',
}
local state = 20
local function pick()
    state = state * 16807 % 2147483647
    return pieces[state % #pieces + 1]
end
for index = 1, 400 do
    local text = {}
    for piece = 1, index % 6 + 1 do
        text[piece] = pick()
    end
    text = table.concat(text)
    case(('pieces-%d'):format(index), function() return text, uri.parse(text) end)
end

for name, size in each({['254'] = 254, ['255'] = 255, ['256'] = 256, ['1024'] = 1024, ['1025'] = 1025}) do
    case('long-host-' .. name, function() return uri.parse(('h'):rep(size)) ~= nil end)
    case('long-port-' .. name, function() return uri.parse(('1'):rep(size)) ~= nil end)
    case('long-service-' .. name, function() return uri.parse('h:' .. ('1'):rep(size)) ~= nil end)
    case('long-path-' .. name, function() return uri.parse('/' .. ('p'):rep(size)) ~= nil end)
    case('long-unix-' .. name, function() return uri.parse('unix/:/' .. ('p'):rep(size)) ~= nil end)
    case('long-login-' .. name, function() return uri.parse(('l'):rep(size) .. '@h') ~= nil end)
    case('long-query-' .. name, function() return uri.parse('h?' .. ('l'):rep(size)) ~= nil end)
end

case('parse-nothing', function() return uri.parse() end)
case('parse-nil', function() return uri.parse(nil) end)
case('parse-empty', function() return uri.parse('') end)
for form, value in each({['number'] = 3301, ['table'] = {}, ['true'] = true, ['function'] = print, ['nan'] = 0 / 0}) do
    case('parse-' .. form, function() return (pcall(uri.parse, value)) end)
    case('format-' .. form .. '-as-host', function() return (pcall(uri.format, {host = value})) end)
end
case('format-nothing', function() return (pcall(uri.format)) end)
case('format-number', function() return (pcall(uri.format, 1)) end)
case('format-empty', function() return uri.format({}) end)
for _, name in ipairs(fields) do
    case('format-' .. name, function() return uri.format({[name] = 'text'}), uri.format({[name] = 'text'}, true) end)
    case('format-' .. name .. '-with-host', function() return uri.format({host = 'h', [name] = 'text'}, true) end)
    case('format-' .. name .. '-empty', function() return uri.format({host = 'h', [name] = ''}, true) end)
    case('format-' .. name .. '-newline', function() return uri.format({host = 'h', [name] = 'a\nb'}, true) end)
    case('format-' .. name .. '-nul', function() return uri.format({host = 'h', [name] = 'a\0b'}, true) end)
end
case('format-all', function()
    local all = {}
    for _, name in ipairs(fields) do
        all[name] = name
    end
    return uri.format(all), uri.format(all, true), uri.format(all, 1), uri.format(all, false)
end)
case('format-does-not-check', function() return uri.format({scheme = ':', host = '/', path = '?'}) end)
