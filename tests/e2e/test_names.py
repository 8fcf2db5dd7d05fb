"""Names: look-ups that hang, and connecting to what has several addresses.

The daemon runs in a network of its own. There its own script is the name server: one that takes
each question and answers hardly any.
"""
import os
import signal
import time
import unittest

import private_network
import sockd_test
from sockd_test import until

# What nothing in this file may take, unless a deadline says so.
SOON = 20 if sockd_test.SANITIZED else 5

HOSTS = """
127.0.0.1 localhost
::1 localhost
127.0.0.1 near
127.0.0.2 refused-first
198.51.100.1 refused-first
192.0.2.1 silent-first
198.51.100.1 silent-first
192.0.2.1 silent
192.0.2.2 silent
192.0.2.3 silent
2001:db8::1 both
198.51.100.1 both
2001:db8::1 interleaved
2001:db8::2 interleaved
2001:db8::3 interleaved
198.51.100.1 interleaved
127.0.0.2 all-refuse
127.0.0.3 all-refuse
::1 all-refuse
::1 refused-then-silent
192.0.2.4 refused-then-silent
::1 six
"""

SCRIPT = """
fiber, socket, errno = require('fiber'), require('socket'), require('errno')

local names = socket('AF_INET', 'SOCK_DGRAM', 'udp')
assert(names:bind('127.0.0.1', 53), names:error())
asked, questions = {}, 0

-- The first label of what is asked.
fiber.create(function()
    while true do
        local question, from = names:recvfrom()
        local label = question:sub(14, 13 + question:byte(13))
        asked[label] = (asked[label] or 0) + 1
        questions = questions + 1
        if label == 'answered' then -- there is no such name
            names:sendto(from.host, from.port, question:sub(1, 2) .. '\\129\\131' .. question:sub(5))
        end
    end
end)

function timed(fn, ...)
    local begun = fiber.clock()
    local result, problem = fn(...)
    local number = errno()
    if type(result) == 'table' and result.close then
        local peer = result:peer().host
        result:close()
        result = peer
    end
    return result, problem, number, fiber.clock() - begun
end

ticks = 0
fiber.create(function()
    while true do
        ticks = ticks + 1
        fiber.sleep(0.002)
    end
end)
"""


@unittest.skipUnless(private_network.available(), "only root can have a network of its own")
class Private(sockd_test.Case):
    """A test whose daemon, self.sockd, lives in that network."""

    resolver = "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n"

    def setUp(self):
        super().setUp()
        self.sockd = self.daemon(
            "--load", self.script(SCRIPT), "--grace", 0.2, settles=False,
            wrapper=private_network.wrapper(self.folder, HOSTS, self.resolver))
        self.client = self.keep(self.sockd.client())

    def eval(self, text, *args):
        return self.client.call("sockd.eval", text, *args)

    def look_up(self, name, timeout=None, client=None):
        """A look-up under way; its msgid."""
        client = client or self.client
        return client.request("getaddrinfo", name, 80, {"timeout": timeout} if timeout else {})

    def until_asked(self, *names):
        for name in names:
            until(lambda: self.eval("return asked[...] or 0", name), f"{name} is asked for")


class TestHanging(Private):
    def hang(self, count):
        """So many look-ups that hang, each in a thread while there are threads."""
        return [self.look_up(f"hang{number}.test") for number in range(count)]

    def test_it_delays_nobody(self):
        self.hang(1)
        self.until_asked("hang0")
        before = self.eval("return ticks")
        begun = time.monotonic()
        with self.sockd.client() as other:
            for _ in range(200):
                self.assertEqual(other.call("sockd.ping"), "pong")
            self.assertEqual(other.call("getaddrinfo", "127.0.0.1", 80)[0]["host"], "127.0.0.1")
            self.assertEqual(other.call("getaddrinfo", "near", 80)[0]["host"], "127.0.0.1")
            self.fails("EAI_NONAME", other.call, "getaddrinfo", "answered.test", 80)
        self.assertLess(time.monotonic() - begun, SOON)
        until(lambda: self.eval("return ticks") > before + 20, "other fibers run")

    def test_fibers_that_look_up_delay_no_other(self):
        request = self.client.request(
            "sockd.eval", "return timed(socket.getaddrinfo, 'fiber.test', 80, 0.2)")
        other = self.client.request(
            "sockd.eval", "return timed(socket.tcp_connect, 'connect.test', 80, 0.2)")
        self.until_asked("fiber", "connect")
        before = self.eval("return ticks")
        for msgid in (request, other):
            result, problem, number, took = self.client.result(msgid)
            self.assertEqual((result, problem, number), (None, "Connection timed out", 110))
            self.assertLess(took, 0.2 + SOON)
            self.assertGreaterEqual(took, 0.2)
        self.assertGreater(self.eval("return ticks"), before + 5)

    def test_it_ends_at_its_timeout(self):
        for method, params in (("getaddrinfo", ("a.test", 80, {"timeout": 0.1})),
                               ("tcp_connect", ("b.test", 80, {"timeout": 0.1}))):
            begun = time.monotonic()
            self.fails("ETIMEDOUT", self.client.call, method, *params)
            self.assertGreaterEqual(time.monotonic() - begun, 0.1)
            self.assertLess(time.monotonic() - begun, SOON)
        result, problem, number, took = self.eval(
            "return timed(socket.tcp_server, 'c.test', 0, print, 0.1)")
        self.assertEqual((result, problem, number), (None, "Connection timed out", 110))
        self.assertLess(took, SOON)

    def test_more_than_there_are_threads_queue_each_within_its_own_timeout(self):
        self.hang(20)
        begun = time.monotonic()
        short = [self.look_up(f"queued{number}.test", 0.1 + number / 100) for number in range(20)]
        # Neither what /etc/hosts knows nor a numeric host queues.
        self.assertEqual(self.client.call("getaddrinfo", "near", 80)[0]["host"], "127.0.0.1")
        for number, msgid in enumerate(short):
            self.fails("ETIMEDOUT", self.client.result, msgid)
            self.assertGreaterEqual(time.monotonic() - begun, 0.1 + number / 100)
        self.assertLess(time.monotonic() - begun, SOON)
        self.assertEqual(self.client.call("getaddrinfo", "::1", 80)[0]["host"], "::1")
        self.assertLess(self.eval("return questions"), 12)
        self.assertLess(self.threads(), 40)

    def threads(self):
        return len(os.listdir(f"/proc/{self.sockd.pid}/task"))

    def test_a_thousand_leave_nothing(self):
        begun = time.monotonic()
        requests = [self.look_up(f"many{number}.test", 0.3) for number in range(500)]
        requests += [self.client.request(
            "sockd.eval", "return timed(socket.tcp_connect, ..., 80, 0.3)", f"lua{number}.test")
            for number in range(500)]
        for msgid in requests[:500]:
            self.fails("ETIMEDOUT", self.client.result, msgid)
        for msgid in requests[500:]:
            self.assertEqual(self.client.result(msgid)[2], 110)
        self.assertLess(time.monotonic() - begun, 0.3 + 2 * SOON)
        self.assertLess(self.threads(), 40)
        self.assertEqual(self.client.call("getaddrinfo", "near", 80)[0]["host"], "127.0.0.1")

    def test_cancel_ends_it(self):
        running, queued = self.hang(1)[0], self.hang(10)[-1]
        self.until_asked("hang0")
        for msgid in (queued, running):
            self.client.call("sockd.cancel", msgid)
            self.fails("ECANCELED", self.client.result, msgid)
        connecting = self.client.request("tcp_connect", "cancelled.test", 80, {})
        self.client.call("sockd.cancel", connecting)
        self.fails("ECANCELED", self.client.result, connecting)

    def test_a_fiber_that_is_cancelled(self):
        for call in ("socket.getaddrinfo('x.test', 80)", "socket.tcp_connect('x.test', 80)",
                     "socket.tcp_server('x.test', 80, print)"):
            ok, problem = self.eval("""
                local worker = fiber.new(function() return %s end)
                worker:set_joinable(true)
                fiber.sleep(0.01)
                worker:cancel()
                return worker:join()
            """ % call)
            self.assertEqual((ok, problem), (False, "fiber is cancelled"))

    def test_a_client_that_goes_away_takes_its_look_ups_along(self):
        with self.sockd.client() as other:
            for number in range(50):
                self.look_up(f"gone{number}.test", client=other)
            other.call("sockd.ping")
        until(lambda: self.client.call("sockd.stats")["clients"] == 1, "it is gone")
        self.assertEqual(self.client.call("sockd.ping"), "pong")

    def test_the_daemon_ends_in_time(self):
        self.hang(10)
        self.client.request("sockd.eval", "return socket.tcp_connect('lua.test', 80)")
        self.until_asked("hang0")
        begun = time.monotonic()
        self.assertEqual(self.sockd.stop((signal.SIGTERM,)), 0)
        self.assertLess(time.monotonic() - begun, SOON)


class TestLate(Private):
    resolver = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"

    def test_a_queued_look_up_goes_on_when_those_before_it_have_failed(self):
        hanging = [self.look_up(f"late{number}.test") for number in range(8)]
        near = self.look_up("near")
        self.assertEqual(self.client.result(near)[0]["host"], "127.0.0.1")
        for msgid in hanging:
            self.fails("EAI_AGAIN", self.client.result, msgid)


class TestConnecting(Private):
    def setUp(self):
        super().setUp()
        self.port = self.eval("""
            local listener, address = socket.tcp_server('198.51.100.1', 0, function(s) s:read(1) end)
            return address.port
        """)

    def test_the_order_of_the_addresses(self):
        for name, first, last in (("silent-first", "192.0.2.1", "198.51.100.1"),
                                  ("both", "2001:db8::1", "198.51.100.1"),
                                  ("refused-then-silent", "::1", "192.0.2.4")):
            found = [each["host"] for each in self.client.call("getaddrinfo", name, 80)]
            self.assertEqual((found[0], found[-1]), (first, last), name)

    def connect(self, name, timeout=10, port=None):
        """(address that answered, error text, errno, seconds)"""
        return self.eval("return timed(socket.tcp_connect, ...)", name, port or self.port, timeout)

    def test_the_first_address_refuses(self):
        host, _, _, took = self.connect("refused-first")
        self.assertEqual(host, "198.51.100.1")
        self.assertLess(took, SOON)

    def test_the_first_address_is_silent(self):
        host, _, _, took = self.connect("silent-first")
        self.assertEqual(host, "198.51.100.1")
        self.assertGreaterEqual(took, 0.1)  # its head start
        self.assertLess(took, SOON)

    def test_ipv6_is_silent_and_ipv4_is_not(self):
        for name in ("both", "interleaved"):
            host, _, _, took = self.connect(name)
            self.assertEqual(host, "198.51.100.1", name)
            self.assertLess(took, SOON, name)

    def test_all_refuse(self):
        host, problem, number, took = self.connect("all-refuse")
        self.assertEqual((host, problem, number), (None, "Connection refused", 111))
        self.assertLess(took, SOON)

    def test_one_deadline_over_everything(self):
        host, problem, number, took = self.connect("silent", 0.9)
        self.assertEqual((host, problem, number), (None, "Connection timed out", 110))
        self.assertGreaterEqual(took, 0.9)
        self.assertLess(took, 0.9 + SOON)
        _, problem, number, took = self.connect("refused-then-silent", 0.3)
        self.assertEqual((problem, number), ("Connection timed out", 110))
        self.assertGreaterEqual(took, 0.3)

    def test_a_deadline_within_the_head_start(self):
        _, _, number, took = self.connect("silent-first", 0.05)
        self.assertEqual(number, 110)
        self.assertLess(took, SOON)

    def test_what_lost_the_race_is_closed(self):
        count = len(self.client.call("sockd.list"))
        for name in ("silent-first", "interleaved", "silent"):
            self.connect(name, 0.8)
        until(lambda: len(self.client.call("sockd.list")) == count, "nothing is left")

    def test_a_fiber_cancelled_in_the_race_leaves_nothing(self):
        count = len(self.client.call("sockd.list"))
        self.assertEqual(self.eval("""
            local worker = fiber.new(socket.tcp_connect, 'silent', 80)
            worker:set_joinable(true)
            fiber.sleep(0.4)
            worker:cancel()
            return worker:join()
        """), [False, "fiber is cancelled"])
        self.assertEqual(len(self.client.call("sockd.list")), count)

    def test_the_same_for_a_control_client(self):
        handle = self.client.call("tcp_connect", "silent-first", self.port, {"timeout": 10})
        self.assertEqual(self.client.call("peer", handle)["host"], "198.51.100.1")
        self.client.call("close", handle)
        self.fails("ETIMEDOUT", self.client.call, "tcp_connect", "silent", 80, {"timeout": 0.3})
        self.fails("ECONNREFUSED", self.client.call, "tcp_connect", "all-refuse", self.port,
                   {"timeout": 10})

    def test_urls(self):
        for url in ("tcp://silent-first:%d", "refused-first:%d", "[::ffff:198.51.100.1]:%d"):
            self.assertEqual(self.eval("""
                local s = socket.tcp_connect(...)
                local host = s:peer().port
                s:close()
                return host
            """, url % self.port), self.port)

    def test_ipv6_only(self):
        port = self.eval("""
            listener = socket.tcp_server('six', 0, function(s) s:write('six') end)
            return listener:name().port
        """)
        self.assertEqual(self.eval("return socket.tcp_connect('six', ...):read(10)", port), "six")
        self.eval("listener:close()")


sockd_test.main()
