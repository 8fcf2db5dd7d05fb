"""Every method in every form: over RPC, from C, from the shell and in Lua the same inputs have the
same outcomes. The cases are written once and run for each face; at the end it is counted what each
face has been seen to do with each method: succeed, fail, time out, meet a closed handle, and be
refused somebody else's.
"""
import os
import socket
import sys
import unittest

import sockd_test

sockd_test.preload_sanitizer()

import faces  # noqa: E402

NOBODY = 65534
SHORT = 0.02
LONG = sockd_test.PATIENCE


class ControlMethods:
    """The control plane is no part of the Lua API."""

    def __contains__(self, method):
        return method.startswith(("sockd.", "nvim_"))


NOT_IN_LUA = ControlMethods()

# Descriptors go beside the messages: test_pass.py has the cases that succeed.
PASSES_DESCRIPTORS = {"sockd.take", "sockd.taken", "sockd.give"}
seen = {}
rows = {}


def note(face, method, outcome):
    seen.setdefault((face, method), set()).add(outcome)


class Cases:
    """The cases, for the face that a subclass names."""

    def setUp(self):
        super().setUp()
        script = self.script("function answer(...) return ... end")
        self.sockd = self.daemon("--socket-mode", "0666", "--load", script)
        self.root = self.keep(self.sockd.client())
        rows.update(faces.table(self.root))
        self.face = self.keep(self.FACE(self.sockd, rows))
        self.made = []

    def tearDown(self):
        for handle in self.made:
            self.root.answer(self.root.request("close", handle))
        super().tearDown()

    @property
    def lua(self):
        return self.FACE is faces.Lua

    def ok(self, method, *args, **options):
        """The result of a call that succeeds."""
        result = self.face.call(method, *args, **options)
        note(self.FACE.name, method, "success")
        return result

    def wrong(self, name, method, /, *args, outcome="failure", **options):
        """A call that fails with the error of that name."""
        with self.assertRaises(faces.Failure) as caught:
            self.face.call(method, *args, **options)
        self.assertEqual(caught.exception.name, name, (method, args))
        note(self.FACE.name, method, outcome)
        return caught.exception

    def times_out(self, method, *args):
        if self.lua and method in faces.Lua.UNTIMED:
            return
        self.wrong("ETIMEDOUT", method, *args, outcome="timeout", timeout=SHORT)

    def owned(self, *handles):
        self.made += handles
        return handles[0] if len(handles) == 1 else handles

    def connected(self):
        """A TCP socket of the daemon's and its peer in the test."""
        handle, peer = self.pair(self.root)
        return self.owned(handle), peer

    def full(self):
        """A socket into which nothing goes any more."""
        handle, _ = self.owned(*self.root.call("socketpair", "AF_UNIX", "SOCK_STREAM", 0))
        with self.assertRaises(sockd_test.RpcError):
            self.root.call("write", handle, bytes(1 << 22), 0)
        return handle

    def datagram(self):
        handle = self.owned(self.root.call("socket", "AF_INET", "SOCK_DGRAM", "udp"))
        self.root.call("bind", handle, "127.0.0.1")
        return handle, self.root.call("name", handle)["port"]

    def fresh(self, kind="SOCK_STREAM"):
        return self.owned(self.root.call("socket", "AF_INET", kind, 0))

    # ---- what makes sockets ----

    def test_socket(self):
        handle = self.owned(self.ok("socket", "AF_INET", "SOCK_STREAM", "tcp"))
        self.assertEqual(self.root.call("sockd.info", handle)["state"], "unconnected")
        self.wrong("EINVAL", "socket", "AF_INET", 99, 0)
        self.wrong("EPROTONOSUPPORT", "socket", "AF_INET", "SOCK_STREAM", 17)

    def test_socketpair(self):
        one, two = self.owned(*self.ok("socketpair", "AF_UNIX", "SOCK_STREAM", 0))
        self.root.call("write", one, b"across")
        self.assertEqual(self.root.call("read", two, 6), b"across")
        self.wrong("EOPNOTSUPP", "socketpair", "AF_INET", "SOCK_STREAM", 0)

    def test_tcp_connect(self):
        server, port = self.server()
        handle = self.owned(self.ok("tcp_connect", "127.0.0.1", port, timeout=LONG))
        server.accept()[0].close()
        self.assertEqual(self.root.call("peer", handle)["port"], port)
        path = str(self.folder / "unix")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            self.owned(self.ok("tcp_connect", "unix/", path))
        self.wrong("ECONNREFUSED", "tcp_connect", "127.0.0.1", sockd_test.free_port())
        self.wrong("ENOENT", "tcp_connect", "unix/", path + ".no")

    def test_tcp_connect_that_takes_too_long(self):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(0)
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):  # the backlog is full
                waiting = [socket.socket() for _ in range(2)]
                for each in waiting:
                    each.setblocking(False)
                    each.connect_ex(("127.0.0.1", port))
                self.times_out("tcp_connect", "127.0.0.1", port)
                for each in waiting:
                    each.close()

    def test_tcp_server(self):
        handle, address = self.ok("tcp_server", "127.0.0.1", 0)
        self.owned(handle)
        sockd_test.connect(address["port"]).close()
        self.wrong("EADDRINUSE", "tcp_server", "127.0.0.1", address["port"])
        path = str(self.folder / "server")
        handle, address = self.ok("tcp_server", "unix/", path)
        self.assertEqual((address["host"], address["port"]), ("unix/", path))
        self.owned(handle)

    def test_accept(self):
        handle, address = self.root.call("tcp_server", "127.0.0.1", 0)
        self.owned(handle)
        self.times_out("accept", handle)
        with sockd_test.connect(address["port"]) as peer:
            connection, who = self.ok("accept", handle)
            self.owned(connection)
            self.assertEqual((who["host"], who["port"]), peer.getsockname())
        self.wrong("EINVAL", "accept", self.fresh())

    def test_getaddrinfo(self):
        (found,) = self.ok("getaddrinfo", "127.0.0.1", "80", None, "SOCK_STREAM")
        self.assertEqual((found["host"], found["port"], found["family"]), ("127.0.0.1", 80, "AF_INET"))
        if not self.lua:  # in Lua a failed look-up has a text only
            self.wrong("EAI_NONAME", "getaddrinfo", "not numeric", "80", None, "SOCK_STREAM", None,
                       None, "AI_NUMERICHOST")
        else:
            note("lua", "getaddrinfo", "failure")

    # ---- addresses ----

    def test_sysconnect(self):
        server, port = self.server()
        self.assertIs(self.ok("sysconnect", self.fresh(), "127.0.0.1", port), True)
        self.wrong("ECONNREFUSED", "sysconnect", self.fresh(), "127.0.0.1", sockd_test.free_port())
        self.wrong("EINVAL", "sysconnect", self.fresh(), "localhost", port)
        server.close()

    def test_sysconnect_that_takes_too_long(self):
        if self.lua:
            return
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(0)
            port = server.getsockname()[1]
            waiting = [socket.socket() for _ in range(3)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            self.times_out("sysconnect", self.fresh(), "127.0.0.1", port)
            for each in waiting:
                each.close()

    def test_bind_and_listen(self):
        handle = self.fresh()
        self.assertIs(self.ok("bind", handle, "127.0.0.1", 0), True)
        self.wrong("EINVAL", "bind", handle, "127.0.0.1", 0)
        self.assertIs(self.ok("listen", handle, 5), True)
        sockd_test.connect(self.root.call("name", handle)["port"]).close()
        self.wrong("EOPNOTSUPP", "listen", self.fresh("SOCK_DGRAM"), 5)

    def test_name_and_peer(self):
        handle, peer = self.connected()
        host, port = peer.getpeername()
        self.assertEqual(self.ok("name", handle)["port"], port)
        self.assertEqual(self.ok("peer", handle)["port"], peer.getsockname()[1])
        self.assertEqual(self.ok("name", handle)["host"], host)
        self.wrong("ENOTCONN", "peer", self.fresh())

    # ---- data ----

    def test_read(self):
        handle, peer = self.connected()
        peer.sendall(b"first\r\nsecond;third")
        self.assertEqual(self.ok("read", handle, "\r\n"), b"first\r\n")
        self.assertEqual(self.ok("read", handle, {"limit": 100, "delimiter": ";"}), b"second;")
        self.assertEqual(self.ok("read", handle, 3), b"thi")
        self.times_out("read", handle, 3)
        peer.sendall(b"\xff\0")
        self.assertEqual(self.ok("read", handle, 4), b"rd\xff\0")
        peer.close()
        self.assertEqual(self.ok("read", handle, 4), b"")
        note(self.FACE.name, "read", "end")
        self.wrong("ENOTCONN", "read", self.fresh(), 1)

    def test_recv(self):
        handle, peer = self.connected()
        peer.sendall(b"abcdef")
        self.assertEqual(self.ok("recv", handle, 4), [b"abcd", None])
        self.assertEqual(self.ok("recv", handle, 2, "MSG_PEEK"), [b"ef", None])
        self.times_out("recv", handle, 3)
        peer.close()
        self.assertEqual(self.ok("recv", handle, 4), [b"ef", "eof"])
        note(self.FACE.name, "recv", "end")
        self.wrong("ENOTCONN", "recv", self.fresh(), 1)

    def test_sysread(self):
        handle, peer = self.connected()
        self.times_out("sysread", handle, 10)
        peer.sendall(b"\x80abc")
        self.assertEqual(self.ok("sysread", handle, 2), b"\x80a")
        self.assertEqual(self.ok("sysread", handle), b"bc")
        peer.close()
        self.assertEqual(self.ok("sysread", handle, 10), b"")
        note(self.FACE.name, "sysread", "end")
        self.wrong("ENOTCONN", "sysread", self.fresh(), 1)

    def check_writing(self, method):
        handle, peer = self.connected()
        data = "bytes \u00e9\n"
        self.assertEqual(self.ok(method, handle, data), len(data.encode()))
        self.assertEqual(sockd_test.receive(peer, 9), data.encode())
        peer.close()
        full = self.full()
        self.times_out(method, full, "x" * 1000)
        self.wrong("EPIPE", method, self.fresh(), "x")

    def test_send(self):
        self.check_writing("send")

    def test_write(self):
        self.check_writing("write")

    def test_syswrite(self):
        self.check_writing("syswrite")

    def test_sendto_and_recvfrom(self):
        one, port = self.datagram()
        two, sender = self.datagram()
        self.assertEqual(self.ok("sendto", two, "127.0.0.1", port, "message"), 7)
        data, who = self.ok("recvfrom", one, 100)
        self.assertEqual(data, b"message")
        self.assertEqual((who["host"], who["port"]), ("127.0.0.1", sender))
        self.times_out("recvfrom", one, 100)
        self.wrong("EMSGSIZE", "sendto", two, "127.0.0.1", port, "x" * 70000)
        self.wrong("ENOTCONN", "recvfrom", self.fresh(), 10)

    def test_sendto_that_waits(self):
        if self.lua:
            return
        here, there = str(self.folder / "here"), str(self.folder / "there")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
            reader.bind(there)
            handle = self.owned(self.root.call("socket", "AF_UNIX", "SOCK_DGRAM", 0))
            self.root.call("bind", handle, "unix/", here)
            with self.assertRaises(sockd_test.RpcError):
                while True:
                    self.root.call("sendto", handle, "unix/", there, b"x", None, {"timeout": 0})
            self.times_out("sendto", handle, "unix/", there, "x")

    def test_shutdown(self):
        handle, peer = self.connected()
        self.assertIs(self.ok("shutdown", handle, "W" if self.lua else 1), True)
        self.assertEqual(peer.recv(10), b"")
        self.wrong("ENOTCONN", "shutdown", self.fresh(), 1)

    def test_close(self):
        handle, peer = self.connected()
        self.assertIs(self.ok("close", handle), True)
        self.assertEqual(peer.recv(10), b"")
        self.wrong("EBADF", "close", handle)

    # ---- state ----

    def test_errno_and_error(self):
        handle = self.fresh()
        self.assertEqual((self.ok("errno", handle), self.ok("error", handle)), (0, None))
        with self.assertRaises(sockd_test.RpcError):
            self.root.call("sysconnect", handle, "127.0.0.1", sockd_test.free_port())
        self.assertEqual(self.ok("errno", handle), 111)
        self.assertEqual(self.ok("error", handle), "Connection refused")

    def test_options(self):
        handle = self.fresh()
        level, name = ("SOL_SOCKET", "SO_KEEPALIVE")
        self.assertIs(self.ok("setsockopt", handle, level, name, 1), True)
        self.assertEqual(self.ok("getsockopt", handle, level, name), 1)
        self.wrong("ENOPROTOOPT", "setsockopt", handle, "SOL_SOCKET", 9999, 1)
        self.wrong("ENOPROTOOPT", "getsockopt", handle, "SOL_SOCKET", 9999)

    def test_linger(self):
        handle = self.fresh()
        self.assertEqual(self.ok("linger", handle), [False, 0])
        self.assertEqual(self.ok("linger", handle, True, 3), [True, 3])
        self.assertEqual(self.ok("linger", handle), [True, 3])
        self.wrong("EBADF", "linger", 999999)

    def test_nonblock(self):
        handle, _ = self.connected()
        self.assertIs(self.ok("nonblock", handle), False)
        self.assertIs(self.ok("nonblock", handle, True), True)
        self.wrong("EAGAIN", "sysread", handle, 10)

    def test_readiness(self):
        handle, peer = self.connected()
        self.assertIs(self.ok("readable", handle, timeout=SHORT), False)
        self.assertIs(self.ok("writable", handle, timeout=LONG), True)
        self.assertEqual(self.ok("wait", handle, timeout=LONG), "W")
        self.assertEqual(self.ok("iowait", handle, "R", timeout=SHORT), "")
        peer.sendall(b"x")
        self.assertIs(self.ok("readable", handle, timeout=LONG), True)
        self.assertEqual(self.ok("iowait", handle, "R", timeout=LONG), "R")
        full = self.full()
        self.assertIs(self.ok("writable", full, timeout=SHORT), False)
        self.assertEqual(self.ok("wait", full, timeout=SHORT), "")
        for method in ("readable", "writable", "wait", "iowait"):
            note(self.FACE.name, method, "timeout")

    # ---- of every method that takes a handle ----

    SAMPLES = {"host": "127.0.0.1", "port": 9, "bytes": "x", "what": 1, "events": "R", "map": {},
               "level": "SOL_SOCKET", "name": "SO_KEEPALIVE", "value": 1, "n": 1, "on": False}

    def sample(self, row, handle):
        """Parameters for a call of that handle which are all right."""
        out = []
        for param in row["params"]:
            if param["type"] == "handle":
                out.append(handle)
            elif param["required"]:
                out.append(self.SAMPLES.get(param["name"], self.SAMPLES.get(param["type"])))
        return out

    def with_handle(self):
        for method, row in rows.items():
            if row["params"] and row["params"][0]["type"] == "handle":
                if method in PASSES_DESCRIPTORS and self.FACE is not faces.Rpc:
                    continue
                if not (self.lua and method.startswith("sockd.")):
                    yield method, row

    def test_handles_that_are_none(self):
        closed, _ = self.connected()
        self.root.call("close", closed)
        for method, row in self.with_handle():
            with self.subTest(method=method):
                self.wrong("EBADF", method, *self.sample(row, closed), outcome="closed")
                self.wrong("EBADF", method, *self.sample(row, 1 << 40), outcome="closed")


class AsSomebodyElse:
    """The faces that have a uid."""

    @unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
    def test_somebody_elses_handle(self):
        handle, peer = self.connected()
        peer.sendall(b"secret")
        os.seteuid(NOBODY)
        try:
            other = self.FACE(self.sockd, rows)
        finally:
            os.seteuid(0)
        if self.FACE is faces.Shell:
            other.user = NOBODY
        mine, self.face = self.face, other
        for method, row in self.with_handle():
            with self.subTest(method=method):
                failure = self.wrong("EPERM", method, *self.sample(row, handle), outcome="refused")
                self.assertTrue(failure.refused, method)
        self.face = mine
        other.close()
        self.assertEqual(self.root.call("read", handle, 6), b"secret")


class ControlPlane:
    """The methods about the daemon, which Lua has no need of."""

    def test_what_tells_about_the_daemon(self):
        self.assertEqual(self.ok("sockd.ping"), "pong")
        hello = self.ok("sockd.hello", {"name": "matrix"})
        self.assertEqual((hello["uid"], hello["admin"]), (os.geteuid(), True))
        self.assertEqual(len(self.ok("sockd.api")["methods"]), len(rows))
        self.assertEqual(self.ok("sockd.stats")["quotas"]["clients"][0] > 0, True)
        self.assertEqual(self.ok("nvim_get_api_info")[0], 1)

    def test_list_and_info(self):
        handle, _ = self.connected()
        (entry,) = self.ok("sockd.list", {"state": "connected"})
        self.assertEqual((entry["id"], entry["state"]), (handle, "connected"))
        self.wrong("EINVAL", "sockd.list", {"no such filter": 1})
        self.assertEqual(self.ok("sockd.info", handle)["id"], handle)

    def test_set(self):
        handle, _ = self.connected()
        self.assertIs(self.ok("sockd.set", handle, name="new", share="group", ttl=90), True)
        info = self.root.call("sockd.info", "new")
        self.assertEqual((info["id"], info["share"], info["ttl"]), (handle, "group", 90))
        self.ok("sockd.set", handle, name="", share="none", ttl=float("inf"))
        info = self.root.call("sockd.info", handle)
        self.assertEqual((info["name"], info["share"], info["ttl"]), (None, "none", None))
        self.wrong("EINVAL", "sockd.set", handle, share="all")
        server, address = self.ok("tcp_server", "127.0.0.1", 0, None, name="server", share="group")
        self.owned(server)
        self.wrong("EEXIST", "sockd.set", handle, name="server")
        peer = self.keep(sockd_test.connect(address["port"]))
        connection, _ = self.ok("accept", "server" if self.FACE is not faces.C else server, ttl=80)
        self.assertEqual(self.root.call("sockd.info", self.owned(connection))["ttl"], 80)
        peer.close()
        one, two = self.owned(*self.ok("socketpair", "AF_UNIX", "SOCK_STREAM", share="group"))
        self.assertEqual([self.root.call("sockd.info", each)["share"] for each in (one, two)],
                         ["group"] * 2)

    def test_give_without_a_descriptor(self):
        if self.FACE is faces.Rpc:
            self.wrong("EINVAL", "sockd.give")

    def test_eval(self):
        self.assertEqual(self.ok("sockd.eval", "return ...", 1, [2, "x"]), [1, [2, "x"]])
        self.assertEqual(self.ok("sockd.eval", "1 + 1"), 2)
        self.wrong("EREMOTEIO", "sockd.eval", "error('no')")
        self.wrong("EINVAL", "sockd.eval", "this is no Lua")

    def test_call(self):
        self.assertEqual(self.ok("sockd.call", "answer", 1, [2, "x"]), [1, [2, "x"]])
        self.wrong("ENOENT", "sockd.call", "nothing")
        self.assertTrue(self.wrong("EPERM", "sockd.call", "os.execute").refused)

    def test_load_and_reload(self):
        first, more = self.folder / "script.lua", self.script("", "more.lua")
        self.assertEqual(self.ok("sockd.load", str(more)), [str(more)])
        self.wrong("EEXIST", "sockd.load", str(more))
        self.assertEqual(self.ok("sockd.reload"), [str(first), str(more)])
        more.write_text("error('no')")
        self.wrong("EREMOTEIO", "sockd.reload")

    def test_cancel(self):
        self.wrong("ENOENT", "sockd.cancel", 4711)
        if self.FACE is faces.Rpc:  # the others wait for each answer; theirs is to be interrupted
            handle, _ = self.connected()
            waiting = self.face.client.request("read", handle, 10)
            self.assertIs(self.ok("sockd.cancel", waiting), True)
            self.fails("ECANCELED", self.face.client.result, waiting)

    def test_no_descriptor_is_waited_for(self):
        if self.FACE is faces.Rpc:  # the library says it by itself
            self.wrong("ENOENT", "sockd.taken", 4711)

    def test_what_is_told_by_notifications(self):
        """Their own tests say what comes; here, that each face can ask for it."""
        handle, _ = self.connected()
        self.assertIs(self.ok("sockd.watch", handle, "eof,close"), True)
        self.wrong("EINVAL", "sockd.watch", handle, "nonsense")
        self.assertIs(self.ok("sockd.trace", handle, True), True)
        self.wrong("ENOENT", "sockd.credit", handle, 5)
        self.assertIs(self.ok("sockd.stream", handle, 0), True)
        if self.FACE is not faces.Shell:  # whose stream ended with its command
            self.assertIs(self.ok("sockd.credit", handle, 1 << 40), True)
            self.wrong("EBUSY", "sockd.stream", handle, 0)
        for method in ("sockd.watch", "sockd.stream"):
            self.assertIs(self.ok(method, handle), True)


class TestRpc(AsSomebodyElse, ControlPlane, Cases, sockd_test.Case):
    FACE = faces.Rpc


class TestC(AsSomebodyElse, ControlPlane, Cases, sockd_test.Case):
    FACE = faces.C


class TestShell(AsSomebodyElse, ControlPlane, Cases, sockd_test.Case):
    FACE = faces.Shell


class TestLua(Cases, sockd_test.Case):
    FACE = faces.Lua


# What a face is not to be seen doing with a method, and why.
EXEMPT = {
    ("lua", "timeout"): (faces.Lua.UNTIMED | {"sockd.wait"}, "takes no timeout in Lua"),
    ("c", "success"): ({"sockd.cancel"}, "a blocking call has no other to cancel"),
    ("shell", "success"): ({"sockd.cancel", "sockd.credit"},
                           "a command has nothing beside it to cancel or to go on with"),
}
NO_FAILURE = {"sockd.ping", "sockd.api", "sockd.hello", "sockd.stats", "nvim_get_api_info",
              "sockd.list"}
NO_TIMEOUT = {"tcp_server", "getaddrinfo"}  # numbers are looked up at once
STREAM_READERS = {"read", "recv", "sysread"}


def expected(method, row):
    """The outcomes that each face must have been seen to have."""
    outcomes = {"success"}
    with_handle = row["params"] and row["params"][0]["type"] == "handle"
    if with_handle:
        outcomes |= {"closed", "refused"}
    elif method not in NO_FAILURE:
        outcomes.add("failure")
    if method in PASSES_DESCRIPTORS:
        outcomes.discard("success")
    if row["waits"] == "until its timeout" and method not in NO_TIMEOUT:
        outcomes.add("timeout")
    if method in STREAM_READERS:
        outcomes.add("end")
    return outcomes


def missing():
    for face in faces.FACES:
        for method, row in rows.items():
            if face is faces.Lua and method in NOT_IN_LUA:
                continue
            if method in PASSES_DESCRIPTORS and face is not faces.Rpc:
                continue
            for outcome in expected(method, row) - seen.get((face.name, method), set()):
                if outcome == "refused" and (face is faces.Lua or os.geteuid() != 0):
                    continue
                if method not in EXEMPT.get((face.name, outcome), ((), ""))[0]:
                    yield f"{method} {face.name}: {outcome}"


def tearDownModule():
    """The coverage number: it counts only when all tests have run."""
    if len(sys.argv) > 1 and not all(word.startswith("-") for word in sys.argv[1:]):
        return
    gaps = sorted(missing())
    cells = sum(map(len, seen.values()))
    print(f"{cells} outcomes of {len(rows)} methods seen, {len(gaps)} missing")
    if gaps:
        raise AssertionError("never seen: " + ", ".join(gaps))


if __name__ == "__main__":
    sockd_test.main()
