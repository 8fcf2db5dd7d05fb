"""Handlers that take all of Lua's memory: each costs its own connection, and the memory comes back."""
import sockd_test
from sockd_test import until

# What each handler does for ever, or until it is stopped.
BOMBS = {
    "closures": "local t, x = {}, 1 while true do local a, b = x, x t[#t + 1] = function() return a, b, t end end",
    "strings": "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
    "long strings": "local t = {} while true do t[#t + 1] = ('x'):rep(3000000) .. #t end",
    "a doubling string": "local s = 'x' while true do s = s .. s end",
    "one repetition": "return ('x'):rep(1e9)",
    "one concatenation": "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1e6) end return table.concat(t)",
    "tables": "local t = {} while true do t[#t + 1] = {1, 2, a = {}} end",
    "one array": "local t = {} for i = 1, 1e9 do t[i] = i end",
    "two arrays": "local a, b = {}, {} for i = 1, 1e9 do a[i] = i b[i] = i end",
    "one hash": "local t = {} for i = 1, 1e9 do t[i + 0.5] = i end",
    "deep recursion": "local function f(...) return f(1, ...) end f()",
    "coroutines": "local t = {} while true do local c = coroutine.create(f) coroutine.resume(c) t[#t + 1] = c end",
    "userdata": "local t = {} while true do t[#t + 1] = newproxy(true) end",
    "fiber objects": "local t = {} while true do t[#t + 1] = fiber.self() end",
    "channels": "local t = {} while true do t[#t + 1] = fiber.channel(1) end",
    "a full channel": "local c = fiber.channel(1e9) while true do c:put({}) end",
    "substitution": "local s = ('x'):rep(1000000) while true do s = s:gsub('x', 'xx') end",
    "in a callback": "local t = {} ('x'):rep(1e7):gsub('x', function() t[#t + 1] = {} return 'xx' end) error('not stopped')",
    "in a comparison": "local t, u = {}, {} for i = 1, 1e5 do t[i] = -i end "
                       "table.sort(t, function(a, b) for i = 1, 50 do u[#u + 1] = {} end return a < b end) error('not stopped')",
    "a nested text": "return json.decode(('['):rep(100) .. ('{\"a\":[[],[]]},'):rep(1e6) .. '0' .. (']'):rep(100))",
    "an encoded table": "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1000000) end return json.encode(t)",
    "a packed table": "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1000000) end return msgpack.encode(t)",
    "unpacked arrays": "return msgpack.decode('\\221\\0\\64\\0\\0' .. ('\\144'):rep(0x400000))",
    "within pcall": "while true do pcall(function() local t = {} while true do t[#t + 1] = function() return t end end end) end",
    "kept beyond pcall": "local t = {} while true do pcall(function() while true do local a, b = 1, 2 "
                         "t[#t + 1] = function() return a, b end end end) end",
    "in a handler of errors": "xpcall(function() error('x') end, function() local t = {} while true do t[#t + 1] = {} end end) "
                              "error('caught')",
    "in a coroutine": "local t = {} local co = coroutine.wrap(function() while true do t[#t + 1] = function() return t end end end) co()",
    "in kept coroutines": "local kept = {} while true do local co = coroutine.create(function() local t = {} while true do local a, b = 1, 2 "
                          "t[#t + 1] = function() return a, b, t end end end) kept[#kept + 1] = co coroutine.resume(co) end",
    "in a metamethod": "local t = {} local m = setmetatable({}, {__index = function() while true do t[#t + 1] = {} end end}) return m.x",
    "globals": "while true do hoard = {hoard} end",
    "code": "local t = {} while true do t[#t + 1] = loadstring('return function() return ' .. #t .. ' end') end",
}

SCRIPT = """
    local socket, fiber, json, msgpack = require('socket'), require('fiber'), require('json'), require('msgpack')
    local function f() coroutine.yield() end
    bombs = {%s}
    function serve(s)
        local name = s:read('\\n')
        if name == 'echo\\n' then
            s:write(s:read('\\n'))
            return
        end
        bombs[name:sub(1, -2)](s)
    end
    listener = socket.tcp_server('127.0.0.1', 0, serve)
    function port() return listener:name().port end
    function forget() hoard = nil end
"""


def script():
    return SCRIPT % ", ".join(f"[{name!r}] = function(s) {text} end" for name, text in BOMBS.items())


class TestMemory(sockd_test.Case):
    options = ("--lua-memory", "24M", "--handler-cpu", "1", "--hang", "60")

    def served(self, *options):
        daemon = self.daemon("--load", self.script(script()), *self.options, *options, settles=False)
        client = self.keep(daemon.client())
        return daemon, client, client.call("sockd.call", "port", [])

    def drop(self, port, name):
        sock = self.keep(sockd_test.connect(port))
        sock.sendall(name.encode() + b"\n")
        return sock

    def check_others(self, daemon, client, port):
        """Everybody is served, and nothing of the bombs is left."""
        self.assertEqual(client.call("sockd.ping"), "pong")
        client.call("sockd.call", "forget", [])
        until(lambda: daemon_memory(client) < 20 << 20, lambda: f"memory back: {daemon_memory(client)}")
        with sockd_test.connect(port) as sock:
            sock.sendall(b"echo\nhello\n")
            self.assertEqual(sockd_test.receive(sock, 6), b"hello\n")
        self.assertTrue(daemon.alive())

    def check_each(self, *options):
        daemon, client, port = self.served(*options)
        for name in BOMBS:
            with self.subTest(name):
                sock = self.drop(port, name)
                self.assertEqual(client.call("sockd.ping"), "pong")
                sock.settimeout(sockd_test.PATIENCE * 4)
                self.assertEqual(sock.recv(1), b"")
                end_fibers(client)
                self.check_others(daemon, client, port)

    def test_each_bomb_costs_its_connection(self):
        self.check_each()

    def test_each_bomb_costs_its_connection_with_the_compiler(self):
        self.check_each("--jit")

    def test_many_bombs_at_once_cost_their_connections(self):
        daemon, client, port = self.served()
        for name in ("closures", "tables", "long strings", "within pcall"):
            socks = [self.drop(port, name) for _ in range(8)]
            for sock in socks:
                self.assertEqual(client.call("sockd.ping"), "pong")
                sock.settimeout(sockd_test.PATIENCE * 4)
                self.assertEqual(sock.recv(1), b"")
            self.check_others(daemon, client, port)

    def test_a_script_that_catches_the_error_and_frees_goes_on(self):
        _, client, _ = self.served("--handler-cpu", "60")
        self.assertEqual(client.call("sockd.eval", """
            for i = 1, 5 do
                local t = {}
                local ok, text = pcall(function() while true do t[#t + 1] = function() return t end end end)
                assert(not ok and text == 'not enough memory', text)
                t = nil
                local more = {}
                for j = 1, 1000 do more[j] = {('x'):rep(100) .. j} end
            end
            return 'went on'
        """), "went on")

    def test_what_a_caller_asks_beyond_the_memory_is_ENOMEM(self):
        _, client, _ = self.served()
        self.fails("ENOMEM", client.call, "sockd.eval", "return #... --" + "x" * 15000000, )


def daemon_memory(client):
    return client.call("sockd.stats")["lua_memory"]


def end_fibers(client):
    """Those that a bomb has made and that nobody waits for. Memory may not be back yet."""
    def end():
        try:
            return client.call("sockd.eval", """
                local fiber = require('fiber')
                for id in pairs(fiber.info()) do
                    if id ~= fiber.id() then pcall(fiber.cancel, id) end
                end
                return true
            """)
        except sockd_test.RpcError:
            return False
    until(end, "an eval is run")


sockd_test.main()
