"""Fair shares: nobody takes what others need, be it time, sockets, names or the log."""
import os
import resource
import socket
import unittest

import msgpack

import sockd_test
from sockd_test import until

SOMEBODY = 65534


def one_of(uid, path):
    """A client of that user's; only root can have one of another's."""
    if uid == os.geteuid():
        return sockd_test.Client(path)
    os.seteuid(uid)
    try:
        return sockd_test.Client(path)
    finally:
        os.seteuid(0)


def few(descriptors):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


class Fair(sockd_test.Case):
    def stats(self, client):
        return client.call("sockd.stats")

    def lines(self, daemon, text):
        return [line for line in daemon.log().splitlines() if text in line]


class TestLog(Fair):
    def knock(self, daemon, times):
        """So many connections that are turned away."""
        for _ in range(times):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(daemon.path))
                while sock.recv(4096):
                    pass

    def test_clients_that_are_turned_away_are_counted_in_few_lines(self):
        daemon = self.daemon("--quota-clients", 1)
        clients = []
        with daemon.client() as client:
            while True: # root may have some more
                another = self.keep(daemon.client())
                try:
                    another.call("sockd.ping")
                except (sockd_test.RpcError, EOFError, OSError, AssertionError):
                    break
                clients.append(another)
            self.knock(daemon, 1000)
            lines = self.lines(daemon, "is turned away")
            self.assertGreaterEqual(len(lines), 100)
            self.assertLess(len(lines), 500)
            self.assertLess(len(daemon.log()), 1 << 17)
            until(lambda: self.lines(daemon, "more like this"), "the number of the others")
            suppressed = self.stats(client)["log_suppressed"]
            self.assertGreater(suppressed, 500)

            def told():
                return sum(int(line.split(": ")[1].split()[0])
                           for line in self.lines(daemon, "more like this"))
            until(lambda: told() == self.stats(client)["log_suppressed"], "all of them counted")

    def test_a_handler_that_floods_the_log_is_counted_and_its_errors_are_still_seen(self):
        script = self.script("""
            local log = require('log')
            function flood(n)
                for i = 1, n do log.info('line %d', i) end
            end
            function fail() error('seen') end
        """)
        daemon = self.daemon("--load", script, "--handler-log", 10)
        with daemon.client() as client:
            client.call("sockd.call", "flood", 200)
            self.assertEqual(len(self.lines(daemon, "line ")), 200) # a burst is fine
            client.call("sockd.call", "flood", 20000)
            self.assertIn("line 1", daemon.log())
            self.assertLess(len(self.lines(daemon, "line ")), 5000)
            until(lambda: self.lines(daemon, "more like this"), "their number")
            self.assertGreater(self.stats(client)["log_suppressed"], 15000)

    def test_what_was_not_counted_yet_is_counted_at_the_end(self):
        script = self.script("""
            local log = require('log')
            function flood(n)
                for i = 1, n do log.info('line %d', i) end
            end
        """)
        daemon = self.daemon("--load", script, "--handler-log", 1)
        with daemon.client() as client:
            client.call("sockd.call", "flood", 1000)
        daemon.stop()
        self.assertIn("more like this", daemon.log())


class TestLimits(Fair):
    def fill(self, client):
        """As many socket pairs as there may be."""
        handles = []
        while True:
            try:
                handles += client.call("socketpair", "AF_UNIX", "SOCK_STREAM")
            except sockd_test.RpcError as error:
                return handles, error

    @unittest.skipIf(os.geteuid() != 0, "needs another user")
    def test_one_user_leaves_descriptors_to_others_and_all_users_leave_some_to_root(self):
        daemon = self.daemon("--socket-mode", "0666", limits=few(400))
        root = self.keep(daemon.client())
        clients = [self.keep(one_of(uid, daemon.path)) for uid in (SOMEBODY, 65533, 65532)]
        handles, error = self.fill(clients[0])
        self.assertEqual(error.name, "EDQUOT")
        second, _ = self.fill(clients[1])
        self.assertGreater(len(second), 20)
        third, error = self.fill(clients[2])
        self.assertEqual(error.name, "EMFILE")
        self.assertEqual(root.call("sockd.ping"), "pong")
        listener, address = root.call("tcp_server", "127.0.0.1", 0)
        mine = root.call("tcp_connect", "127.0.0.1", address["port"])
        root.call("close", mine)
        root.call("close", listener)
        for client, held in ((clients[0], handles), (clients[1], second), (clients[2], third)):
            for handle in held:
                client.call("close", handle)

    @unittest.skipIf(os.geteuid() != 0, "a user's share is less than all there is")
    def test_a_shortage_is_told_once_and_counted(self):
        daemon = self.daemon("--max-sockets", 8)
        with daemon.client() as client:
            handles, error = self.fill(client)
            self.assertEqual(error.name, "EMFILE")
            for _ in range(50):
                self.fails("EMFILE", client.call, "socketpair", "AF_UNIX", "SOCK_STREAM")
            self.assertEqual(len(self.lines(daemon, "no socket is left to give")), 1)
            self.assertGreaterEqual(self.stats(client)["refused"], 51)
            for handle in handles:
                client.call("close", handle)


class TestTime(Fair):
    def flood(self, client, method, count):
        """Sends as many requests as the kernel takes."""
        data = b"".join(msgpack.packb([0, 10000 + number, method, []]) for number in range(count))
        client.sock.setblocking(False)
        try:
            return client.sock.send(data)
        except BlockingIOError:
            return 0

    def test_clients_that_ask_and_hang_up_are_dropped(self):
        daemon = self.daemon()
        with daemon.client() as client:
            for _ in range(50):
                with daemon.client() as hostile:
                    self.flood(hostile, "sockd.api", 10000)
            self.assertEqual(client.call("sockd.ping"), "pong")
            until(lambda: self.stats(client)["clients"] == 1, "all are gone")
            self.assertGreater(self.stats(client)["dropped"], 1000)

    def test_clients_that_ask_and_never_read_delay_no_other(self):
        daemon = self.daemon()
        with daemon.client() as client:
            hostile = [self.keep(daemon.client()) for _ in range(50)]
            for each in hostile:
                self.flood(each, "sockd.api", 10000)
            for _ in range(100):
                self.assertEqual(client.call("sockd.ping"), "pong")


sockd_test.main()
