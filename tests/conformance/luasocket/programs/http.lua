-- Requests by lua-socket's own socket.http. The argument is the port of the server.
local http = require('socket.http')
local ltn12 = require('ltn12')
local url = require('socket.url')

local base = 'http://127.0.0.1:' .. arg[1]

local function report(label, body, code, headers, status)
    print(label, body and (#body < 100 and body or #body), code, status)
    if headers then
        print('', headers['content-type'], headers['x-test'])
    end
end

report('get', http.request(base .. '/plain'))
report('chunked', http.request(base .. '/chunked'))
report('until closed', http.request(base .. '/until-closed'))
report('large', http.request(base .. '/large'))
report('missing', http.request(base .. '/missing'))
report('redirect', http.request(base .. '/redirect'))
report('empty', http.request(base .. '/empty'))
report('post', http.request(base .. '/echo', 'a=1&b=' .. url.escape('x y')))

local pieces = {}
local done, code = http.request({
    url = base .. '/echo',
    method = 'PUT',
    headers = {['content-length'] = 100000, ['content-type'] = 'text/plain'},
    source = ltn12.source.string(('z'):rep(100000)),
    sink = ltn12.sink.table(pieces),
})
print('put', done, code, #table.concat(pieces))

pieces = {}
done, code = http.request({
    url = base .. '/echo',
    method = 'POST',
    source = ltn12.source.cat(ltn12.source.string('in '), ltn12.source.string('chunks')),
    sink = ltn12.sink.table(pieces),
})
print('post in chunks', done, code, table.concat(pieces))

pieces = {}
done, code = http.request({
    url = 'http://user:secret@127.0.0.1:' .. arg[1] .. '/authorized',
    sink = ltn12.sink.table(pieces),
})
print('authorized', done, code, table.concat(pieces))
print('head', http.request({url = base .. '/plain', method = 'HEAD'}) ~= nil)

http.TIMEOUT = 0.1
print('timeout', http.request(base .. '/slow'))
print('truncated', (select(2, http.request(base .. '/truncated'))))
local refused = assert(require('socket').bind('127.0.0.1', 0))
local _, port = refused:getsockname()
refused:close()
print('refused', http.request('http://127.0.0.1:' .. port .. '/'))
