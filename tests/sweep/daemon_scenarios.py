"""What a daemon is asked under faults: each method of sockd.api, and the ways that need several.

A method that takes nothing but plain arguments is a row of METHODS: who makes the handle, and what
is sent. The others are functions of their own (world.py says how one looks)."""
import contextlib
import os
import socket
import struct

import sockd_test

SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def shape(value):
    """An answer without what differs each time: numbers, and what names or counts."""
    if isinstance(value, bool) or value is None or isinstance(value, (bytes, str)):
        return value
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, dict):
        return "map"
    return [shape(part) for part in value]


def fresh(world):
    return [world.root.call("socket", "AF_INET", "SOCK_STREAM", "tcp")]


def connected(world):
    return [world.pair()[0]]


def filled(world):
    handle, peer = world.pair()
    peer.sendall(b"what is there to be read\n")
    world.root.call("readable", handle, 5)
    return [handle]


def bound(world):
    handle = world.root.call("socket", "AF_INET", "SOCK_STREAM", "tcp")
    world.root.call("bind", handle, "127.0.0.1")
    return [handle]


def nothing(_):
    return []


METHODS = {
    "socket": (nothing, ["AF_INET", "SOCK_STREAM", "tcp"]),
    "socketpair": (nothing, ["AF_UNIX", "SOCK_STREAM", 0]),
    "tcp_server": (nothing, ["127.0.0.1", 0]),
    "bind": (fresh, ["127.0.0.1", 0]),
    "listen": (bound, [5]),
    "getaddrinfo": (nothing, ["127.0.0.1", "80", None, "SOCK_STREAM"]),
    "send": (connected, [b"data"]),
    "write": (connected, [b"data" * 1000]),
    "syswrite": (connected, [b"data"]),
    "recv": (filled, [4]),
    "read": (filled, ["\n", 5]),
    "sysread": (filled, [100]),
    "shutdown": (connected, [1]),
    "close": (connected, []),
    "errno": (connected, []),
    "error": (connected, []),
    "setsockopt": (connected, ["SOL_SOCKET", "SO_KEEPALIVE", 1]),
    "getsockopt": (connected, ["SOL_SOCKET", "SO_KEEPALIVE"]),
    "linger": (connected, [True, 1]),
    "nonblock": (connected, [True]),
    "readable": (filled, [5]),
    "writable": (connected, [5]),
    "wait": (connected, [5]),
    "iowait": (filled, ["R", 5]),
    "name": (connected, []),
    "peer": (connected, []),
    "sockd.hello": (nothing, [{"name": "sweep", "fds": True}]),
    "sockd.ping": (nothing, []),
    "sockd.api": (nothing, []),
    "sockd.list": (connected, None),
    "sockd.info": (connected, []),
    "sockd.set": (connected, [{"name": "named", "ttl": 100}]),
    "sockd.watch": (connected, [["readable", "writable", "close"]]),
    "sockd.stream": (filled, [1000]),
    "sockd.trace": (connected, [True]),
    "sockd.stats": (nothing, []),
    "sockd.cancel": (nothing, [1234]),
    "sockd.eval": (nothing, ["local a, b = ... return a + b", 1, 2]),
    "sockd.call": (nothing, ["answer", "one", 2]),
    "nvim_get_api_info": (nothing, []),
}


def of_method(method, makes, arguments):
    def run(world):
        made = makes(world)
        if arguments is None:
            made = []
        yield
        try:
            return shape(world.call(method, *made, *(arguments or [])))
        except sockd_test.RpcError as error:
            if error.name == "ENOENT" and method == "sockd.cancel":
                return "nothing to cancel"
            raise
    return run


for name, (maker, given) in METHODS.items():
    SCENARIOS[name] = of_method(name, maker, given)


# ---- clients ----

@scenario
def clients(world):
    """Three that come at once, ask and leave."""
    yield
    several = [world.connect() for _ in range(3)]
    return [client.call("sockd.ping") for client in several]


@scenario
def pipelined(world):
    (handle,) = connected(world)
    yield
    ids = [world.client.request("name" if i % 2 else "sockd.ping", *([handle] if i % 2 else []))
           for i in range(40)]
    return shape([world.client.result(each) for each in ids])


@scenario
def large_answer(world):
    """Beyond what a send takes at once."""
    yield
    return len(world.call("sockd.call", "answer", b"x" * 3_000_000))


@scenario
def large_request(world):
    (handle,) = world.root.call("socketpair", "AF_UNIX", "SOCK_STREAM", 0)[:1]
    yield
    try:
        return world.call("write", handle, b"x" * 2_000_000, 0.02)
    except sockd_test.RpcError as error:
        if error.name == "ETIMEDOUT":
            return "full"
        raise


@scenario
def client_that_leaves(world):
    """While its request waits: the operation ends with it."""
    handle, _ = world.pair()
    yield
    client = world.connect()
    client.request("read", handle, 10)
    client.call("sockd.ping")
    client.close()
    return world.call("sockd.ping")


@scenario
def cancelled(world):
    handle, _ = world.pair()
    yield
    waiting = world.client.request("read", handle, 10)
    world.call("sockd.cancel", waiting)
    error, detail = world.client.answer(waiting)
    if detail["name"] != "ECANCELED":
        raise sockd_test.RpcError(error, detail)
    return detail["name"]


@scenario
def timed_out(world):
    handle, _ = world.pair()
    yield
    try:
        return world.call("read", handle, 10, 0.005)
    except sockd_test.RpcError as error:
        if error.name == "ETIMEDOUT":
            return error.name
        raise


# ---- sockets that wait ----

@scenario
def read_that_waits(world):
    handle, peer = world.pair()
    yield
    waiting = world.client.request("read", handle, "\n", 5)
    world.call("sockd.ping")
    peer.sendall(b"a line\n")
    return world.client.result(waiting)


@scenario
def write_that_waits(world):
    handle, peer = world.pair()
    world.root.call("setsockopt", handle, "SOL_SOCKET", "SO_SNDBUF", 8192)
    size = 3_000_000
    yield
    waiting = world.client.request("write", handle, b"x" * size, 10)
    got = 0
    while got < size:
        got += len(world.receive(peer, min(200_000, size - got), waiting))
    return world.client.result(waiting)


@scenario
def write_across(world):
    """From one socket of the daemon's to another."""
    one, two = world.root.call("socketpair", "AF_UNIX", "SOCK_STREAM", 0)
    reader, size, got = world.connect(), 1_000_000, 0
    reader.call("sockd.ping")
    yield
    waiting = world.client.request("write", one, b"x" * size, 10)
    try:
        while got < size:
            got += len(reader.call("sysread", two, 100_000, {"timeout": 1}))
    except sockd_test.RpcError:
        if not world.client.has(waiting):
            raise
    return world.client.result(waiting)


@scenario
def tcp_connect(world):
    server, port = world.listener()
    yield
    handle = world.call("tcp_connect", "127.0.0.1", port, 5)
    world.keep(world.patiently(server.accept)[0])
    return shape(world.call("peer", handle))


@scenario
def tcp_connect_by_name(world):
    server, port = world.listener()
    yield
    handle = world.call("tcp_connect", "localhost", port, 5)
    world.keep(world.patiently(server.accept)[0])
    return shape(handle)


@scenario
def tcp_connect_unix(world):
    path = str(world.folder / "unix")
    server = world.keep(socket.socket(socket.AF_UNIX))
    if os.path.exists(path):
        os.unlink(path)
    server.bind(path)
    server.listen()
    yield
    return shape(world.call("tcp_connect", "unix/", path, 5))


@scenario
def sysconnect(world):
    server, port = world.listener()
    (handle,) = fresh(world)
    yield
    result = world.call("sysconnect", handle, "127.0.0.1", port)
    world.keep(world.patiently(server.accept)[0])
    return result


@scenario
def accept(world):
    handle, port = world.server()
    yield
    waiting = world.client.request("accept", handle, {"timeout": 5})
    world.call("sockd.ping")
    world.dial(port)
    return shape(world.client.result(waiting))


@scenario
def accept_unix(world):
    path = str(world.folder / "server")
    if os.path.exists(path):
        os.unlink(path)
    yield
    handle, _ = world.call("tcp_server", "unix/", path)
    peer = world.keep(socket.socket(socket.AF_UNIX))
    peer.connect(path)
    return shape(world.call("accept", handle, {"timeout": 5}))


@scenario
def datagrams(world):
    one, port = world.datagram()
    two, _ = world.datagram()
    yield
    world.call("sendto", two, "127.0.0.1", port, b"message")
    return shape(world.call("recvfrom", one, 100, {"timeout": 5}))


@scenario
def large_readahead(world):
    """A line of half a megabyte, that is gathered."""
    handle, peer = world.pair()
    line = b"y" * 500_000 + b"\n"
    yield
    waiting = world.client.request("read", handle, "\n", 5)
    try:
        peer.settimeout(5)
        peer.sendall(line)
    except OSError as error:
        raise EOFError(str(error)) from None
    return len(world.client.result(waiting))


@scenario
def close_with_bytes(world):
    """What was written is sent after the close."""
    handle, peer = world.pair()
    yield
    world.call("write", handle, b"the last words")
    world.call("close", handle)
    return world.receive(peer, 14)


# ---- names ----

@scenario
def look_up(world):
    yield
    return shape(world.call("getaddrinfo", "localhost", "80", 5, "SOCK_STREAM"))[:1]


# ---- handlers ----

def serving(name, greeting, size):
    def run(world):
        _, port = world.server(name)
        yield
        peer = world.dial(port)
        peer.sendall(greeting)
        return world.receive(peer, size)
    return run


SCENARIOS["handler_echo"] = serving("echo", b"a line\n", 7)
SCENARIOS["handler_noisy"] = serving("noisy", b"", 5)


@scenario
def handler_failing(world):
    _, port = world.server("failing")
    yield
    peer = world.dial(port)
    return world.patiently(peer.recv, 1)


@scenario
def handler_as_text(world):
    yield
    _, address = world.call("tcp_server", "127.0.0.1", 0, "local s = ... s:write('hello\\n')")
    return world.receive(world.dial(address["port"]), 6)


@scenario
def handler_many(world):
    _, port = world.server("echo")
    yield
    peers = [world.dial(port) for _ in range(5)]
    for peer in peers:
        peer.sendall(b"a line\n")
    return [world.receive(peer, 7) for peer in peers]


@scenario
def lua_dials(world):
    server, port = world.listener()
    yield
    waiting = world.client.request("sockd.call", "dial", port)
    if server in world.either(server, world.client.sock):
        peer = world.keep(server.accept()[0])
        peer.settimeout(5)
        with contextlib.suppress(OSError):
            peer.sendall(b"to them\n")
    return world.client.result(waiting)


@scenario
def lua_sleeps(world):
    yield
    return world.call("sockd.call", "sleepy")


@scenario
def lua_channels(world):
    yield
    return world.call("sockd.call", "channels")


@scenario
def lua_fails(world):
    yield
    try:
        return world.call("sockd.eval", "error({code = 5})")
    except sockd_test.RpcError as error:
        if error.name == "ENOMEM":
            raise
        return "failed"


@scenario
def logging(world):
    yield
    return world.call("sockd.eval", "require('log').info('a line') print('another') return 1")


# What Lua's modules allocate, each on its way to a plain answer.
EVALS = {
    "fibers": """local fiber, kept = require('fiber'), {}
        for i = 1, 5 do
            kept[i] = fiber.new(function(...) fiber.sleep(0.001) return ... end, i, 'two')
            kept[i]:set_joinable(true)
        end
        fiber.create(function() fiber.self():name('named') fiber.self().storage.x = {} fiber.yield() end)
        local sum = 0
        for i = 1, 5 do sum = sum + select(2, assert(kept[i]:join())) end
        return sum""",
    "fiber_that_fails": """local fiber = require('fiber')
        local f = fiber.new(function() local t = {} error({t}) end)
        f:set_joinable(true)
        return (f:join())""",
    "channel": """local fiber = require('fiber')
        local c, d = fiber.channel(2), fiber.channel(0)
        fiber.create(function() for i = 1, 4 do c:put({i}) end d:put('last', 2) c:close() end)
        local n = 0
        for i = 1, 4 do n = n + c:get(2)[1] end
        return n, d:get(2)""",
    "cond": """local fiber = require('fiber')
        local cond, woken = fiber.cond(), 0
        for i = 1, 3 do fiber.create(function() cond:wait(5) woken = woken + 1 end) end
        fiber.sleep(0.001)
        cond:broadcast()
        fiber.sleep(0.001)
        return woken""",
    "timers": """local fiber = require('fiber')
        for i = 1, 5 do fiber.create(fiber.sleep, 0.001 * i) end
        fiber.sleep(0.008)
        return fiber.channel(0):get(0.001)""",
    "json": """local json = require('json')
        local text = json.encode({1, {a = 'b', c = {true, 'd'}}, ('x'):rep(2000)})
        return #json.encode(json.decode(text))""",
    "msgpack": """local msgpack = require('msgpack')
        local bytes = msgpack.encode({1, {a = 'b', c = {true, 'd'}}, ('x'):rep(2000)})
        return #msgpack.encode((msgpack.decode(bytes)))""",
    "strings": """local parts = {}
        for word in ('one two three'):gmatch('%a+') do parts[#parts + 1] = word:rep(300):gsub('o', string.upper) end
        table.sort(parts, function(a, b) return a < b end)
        return #table.concat(parts, ',')""",
    "server": """local socket, fiber = require('socket'), require('fiber')
        local server = socket.tcp_server('127.0.0.1', 0, {name = 'sweep', handler = function(s) s:write(s:read('\\n', 5)) end})
        if not server then error('no server') end
        local s = socket.tcp_connect('127.0.0.1', server:name().port, 5)
        local line = s and s:write('a line\\n') and s:read('\\n', 5)
        if s then s:close() end
        server:close()
        if not line or line == '' then error('no line') end
        return line""",
    "sockets": """local socket = require('socket')
        local s = socket('AF_INET', 'SOCK_DGRAM', 'udp')
        if not s or not s:bind('127.0.0.1', 0) then error('no socket') end
        local name = s:name()
        local found = socket.getaddrinfo('127.0.0.1', '80', 5)
        if not s:sendto('127.0.0.1', name.port, 'x') then error('not sent') end
        if not s:readable(5) then error('not readable') end
        local data, from = s:recvfrom(100)
        s:close()
        if not data then error('nothing received') end
        return data, from.host, #found > 0""",
    "error_handlers": """return pcall(error, {}) and 1 or select('#', xpcall(function() error('x') end, debug.traceback))""",
    "coroutines": """local sum = 0
        for n in coroutine.wrap(function() for i = 1, 20 do coroutine.yield(i) end end) do sum = sum + n end
        return sum""",
    "finalizers": """local fiber = require('fiber')
        for i = 1, 3 do getmetatable(newproxy(true)).__gc = function() end end
        collectgarbage() fiber.sleep(0.001) return 1""",
    "code": """return loadstring('local a = ... return function() return a end')(7)()""",
}


def in_lua(text):
    def run(world):
        yield
        try:
            return shape(world.call("sockd.eval", text))
        except sockd_test.RpcError as error:
            if error.name == "EREMOTEIO" and "memory" not in str(error.message) and not world.page.failed():
                raise AssertionError(str(error.message)) from None
            raise
    return run


for name, code in EVALS.items():
    SCENARIOS["in_lua_" + name] = in_lua(code)


# ---- scripts ----

@scenario
def reload(world):
    yield
    return [os.path.basename(path) for path in world.call("sockd.reload")]


@scenario
def reload_refused(world):
    good = world.script.read_text()
    world.script.write_text("this is no Lua")
    yield
    try:
        return world.call("sockd.reload")
    except sockd_test.RpcError as error:
        if "no Lua" in str(error.message) or "'='" in str(error.message):
            return "refused"
        raise
    finally:
        world.script.write_text(good)


@scenario
def load_of_nothing(world):
    yield
    try:
        return world.call("sockd.load", str(world.folder / "none.lua"))
    except sockd_test.RpcError as error:
        if error.name == "ENOENT" or "No such file" in str(error.message):
            return "not there"
        raise


# ---- those who look on ----

def streamed(client):
    """The next bytes of a stream, or why it has ended."""
    notification = client.notification("sockd.data")
    if notification[2] is None:
        detail = notification[3] if len(notification) > 3 else {"name": "EOF", "message": "the end"}
        raise sockd_test.RpcError("the stream has ended", detail)
    return notification[2]


@scenario
def stream(world):
    handle, peer = world.pair()
    yield
    world.call("sockd.stream", handle, 100)
    peer.sendall(b"streamed")
    got = b""
    while len(got) < 8:
        got += streamed(world.client)
    world.call("sockd.credit", handle, 100)
    return got


@scenario
def stream_large(world):
    handle, peer = world.pair()
    size = 1_000_000
    yield
    world.call("sockd.stream", handle, size)
    try:
        peer.settimeout(5)
        peer.sendall(b"z" * size)
    except OSError as error:
        raise EOFError(str(error)) from None
    got = 0
    while got < size:
        got += len(streamed(world.client))
    return got


@scenario
def watch(world):
    handle, peer = world.pair()
    yield
    world.call("sockd.watch", handle, ["readable", "eof", "close"])
    peer.sendall(b"news")
    world.client.notification()
    peer.close()
    world.client.notification()
    return world.call("close", handle)


@scenario
def trace(world):
    handle, peer = world.pair()
    yield
    world.call("sockd.trace", handle, True)
    world.call("write", handle, b"seen")
    world.client.notification()
    return world.receive(peer, 4)


# ---- descriptors ----

def receive_taken(world, msgid):
    """The answer to a take, whose descriptor is closed."""
    client = world.client
    while msgid not in client.answers:
        try:
            data, descriptors, _, _ = socket.recv_fds(client.sock, 1 << 16, 4)
        except TimeoutError:
            world.relent()
            client.sock.settimeout(8)
            data, descriptors, _, _ = socket.recv_fds(client.sock, 1 << 16, 4)
        for descriptor in descriptors:
            os.close(descriptor)
        if not data:
            raise EOFError("the connection has ended")
        client.absorb(data)
    return shape(client.result(msgid))


@scenario
def take(world):
    handle, _ = world.pair()
    world.call("sockd.hello", {"fds": True})
    yield
    return receive_taken(world, world.client.request("sockd.take", handle))


@scenario
def take_confirmed(world):
    """One descriptor comes, the other does not, and the third is never spoken of."""
    handles = [world.pair()[0] for _ in range(3)]
    world.call("sockd.hello", {"fds": True, "confirm": True})
    yield
    told = []
    for handle, came in zip(handles, (True, False, None)):
        msgid = world.client.request("sockd.take", handle)
        told.append(receive_taken(world, msgid))
        if came is not None:
            told.append(world.call("sockd.taken", msgid, came))
    return told


@scenario
def give(world):
    ours, theirs = socket.socketpair()
    world.keep(ours)
    world.keep(theirs)
    yield
    client = world.client
    client.last += 1
    message = client.pack([0, client.last, "sockd.give", []])
    rights = struct.pack("i", theirs.fileno())
    client.sock.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    return shape(client.result(client.last))
