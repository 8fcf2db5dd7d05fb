-- Transfers by lua-socket's own socket.ftp. The argument is the port of the server.
local ftp = require('socket.ftp')
local ltn12 = require('ltn12')

local base = 'ftp://somebody:secret@127.0.0.1:' .. arg[1]
print('put', ftp.put(base .. '/file;type=i', ('0123456789'):rep(2000) .. '\n'))
print('get', #(ftp.get(base .. '/file;type=i') or ''))
print('missing', ftp.get(base .. '/missing'))
local pieces = {}
print('list', ftp.get({
    host = '127.0.0.1', port = tonumber(arg[1]), user = 'somebody', password = 'secret',
    command = 'nlst', argument = '', path = '/', sink = ltn12.sink.table(pieces),
}))
print(table.concat(pieces))
