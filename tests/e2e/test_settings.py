"""What is said of a socket: its name, who shares it, when it ends by itself."""
import os
import time
import unittest

import sockd_test
from sockd_test import until
from test_rights import NOBODY, SOMEBODY, as_user


class TestSettings(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())

    def ids(self):
        return [entry["id"] for entry in self.client.call("sockd.list")]

    def test_a_socket_ends_with_the_connection_that_it_is_tied_to(self):
        with self.sockd.client() as other:
            tied, peer = self.pair(other, lifetime="client")
            free, _ = self.pair(other)
            pair = other.call("socketpair", "AF_UNIX", "SOCK_STREAM", {"lifetime": "client"})
            server, address = other.call("tcp_server", "127.0.0.1", 0, None,
                                         {"lifetime": "client"})
            self.assertEqual(other.call("sockd.info", tied)["lifetime"], "client")
            self.assertEqual(len(self.ids()), 5)
        self.assertEqual(peer.recv(1), b"")
        until(lambda: self.ids() == [free], f"{(tied, pair, server)} are closed: {self.ids()}")
        with self.assertRaises(ConnectionRefusedError):
            sockd_test.connect(address["port"])
        self.client.call("close", free)

    def test_who_shuts_down_its_writing_side_still_has_its_sockets(self):
        other = self.sockd.client()
        handle, peer = self.pair(other, lifetime="client")
        read = other.request("read", handle, 3)
        other.sock.shutdown(1)
        peer.sendall(b"end")
        self.assertEqual(other.result(read), b"end")
        self.assertEqual(peer.recv(1), b"")
        other.close()

    def test_a_socket_without_use_ends_at_its_time(self):
        begin = time.monotonic()
        handle, peer = self.pair(self.client, ttl=0.3)
        waited, _ = self.pair(self.client, ttl=0.1)
        read = self.client.request("read", waited, 1)
        self.assertEqual(self.client.call("sockd.info", handle)["ttl"], 0.3)
        self.assertEqual(peer.recv(1), b"")
        self.assertGreater(time.monotonic() - begin, 0.25)
        self.assertEqual(self.client.call("sockd.info", waited)["waiting"], 1)
        self.client.call("sockd.cancel", read)
        until(lambda: self.ids() == [], "the other one ends too")

    def use(self, handle, seconds):
        """Uses it again and again for so long; the longest time in between."""
        begin = last = time.monotonic()
        longest = 0
        while last - begin < seconds and self.ids() == [handle]:
            self.client.call("write", handle, b".")
            longest = max(longest, time.monotonic() - last)
            last = time.monotonic()
            time.sleep(0.02)
        return longest

    def test_each_use_begins_the_time_anew(self):
        for ttl in (0.4, 2, 10):  # how long this machine needs at most from one use to the next
            handle, peer = self.pair(self.client, ttl=ttl)
            if self.use(handle, ttl * 2.5) < ttl / 2:
                break
            self.client.call("sockd.set", handle, {"ttl": 0.001})
            until(lambda: self.ids() == [], "it ends")
        self.assertEqual(self.ids(), [handle])
        self.client.call("sockd.set", handle, {"ttl": None})
        self.assertIsNone(self.client.call("sockd.info", handle)["ttl"])
        self.client.call("close", handle)

    def test_names_are_changed_and_stay_unique(self):
        one, _ = self.pair(self.client, name="one")
        two, _ = self.pair(self.client)
        error = self.fails("EEXIST", self.client.call, "sockd.set", two, {"name": "one"})
        self.assertIn("one", error.message)
        self.client.call("sockd.set", "one", {"name": "first"})
        self.client.call("sockd.set", two, {"name": "one"})
        self.assertEqual(self.client.call("sockd.info", "one")["id"], two)
        self.assertEqual(self.client.call("sockd.info", "first")["id"], one)
        self.client.call("sockd.set", "first", {"name": ""})
        self.fails("EBADF", self.client.call, "sockd.info", "first")
        for each in (one, two):
            self.client.call("close", each)

    def test_what_a_script_made_is_named_too(self):
        number = self.client.call("sockd.eval", "return require('socket').tcp_server('127.0.0.1', "
                                                "0, function(s) s:read('\\n') end):id()")
        self.client.call("sockd.set", number, {"name": "scripted", "share": "group"})
        info = self.client.call("sockd.info", "scripted")
        self.assertEqual((info["id"], info["share"]), (number, "group"))
        self.client.call("close", "scripted")

    def test_every_field_is_shown(self):
        handle, peer = self.pair(self.client, name="seen", share="group", ttl=99)
        info = self.client.call("sockd.info", handle)
        self.assertLessEqual(set(
            "id name owner domain type state address peer read_ahead unsent waiting bytes_in "
            "bytes_out created used handler share lifetime ttl".split()), set(info))
        self.assertEqual((info["share"], info["lifetime"], info["ttl"]), ("group", "daemon", 99))
        self.assertLess(abs(info["used"] - time.time()), 60)
        self.assertGreaterEqual(info["used"], info["created"])
        self.assertEqual(self.client.call("sockd.list", {"name": "seen"}), [info])
        self.client.call("close", handle)

    def test_the_shell_says_the_same(self):
        _, port = self.server()
        handle = self.sockd.ctl("connect", "127.0.0.1", port, "--name", "web", "--share", "group",
                                "--ttl", 50).decode().strip()
        self.sockd.ctl("set", "web", "--name", "www", "--share", "none")
        info = self.client.call("sockd.info", "www")
        self.assertEqual((str(info["id"]), info["share"], info["ttl"]), (handle, "none", 50))
        self.assertEqual(self.sockd.ctl("set", "www", "--share", "all", check=False).returncode, 2)
        # One command, one connection: what is tied to it is gone with it.
        self.sockd.ctl("connect", "127.0.0.1", port, "--lifetime", "client")
        until(lambda: self.ids() == [info["id"]], "it is closed")
        self.sockd.ctl("close", "www")


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
class TestShare(sockd_test.Case):
    GROUP = 4712

    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--socket-mode", "0666", "--socket-group", self.GROUP)

    def calls(self, *calls, uid, groups=()):
        """Each one's result, or the name of its error."""
        def work():
            with self.sockd.client() as client:
                answers = [client.answer(client.request(*call)) for call in calls]
            return [result["name"] if error else result for error, result in answers]
        return as_user(uid, work, groups=groups)

    def test_members_of_the_group_use_what_is_shared_with_it(self):
        sock, port = self.server()
        (handle,) = self.calls(("tcp_connect", "127.0.0.1", port, {"name": "s", "share": "group"}),
                               uid=SOMEBODY)
        peer = self.keep(sock.accept()[0])
        peer.sendall(b"text\n")
        name = f"{SOMEBODY}:s"
        self.assertEqual(self.calls(("read", handle, "\n"), ("sockd.info", name), ("sockd.list",),
                                    uid=NOBODY), ["EPERM", "EPERM", []])
        text, listed, done = self.calls(("read", name, "\n"), ("sockd.list",), ("write", handle, b"x"),
                                        uid=NOBODY, groups=[self.GROUP])
        self.assertEqual((text, [entry["id"] for entry in listed], done), (b"text\n", [handle], 1))
        self.calls(("sockd.set", handle, {"share": "none"}), uid=SOMEBODY)
        self.assertEqual(self.calls(("write", handle, b"x"), uid=NOBODY, groups=[self.GROUP]),
                         ["EPERM"])
        self.assertEqual(self.calls(("close", "s"), uid=SOMEBODY), [True])

    def test_what_a_member_accepts_is_its_own(self):
        ((server, address),) = self.calls(("tcp_server", "127.0.0.1", 0, None, {"share": "group"}),
                                          uid=SOMEBODY)
        peers = [self.keep(sockd_test.connect(address["port"])) for _ in range(2)]
        ((mine, _), info) = self.calls(("accept", server, {"name": "mine"}), ("sockd.info", "mine"),
                                       uid=NOBODY, groups=[self.GROUP])
        self.assertEqual((info["id"], info["owner"]), (mine, NOBODY))
        self.assertEqual(self.calls(("close", mine), uid=SOMEBODY), ["EPERM"])
        self.assertEqual(self.calls(("close", mine), uid=NOBODY), [True])
        self.assertEqual(self.calls(("close", server), uid=SOMEBODY), [True])
        self.assertEqual([peer.recv(1) for peer in peers[:1]], [b""])


if __name__ == "__main__":
    sockd_test.main()
