---@meta socket

--- Sockets, as Tarantool's module of that name has them.
---
--- A call that has to wait suspends its fiber, never the process. A failure does not throw: the call
--- returns its failure value, `sock:errno()` and `sock:error()` say more, and `errno()` has the
--- number until the fiber's next failure. What throws are mistakes of the program: a closed socket,
--- an argument of the wrong type.
---
--- Times are seconds and may have fractions; no time means for ever, 0 or less means to try once.
---@class socket
---@field SHUT_RD integer for `shutdown`: no more reading
---@field SHUT_WR integer for `shutdown`: no more writing
---@field SHUT_RDWR integer for `shutdown`: neither
---@field internal table the words that the calls know, with their numbers: `DOMAIN`, `SO_TYPE`, `SO_OPT`, `SEND_FLAGS`, `AI_FLAGS`, `protocols`
---@overload fun(domain: string|integer, type: string|integer, protocol: string|integer): socket_object?
local socket = {}

--- An address. It prints as `host:port`.
---@class socket.address
---@field host string an IPv4 or IPv6 address, or `'unix/'`
---@field family string `'AF_INET'`, `'AF_INET6'`, `'AF_UNIX'`
---@field port integer|string for unix sockets the path: `''` without a name, with `@` in front an abstract name
---@field type? string `'SOCK_STREAM'`, …; not of senders and of accepted peers
---@field protocol? string|integer `'tcp'`, `'udp'`, …, or 0
---@field canonname? string only from `getaddrinfo` with `AI_CANONNAME`

--- Makes a socket, which is neither bound nor connected. It is closed when nothing refers to it any
--- more.
---
--- Errors: `EINVAL` for an unknown domain or type, `EPROTOTYPE` for an unknown protocol, and those of
--- socket(2).
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:name())                            --> 0.0.0.0:0
--- print(socket('AF_INET', 'SOCK_NONSENSE', 0))  --> nil
--- print(errno.strerror(errno()))                --> Invalid argument
--- ```
---@param domain string|integer `'AF_INET'`, `'AF_INET6'`, `'AF_UNIX'`, …, the same with `PF_`, or the number
---@param type string|integer `'SOCK_STREAM'`, `'SOCK_DGRAM'`, `'SOCK_SEQPACKET'`, `'SOCK_RAW'`, or the number
---@param protocol string|integer a name that /etc/protocols has, or the number; 0 lets the system choose
---@return socket_object? sock nil on failure
function socket.__call(domain, type, protocol) end

--- Connects to a host. All addresses of a name are tried, those of IPv6 and of IPv4 in turns, with a
--- short head start for each. Where `port` is nil, `host` may be a URL: `tcp://host:port`,
--- `host:port`, `[v6]:port` or `unix/:path`.
---
--- Errors: those of connect(2); `ETIMEDOUT`, after the time for the look-up and all attempts together;
--- `EINVAL` for what cannot be an address or a port, whoever is asked (a port is a number from 0 to
--- 65535, or a name with a letter in it), and for a URL without a port or with another scheme.
---
--- ```lua
--- local server = socket.tcp_server('127.0.0.1', 0, function(s) s:write('hello\n') end)
--- local sock = socket.tcp_connect('127.0.0.1', server:name().port, 5)
--- print(sock:read('\n'))                            --> hello\n
--- sock = socket.tcp_connect('tcp://' .. tostring(server:name()))
--- print(sock:read('\n'))                            --> hello\n
--- server:close()
--- print(socket.tcp_connect('unix/', '/no/such/socket')) --> nil No such file or directory
--- ```
---@param host string a name, an address, `'unix/'`, or a URL
---@param port? integer|string a number, the name of a service, or the path of a unix socket
---@param timeout? number
---@return socket_object? sock nil on failure
---@return string? problem what went wrong
function socket.tcp_connect(host, port, timeout) end

--- Listens, and runs the handler for each connection, in a fiber of its own that is named
--- `server/host:port` after the peer. When the handler returns, or throws, the connection is shut
--- down and closed; an error is logged with its traceback. The server goes on until the listener
--- is closed, whether a variable names it or not.
---
--- A dead unix socket at the path is replaced; closing the listener removes the file.
---
--- Errors: those of bind(2); `EINVAL` as for `tcp_connect`; `EADDRINUSE` also for a unix socket on which somebody listens. An error
--- of the look-up has a sentence, but `errno()` is only `EIO`.
---
--- ```lua
--- local server, address = socket.tcp_server('127.0.0.1', 0, {
---     name = 'shout',
---     prepare = function(listener) listener:setsockopt('SOL_SOCKET', 'SO_REUSEADDR', 1) end,
---     handler = function(s, from)
---         local line = s:read('\n')
---         s:write(line:upper())
---     end,
--- })
--- local client = socket.tcp_connect(address.host, address.port)
--- client:write('quiet\n')
--- print(client:read('\n')) --> QUIET\n
--- print(client:read('\n')) -->
--- server:close()
--- ```
---@param host string|integer a name, an address, 0 for all local interfaces, or `'unix/'`
---@param port integer|string a number (0: any that is free), the name of a service, or a path
---@param handler function|table `f(sock, from)`, or `{handler = f, prepare = p, name = n}`: `p(listener)` runs once, before `bind`, and may return the backlog; `n` is for the names of the fibers
---@param timeout? number for the look-up of the host
---@return socket_object? listener nil on failure
---@return socket.address|string address that it listens on; on failure what went wrong
function socket.tcp_server(host, port, handler, timeout) end

--- The first half of `tcp_server`: a listener, on which nobody accepts yet.
---
--- ```lua
--- local listener, address = socket.tcp_server_create('127.0.0.1', 0)
--- local client = socket.tcp_connect(address.host, address.port)
--- print(listener:accept():peer().port == client:name().port) --> true
--- ```
---@param host string|integer as for `tcp_server`
---@param port integer|string as for `tcp_server`
---@param prepare? function|table `p(listener)`, or `{prepare = p}`
---@param timeout? number for the look-up of the host
---@return socket_object? listener nil on failure
---@return socket.address|string address that it listens on; on failure what went wrong
function socket.tcp_server_create(host, port, prepare, timeout) end

--- The second half of `tcp_server`: accepts in the calling fiber and runs the handler for each
--- connection, until the listener is closed.
---
--- ```lua
--- local listener, address = socket.tcp_server_create('127.0.0.1', 0)
--- fiber.create(socket.tcp_server_loop, listener, function(s) s:write('hi') end)
--- print(socket.tcp_connect(address.host, address.port):read(2)) --> hi
--- listener:close()
--- ```
---@param listener socket_object|integer a listening socket, or its descriptor
---@param handler function|table `f(sock, from)`, or `{handler = f, name = n}`
function socket.tcp_server_loop(listener, handler) end

--- Looks up a host and a service, with all that the system's resolver knows, and without holding up
--- anybody. Numeric addresses never wait.
---
--- Errors: `EINVAL` for a wrong option and as for `tcp_connect`, `EPROTOTYPE` for an unknown protocol, `ETIMEDOUT`; what the
--- look-up itself says comes as a sentence.
---
--- ```lua
--- local found = socket.getaddrinfo('127.0.0.1', 'http', {type = 'SOCK_STREAM'})
--- print(#found, found[1], found[1].family, found[1].protocol) --> 1 127.0.0.1:80 AF_INET tcp
--- print(socket.getaddrinfo('no-such-host.invalid', 80, 5))    --> nil ...
--- ```
---@param host string
---@param service? string|integer a name, or a number
---@param timeout? number may be left out even where options follow
---@param options? table `{type =, family =, protocol =, flags =}`; flags are a name or a list of `AI_PASSIVE`, `AI_CANONNAME`, `AI_NUMERICHOST`, `AI_NUMERICSERV`, `AI_V4MAPPED`, `AI_ALL`, `AI_ADDRCONFIG`
---@return socket.address[]? found nil on failure
---@return string? problem what went wrong
function socket.getaddrinfo(host, service, timeout, options) end

--- Waits until a descriptor is ready. Without a descriptor it sleeps, and returns nothing. A
--- descriptor that a socket owns is ready for reading also while bytes are read ahead.
---
--- Errors: on a timeout `errno()` is `ETIMEDOUT`, for a bad descriptor `EBADF`.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(socket.iowait(a:fd(), 'RW', 1))  --> W
--- b:write('x')
--- print(socket.iowait(a:fd(), 'r', 1))   --> R
--- print(socket.iowait(b:fd(), 1, 0.01))  --> 0
--- socket.iowait(nil, nil, 0.01)
--- ```
---@param fd? integer
---@param flags? string|integer `'R'`, `'W'`, `'RW'` in any case, or 1, 2, 3
---@param timeout? number
---@return string|integer activity of the kind of the flags; `''` or 0 on a timeout
function socket.iowait(fd, flags, timeout) end

--- Makes two sockets that are connected with each other.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- a:write('through\n')
--- print(b:read('\n')) --> through\n
--- ```
---@param domain string|integer as for a new socket; the kernel knows `AF_UNIX` only
---@param type string|integer
---@param protocol string|integer
---@return socket_object? one nil on failure
---@return socket_object? other
function socket.socketpair(domain, type, protocol) end

--- Makes a socket of a descriptor, and owns it from then on. Of a descriptor that a socket owns
--- already it makes a second object for the same socket: closing one closes both.
---
--- In a service without `--ffi` only two kinds of descriptors are a script's to use: those that the
--- daemon was started with, and those that a script has let go with `detach`. For any other it
--- returns nil, and `errno()` is `EPERM`.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- local fd = a:fd()
--- a:detach()
--- local again = socket.from_fd(fd)
--- b:write('x')
--- print(again:read(1)) --> x
--- ```
---@param fd integer
---@return socket_object? sock nil if it is not a socket
function socket.from_fd(fd) end

--- A socket. Calls on a socket that is closed throw `attempt to use closed socket`.
---
--- Several fibers may use one socket. Readers are served in the order in which they came, writers
--- too, and what one `write` sends stays together. Reading and writing do not disturb each other. A
--- fiber that waits on a socket which is closed by another one gets the failure value of its call,
--- and `errno()` is `EBADF`.
---@class socket_object
local socket_object = {}

--- Connects to an address. A blocking socket waits for the outcome. On one that does not block the
--- call returns false with `EINPROGRESS`, and `writable` tells when the outcome is known.
---
--- Errors: `EINVAL` for what is no address, names of hosts included; those of connect(2).
---
--- ```lua
--- local listener = socket.tcp_server_create('127.0.0.1', 0)
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:sysconnect('127.0.0.1', listener:name().port)) --> true
--- sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:sysconnect('localhost', 80), sock:error())     --> false Invalid argument
--- ```
---@param host string|integer an IPv4 or IPv6 address, `'unix/'`, or 0 for this host
---@param port integer|string a number, or a path
---@return boolean connected
function socket_object:sysconnect(host, port) end

--- Binds the socket to a local address. Names are not looked up.
---
--- Errors: `EINVAL` for what is no address, `ENOBUFS` for a path that is too long; those of bind(2).
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_DGRAM', 'udp')
--- print(sock:bind('127.0.0.1'))          --> true
--- print(sock:name().port > 0)            --> true
--- print(socket('AF_INET', 'SOCK_STREAM', 'tcp'):bind('192.0.2.1', 0))
--- --> nil error 99 Cannot assign requested address
--- ```
---@param host string|integer an address, `'unix/'`, or 0 for all local interfaces
---@param port? integer|string a number, 0 or nothing for any that is free; or a path
---@return boolean? bound true, or nil
---@return string? status `'error'`
---@return integer? number
---@return string? text
function socket_object:bind(host, port) end

--- Starts to listen for connections.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- sock:bind('127.0.0.1', 0)
--- print(sock:listen(10)) --> true
--- ```
---@param backlog? integer how many may wait to be accepted
---@return boolean listens
function socket_object:listen(backlog) end

--- Takes the next connection. A blocking socket waits for one. The new socket is in the mode that new
--- sockets start in.
---
--- Errors: `EAGAIN` if nobody is there and the socket does not block; those of accept(2).
---
--- ```lua
--- local listener = socket.tcp_server_create('127.0.0.1', 0)
--- local client = socket.tcp_connect('127.0.0.1', listener:name().port)
--- local server, from = listener:accept()
--- print(from.host, from.port == client:name().port) --> 127.0.0.1 true
--- listener:nonblock(true)
--- print(listener:accept(), listener:error())        --> nil Resource temporarily unavailable
--- ```
---@return socket_object? sock nil on failure
---@return socket.address? from
function socket_object:accept() end

--- Sends what the kernel takes at once, which may be a part. A blocking socket waits until there is
--- room for something.
---
--- Errors: `EAGAIN` if there is no room and the socket does not block; `EPIPE` if the connection is
--- broken; `EINVAL` for an unknown flag; those of send(2).
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:send('hello', {'MSG_DONTWAIT', 'MSG_NOSIGNAL'})) --> 5
--- print(b:recv(5))                                         --> hello
--- ```
---@param data string
---@param flags? string|string[] a name or several, `'MSG_OOB'`, `'MSG_DONTWAIT'`, …
---@return integer? sent nil on failure
function socket_object:send(data, flags) end

--- Sends all of the data, however long that takes.
---
--- Its bytes may be gathered with those of other writes until the fiber waits, or calls something else
--- on the socket. An error that shows only then is that of the next call.
---
--- Errors: `ETIMEDOUT`, `EPIPE`; those of send(2). What was sent stays sent.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:write('hello', 1)) --> 5
--- print(b:read(5))           --> hello
--- a:shutdown(socket.SHUT_WR)
--- print(a:write('more'))     --> nil 0
--- print(a:error())           --> Broken pipe
--- ```
---@param data string
---@param timeout? number
---@return integer? sent the length of the data; nil on failure
---@return integer? part on failure: how many bytes did go out
function socket_object:write(data, timeout) end

--- Writes as write(2) does: what the kernel takes at once. A blocking socket waits until there is room
--- for something. Where `ffi` is, the data may be a pointer and a size.
---
--- Errors: as for `send`.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:syswrite('hello'))                             --> 5
--- print(a:syswrite(require('ffi').new('char[3]', 'abc'), 3)) --> 3
--- print(b:read(8))                                       --> helloabc
--- ```
---@param data string|ffi.cdata*
---@param size? integer only with a pointer
---@return integer? written nil on failure
function socket_object:syswrite(data, size) end

--- Receives. From a stream a blocking socket waits until `size` bytes are there, or without a size for
--- the first ones, of which it returns 512 at most; one that does not block returns what is there. From
--- a socket of datagrams it returns one datagram, without a size all of it, else cut.
---
--- Errors: `EAGAIN` if nothing is there and the socket does not wait; `EINVAL` for an unknown flag;
--- those of recv(2).
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- b:write('hello')
--- print(a:recv(4, 'MSG_PEEK'))     --> hell
--- print(a:recv(5))                 --> hello
--- print(a:recv(5, 'MSG_DONTWAIT')) -->  error 11 Resource temporarily unavailable
--- b:write('rest')
--- b:close()
--- print(a:recv(10))                --> rest eof
--- ```
---@param size? integer
---@param flags? string|string[] `'MSG_PEEK'`, `'MSG_DONTWAIT'`, `'MSG_WAITALL'`, `'MSG_OOB'`
---@return string data `''` on failure
---@return string? status `'eof'` at the end of the stream, `'timeout'`, `'error'`
---@return integer? number
---@return string? text
function socket_object:recv(size, flags) end

--- Reads until so many bytes are there, or up to and including the first delimiter, whichever comes
--- first. It waits also on a socket that does not block. At the end of the stream it returns what is
--- left, and then `''`.
---
--- On a timeout nothing is lost: what has come stays for the next call.
---
--- Errors: `ETIMEDOUT`; `ENOBUFS` if 16 MiB have come without the delimiter; those of recv(2).
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- b:write('name: value\r\nrest;last')
--- print(a:read(4))                                         --> name
--- print(a:read({delimiter = {'\r\n', ';'}, limit = 1000})) --> : value\r\n
--- print(a:read(';'))                                       --> rest;
--- print(a:read(5, 0.01), a:error())                        --> nil Connection timed out
--- b:close()
--- print(a:read(5))                                         --> last
--- print(a:read(5))                                         -->
--- ```
---@param what integer|string|table a limit, a delimiter, or `{limit =, delimiter =}`; limit is also spelled chunk or size, delimiter also line, and may be a list
---@param timeout? number
---@return string? data nil on failure
function socket_object:read(what, timeout) end

--- Reads as read(2) does: what is there, up to `size` bytes. A blocking socket waits for something.
--- Where `ffi` is, it may read into memory: then it returns the number of bytes.
---
--- Errors: `EAGAIN` if nothing is there and the socket does not block; those of read(2).
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- b:write('hello')
--- print(a:sysread(2))                --> he
--- print(a:sysread())                 --> llo
--- local memory = require('ffi').new('char[10]')
--- b:write('more')
--- print(a:sysread(memory, 10))       --> 4
--- b:close()
--- print(a:sysread())                 -->
--- ```
---@param size? integer|ffi.cdata* the most to read; or where to
---@param capacity? integer only with a pointer
---@return string|integer? data `''` (or 0) at the end of the stream, nil on failure
function socket_object:sysread(size, capacity) end

--- Sends a datagram.
---
--- Errors: `EINVAL` for what is no address or an unknown flag, `EMSGSIZE`; those of sendto(2).
---
--- ```lua
--- local receiver = socket('AF_INET', 'SOCK_DGRAM', 'udp')
--- receiver:bind('127.0.0.1', 0)
--- local sender = socket('AF_INET', 'SOCK_DGRAM', 'udp')
--- print(sender:sendto('127.0.0.1', receiver:name().port, 'X')) --> 1
--- print(sender:sendto('localhost', 80, 'X'))                   --> nil error 22 Invalid argument
--- ```
---@param host string|integer an address, or `'unix/'`
---@param port integer|string a number, or a path
---@param data string
---@param flags? string|string[]
---@return integer? sent nil on failure
---@return string? status
---@return integer? number
---@return string? text
function socket_object:sendto(host, port, data, flags) end

--- Receives a datagram, and says from whom. A blocking socket waits for one. A datagram that is longer
--- than the limit is cut.
---
--- Errors: `EAGAIN` if nothing is there and the socket does not wait; those of recvfrom(2).
---
--- ```lua
--- local receiver = socket('AF_INET', 'SOCK_DGRAM', 'udp')
--- receiver:bind('127.0.0.1', 0)
--- local sender = socket('AF_INET', 'SOCK_DGRAM', 'udp')
--- sender:sendto('127.0.0.1', receiver:name().port, 'X')
--- local message, from = receiver:recvfrom()
--- print(message, from.host, from.port == sender:name().port) --> X 127.0.0.1 true
--- print(receiver:recvfrom(10, 'MSG_DONTWAIT')) --> nil error 11 Resource temporarily unavailable
--- ```
---@param limit? integer
---@param flags? string|string[]
---@return string? message nil on failure
---@return socket.address|string|nil from the sender; on failure the status
---@return integer? number
---@return string? text
function socket_object:recvfrom(limit, flags) end

--- Ends the reading half of a connection, the writing half, or both.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:shutdown(socket.SHUT_WR)) --> true
--- print(b:recv(1))                  -->  eof
--- b:write('still there')
--- print(a:recv(11))                 --> still there
--- ```
---@param how? integer|string `socket.SHUT_RD`, `SHUT_WR`, `SHUT_RDWR`, or `'R'`, `'W'`, `'RW'`; anything else is both
---@return boolean done
function socket_object:shutdown(how) end

--- Closes the socket. What was written goes out first.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:close())             --> true
--- print(sock:close())             --> false
--- print(pcall(sock.errno, sock))  --> false attempt to use closed socket
--- ```
---@return boolean done false also if it is closed already
function socket_object:close() end

--- The number of the socket's last error.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:errno())                   --> 0
--- sock:sysread(1)
--- print(sock:errno() == errno.ENOTCONN) --> true
--- ```
---@return integer number 0 if the last call went well
function socket_object:errno() end

--- The sentence for the socket's last error.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:error()) --> nil
--- sock:sysread(1)
--- print(sock:error()) --> Transport endpoint is not connected
--- ```
---@return string? text nil if the last call went well
function socket_object:error() end

--- Sets an option. Options are those of socket(7), tcp(7), ip(7) and ipv6(7), each with its natural
--- type: an integer or a boolean, seconds for `SO_RCVTIMEO` and `SO_SNDTIMEO`, a string for
--- `SO_BINDTODEVICE` and `TCP_CONGESTION`. `SO_LINGER` has a method of its own, `linger`.
---
--- Errors: `EPROTOTYPE` for an unknown level; those of setsockopt(2). An unknown name, and one that can
--- only be read, throws.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:setsockopt('SOL_SOCKET', 'SO_KEEPALIVE', true)) --> true
--- print(sock:setsockopt('tcp', 'TCP_KEEPIDLE', 60))          --> true
--- print(sock:setsockopt('SOL_SOCKET', 'SO_RCVTIMEO', 1.5))   --> true
--- print(pcall(sock.setsockopt, sock, 'SOL_SOCKET', 'SO_NONSENSE', 1))
--- --> false Unknown socket option name: SO_NONSENSE
--- ```
---@param level string|integer `'SOL_SOCKET'`, `'socket'`, `'SOL_TCP'`, `'tcp'`, `'ip'`, `'ipv6'`, …, or the number
---@param name string|integer
---@param value integer|boolean|number|string|table
---@return boolean done
function socket_object:setsockopt(level, name, value) end

--- The value of an option. `SO_PEERCRED` is a table with `pid`, `uid` and `gid`, `TCP_INFO` a table
--- with the fields of the kernel's structure.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:getsockopt('SOL_SOCKET', 'SO_TYPE'))     --> 1
--- print(sock:getsockopt('SOL_SOCKET', 'SO_RCVTIMEO')) --> 0
--- local a = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:getsockopt('SOL_SOCKET', 'SO_PEERCRED').pid > 0) --> true
--- ```
---@param level string|integer
---@param name string|integer
---@return integer|number|string|table|nil value nil on failure
function socket_object:getsockopt(level, name) end

--- Sets, or asks, `SO_LINGER`. A connection that lingers for 0 seconds is reset when it is closed.
--- A negative number of seconds is `EINVAL`.
--- With more than that the kernel goes on sending what is unsent, as without it: `close` itself
--- never waits. A program that takes the descriptor gets it with the option as it was set.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:linger())        --> false 0
--- print(sock:linger(true, 5)) --> true 5
--- print(sock:linger(false))   --> false 0
--- ```
---@param active? boolean
---@param timeout? integer seconds
---@return boolean? active nil on failure
---@return integer? timeout
function socket_object:linger(active, timeout) end

--- Sets, or asks, whether calls that cannot go on at once fail with `EAGAIN`, rather than wait.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_DGRAM', 'udp')
--- print(sock:nonblock())     --> false
--- print(sock:nonblock(true)) --> true
--- print(sock:recv(1))        -->  error 11 Resource temporarily unavailable
--- ```
---@param flag? boolean
---@return boolean flag as it is now
function socket_object:nonblock(flag) end

--- Waits until something can be read, the end of the stream and errors included.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:readable(0.01), a:error()) --> false Connection timed out
--- b:write('x')
--- print(a:readable(1))               --> true
--- ```
---@param timeout? number
---@return boolean readable false on a timeout
function socket_object:readable(timeout) end

--- Waits until something can be written.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:writable(1)) --> true
--- ```
---@param timeout? number
---@return boolean writable false on a timeout
function socket_object:writable(timeout) end

--- Waits until something can be read or written.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:wait(1)) --> W
--- b:write('x')
--- print(a:wait(1)) --> RW
--- ```
---@param timeout? number
---@return string activity `'R'`, `'W'`, `'RW'`; `''` on a timeout
function socket_object:wait(timeout) end

--- The local address.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- sock:bind('127.0.0.1', 0)
--- print(sock:name().host, sock:name().type, sock:name().protocol) --> 127.0.0.1 SOCK_STREAM tcp
--- ```
---@return socket.address? address nil on failure
function socket_object:name() end

--- The peer's address.
---
--- Errors: `ENOTCONN`.
---
--- ```lua
--- local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- print(a:peer())                                   --> unix/:
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sock:peer(), sock:error())                  --> nil Transport endpoint is not connected
--- ```
---@return socket.address? address nil on failure
function socket_object:peer() end

--- The descriptor. It is non-blocking, whatever `nonblock` says.
---
--- ```lua
--- print(socket('AF_INET', 'SOCK_STREAM', 'tcp'):fd() > 2) --> true
--- ```
---@return integer fd
function socket_object:fd() end

--- The handle by which the control socket, libsockd and sockctl know this socket.
---
--- ```lua
--- local sock = socket('AF_INET', 'SOCK_STREAM', 'tcp')
--- print(sockd.socket(sock:id()):fd() == sock:fd()) --> true
--- ```
---@return integer id
function socket_object:id() end

--- Lets go of the descriptor, which stays open and is the caller's from then on. Throws while bytes are
--- read ahead.
---
--- ```lua
--- local a = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
--- local fd = a:fd()
--- a:detach()
--- print(pcall(a.fd, a))              --> false attempt to use closed socket
--- print(socket.from_fd(fd):fd() == fd) --> true
--- ```
function socket_object:detach() end

return socket
