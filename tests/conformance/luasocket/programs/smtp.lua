-- Mails by lua-socket's own socket.smtp. The argument is the port of the server.
local smtp = require('socket.smtp')
local ltn12 = require('ltn12')
local mime = require('mime')

local function send(message, ...)
    print(smtp.send({
        server = '127.0.0.1', port = tonumber(arg[1]),
        from = '<one@example.org>', rcpt = ...,
        source = smtp.message(message), user = 'somebody', password = 'secret',
        domain = 'client.example.org',
    }))
end

send({
    headers = {from = 'One <one@example.org>', to = 'Two <two@example.org>', subject = 'plain',
               date = 'Thu, 1 Jan 1970 00:00:00 +0000'},
    body = 'A line.\r\n.A line that begins with a dot.\r\n',
}, '<two@example.org>')

send({
    headers = {subject = 'parts', date = 'Thu, 1 Jan 1970 00:00:00 +0000'},
    body = {
        preamble = 'preamble',
        {body = mime.eol(0, 'one\ntwo\n')},
        {
            headers = {['content-transfer-encoding'] = 'base64'},
            body = ltn12.source.chain(ltn12.source.string(('binary\0'):rep(3000)),
                                      ltn12.filter.chain(mime.encode('base64'), mime.wrap())),
        },
        epilogue = 'epilogue',
    },
}, {'<two@example.org>', '<three@example.org>'})

send({headers = {subject = 'refused'}, body = 'x'}, '<nobody@example.org>')
