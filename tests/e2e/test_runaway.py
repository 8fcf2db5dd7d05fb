"""Code that does not stop by itself, and who is stopped for what."""
import socket

import sockd_test
from sockd_test import until

SCRIPT = """
local fiber = require('fiber')

function burn(c) while true do end end

function hold(c)
    c:write('held\\n')
    c:read('\\n')
end

-- Makes fibers until it is refused; 'full' and how many, when it has caught that.
function fill(c)
    local count = 0
    while pcall(fiber.create, fiber.sleep, 3600) do count = count + 1 end
    c:write('full ' .. count .. '\\n')
    c:read('\\n')
end

function bomb(c)
    while true do fiber.create(fiber.sleep, 3600) end
end

function generations()
    local function bomb() while true do fiber.create(bomb) end end
    bomb()
end

function listening_bomb(c)
    local server = require('socket').tcp_server('127.0.0.1', 0, function() end)
    c:write(server:name().port .. '\\n')
    c:read('\\n')
    while true do fiber.create(fiber.sleep, 3600) end
end

function few(c)
    for _ = 1, 3 do fiber.create(fiber.sleep, 3600) end
end

released = 0
function careful(c)
    pcall(burn)
    released = released + 1
end
"""


class Case(sockd_test.Case):
    options = ()

    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--load", self.script(SCRIPT), "--grace", 0, *self.options)
        self.client = self.keep(self.sockd.client())

    def tearDown(self):
        if self.sockd.alive():
            for entry in self.client.call("sockd.list"):
                if entry["state"] == "listening":
                    self.client.call("close", entry["id"])
        super().tearDown()

    def serve(self, name):
        return self.client.call("tcp_server", "127.0.0.1", 0, name)[1]["port"]

    def fibers(self):
        return self.client.call("sockd.stats")["fibers"]

    def used(self):
        return self.client.call("sockd.stats")["quotas"]["fibers"][0]

    def eval(self, code):
        return self.client.call("sockd.eval", code)


class TestFibers(Case):
    options = ("--quota-fibers", 100, "--handler-cpu", 0.5)

    def setUp(self):
        super().setUp()
        self.limit = self.client.call("sockd.stats")["quotas"]["fibers"][1]

    def line(self, sock):
        data = b""
        while not data.endswith(b"\n"):
            data += sockd_test.receive(sock, 1)
        return data.decode().split()

    def test_those_of_scripts_take_half_of_the_quota_and_connections_find_room(self):
        peer = self.keep(sockd_test.connect(self.serve("fill")))
        word, count = self.line(peer)
        self.assertEqual(word, "full")
        self.assertLessEqual(int(count), self.limit / 2)
        self.assertGreaterEqual(int(count), self.limit / 2 - 3)
        other = self.keep(sockd_test.connect(self.serve("hold")))
        self.assertEqual(self.line(other), ["held"])
        self.assertEqual(self.eval("return 1"), 1)
        error = self.fails("EREMOTEIO", self.eval, "require('fiber').create(print)")
        self.assertIn("as many fibers", error.message)
        peer.close()
        other.close()
        until(lambda: self.fibers() == int(count), "those live on that a handler leaves behind")
        self.assertEqual(self.used(), int(count))
        self.eval("for id in pairs(require('fiber').info()) do"
                  " if id ~= require('fiber').id() then require('fiber').cancel(id) end end")
        until(lambda: self.used() == 0, "every charge is given back")

    def test_a_bomb_leaves_nothing(self):
        for _ in range(3):
            with sockd_test.connect(self.serve("bomb")) as peer:
                self.assertEqual(peer.recv(1), b"")
            until(lambda: (self.fibers(), self.used()) == (0, 0), "they end with who made them")
        self.assertIn("as many fibers", self.sockd.log())

    def test_nor_does_one_in_an_eval(self):
        for way in ("create", "new"):
            self.fails("EREMOTEIO", self.eval, "local fiber = require('fiber')"
                       f" while true do fiber.{way}(fiber.sleep, 3600) end")
            until(lambda: (self.fibers(), self.used()) == (0, 0), "they end with who made them")

    def test_those_that_have_not_begun_never_do(self):
        self.fails("EREMOTEIO", self.eval, """
            begun = 0
            local fiber = require('fiber')
            while true do
                fiber.new(function() begun = begun + 1 while true do end end)
            end""")
        until(lambda: (self.fibers(), self.used()) == (0, 0), "they end with who made them")
        self.assertLess(self.eval("return begun"), 10)

    def test_nor_are_others_born_when_it_ends(self):
        with sockd_test.connect(self.serve("generations")) as peer:
            peer.settimeout(120)
            self.assertEqual(peer.recv(1), b"")
        until(lambda: (self.fibers(), self.used()) == (0, 0), "they end with who made them")

    def test_a_listener_that_a_bomb_has_opened_closes(self):
        peer = self.keep(sockd_test.connect(self.serve("listening_bomb")))
        port = int(self.line(peer)[0])
        sockd_test.connect(port).close()
        peer.sendall(b"\n")
        self.assertEqual(peer.recv(1), b"")
        with self.assertRaises(ConnectionRefusedError):
            while True:
                sockd_test.connect(port).close()

    def test_those_that_ended_and_that_nobody_joins_count(self):
        self.fails("EREMOTEIO", self.eval, "local fiber = require('fiber')"
                   " while true do fiber.new(print):set_joinable(true) end")
        until(lambda: (self.fibers(), self.used()) == (0, 0), "they end with who made them")

    def test_whoever_asks_for_little_leaves_it(self):
        with sockd_test.connect(self.serve("few")) as peer:
            self.assertEqual(peer.recv(1), b"")
        until(lambda: self.fibers() == 3, "the handler has ended")
        self.assertEqual(self.used(), 3)
        self.client.call("sockd.reload")
        until(lambda: (self.fibers(), self.used()) == (0, 0), "a reload ends them")


class TestCancel(Case):
    options = ("--handler-cpu", 30)

    SPINS = (
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "local function spin() while true do end end while true do xpcall(spin, spin) end",
        "while true do local _ = ('x'):rep(100000) end",
        "local f = require('fiber') while true do pcall(f.sleep, 0.001) end",
        "local f = require('fiber') while true do f.create(function() end) end",
    )

    def begin(self, code, client=None):
        """A call that runs: its msgid."""
        request = (client or self.client).request("sockd.eval", code)
        until(lambda: self.fibers() > 0, "it runs")
        return request

    def test_a_call_that_computes_ends(self):
        for code in self.SPINS:
            with self.subTest(code):
                request = self.begin(code)
                self.client.call("sockd.cancel", request)
                self.fails("ECANCELED", self.client.result, request)
                until(lambda: self.fibers() == 0, "its fiber ends")
        self.assertNotIn("ran too long", self.sockd.log())

    def test_and_so_does_that_of_a_client_that_leaves(self):
        for code in self.SPINS:
            with self.subTest(code):
                with self.sockd.client() as other:
                    self.begin(code, other)
                until(lambda: self.fibers() == 0, "its fiber ends")

    def test_but_not_that_of_one_that_only_says_no_more(self):
        with self.sockd.client() as other:
            request = other.request("sockd.eval", "local f = require('fiber')"
                                    " local stop = f.clock() + 0.3"
                                    " while f.clock() < stop do end return 'done'")
            other.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(other.result(request), "done")

    def test_a_computation_within_pcall_has_time_to_clear_up(self):
        request = self.client.request("sockd.call", "careful")
        until(lambda: self.fibers() > 0, "it runs")
        self.client.call("sockd.cancel", request)
        until(lambda: self.fibers() == 0, "its fiber ends")
        self.assertEqual(self.eval("return released"), 1)


class TestGrace(Case):
    options = ("--handler-cpu", 30, "--grace-c", 0.3)

    def test_code_that_c_calls_has_the_grace_and_no_more(self):
        used, why = self.eval("""
            local clock = require('clock')
            local began = clock.thread()
            local bad = setmetatable({}, {__tostring = function() while true do end end})
            local _, why = pcall(string.format, '%s', bad)
            return clock.thread() - began, why""")
        self.assertIn("within a C function", why)
        self.assertGreaterEqual(used, 0.3)
        self.assertLess(used, 15)

    def test_who_catches_the_error_has_less_of_it(self):
        used, count = self.eval("""
            local clock = require('clock')
            local began, count = clock.thread(), 0
            local bad = setmetatable({}, {__tostring = function() while true do end end})
            while clock.thread() - began < 5 and count < 10 do
                pcall(string.format, '%s', bad)
                count = count + 1
            end
            return clock.thread() - began, count""")
        self.assertEqual(count, 10)
        self.assertLess(used, 10 * 0.3)


class TestBusy(Case):
    options = ("--handler-cpu", 0.1)

    def test_others_are_served_beside_many_that_burn(self):
        port = self.serve("burn")
        peers = [self.keep(sockd_test.connect(port)) for _ in range(20)]
        until(lambda: self.fibers() > 10, "they burn")
        for _ in range(100):
            self.client.call("sockd.ping")
        self.assertGreater(self.fibers(), 0, "all that while")
        for peer in peers:
            self.assertEqual(sockd_test.receive(peer, 1), b"")
        until(lambda: self.fibers() == 0, "all are stopped")
        self.assertEqual(self.sockd.log().count("the fiber ran too long without waiting"), 20)


sockd_test.main()
