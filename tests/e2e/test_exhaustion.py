"""Out of descriptors: the daemon neither spins nor hangs, and recovers."""
import resource
import socket
import time

import sockd_test
from sockd_test import until

CONNECTIONS = 2000


class TestExhaustion(sockd_test.Case):
    def setUp(self):
        super().setUp()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard != resource.RLIM_INFINITY and hard < CONNECTIONS + 100:
            self.skipTest(f"this test itself needs {CONNECTIONS} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + 100, hard))

    def few(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    def knock(self, port):
        """So many connections that begin and stay."""
        knocking = []
        for _ in range(CONNECTIONS):
            sock = self.keep(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            knocking.append(sock)
        return knocking

    def usage(self, daemon, seconds=1.5):
        """The share of a processor that the daemon takes. The pause is what is measured."""
        before, began = daemon.cpu(), time.monotonic()
        time.sleep(seconds)
        return (daemon.cpu() - before) / (time.monotonic() - began)

    def check_besieged(self, daemon, client, port, knocking):
        self.assertLess(self.usage(daemon), 0.05)
        began = time.monotonic()
        self.assertEqual(client.call("sockd.ping"), "pong")
        with daemon.client() as another:
            self.assertEqual(another.call("sockd.ping"), "pong")
        self.assertLess(time.monotonic() - began, 1)
        for sock in knocking:
            sock.close()
        began = time.monotonic()
        self.check_served(port)
        self.assertLess(time.monotonic() - began, 5 if sockd_test.SANITIZED else 1)

    def check_served(self, port):
        with sockd_test.connect(port) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(sockd_test.receive(sock, 6), b"hello\n")

    def test_a_server_with_a_handler(self):
        script = self.script("""
            local socket = require('socket')
            function echo(s)
                while true do
                    local line = s:read('\\n')
                    if line == nil or line == '' then return end
                    s:write(line)
                end
            end
        """)
        daemon = self.daemon("--load", script, limits=self.few)
        client = self.keep(daemon.client())
        handle, address = client.call("tcp_server", "127.0.0.1", 0, "echo")
        self.check_served(address["port"])
        knocking = self.knock(address["port"])
        until(lambda: daemon.fds() > 150, "the daemon is full")
        self.check_besieged(daemon, client, address["port"], knocking)
        until(lambda: len(client.call("sockd.list")) == 1, "the connections are gone")
        client.call("close", handle)

    def test_the_control_socket_itself(self):
        daemon = self.daemon(limits=self.few)
        client = self.keep(daemon.client())
        besiegers = []
        for _ in range(CONNECTIONS):
            sock = self.keep(socket.socket(socket.AF_UNIX))
            sock.setblocking(False)
            if sock.connect_ex(str(daemon.path)) == 0:
                besiegers.append(sock)
        self.assertLess(self.usage(daemon), 0.05)
        self.assertEqual(client.call("sockd.ping"), "pong")
        for sock in besiegers:
            sock.close()
        with daemon.client() as another:
            self.assertEqual(another.call("sockd.ping"), "pong")


sockd_test.main()
