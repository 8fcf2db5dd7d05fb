"""sockd.watch: each change of a socket is told once, to whoever asked, and nothing is taken."""
import os
import pathlib
import socket
import struct

import sockd_test
from sockd_test import until

RESET = struct.pack("ii", 1, 0)


class TestWatch(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client)

    def tearDown(self):
        if self.sockd.alive():
            for entry in self.sockd.sockets():
                self.client.call("close", entry["id"])
        super().tearDown()

    def watch(self, *events, handle=None, client=None):
        client = client or self.client
        self.assertIs(client.call("sockd.watch", handle or self.handle, list(events)), True)

    def event(self, client=None):
        """The next event: its name, and what else it says."""
        handle, event, detail = (client or self.client).notification("sockd.event")
        self.assertEqual(handle, self.handle)
        return event, detail

    def silence(self, client=None):
        """Nothing more has been told until now."""
        client = client or self.client
        client.call("sockd.ping")
        client.call("sockd.ping")
        self.assertEqual(client.notifications, [])

    def test_the_life_of_a_connection(self):
        self.watch("readable", "writable", "eof", "error", "close")
        self.assertEqual(self.event(), ("writable", {}))
        self.peer.sendall(b"hello")
        self.assertEqual(self.event(), ("readable", {"bytes": 5}))
        self.assertEqual(self.client.call("read", self.handle, 5), b"hello")
        self.peer.sendall(b"bye")
        self.assertEqual(self.event(), ("readable", {"bytes": 3}))
        self.peer.shutdown(socket.SHUT_WR)
        self.assertEqual(self.event(), ("eof", {}))
        self.assertEqual(self.client.call("read", self.handle, 10), b"bye")
        self.client.call("close", self.handle)
        self.assertEqual(self.event(), ("close", {}))
        self.silence()

    def test_an_error_says_which_and_is_left_to_the_next_call(self):
        self.watch("error", "eof")
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.peer.close()
        event, detail = self.event()
        self.assertEqual((event, detail["name"], detail["errno"]), ("error", "ECONNRESET", 104))
        self.assertTrue(detail["message"])
        self.fails("ECONNRESET", self.client.call, "read", self.handle, 1)
        self.assertEqual(self.client.call("read", self.handle, 1), b"")
        self.silence()

    def test_connections_to_accept(self):
        listener, address = self.client.call("tcp_server", "127.0.0.1", 0)
        self.handle = listener
        self.watch("accept", "close")
        for _ in range(3):
            self.keep(sockd_test.connect(address["port"]))
            self.assertEqual(self.event(), ("accept", {}))
        accepted = [self.client.call("accept", listener)[0] for _ in range(3)]
        self.fails("ETIMEDOUT", self.client.call, "accept", listener, {"timeout": 0})
        self.assertEqual(len(set(accepted)), 3)
        self.silence()

    def test_everybody_who_watches_is_told(self):
        others = [self.keep(self.sockd.client()) for _ in range(5)]
        for other in others:
            self.watch("readable", client=other)
        self.peer.sendall(b"x")
        for other in others:
            self.assertEqual(self.event(other), ("readable", {"bytes": 1}))
        others[0].close()
        self.peer.sendall(b"y")
        for other in others[1:]:
            self.assertEqual(self.event(other), ("readable", {"bytes": 2}))
        self.assertEqual(self.client.call("sysread", self.handle), b"xy")

    def test_other_events_take_the_place_of_the_first(self):
        self.watch("writable")
        self.event()
        self.watch("close")
        self.peer.sendall(b"x")
        self.silence()
        self.watch()
        self.client.call("close", self.handle)
        self.silence()

    def test_a_reader_that_gets_less_than_it_waits_for(self):
        """What lies in the read-ahead can be read, and more of it is news."""
        self.watch("readable")
        read = self.client.request("read", self.handle, 10)
        for expected in (4, 8):
            self.peer.sendall(b"four")
            self.assertEqual(self.event(), ("readable", {"bytes": expected}))
        self.peer.sendall(b"ab")
        self.assertEqual(self.client.result(read), b"fourfourab")
        self.silence()

    def test_it_costs_no_registration(self):
        """Not one descriptor is registered beyond those that are, and none differently."""
        def registered():
            found = []
            for fd, target in self.sockd.descriptors().items():
                if target == "anon_inode:[eventpoll]":
                    info = pathlib.Path(f"/proc/{self.sockd.pid}/fdinfo/{fd}").read_text()
                    found += [line.split()[:4] for line in info.splitlines() if "tfd" in line]
            return sorted(found)

        before = registered()
        self.watch("readable", "writable", "eof", "error", "close")
        self.event()
        self.assertEqual(registered(), before)

    def test_ten_thousand(self):
        """Ten connections watch a thousand sockets each, all of which close."""
        clients = [self.keep(self.sockd.client()) for _ in range(10)]
        for client in clients:  # so that memory which only grows once is there
            client.call("sockd.ping")
        handles = [self.client.call("socket", "AF_INET", "SOCK_DGRAM") for _ in range(1000)]
        before = self.client.call("sockd.stats")["quotas"]["bytes"][0]
        for client in clients:
            client.send(*([2, "sockd.watch", [handle, "close"]] for handle in handles))
            client.call("sockd.ping")
        held = self.client.call("sockd.stats")["quotas"]["bytes"][0] - before
        self.assertGreater(held, 10000 * 64)
        self.assertLess(held, 10000 * 1024)
        for handle in handles:
            self.client.call("close", handle)
        for client in clients:
            closed = [client.notification("sockd.event") for _ in handles]
            self.assertEqual(closed, [[handle, "close", {}] for handle in handles])
        until(lambda: self.client.call("sockd.stats")["quotas"]["bytes"][0] <= before,
              "the memory of the watches is back")

    def test_news_of_a_client_that_does_not_read_gather(self):
        """It gets each event at least once afterwards, and the daemon has not held all of them."""
        silent = self.keep(self.sockd.client())
        silent.call("sockd.watch", self.handle, "readable,close")
        silent.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        before = self.sockd.rss()
        for _ in range(20000):
            self.peer.sendall(b"x")
            self.client.call("sysread", self.handle)
        self.assertLess(self.sockd.rss() - before, 8 << 20)
        self.client.call("close", self.handle)
        events = []
        while "close" not in events:
            events.append(silent.notification("sockd.event")[1])
        self.assertIn("readable", events)

    def test_hostile_uses(self):
        for events in ("nonsense", "readable,,close", "READABLE", 7, {"readable": True}, [["eof"]],
                       ["readable", None], "readable\0", "x" * 100000, ["eof", "nonsense"]):
            with self.subTest(events=str(events)[:40]):
                self.fails("EINVAL", self.client.call, "sockd.watch", self.handle, events)
        self.watch(*["eof"] * 10000)
        self.fails("EBADF", self.client.call, "sockd.watch", 1 << 40, ["close"])
        self.fails("EBADF", self.client.call, "sockd.watch", "nobody", ["close"])
        self.silence()

    def test_a_watcher_that_is_killed_leaves_nothing(self):
        for _ in range(20):
            child = os.fork()
            if child == 0:
                with self.sockd.client() as client:
                    client.call("sockd.watch", self.handle, "readable,writable,close")
                    os.kill(os.getpid(), 9)
            os.waitpid(child, 0)
            self.peer.sendall(b"x")
        self.assertEqual(self.client.call("read", self.handle, 20), b"x" * 20)
        until(lambda: self.client.call("sockd.stats")["clients"] == 1, "the others are gone")


sockd_test.main()
