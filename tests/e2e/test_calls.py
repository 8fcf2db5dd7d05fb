"""The calls of the socket API that are about options, messages, pairs and look-ups: over raw
MessagePack-RPC and through sockctl."""
import json
import os
import socket

import sockd_test

ALL = (("setsockopt", "SOL_SOCKET", "SO_KEEPALIVE", 1), ("getsockopt", "SOL_SOCKET", "SO_TYPE"),
       ("linger",), ("iowait", "R", 0), ("sendto", "127.0.0.1", 9, b"x"), ("recvfrom",))


class Calls(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())

    def call(self, *call):
        return self.client.call(*call)

    def close(self, *handles):
        for handle in handles:
            self.call("close", handle)

    def status(self, *args):
        done = self.sockd.ctl(*args, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def udp(self):
        """A bound datagram socket of the daemon's, and its port."""
        handle = self.call("socket", "AF_INET", "SOCK_DGRAM", "udp")
        self.call("bind", handle, "127.0.0.1")
        return handle, self.call("name", handle)["port"]


class TestListener(Calls):
    """A listener has no data: a call for some fails at once, also while a handler accepts."""

    READS = ((("read", {"limit": 5}),), (("read", {"delimiter": "x"}, 5),), (("recv",),), (("sysread",),),
             (("recvfrom",),))
    WRITES = ((("write", b"x"),), (("send", b"x"),), (("syswrite", b"x"),))

    def listeners(self):
        """Each with the errors of reads and writes."""
        path = str(self.folder / "listener")
        for handler in (None, "drop"):
            yield self.call("tcp_server", "127.0.0.1", 0, handler)[0], "ENOTCONN", "EPIPE"
            yield self.call("tcp_server", "unix/", path, handler)[0], "EINVAL", "ENOTCONN"

    def setUp(self):
        sockd_test.Case.setUp(self)
        self.sockd = self.daemon("--load", self.script("function drop() end"))
        self.client = self.keep(self.sockd.client())

    def test_over_rpc_it_is_said_why(self):
        for handle, reading, writing in self.listeners():
            for calls, name in ((self.READS, reading), (self.WRITES, writing)):
                for (call,) in calls:
                    error = self.fails(name, self.call, call[0], handle, *call[1:])
                    self.assertIn("accept gives its connections", error.message, call)
                    self.assertEqual(self.call("errno", handle), error.number)
            self.fails("EOPNOTSUPP", self.call, "sockd.stream", handle, 5)
            self.close(handle)

    def test_in_the_shell(self):
        handle = self.call("tcp_server", "127.0.0.1", 0, "drop")[0]
        for args in (("read", handle, 5), ("read", handle, 20 << 20), ("recv", handle),
                     ("send", handle, "x"), ("recvfrom", handle)):
            status, out, err = self.status(*args)
            self.assertEqual((status, out), (1, ""), args)
            self.assertIn("this socket listens", err, args)
        for args in (("stream", handle), ("attach", handle)):
            self.assertEqual(self.status(*args)[0], 1, args)
        self.close(handle)

    def test_in_lua(self):
        for handle, reading, _ in self.listeners():
            text = """local errno, s = require('errno'), sockd.socket(...)
                      local data = s:read(5)
                      local first = s:errno()
                      return data == nil, first == errno[%r], s:recv(5) == nil or s:errno() == first,
                          s:sysread(5) == nil"""
            self.assertEqual(self.call("sockd.eval", text.replace("%r", repr(reading)), handle),
                             [True, True, True, True])
            self.close(handle)


class TestPair(Calls):
    def test_two_that_are_connected(self):
        one, two = self.call("socketpair", "AF_UNIX", "SOCK_STREAM", 0)
        self.call("write", one, b"across")
        self.assertEqual(self.call("read", two, 6), b"across")
        self.close(one, two)

    def test_of_the_shell(self):
        one, two = self.sockd.ctl("socketpair", "AF_UNIX", "SOCK_DGRAM").split()
        self.sockd.ctl("write", one.decode(), "across")
        self.assertEqual(self.sockd.ctl("recvfrom", two.decode()), b"across")
        ids = json.loads(self.sockd.ctl("--json", "socketpair", "AF_UNIX", "SOCK_DGRAM"))["ids"]
        self.close(int(one), int(two), *ids)

    def test_what_cannot_be_a_pair(self):
        self.fails("EOPNOTSUPP", self.call, "socketpair", "AF_INET", "SOCK_STREAM")
        self.fails("EINVAL", self.call, "socketpair", "AF_NOTHING", "SOCK_STREAM")
        self.fails("EPROTOTYPE", self.call, "socketpair", "AF_UNIX", "SOCK_STREAM", "no such")
        self.fails("EINVAL", self.call, "socketpair", "AF_UNIX", 1, 0, {"name": "both"})
        self.assertEqual(self.status("socketpair", "AF_UNIX")[0], 2)

    def test_a_notification_makes_it_too(self):
        self.client.send([2, "socketpair", ["AF_UNIX", "SOCK_STREAM"]])
        handles = [entry["id"] for entry in self.call("sockd.list")]
        self.assertEqual(len(handles), 2)
        self.close(*handles)

    def test_a_quota_that_is_enough_for_one(self):
        sockd = self.daemon("--quota-sockets", 5)
        with sockd.client() as client:
            limit = client.call("sockd.hello")["limits"]["sockets"]
            made = [client.call("socket", "AF_UNIX", 1) for _ in range(limit - 1)]
            self.fails("EDQUOT", client.call, "socketpair", "AF_UNIX", 1)
            self.assertEqual(len(client.call("sockd.list")), limit - 1)
            for handle in made:
                client.call("close", handle)


class TestLookUps(Calls):
    def test_numbers_and_names(self):
        (found,) = self.call("getaddrinfo", "127.0.0.1", 80, {"type": "SOCK_STREAM"})
        self.assertEqual(found, {"host": "127.0.0.1", "port": 80, "family": "AF_INET",
                                 "type": "SOCK_STREAM", "protocol": "tcp"})
        found = self.call("getaddrinfo", "localhost", "http", 20, {"family": "AF_INET"})
        self.assertIn(("127.0.0.1", 80), [(each["host"], each["port"]) for each in found])
        (found,) = self.call("getaddrinfo", 0, "53", {"protocol": "udp", "family": "AF_INET",
                                                      "flags": ["AI_PASSIVE", "AI_NUMERICSERV"]})
        self.assertEqual((found["host"], found["port"], found["type"]), ("0.0.0.0", 53, "SOCK_DGRAM"))
        found = self.call("getaddrinfo", "::1", None, {"flags": "AI_CANONNAME"})
        self.assertEqual((found[0]["canonname"], found[0]["port"]), ("::1", 0))

    def test_failures(self):
        self.fails("EAI_NONAME", self.call, "getaddrinfo", "no host", 80, {"flags": "AI_NUMERICHOST"})
        self.fails("EAI_NONAME", self.call, "getaddrinfo", 0)
        self.fails("EAI_SERVICE", self.call, "getaddrinfo", "::1", "http", {"type": "SOCK_RAW"})
        for name, option in (("EINVAL", {"type": "STREAM"}), ("EINVAL", {"family": "AF_X"}),
                             ("EINVAL", {"flags": ["AI_X"]}), ("EPROTOTYPE", {"protocol": "no such"}),
                             ("EINVAL", {"colour": "red"}), ("EINVAL", {"service": "a\0b"})):
            self.fails(name, self.call, "getaddrinfo", "::1", 80, option)
        self.fails("EINVAL", self.call, "getaddrinfo")

    def test_of_the_shell(self):
        self.assertEqual(self.sockd.ctl("getaddrinfo", "::1", "http", "--type", "SOCK_STREAM"),
                         b"[::1]:80\n")
        line = self.sockd.ctl("--json", "getaddrinfo", "127.0.0.1", 80, "--protocol", "udp")
        self.assertEqual(json.loads(line)["type"], "SOCK_DGRAM")
        status, _, error = self.status("getaddrinfo", "x y", "1", "--flags", "AI_NUMERICHOST")
        self.assertEqual(status, 1)
        self.assertIn("EAI_NONAME", error)


class TestWaiting(Calls):
    def test_activity_is_told_as_it_was_asked_for(self):
        handle, peer = self.pair(self.client)
        self.assertEqual(self.call("iowait", handle, "RW"), "W")
        self.assertEqual(self.call("iowait", handle, 3), 2)
        self.assertEqual(self.call("iowait", handle, "r", 0), "")
        self.assertEqual(self.call("iowait", handle, 1, 0), 0)
        self.assertEqual(self.call("errno", handle), 110)
        peer.sendall(b"x")
        self.assertEqual(self.call("iowait", handle, "R"), "R")
        self.assertEqual(self.call("iowait", handle, "wr", 5), "RW")
        self.assertEqual(self.sockd.ctl("iowait", handle, "RW"), b"RW\n")
        self.assertEqual(self.sockd.ctl("iowait", handle, 1), b"1\n")
        for flags in ("", "X", "RR", 0, 4, True, None):
            self.fails("EINVAL", self.call, "iowait", handle, flags)
        self.assertEqual(self.status("iowait", handle, "read")[0], 2)
        self.close(handle)

    def test_a_waiter_hears_of_the_close(self):
        handle, _ = self.pair(self.client)
        wait = self.client.request("iowait", handle, "R")
        self.close(handle)
        self.fails("EBADF", self.client.result, wait)


class TestMessages(Calls):
    def test_there_and_back(self):
        one, port = self.udp()
        two, source = self.udp()
        self.assertEqual(self.call("sendto", two, "127.0.0.1", port, b"ping"), 4)
        self.assertEqual(self.call("recvfrom", one),
                         [b"ping", {"host": "127.0.0.1", "family": "AF_INET", "port": source}])
        self.assertEqual(self.call("sendto", two, "127.0.0.1", port, b""), 0)
        self.assertEqual(self.call("recvfrom", one)[0], b"")
        self.call("sendto", two, "127.0.0.1", port, b"long", "MSG_DONTWAIT")
        self.assertEqual(self.call("recvfrom", one, 2, "MSG_PEEK")[0], b"lo")
        self.assertEqual(self.call("recvfrom", one, 2)[0], b"lo")
        self.fails("EAGAIN", self.call, "recvfrom", one, None, "MSG_DONTWAIT")
        self.fails("ETIMEDOUT", self.call, "recvfrom", one, {"timeout": 0.01})
        self.close(one, two)

    def test_one_that_is_waited_for(self):
        one, port = self.udp()
        wait = self.client.request("recvfrom", one, 100)
        self.call("sockd.ping")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"late", ("127.0.0.1", port))
            self.assertEqual(self.client.result(wait)[0], b"late")
        self.close(one)

    def test_on_a_stream(self):
        handle, peer = self.pair(self.client)
        peer.sendall(b"stream")
        self.assertEqual(self.call("recvfrom", handle, 6), [b"stream", None])
        self.close(handle)

    def test_a_unix_path(self):
        path = str(self.folder / "s")
        one = self.call("socket", "AF_UNIX", "SOCK_DGRAM")
        two = self.call("socket", "AF_UNIX", "SOCK_DGRAM")
        self.call("bind", one, "unix/", path)
        self.assertEqual(self.call("sendto", two, "unix/", path, b"x"), 1)
        data, sender = self.call("recvfrom", one)
        self.assertEqual((data, (sender or {"port": ""})["port"]), (b"x", ""))
        self.close(one, two)

    def test_failures(self):
        one, _ = self.udp()
        self.fails("EINVAL", self.call, "sendto", one, "example.com", 80, b"x")
        self.fails("EINVAL", self.call, "sendto", one, "127.0.0.1", 80, b"x", "MSG_X")
        self.fails("EINVAL", self.call, "sendto", one, "127.0.0.1", 80)
        self.fails("EINVAL", self.call, "recvfrom", one, -1)
        self.fails("EINVAL", self.call, "recvfrom", one, 1, 1 << 26)
        self.fails("EMSGSIZE", self.call, "sendto", one, "127.0.0.1", 80, bytes(70000))
        self.close(one)

    def test_of_the_shell(self):
        one, port = self.udp()
        two, source = self.udp()
        self.sockd.ctl("sendto", two, "127.0.0.1", port, "ping")
        self.assertEqual(self.sockd.ctl("recvfrom", one), b"ping")
        self.sockd.ctl("sendto", two, "127.0.0.1", port, "ping")
        self.assertEqual(json.loads(self.sockd.ctl("--json", "recvfrom", one)),
                         {"data": "ping", "from": {"host": "127.0.0.1", "family": "AF_INET",
                                                   "port": source}})
        self.assertEqual(self.status("recvfrom", one, "--timeout", "0.01")[0], 124)
        self.assertEqual(self.status("sendto", one, "127.0.0.1")[0], 2)
        self.close(one, two)


class TestOptions(Calls):
    def test_values_have_their_natural_types(self):
        handle, _ = self.pair(self.client)

        def becomes(level, name, value, expected):
            self.assertIs(self.call("setsockopt", handle, level, name, value), True)
            got = self.call("getsockopt", handle, level, name)
            self.assertEqual((got, type(got)), (expected, type(expected)), name)

        becomes("SOL_SOCKET", "SO_KEEPALIVE", True, 1)
        becomes("socket", "SO_KEEPALIVE", 0, 0)
        becomes("SOL_SOCKET", "SO_RCVTIMEO", 0.5, 0.5)
        becomes("tcp", "TCP_NODELAY", 1.0, 1)
        becomes(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77, 77)
        becomes("IPPROTO_IP", "IP_TTL", 9, 9)
        becomes("tcp", "TCP_CONGESTION", self.call("getsockopt", handle, "tcp", "TCP_CONGESTION"),
                self.call("getsockopt", handle, "tcp", "TCP_CONGESTION"))
        info = self.call("getsockopt", handle, "tcp", "TCP_INFO")
        self.assertEqual(info["state"], 1)
        self.assertGreater(info["snd_mss"], 0)
        self.fails("EAGAIN", self.call, "recv", handle, 1)
        self.close(handle)

    def test_of_a_unix_socket(self):
        one, two = self.call("socketpair", "AF_UNIX", "SOCK_STREAM")
        self.assertEqual(self.call("getsockopt", one, "SOL_SOCKET", "SO_PEERCRED"),
                         {"pid": self.sockd.pid, "uid": os.getuid(), "gid": os.getgid()})
        self.close(one, two)

    def test_a_group_is_joined_and_left(self):
        handle, _ = self.udp()
        for name in ("IP_ADD_MEMBERSHIP", "IP_DROP_MEMBERSHIP"):
            self.call("setsockopt", handle, "ip", name, ["239.1.2.3", "127.0.0.1"])
        self.fails("EINVAL", self.call, "getsockopt", handle, "ip", "IP_ADD_MEMBERSHIP")
        self.fails("EINVAL", self.call, "setsockopt", handle, "ip", "IP_ADD_MEMBERSHIP", [])
        self.close(handle)

    def test_what_there_is_not(self):
        handle, _ = self.pair(self.client)

        def both(name, level, option, value=1):
            self.fails(name, self.call, "getsockopt", handle, level, option)
            return self.fails(name, self.call, "setsockopt", handle, level, option, value)

        both("EPROTOTYPE", "SOL_NOTHING", "SO_TYPE")
        self.assertIn("SO_NOTHING", both("ENOPROTOOPT", "SOL_SOCKET", "SO_NOTHING").message)
        both("ENOPROTOOPT", "SOL_SOCKET", "TCP_NODELAY")
        both("EINVAL", "SOL_SOCKET", "SO_LINGER")
        self.fails("ENOPROTOOPT", self.call, "getsockopt", handle, "SOL_SOCKET", 9999)
        for option, value in (("SO_TYPE", 1), ("SO_KEEPALIVE", "on"), ("SO_KEEPALIVE", 0.5),
                              ("SO_KEEPALIVE", None), ("SO_RCVTIMEO", "soon"), ("SO_PEERCRED", 1),
                              ("SO_BINDTODEVICE", "x" * 64)):
            self.fails("EINVAL", self.call, "setsockopt", handle, "SOL_SOCKET", option, value)
        self.fails("EINVAL", self.call, "getsockopt", handle, None, "SO_TYPE")
        self.assertEqual(self.call("errno", handle), 92, "of the unknown number, not of a refusal")
        self.close(handle)

    def test_of_the_shell(self):
        handle, _ = self.pair(self.client)
        self.assertEqual(self.sockd.ctl("setsockopt", handle, "tcp", "TCP_NODELAY", "true"), b"")
        self.assertEqual(self.sockd.ctl("getsockopt", handle, "tcp", "TCP_NODELAY"), b"1\n")
        congestion = self.sockd.ctl("getsockopt", handle, "tcp", "TCP_CONGESTION").decode().strip()
        self.sockd.ctl("setsockopt", handle, "tcp", "TCP_CONGESTION", congestion)
        self.assertIn(b"state: 1\n", self.sockd.ctl("getsockopt", handle, "tcp", "TCP_INFO"))
        line = self.sockd.ctl("--json", "getsockopt", handle, "socket", "SO_SNDTIMEO")
        self.assertEqual(json.loads(line), {"result": 0.0})
        self.assertEqual(self.status("getsockopt", handle, "tcp", "TCP_X")[0], 1)
        self.assertEqual(self.status("setsockopt", handle, "tcp", "TCP_NODELAY")[0], 2)
        self.close(handle)

    def test_linger(self):
        handle, _ = self.pair(self.client)
        self.assertEqual(self.call("linger", handle), [False, 0])
        self.assertEqual(self.call("linger", handle, True, 5), [True, 5])
        self.assertEqual(self.call("linger", handle), [True, 5])
        self.assertEqual(self.sockd.ctl("linger", handle), b"true\n5\n")
        self.assertEqual(self.sockd.ctl("linger", handle, "true", "7"), b"true\n7\n")
        self.assertEqual(json.loads(self.sockd.ctl("--json", "linger", handle, "false")),
                         {"active": False, "timeout": 7})
        self.fails("EINVAL", self.call, "linger", handle, 1)
        self.fails("EINVAL", self.call, "linger", handle, True, 2.5)
        self.assertEqual(self.status("linger", handle, "maybe")[0], 2)
        self.close(handle)


class TestHandles(Calls):
    def test_a_handle_that_is_closed(self):
        handle, _ = self.pair(self.client)
        self.close(handle)
        for name, *rest in ALL:
            self.fails("EBADF", self.call, name, handle, *rest)
            text = [each.decode() if isinstance(each, bytes) else each for each in rest]
            self.assertEqual(self.status(name, handle, *text)[0], 1)


class TestDaemon(Calls):
    def test_stats(self):
        handle, peer = self.pair(self.client)
        self.call("write", handle, b"12345")
        stats = self.call("sockd.stats")
        self.assertEqual((stats["sockets"], stats["clients"], stats["bytes_out"]), (1, 1, 5))
        self.assertEqual(stats["quotas"]["sockets"][0], 1)
        self.assertIn(b"sockets: 1\n", self.sockd.ctl("stats"))
        self.assertEqual(json.loads(self.sockd.ctl("--json", "stats"))["sockets"], 1)
        self.fails("EINVAL", self.call, "sockd.stats", 1)
        self.close(handle)

    def test_the_first_question_of_neovims_clients(self):
        self.assertEqual(self.call("nvim_get_api_info"), self.call(b"nvim_get_api_info"))
        _, description = self.call("nvim_get_api_info")
        ids = [description["types"][name]["id"] for name in ("Buffer", "Window", "Tabpage")]
        self.assertEqual(len(set(ids)), 3)


sockd_test.main()
