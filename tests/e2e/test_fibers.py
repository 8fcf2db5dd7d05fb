"""What Lua serves at once: quotas of fibers, and what sockd.stats tells of fibers and handlers."""
import select

import sockd_test
from sockd_test import until

SCRIPT = """
local fiber = require('fiber')

function hold(c)
    c:write('held\\n')
    c:read('\\n')
end

function fail(c) error('on purpose') end

function wait() fiber.sleep(3600) end

function answer() return 42 end

function block(seconds)
    local till = fiber.clock() + seconds
    while fiber.clock() < till do end
end
"""


class Fibers(sockd_test.Case):
    def start(self, *args, **more):
        self.sockd = self.daemon("--load", self.script(SCRIPT), *args, **more)
        self.client = self.keep(self.sockd.client())
        self.servers = []

    def tearDown(self):
        if not self.failed():
            for handle in self.servers:
                self.client.answer(self.client.request("close", handle))
        super().tearDown()

    def serve(self, name):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0, name)
        self.servers.append(handle)
        return handle, address["port"]

    def stats(self):
        return self.client.call("sockd.stats")

    def used(self):
        return self.stats()["quotas"]["fibers"][0]

    def held(self, port):
        """A connection that is served."""
        sock = self.keep(sockd_test.connect(port))
        self.assertEqual(sockd_test.receive(sock, 5), b"held\n")
        return sock

    def is_served(self, sock):
        return bool(select.select([sock], [], [], 0)[0])


class TestQuota(Fibers):
    def setUp(self):
        super().setUp()
        self.start("--quota-fibers", 4)
        self.limit = self.stats()["quotas"]["fibers"][1]

    def fill(self, port, less=0):
        return [self.held(port) for _ in range(self.limit - less)]

    def test_connections_beyond_it_wait_for_others_to_end(self):
        _, port = self.serve("hold")
        _, other = self.serve("hold")
        socks = self.fill(port)
        self.assertEqual(self.used(), self.limit)
        waiting = [self.keep(sockd_test.connect(place)) for place in (port, port, other)]
        before = self.sockd.cpu_exact()
        self.client.call("readable", self.client.call("socket", "AF_INET", "SOCK_DGRAM",
                                                      {"lifetime": "client"}), 0.2)
        self.assertLess(self.sockd.cpu_exact() - before, 0.1, "it spins")
        self.assertFalse(any(map(self.is_served, waiting)))
        for served in range(3):
            socks.pop().close()
            until(lambda: sum(map(self.is_served, waiting)) == served + 1, "one more is served")
            self.assertEqual(self.used(), self.limit)
        for sock in socks + waiting:
            sock.close()
        until(lambda: self.used() == 0, "all is given back")

    def test_calls_beyond_it_are_refused(self):
        _, port = self.serve("hold")
        socks = self.fill(port, less=1)
        self.assertEqual(self.client.call("sockd.call", "answer"), 42)
        waiting = self.client.request("sockd.call", "wait")
        for method, text in (("sockd.call", "answer"), ("sockd.eval", "return 1")):
            self.assertTrue(self.fails("EDQUOT", self.client.call, method, text).detail["refused"])
        self.client.call("sockd.cancel", waiting)
        until(lambda: self.used() == self.limit - 1, "the call has ended")
        self.assertEqual(self.client.call("sockd.call", "answer"), 42)
        for sock in socks:
            sock.close()
        until(lambda: self.used() == 0, "all is given back")

    def test_a_call_that_does_not_begin_costs_nothing(self):
        self.fails("ENOENT", self.client.call, "sockd.call", "nothing")
        self.fails("EREMOTEIO", self.client.call, "sockd.call", "fail")
        self.assertEqual(self.used(), 0)

    def test_a_listener_may_close_while_it_rests(self):
        handle, port = self.serve("hold")
        socks = self.fill(port)
        waiting = self.keep(sockd_test.connect(port))
        until(lambda: len(self.client.call("sockd.list", {"state": "connected"}))
              == self.limit + 1, "it is kept for later")
        self.client.call("close", handle)
        with self.assertRaises(ConnectionResetError):
            if waiting.recv(1) == b"":
                raise ConnectionResetError
        for sock in socks:
            sock.close()
        until(lambda: self.used() == 0, "all is given back")


class TestEnd(Fibers):
    def test_it_comes_while_a_listener_rests(self):
        self.start("--quota-fibers", 1, "--grace", 0, settles=False)
        _, port = self.serve("hold")
        for _ in range(self.stats()["quotas"]["fibers"][1]):
            self.held(port)
        self.keep(sockd_test.connect(port))
        self.servers = []


class TestStats(Fibers):
    def setUp(self):
        super().setUp()
        self.start()

    def test_handlers(self):
        self.assertEqual(self.stats()["handlers"], {})
        _, port = self.serve("hold")
        _, failing = self.serve("fail")
        first, second = self.held(port), self.held(port)
        with sockd_test.connect(failing) as sock:
            self.assertEqual(sock.recv(1), b"")
        second.close()
        self.counts("hold", connections=1, connections_ever=2, failed=0)
        self.counts("fail", connections=0, connections_ever=1, failed=1)
        for handle in self.servers:
            self.client.call("close", handle)
        self.servers = []
        self.counts("hold", connections=1, connections_ever=2, failed=0)
        first.close()
        until(lambda: self.stats()["handlers"] == {}, "nothing serves under these names")

    def counts(self, name, **wanted):
        until(lambda: self.stats()["handlers"].get(name) == wanted,
              lambda: f"{self.stats()['handlers']} has {wanted}")

    def test_fibers_memory_and_generation(self):
        before = self.stats()
        self.assertEqual((before["fibers"], before["generation"]), (0, 1))
        _, port = self.serve("hold")
        sock = self.held(port)
        self.client.call("sockd.eval", "big = ('x'):rep(10 * 1024 * 1024)")
        self.client.call("sockd.reload")
        after = self.stats()
        self.assertEqual((after["fibers"], after["generation"]), (1, 2))
        self.assertGreater(after["lua_memory"] - before["lua_memory"], 10 * 1024 * 1024)
        sock.close()

    def test_a_function_that_blocks_is_seen_as_lag(self):
        """Without --jit it is preempted: only what C does in one go holds others up."""
        self.assertLess(self.stats()["loop_busy"], sockd_test.PATIENCE)
        self.client.call("sockd.eval", "os.execute('sleep 0.1')")
        stats = self.stats()
        self.assertGreater(stats["loop_lag"], 0.01)
        self.assertGreaterEqual(stats["loop_busy"], stats["loop_lag"])


sockd_test.main()
