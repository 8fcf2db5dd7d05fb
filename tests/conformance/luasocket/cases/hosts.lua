-- What /etc/hosts says of names and addresses, with several names on a line, and names on several.
local NAMES = {
    'localhost', 'ip6-localhost', 'one', 'one.test', 'uno', 'two.test', 'both.test', 'many.test',
    'ONE.test', 'only6.test', 'nowhere', '127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.9',
    '127.1', '::1', '',
}

case('dns', function()
    for _, name in ipairs(NAMES) do
        show('toip ' .. name, socket.dns.toip(name))
        show('tohostname ' .. name, socket.dns.tohostname(name))
        show('getaddrinfo ' .. name, socket.dns.getaddrinfo(name))
        show('getnameinfo ' .. name, socket.dns.getnameinfo(name))
    end
end)
