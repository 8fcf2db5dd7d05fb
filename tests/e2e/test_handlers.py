"""Handlers: those of a loaded script by name, of source text, and the bad ones."""

import sockd_test
from sockd_test import until

SCRIPT = """
local socket = require('socket')
local fiber = require('fiber')

function echo(s)
    while true do
        local data = s:sysread(65536)
        if data == nil or data == '' then return end
        s:write(data)
    end
end

lines = {}
function lines.upper(s)
    while true do
        local line = s:read('\\n')
        if line == nil or line == '' then return end
        s:write(line:upper())
    end
end

function burn(s) while true do end end

function bomb(s)
    local t = {}
    while true do t[#t + 1] = ('x'):rep(1024 * 1024) .. #t end
end

function fail(s) local x = nil; return x.field end
"""


class TestHandlers(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--load", self.script(SCRIPT))
        self.client = self.keep(self.sockd.client())
        self.servers = []

    def tearDown(self):
        if self.sockd.alive():
            for handle in self.servers:
                self.client.call("close", handle)
        super().tearDown()

    def serve(self, *handler):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0, *handler)
        self.servers.append(handle)
        return address["port"]

    def ask(self, port, question):
        with sockd_test.connect(port) as sock:
            sock.sendall(question)
            return sockd_test.receive(sock, len(question))

    def test_a_function_by_name(self):
        self.assertEqual(self.ask(self.serve("echo"), b"\x00\xffbytes"), b"\x00\xffbytes")
        self.assertEqual(self.ask(self.serve("lines.upper"), b"shout\n"), b"SHOUT\n")

    def test_a_function_with_a_name_of_its_own(self):
        port = self.serve({"handler": "echo", "name": "mirror"})
        self.assertEqual(self.ask(port, b"x"), b"x")

    def test_source_text(self):
        port = self.serve("local s = ... ; s:write('from ' .. s:read('\\n'))")
        with sockd_test.connect(port) as sock:
            sock.sendall(b"afar\n")
            self.assertEqual(sockd_test.receive(sock, 100), b"from afar\n")

    def test_what_no_script_defined_is_no_handler(self):
        for name in ("print", "os.execute", "string.rep", "nothing"):
            with self.assertRaises(sockd_test.RpcError) as caught:
                self.serve(name)
            self.assertIn(caught.exception.name, ("EPERM", "ENOENT"), name)

    def test_source_that_does_not_compile_is_refused(self):
        error = self.fails("EINVAL", self.serve, "local x = = 1")
        self.assertIn("=", error.message)

    def test_an_error_costs_its_own_connection_and_is_logged(self):
        port = self.serve("fail")
        with sockd_test.connect(port) as sock:
            self.assertEqual(sock.recv(1), b"")
        until(lambda: "traceback" in self.sockd.log(), "the traceback is logged")
        self.assertEqual(self.ask(self.serve("echo"), b"x"), b"x")

    def test_a_thousand_connections(self):
        port = self.serve("echo")
        peers = [self.keep(sockd_test.connect(port)) for _ in range(400)]
        for number, peer in enumerate(peers):
            peer.sendall(b"%d\n" % number)
        for number, peer in enumerate(peers):
            self.assertEqual(peer.recv(100), b"%d\n" % number)
        for peer in peers:
            peer.close()
        until(lambda: len(self.client.call("sockd.list")) == 1, "they are gone")

    def test_eval(self):
        self.assertEqual(self.client.call("sockd.eval", "return 1 + 1"), 2)
        self.assertEqual(self.client.call("sockd.eval", "return ...", "a", 2), ["a", 2])
        self.assertEqual(self.client.call("sockd.eval", "require('fiber').sleep(0.01) return 'x'"),
                         "x")
        with self.assertRaises(sockd_test.RpcError) as caught:
            self.client.call("sockd.eval", "error('on purpose')")
        self.assertIn("on purpose", caught.exception.message)
        handle = self.client.call("sockd.eval",
                                  "return require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')")
        self.assertIsInstance(handle, int)
        self.client.call("close", handle)

    def test_an_eval_that_is_cancelled_ends(self):
        request = self.client.request("sockd.eval", "require('fiber').sleep(3600)")
        self.client.call("sockd.cancel", request)
        self.fails("ECANCELED", self.client.result, request)


class TestBadHandlers(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--load", self.script(SCRIPT), "--handler-cpu", 0.3,
                                 "--lua-memory", "32M")
        self.client = self.keep(self.sockd.client())

    def serve(self, name):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0, name)
        return handle, address["port"]

    def slowest_ping(self):
        """Of a hundred, but for a few, in seconds of processor time that the daemon spends before it
        answers: the clock on the wall tells what else the machine is doing."""
        times = []
        for _ in range(100):
            began = self.sockd.cpu_exact()
            self.client.call("sockd.ping")
            times.append(self.sockd.cpu_exact() - began)
        return sorted(times)[95]

    def test_fifty_handlers_that_never_wait_leave_the_control_socket_quick(self):
        handle, port = self.serve("burn")
        burners = [self.keep(sockd_test.connect(port)) for _ in range(50)]
        until(lambda: len(self.client.call("sockd.list")) == 51, "all burn")
        # The best of several rounds: while this test waits for its turn, the daemon goes on.
        limit = 0.1 if sockd_test.SANITIZED else 0.01
        self.assertLess(min(self.slowest_ping() for _ in range(5)), limit)
        # A burner is stopped within its budget of processor time, with a traceback.
        for burner in burners:
            burner.close()
        self.client.call("close", handle)
        until(lambda: not self.client.call("sockd.list"), "the burners are stopped", 120)
        self.assertEqual(self.sockd.log().count("ran too long without waiting"), 50)

    def test_a_memory_bomb_kills_its_handler_only(self):
        self.sockd = self.daemon("--load", self.script(SCRIPT), "--lua-memory", "64M")
        self.client = self.keep(self.sockd.client())
        handle, port = self.serve("bomb")
        echo, echo_port = self.serve("echo")
        with sockd_test.connect(port) as sock:
            self.assertEqual(sock.recv(1), b"")
        until(lambda: "not enough memory" in self.sockd.log(), "it is logged")
        with sockd_test.connect(echo_port) as sock:
            sock.sendall(b"still here")
            self.assertEqual(sockd_test.receive(sock, 10), b"still here")
        for each in (handle, echo):
            self.client.call("close", each)


sockd_test.main()
