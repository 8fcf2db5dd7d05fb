"""What one user may have of the daemon: each quota at its limit and beyond it, and that all comes back."""
import os
import threading
import time
import unittest

import private_network
import sockd_test
from sockd_test import until
from test_rights import NOBODY, SOMEBODY


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
class Quotas(sockd_test.Case):
    def client_of(self, uid=NOBODY):
        os.seteuid(uid)
        try:
            return self.keep(self.sockd.client())
        finally:
            os.seteuid(0)

    def quotas(self, client):
        """{kind: [used, limit]} of the client's user."""
        return client.call("sockd.stats")["quotas"]

    def used(self, client, kind):
        return self.quotas(client)[kind][0]

    def is_refused(self, detail):
        self.assertEqual((detail["name"], detail["refused"]), ("EDQUOT", True), detail)

    def all_is_back(self, client):
        """The user has nothing any more but this connection, and what an answer takes."""
        def rest():
            used = {kind: numbers[0] for kind, numbers in self.quotas(client).items()}
            return (used.pop("clients"), used.pop("bytes") < 1 << 17, set(used.values()))
        until(lambda: rest() == (1, True, {0}), lambda: f"back at zero: {self.quotas(client)}")

    def start(self, *options, **more):
        self.sockd = self.daemon("--socket-mode", "0666", *options, **more)


class TestEach(Quotas):
    def test_clients(self):
        self.start("--quota-clients", 3)
        clients = [self.client_of() for _ in range(3)]
        for client in clients:
            self.assertEqual(client.call("sockd.ping"), "pong")
        self.assertEqual(self.quotas(clients[0])["clients"], [3, 3])
        beyond = self.client_of()
        while beyond.feed():
            pass
        error, detail = beyond.answers[None]
        self.assertIn("EDQUOT", error[1])
        self.is_refused(detail)
        self.assertEqual(self.client_of(SOMEBODY).call("sockd.ping"), "pong")
        for client in clients[1:]:
            client.close()
        self.all_is_back(clients[0])
        self.assertEqual(self.client_of().call("sockd.ping"), "pong")

    def test_sockets(self):
        self.start("--quota-sockets", 3)
        client, other = self.client_of(), self.client_of(SOMEBODY)
        make = ("socket", "AF_INET", "SOCK_DGRAM", 0)
        handles = [client.call(*make) for _ in range(3)]
        self.assertEqual(self.quotas(client)["sockets"], [3, 3])
        self.is_refused(self.fails("EDQUOT", client.call, *make).detail)
        self.is_refused(self.fails("EDQUOT", client.call, "socketpair", "AF_UNIX",
                                   "SOCK_STREAM").detail)
        self.assertEqual(self.used(client, "sockets"), 3)
        other.call("close", other.call(*make))
        client.call("close", handles.pop())
        handles.append(client.call(*make))
        for handle in handles:
            client.call("close", handle)
        self.all_is_back(client)

    def test_requests_beyond_the_quota_wait_and_do_not_fail(self):
        self.start("--quota-requests", 4)
        client, other = self.client_of(), self.client_of(SOMEBODY)
        handle, peer = self.pair(client)
        reads = [client.request("read", handle, 1) for _ in range(4)]
        ping = client.request("sockd.ping")
        watch = other.call("socket", "AF_INET", "SOCK_DGRAM", 0)  # the others go on
        other.call("close", watch)
        with self.sockd.client() as root:
            until(lambda: root.waiting(handle) == 4, "four wait")
            for _ in range(20):
                self.assertEqual(root.call("sockd.ping"), "pong")
        self.assertFalse(client.has(ping))
        peer.sendall(b"1")
        self.assertEqual(client.result(ping), "pong")
        peer.sendall(b"234")
        self.assertEqual([client.result(read) for read in reads], [b"1", b"2", b"3", b"4"])
        client.call("close", handle)
        self.all_is_back(client)

    def test_bytes(self):
        limit = 8 << 20
        self.start("--quota-bytes", limit)
        client = self.client_of()
        handle, other = client.call("socketpair", "AF_UNIX", "SOCK_STREAM")
        piece, writes = bytes(1 << 19), []
        for _ in range(40):
            writes.append(client.request("write", handle, piece))
            client.call("sockd.ping")
            if client.has(writes[-1]) and client.answers[writes[-1]][0]:
                break
        refused = writes.pop()
        self.is_refused(client.answer(refused)[1])
        self.assertGreaterEqual(len(writes), 8)
        used, most = self.quotas(client)["bytes"]
        self.assertEqual(most, limit)
        self.assertTrue(limit / 2 <= used <= limit + (1 << 20), used)
        self.assertEqual(self.client_of(SOMEBODY).call("sockd.ping"), "pong")
        for _ in writes:
            self.assertEqual(client.call("read", other, len(piece)), piece)
        for write in writes:
            self.assertEqual(client.result(write), len(piece))
        for each in (handle, other):
            client.call("close", each)
        self.all_is_back(client)


HOSTS = "127.0.0.1 localhost\n"
# A name server that says nothing before it is told to, and then that there is no such name.
SILENT = """
local socket, fiber = require('socket'), require('fiber')
local names = socket('AF_INET', 'SOCK_DGRAM', 'udp')
assert(names:bind('127.0.0.1', 53), names:error())
local held, asked, silent = {}, {}, true
labels = 0

local function deny(question, from)
    names:sendto(from.host, from.port, question:sub(1, 2) .. '\\129\\131' .. question:sub(5))
end

function speak()
    silent = false
    for _, each in ipairs(held) do deny(each[1], each[2]) end
end

fiber.create(function()
    while true do
        local question, from = names:recvfrom()
        local label = question:sub(14, 13 + question:byte(13))
        if not asked[label] then labels = labels + 1 end
        asked[label] = true
        if silent then table.insert(held, {question, from}) else deny(question, from) end
    end
end)
"""
RESOLVER = "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n"


@unittest.skipUnless(private_network.available(), "only root can have a network of its own")
class TestLookups(Quotas):
    def test_lookups(self):
        """Four threads look up; what hangs in one of them is paid for when nobody waits any more."""
        wrapper = private_network.wrapper(self.folder, HOSTS, RESOLVER)
        self.start("--quota-lookups", 6, "--load", self.script(SILENT), "--grace", 0.1,
                   wrapper=wrapper, settles=False)
        client, other = self.client_of(), self.client_of(SOMEBODY)
        hangs = [client.request("getaddrinfo", f"hang{number}.test", 80) for number in range(5)]
        hangs.append(client.request("tcp_connect", "hang.test", 80))
        root = self.keep(self.sockd.client())
        until(lambda: root.call("sockd.eval", "return labels") == 4, "each thread has one")
        until(lambda: self.quotas(client)["lookups"] == [6, 6], "six are under way")
        for call in (("getaddrinfo", "more.test", 80), ("tcp_connect", "more.test", 80),
                     ("tcp_server", "more.test", 8080)):
            error = self.fails("EDQUOT", client.call, *call)
            self.is_refused(error.detail)
        self.assertEqual(client.call("getaddrinfo", "127.0.0.1", 80)[0]["port"], 80)
        self.assertEqual(self.quotas(other)["lookups"], [0, 6])
        for hang in reversed(hangs): # one that queues would have the thread of one that is cancelled
            client.call("sockd.cancel", hang)
            self.fails("ECANCELED", client.result, hang)
        self.assertEqual(self.used(client, "lookups"), 4)
        root.call("sockd.eval", "speak()")
        self.all_is_back(client)
        self.assertEqual(client.call("getaddrinfo", "localhost", 80)[0]["host"], "127.0.0.1")

    def test_the_daemon_ends_with_lookups_that_hang(self):
        wrapper = private_network.wrapper(self.folder, HOSTS, RESOLVER)
        self.start("--load", self.script(SILENT), "--grace", 0.1, wrapper=wrapper, settles=False)
        client = self.client_of()
        for number in range(8):
            client.request("getaddrinfo", f"hang{number}.test", 80)
        until(lambda: self.used(client, "lookups") == 8, "all are under way")


class TestSlowReader(Quotas):
    def test_it_holds_its_quota_and_the_others_do_not_notice(self):
        limit = 8 << 20
        self.start("--quota-bytes", limit, "--quota-clients", 64)
        other = self.client_of(SOMEBODY)
        other.call("sockd.api")
        before = self.sockd.rss()
        slow = [self.client_of() for _ in range(8)]
        stopped = threading.Barrier(len(slow) + 1, timeout=sockd_test.PATIENCE)

        def flood(client):
            client.sock.settimeout(1)
            try:
                while True:
                    client.request("sockd.api")
            except TimeoutError:
                stopped.wait()

        for client in slow:
            threading.Thread(target=flood, args=(client,), daemon=True).start()
        times = []
        while len(times) < 200 or stopped.n_waiting < len(slow):
            begin = time.monotonic()
            self.assertEqual(other.call("sockd.ping"), "pong")
            times.append(time.monotonic() - begin)
        stopped.wait()
        self.assertLess(sorted(times)[len(times) * 99 // 100], 5 if sockd_test.SANITIZED else 0.5)
        with self.sockd.client() as root:
            total = root.call("sockd.stats")["bytes"]
        self.assertLess(total, limit + len(slow) * (1 << 18))
        room = (64 << 20) if sockd_test.SANITIZED else (8 << 20)
        self.assertLess(self.sockd.rss() - before, limit + room)
        for client in slow:
            client.close()
        self.all_is_back(self.client_of())


del Quotas

if __name__ == "__main__":
    sockd_test.main()
