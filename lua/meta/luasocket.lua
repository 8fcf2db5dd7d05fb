---@meta socket.core

--- What programs for LuaSocket find in the module `socket`, beside sockd's own calls; `require('socket.core')`
--- is the same module, so that LuaSocket's `socket.http`, `socket.smtp` and their like run on it. Calls
--- that wait suspend their fiber only, up to the object's timeout.
---
--- A failure is `nil` and a sentence: `'closed'` at the end of the stream, `'timeout'`,
--- `'connection refused'`, ….
---@class socket
---@field _VERSION string
---@field BLOCKSIZE integer bytes that sources and sinks take at once
---@field dns socket.dns
local socket = {}

--- Makes a TCP object of either family.
---
--- ```lua
--- print(tostring(socket.tcp()):match('^tcp{master}')) --> tcp{master}
--- ```
---@return tcp_object? object nil on failure
---@return string? problem
function socket.tcp() end

--- Makes a TCP object for IPv4.
---
--- ```lua
--- print(socket.tcp4():getfamily()) --> inet4
--- ```
---@return tcp_object? object nil on failure
---@return string? problem
function socket.tcp4() end

--- Makes a TCP object for IPv6.
---
--- ```lua
--- print(socket.tcp6():getfamily()) --> inet6
--- ```
---@return tcp_object? object nil on failure
---@return string? problem
function socket.tcp6() end

--- Makes a UDP object of either family.
---
--- ```lua
--- print(tostring(socket.udp()):match('^udp{unconnected}')) --> udp{unconnected}
--- ```
---@return udp_object? object nil on failure
---@return string? problem
function socket.udp() end

--- Makes a UDP object for IPv4.
---
--- ```lua
--- print(socket.udp4():getfamily()) --> inet4
--- ```
---@return udp_object? object nil on failure
---@return string? problem
function socket.udp4() end

--- Makes a UDP object for IPv6.
---
--- ```lua
--- print(socket.udp6():getfamily()) --> inet6
--- ```
---@return udp_object? object nil on failure
---@return string? problem
function socket.udp6() end

--- Connects to a host.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- print(client:getpeername() == host)        --> true
--- server:close()
--- print(socket.connect(host, port))          --> nil connection refused
--- ```
---@param host string
---@param port integer|string
---@param local_host? string where to connect from
---@param local_port? integer|string
---@param family? string `'inet'`, `'inet6'` or `'unspec'`
---@return tcp_object? client nil on failure
---@return string? problem
function socket.connect(host, port, local_host, local_port, family) end

--- Connects to a host by IPv4.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- print(socket.connect4(host, port):getfamily()) --> inet4
--- ```
---@param host string
---@param port integer|string
---@param local_host? string
---@param local_port? integer|string
---@return tcp_object? client nil on failure
---@return string? problem
function socket.connect4(host, port, local_host, local_port) end

--- Connects to a host by IPv6.
---
--- ```lua
--- local server = socket.bind('::1', 0)
--- local host, port = server:getsockname()
--- print(socket.connect6(host, port):getfamily()) --> inet6
--- ```
---@param host string
---@param port integer|string
---@param local_host? string
---@param local_port? integer|string
---@return tcp_object? client nil on failure
---@return string? problem
function socket.connect6(host, port, local_host, local_port) end

--- Makes a server: an object that listens.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- print(host)                                  --> 127.0.0.1
--- print(socket.bind(host, port))               --> nil address already in use
--- ```
---@param host string `'*'` for all interfaces
---@param port integer|string
---@param backlog? integer
---@return tcp_object? server nil on failure
---@return string? problem
function socket.bind(host, port, backlog) end

--- Waits until one of several objects is ready.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- local readable = socket.select({server, client}, nil, 1)
--- print(#readable, readable[1] == server)        --> 1 true
--- print(select(3, socket.select({client}, nil, 0))) --> timeout
--- ```
---@param readers? table objects that may become readable
---@param writers? table objects that may become writable
---@param timeout? number
---@return table readable those that are, as a list and as keys
---@return table writable
---@return string? problem `'timeout'`
function socket.select(readers, writers, timeout) end

--- Makes a function like `try` that calls `finalizer` before it throws.
---
--- ```lua
--- local try = socket.newtry(function() print('cleaning up') end)
--- local f = socket.protect(function() try(nil, 'problem') end)
--- print(f()) --> cleaning up
--- --> nil problem
--- ```
---@param finalizer? function
---@return function try
function socket.newtry(finalizer) end

--- Hands its arguments on, unless the first is false: then throws the second, for `protect`.
---
--- ```lua
--- local f = socket.protect(function() return socket.try(1, 2) end)
--- print(f()) --> 1 2
--- ```
---@param ... any
---@return any ... the same
function socket.try(...) end

--- Makes a function that returns nil and the error where `fn` throws one by `try`.
---
--- ```lua
--- local f = socket.protect(function() socket.try(nil, 'problem') end)
--- print(f()) --> nil problem
--- ```
---@param fn function
---@return function protected
function socket.protect(fn) end

--- All but the first so many of its arguments.
---
--- ```lua
--- print(socket.skip(1, 'a', 'b', 'c')) --> b c
--- ```
---@param count integer
---@param ... any
---@return any ... the rest
function socket.skip(count, ...) end

--- Makes a sink, which sends what it is given.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- local sink = socket.sink('close-when-done', client)
--- sink('chunk')
--- sink(nil)
--- print((server:accept():receive('*a'))) --> chunk
--- ```
---@param mode string `'close-when-done'`, `'keep-open'`
---@param object tcp_object
---@return function sink
function socket.sink(mode, object) end

--- Makes a source, which returns what it receives.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- server:accept():send('chunk')
--- print(socket.source('by-length', client, 5)()) --> chunk
--- ```
---@param mode string `'by-length'`, `'until-closed'`
---@param object tcp_object
---@param length? integer
---@return function source
function socket.source(mode, object, length) end

--- Makes a function that calls an element of a table by its name, for tables of sources and sinks.
---
--- ```lua
--- local pick = socket.choose({default = function() return 'default' end})
--- print(pick('default'), pick()) --> default default
--- ```
---@param known table
---@return function choose
function socket.choose(known) end

--- Seconds since the year 1970.
---
--- ```lua
--- print(socket.gettime() > 1600000000) --> true
--- ```
---@return number seconds
function socket.gettime() end

--- Waits for so many seconds.
---
--- ```lua
--- socket.sleep(0.01)
--- ```
---@param delay number
function socket.sleep(delay) end

--- Names and addresses.
---@class socket.dns
socket.dns = {}

--- The name of this machine.
---
--- ```lua
--- print(#socket.dns.gethostname() > 0) --> true
--- ```
---@return string name
function socket.dns.gethostname() end

--- The first IPv4 address of a host, and what else is known.
---
--- ```lua
--- print((socket.dns.toip('127.0.0.1'))) --> 127.0.0.1
--- ```
---@param host string
---@return string? address nil on failure
---@return table|string resolved `{name =, alias =, ip =}`; on failure the problem
function socket.dns.toip(host) end

--- The name of a host, and what else is known.
---
--- ```lua
--- print(type(socket.dns.tohostname('127.0.0.1'))) --> string
--- ```
---@param host string
---@return string? name nil on failure
---@return table|string resolved `{name =, alias =, ip =}`; on failure the problem
function socket.dns.tohostname(host) end

--- All addresses of a host.
---
--- ```lua
--- local found = socket.dns.getaddrinfo('127.0.0.1')
--- print(found[1].family, found[1].addr) --> inet 127.0.0.1
--- ```
---@param host string
---@return table? found `{family =, addr =}`; nil on failure
---@return string? problem
function socket.dns.getaddrinfo(host) end

--- The names of a host and of a service.
---
--- ```lua
--- print(select(2, socket.dns.getnameinfo('127.0.0.1', '80'))) --> http
--- ```
---@param host? string
---@param service? string
---@return table? names nil on failure
---@return string? service; on failure the problem
function socket.dns.getnameinfo(host, service) end

--- A TCP object: a `tcp{master}` until it connects or listens, then a `tcp{client}` or a `tcp{server}`.
---@class tcp_object
local tcp_object = {}

--- Takes the next connection of a server.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- server:settimeout(0.01)
--- print(server:accept()) --> nil timeout
--- socket.connect(host, port)
--- print(server:accept() ~= nil) --> true
--- ```
---@return tcp_object? client nil on failure
---@return string? problem
function tcp_object:accept() end

--- Binds a master object to a local address.
---
--- ```lua
--- local object = socket.tcp()
--- print(object:bind('127.0.0.1', 0)) --> 1
--- ```
---@param host string `'*'` for all interfaces
---@param port integer|string
---@return integer? done 1, or nil
---@return string? problem
function tcp_object:bind(host, port) end

--- Closes the object.
---
--- ```lua
--- print(socket.tcp():close()) --> 1
--- ```
---@return integer done 1
function tcp_object:close() end

--- Connects a master object, which becomes a client.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local object = socket.tcp()
--- print(object:connect(host, port))            --> 1
--- print(tostring(object):match('^tcp{client}')) --> tcp{client}
--- ```
---@param host string
---@param port integer|string
---@return integer? done 1, or nil
---@return string? problem
function tcp_object:connect(host, port) end

--- Makes a server of a master object that is bound.
---
--- ```lua
--- local object = socket.tcp()
--- object:bind('127.0.0.1', 0)
--- print(object:listen(5)) --> 1
--- ```
---@param backlog? integer
---@return integer? done 1, or nil
---@return string? problem
function tcp_object:listen(backlog) end

--- Receives a line, so many bytes, or all until the end.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- local peer = server:accept()
--- peer:send('line\nrest')
--- print((client:receive()))          --> line
--- print((client:receive(6, 'pre '))) --> pre re
--- peer:close()
--- print((client:receive('*a')))      --> st
--- print(client:receive())            --> nil closed
--- ```
---@param pattern? integer|string a number of bytes; `'*l'`, a line without its end; `'*a'`
---@param prefix? string comes before what is received, and counts
---@return string? data nil on failure
---@return string? problem
---@return string? part what there was
function tcp_object:receive(pattern, prefix) end

--- Sends a string, or a part of it.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- local peer = server:accept()
--- print((client:send('hello', 2, 4))) --> 4
--- print((peer:receive(3)))            --> ell
--- ```
---@param data string
---@param first? integer
---@param last? integer
---@return integer? last the index of the last byte sent; nil on failure
---@return string? problem
---@return integer? last the index of the last byte sent
function tcp_object:send(data, first, last) end

--- Ends one half of the connection, or both.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- local peer = server:accept()
--- print(client:shutdown('send')) --> 1
--- print(peer:receive())          --> nil closed
--- ```
---@param how? string `'send'`, `'receive'`, `'both'`
---@return integer? done 1, or nil
---@return string? problem
function tcp_object:shutdown(how) end

--- Whether bytes are read ahead.
---
--- ```lua
--- print(socket.tcp():dirty()) --> false
--- ```
---@return boolean dirty
function tcp_object:dirty() end

--- The family of addresses: `'inet4'`, `'inet6'` or `'unspec'`.
---
--- ```lua
--- local object = socket.tcp4()
--- print(object:getfamily()) --> inet4
--- ```
---@return string family
function tcp_object:getfamily() end

--- The descriptor, or -1.
---
--- ```lua
--- print(socket.tcp4():getfd() > 2) --> true
--- ```
---@return integer fd
function tcp_object:getfd() end

--- Gives the object another descriptor.
---
--- ```lua
--- local object = socket.tcp4()
--- object:setfd(object:getfd())
--- ```
---@param fd integer
function tcp_object:setfd(fd) end

--- The value of an option.
---
--- ```lua
--- print(socket.tcp4():getoption('reuseaddr')) --> false
--- ```
---@param name string as for `setoption`
---@return any value nil on failure
---@return string? problem
function tcp_object:getoption(name) end

--- Sets an option.
---
--- ```lua
--- print(socket.tcp4():setoption('reuseaddr', true)) --> 1
--- ```
---@param name string `'keepalive'`, `'reuseaddr'`, `'reuseport'`, `'linger'`, `'tcp-nodelay'`, `'broadcast'`, …
---@param value any
---@return integer? done 1, or nil
---@return string? problem
function tcp_object:setoption(name, value) end

--- How long each call may take; nil or a negative number: for ever. With `'t'`, how long a call may take altogether.
---
--- ```lua
--- print(socket.tcp():settimeout(1.5)) --> 1
--- ```
---@param seconds? number
---@param mode? string `'b'` or `'t'`
---@return integer done 1
function tcp_object:settimeout(seconds, mode) end

--- The timeouts.
---
--- ```lua
--- local object = socket.tcp()
--- object:settimeout(1.5)
--- print((object:gettimeout())) --> 1.5
--- ```
---@return number? block
---@return number? total
function tcp_object:gettimeout() end

--- The address of the other end.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- local peer = server:accept()
--- print(client:getpeername() == host) --> true
--- ```
---@return string? host nil on failure
---@return integer|string port
---@return string family
function tcp_object:getpeername() end

--- The local address.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- print((server:getsockname())) --> 127.0.0.1
--- ```
---@return string? host nil on failure
---@return integer|string port
---@return string family
function tcp_object:getsockname() end

--- How many bytes were received and sent, and how old the object is.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- local peer = server:accept()
--- client:send('hello')
--- local received, sent, age = client:getstats()
--- print(received, sent, age >= 0) --> 0 5 true
--- ```
---@return integer received
---@return integer sent
---@return number age
function tcp_object:getstats() end

--- Sets what `getstats` tells.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- local client = socket.connect(host, port)
--- print(client:setstats(10, 20)) --> 1
--- print((client:getstats()))     --> 10
--- ```
---@param received? integer
---@param sent? integer
---@param age? number
---@return integer done 1
function tcp_object:setstats(received, sent, age) end

--- Another name for `connect`.
---
--- ```lua
--- local server = socket.bind('127.0.0.1', 0)
--- local host, port = server:getsockname()
--- print(socket.tcp():setpeername(host, port)) --> 1
--- ```
---@param host string
---@param port integer|string
---@return integer? done 1, or nil
---@return string? problem
function tcp_object:setpeername(host, port) end

--- Another name for `bind`.
---
--- ```lua
--- print(socket.tcp():setsockname('127.0.0.1', 0)) --> 1
--- ```
---@param host string
---@param port integer|string
---@return integer? done 1, or nil
---@return string? problem
function tcp_object:setsockname(host, port) end

--- A UDP object: `udp{unconnected}`, or after `setpeername` `udp{connected}`.
---@class udp_object
local udp_object = {}

--- Closes the object.
---
--- ```lua
--- print(socket.udp():close()) --> 1
--- ```
---@return integer done 1
function udp_object:close() end

--- Sends a datagram.
---
--- ```lua
--- local receiver = socket.udp()
--- receiver:setsockname('127.0.0.1', 0)
--- local host, port = receiver:getsockname()
--- local sender = socket.udp()
--- print((sender:sendto('hello', host, port))) --> 5
--- print((receiver:receive()))                 --> hello
--- ```
---@param data string
---@param host string an address
---@param port integer|string
---@return integer? sent bytes, or nil
---@return string? problem
function udp_object:sendto(data, host, port) end

--- Sends a datagram to the peer.
---
--- ```lua
--- local receiver = socket.udp()
--- receiver:setsockname('127.0.0.1', 0)
--- local host, port = receiver:getsockname()
--- local sender = socket.udp()
--- sender:setpeername(host, port)
--- print((sender:send('hello'))) --> 5
--- print((receiver:receive()))   --> hello
--- ```
---@param data string
---@return integer? sent bytes, or nil
---@return string? problem
function udp_object:send(data) end

--- Receives a datagram.
---
--- ```lua
--- local receiver = socket.udp()
--- receiver:setsockname('127.0.0.1', 0)
--- local host, port = receiver:getsockname()
--- local sender = socket.udp()
--- receiver:settimeout(0.01)
--- print(receiver:receive()) --> nil timeout
--- ```
---@param size? integer
---@return string? data nil on failure
---@return string? problem
function udp_object:receive(size) end

--- Receives a datagram, and says from whom.
---
--- ```lua
--- local receiver = socket.udp()
--- receiver:setsockname('127.0.0.1', 0)
--- local host, port = receiver:getsockname()
--- local sender = socket.udp()
--- sender:sendto('hello', host, port)
--- local data, from = receiver:receivefrom()
--- print(data, from) --> hello 127.0.0.1
--- ```
---@param size? integer
---@return string? data nil on failure
---@return string host of the sender; on failure the problem
---@return integer? port
function udp_object:receivefrom(size) end

--- The address of the peer.
---
--- ```lua
--- local receiver = socket.udp()
--- receiver:setsockname('127.0.0.1', 0)
--- local host, port = receiver:getsockname()
--- local sender = socket.udp()
--- sender:setpeername(host, port)
--- print((sender:getpeername())) --> 127.0.0.1
--- ```
---@return string? host nil on failure
---@return integer|string port
---@return string family
function udp_object:getpeername() end

--- The local address.
---
--- ```lua
--- local receiver = socket.udp()
--- receiver:setsockname('127.0.0.1', 0)
--- local host, port = receiver:getsockname()
--- local sender = socket.udp()
--- print(host) --> 127.0.0.1
--- ```
---@return string? host nil on failure
---@return integer|string port
---@return string family
function udp_object:getsockname() end

--- Connects the object to a peer; `'*'` takes that back.
---
--- ```lua
--- local receiver = socket.udp()
--- receiver:setsockname('127.0.0.1', 0)
--- local host, port = receiver:getsockname()
--- local sender = socket.udp()
--- print((sender:setpeername(host, port))) --> 1
--- print((sender:setpeername('*')))        --> 1
--- ```
---@param host string
---@param port? integer|string
---@return integer? done 1, or nil
---@return string? problem
function udp_object:setpeername(host, port) end

--- Binds the object to a local address.
---
--- ```lua
--- print(socket.udp():setsockname('127.0.0.1', 0)) --> 1
--- ```
---@param host string
---@param port integer|string
---@return integer? done 1, or nil
---@return string? problem
function udp_object:setsockname(host, port) end

--- Whether bytes are read ahead.
---
--- ```lua
--- print(socket.udp():dirty()) --> false
--- ```
---@return boolean dirty
function udp_object:dirty() end

--- The family of addresses: `'inet4'`, `'inet6'` or `'unspec'`.
---
--- ```lua
--- local object = socket.udp()
--- object:setsockname('127.0.0.1', 0)
--- print(object:getfamily()) --> inet4
--- ```
---@return string family
function udp_object:getfamily() end

--- The descriptor, or -1.
---
--- ```lua
--- print(socket.udp4():getfd() > 2) --> true
--- ```
---@return integer fd
function udp_object:getfd() end

--- Gives the object another descriptor.
---
--- ```lua
--- local object = socket.udp4()
--- object:setfd(object:getfd())
--- ```
---@param fd integer
function udp_object:setfd(fd) end

--- The value of an option.
---
--- ```lua
--- print(socket.udp4():getoption('reuseaddr')) --> false
--- ```
---@param name string as for `setoption`
---@return any value nil on failure
---@return string? problem
function udp_object:getoption(name) end

--- Sets an option.
---
--- ```lua
--- print(socket.udp4():setoption('reuseaddr', true)) --> 1
--- ```
---@param name string `'keepalive'`, `'reuseaddr'`, `'reuseport'`, `'linger'`, `'tcp-nodelay'`, `'broadcast'`, …
---@param value any
---@return integer? done 1, or nil
---@return string? problem
function udp_object:setoption(name, value) end

--- How long each call may take; nil or a negative number: for ever. With `'t'`, how long a call may take altogether.
---
--- ```lua
--- print(socket.udp():settimeout(1.5)) --> 1
--- ```
---@param seconds? number
---@param mode? string `'b'` or `'t'`
---@return integer done 1
function udp_object:settimeout(seconds, mode) end

--- The timeouts.
---
--- ```lua
--- local object = socket.udp()
--- object:settimeout(1.5)
--- print((object:gettimeout())) --> 1.5
--- ```
---@return number? block
---@return number? total
function udp_object:gettimeout() end

return socket
