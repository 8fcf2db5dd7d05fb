"""System calls that others may make wait, and the loop that must not: everybody would wait with it."""
import contextlib
import os
import signal
import socket
import struct
import threading
import time

import sockd_test
from sockd_test import PATIENCE, until
from test_pass import Passer

# No round of the loop may take longer (but for Lua's own). The machine has other things to do too,
# so one of a few tries must keep to it.
ROUND = 0.05
TRIES = 10


def stuff(sock):
    """Output that the peer does not read, and a close that would wait for it."""
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            sock.send(b"x" * (1 << 20))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))


class Case(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--socket-mode", "0666")
        self.client = self.keep(Passer(self.sockd.path))

    def slow_rounds(self):
        return self.client.call("sockd.stats")["loop_slow"]

    def keeps_turning(self, action):
        """The action makes no round of the loop long."""
        for _ in range(TRIES):
            before = self.slow_rounds()
            action()
            if self.slow_rounds() == before:
                return
        self.fail(f"{self.slow_rounds() - before} rounds of the loop took more than {ROUND} s")


class TestLinger(Case):
    def stuffed(self):
        """A connection with output that its peer does not read, of which closing would wait."""
        handle, peer = self.pair(self.client)
        self.assertEqual(self.client.call("linger", handle, True, 5), [True, 5])
        self.client.call("nonblock", handle, True)
        with contextlib.suppress(sockd_test.RpcError):
            while True:
                self.client.call("send", handle, b"x" * (1 << 20))
        return handle, peer

    def test_close_never_waits(self):
        self.keeps_turning(lambda: self.client.call("close", self.stuffed()[0]))

    def test_the_close_of_a_script_never_waits(self):
        def close():
            handle, _ = self.stuffed()
            self.client.call("sockd.eval", "sockd.socket(...):close()", handle)
        self.keeps_turning(close)

    def test_it_is_what_was_set(self):
        handle, _ = self.pair(self.client)
        for linger in ([True, 5], [True, 0], [False, 0], [True, 7]):
            self.client.call("linger", handle, *linger)
            self.assertEqual(self.client.call("linger", handle), linger)
        _, taken = self.client.take(handle)
        with taken:
            value = taken.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
            self.assertEqual(struct.unpack("ii", value), (1, 7))
            handle = self.client.give(taken)
        self.assertEqual(self.client.call("linger", handle), [True, 7])
        self.client.call("close", handle)

    def test_what_is_accepted_has_that_of_the_listener(self):
        sock, port = self.server()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3))
        given = self.client.give(sock)
        self.assertEqual(self.client.call("linger", given), [True, 3])
        with socket.create_connection(("127.0.0.1", port), PATIENCE):
            connection = self.client.call("accept", given, {"timeout": PATIENCE})[0]
            self.assertEqual(self.client.call("linger", connection), [True, 3])
            self.client.call("close", connection)
        self.client.call("close", given)

    def test_a_giver_cannot_make_the_close_wait(self):
        """The daemon has the last copy of a descriptor whose close would wait."""
        def close():
            sock, port = self.server()
            mine = socket.create_connection(("127.0.0.1", port), PATIENCE)
            self.keep(sock.accept()[0])
            handle = self.client.give(mine)
            stuff(mine)
            mine.close()
            self.client.call("close", handle)
        self.keeps_turning(close)

    def test_descriptors_that_nobody_asked_for_do_not_make_it_wait(self):
        def pass_some():
            sock, port = self.server()
            mine = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(4)]
            for one in mine:
                self.keep(sock.accept()[0])
                stuff(one)
            stranger = Passer(self.sockd.path)
            stranger.result(stranger.request_with([one.fileno() for one in mine], "sockd.ping"))
            socket.send_fds(stranger.sock, [b"\x94"], [one.fileno() for one in mine])
            for one in mine:
                one.close()
            stranger.close()
            self.client.call("sockd.ping")
        self.keeps_turning(pass_some)

    def test_descriptors_among_a_sockets_bytes_do_not_make_it_wait(self):
        def receive():
            sock, port = self.server()
            mine = socket.create_connection(("127.0.0.1", port), PATIENCE)
            self.keep(sock.accept()[0])
            stuff(mine)
            ours, theirs = socket.socketpair()
            with ours, theirs:
                handle = self.client.give(theirs)
                socket.send_fds(ours, [b"x"], [mine.fileno()])
                mine.close()
                self.assertEqual(self.client.call("read", handle, 1), b"x")
                self.client.call("close", handle)
        self.keeps_turning(receive)


class TestSharedMode(Case):
    """O_NONBLOCK belongs to the open file, which a giver still has."""

    def test_accept_keeps_its_timeout_and_nobody_waits(self):
        sock, port = self.server()
        given = self.client.give(sock)

        def accept():
            sock.setblocking(True)
            self.fails("ETIMEDOUT", self.client.call, "accept", given, {"timeout": 0.2})
        self.keeps_turning(accept)
        with socket.create_connection(("127.0.0.1", port), PATIENCE):
            self.client.call("close", self.client.call("accept", given, {"timeout": PATIENCE})[0])
        self.client.call("close", given)

    def test_sysconnect_keeps_its_timeout_and_nobody_waits(self):
        path = str(self.folder / "full")
        listener = self.keep(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen(0)
        self.keep(socket.socket(socket.AF_UNIX)).connect(path)

        def connect():
            with socket.socket(socket.AF_UNIX) as mine:
                given = self.client.give(mine)
                mine.setblocking(True)
                self.fails("ETIMEDOUT", self.client.call, "sysconnect", given, "unix/", path, {"timeout": 0.2})
                self.client.call("close", given)
        self.keeps_turning(connect)

    def test_who_switches_it_off_again_and_again_delays_nobody(self):
        """Between the daemon's look at the mode and its call: then the call is cut short."""
        path = str(self.folder / "full")
        listener = self.keep(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen(0)
        self.keep(socket.socket(socket.AF_UNIX)).connect(path)
        mine = self.keep(socket.socket(socket.AF_UNIX))
        given = self.client.give(mine)
        over = threading.Event()

        def spoil():
            while not over.is_set():
                mine.setblocking(True)
        thread = threading.Thread(target=spoil)
        thread.start()
        try:
            def connect():
                with contextlib.suppress(sockd_test.RpcError):
                    self.client.call("sysconnect", given, "unix/", path, {"timeout": 0.3})
            self.keeps_turning(connect)
        finally:
            over.set()
            thread.join()
        self.client.call("close", given)
        self.assertEqual(self.client.call("sockd.ping"), "pong")


class TestEverything(Case):
    """Every method that takes a handle, on sockets whose givers do their worst."""

    # What ends the socket, or the daemon's part in it, comes last.
    LAST = ["shutdown", "sockd.take", "close"]
    KINDS = ["a listener", "a connection", "a pair", "a new socket", "a datagram socket"]

    def hostiles(self, hold):
        """Sockets in bad states, by kind; the giver keeps them all."""
        self.path = str(self.folder / "full")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        full = hold(socket.socket(socket.AF_UNIX))
        full.bind(self.path)
        full.listen(0)
        hold(socket.socket(socket.AF_UNIX)).connect(self.path)
        listener, port = sockd_test.listener()
        lingering = hold(socket.create_connection(("127.0.0.1", port), PATIENCE))
        hold(hold(listener).accept()[0])
        stuff(lingering)
        ours, theirs = map(hold, socket.socketpair())
        stuff(theirs)
        return {"a listener": listener, "a connection": lingering, "a pair": theirs,
                "a new socket": hold(socket.socket(socket.AF_UNIX)),
                "a datagram socket": hold(socket.socket(type=socket.SOCK_DGRAM)), "": ours}

    def parameters(self, name, handle):
        special = {
            "sysconnect": [handle, "unix/", self.path], "bind": [handle, "127.0.0.1", 0],
            "sendto": [handle, "127.0.0.1", 9, b"x"], "send": [handle, b"x" * 1000000],
            "write": [handle, b"x" * 1000000], "syswrite": [handle, b"x" * 1000000],
            "setsockopt": [handle, "SOL_SOCKET", "SO_KEEPALIVE", True],
            "getsockopt": [handle, "SOL_SOCKET", "SO_ERROR"], "read": [handle, 10],
            "linger": [handle, True, 5], "shutdown": [handle, "RDWR"], "iowait": [handle, "rw"],
            "sockd.set": [handle, {"ttl": 60}], "sockd.watch": [handle, ["readable"]],
            "sockd.stream": [handle], "sockd.credit": [handle, 10],
            "sockd.trace": [handle, True], "listen": [handle, 5],
        }
        return special.get(name, [handle])

    def try_it(self, method, handle):
        """Calls it, and closes the socket: the end of whatever may still wait."""
        parameters = self.parameters(method, handle)
        if method in self.waiting:
            parameters.append({"timeout": 0.02})
        request = self.client.request(method, *parameters)
        self.client.call("sockd.ping")
        with contextlib.suppress(sockd_test.RpcError):
            self.client.call("close", handle)
        self.client.answer(request)

    def test_no_method_makes_a_round_long(self):
        table = self.client.call("sockd.api")["methods"]
        methods = [row["name"] for row in table
                   if row["params"] and row["params"][0]["name"] == "h"]
        self.waiting = {row["name"] for row in table
                        if any(one["name"] == "timeout" for one in row["params"])
                        and row["name"] != "linger"}
        self.assertGreater(len(methods), 25)
        methods = [name for name in methods if name not in self.LAST] + self.LAST
        for kind in self.KINDS:
            for method in methods:
                self.check(kind, method)

    def check(self, kind, method):
        slow = 0
        for _ in range(TRIES):
            with contextlib.ExitStack() as stack:
                thing = self.hostiles(stack.enter_context)[kind]
                handle = self.client.give(thing)
                thing.setblocking(True)
                before = self.slow_rounds()
                self.try_it(method, handle)
                slow = self.slow_rounds() - before
            for fd in self.client.received:
                os.close(fd)
            self.client.received = []
            if slow == 0:
                return
        self.fail(f"{method} of {kind} has made {slow} rounds long")


class TestFiles(Case):
    def test_a_fifo_is_no_script(self):
        fifo = self.folder / "fifo.lua"
        os.mkfifo(fifo)
        huge = self.folder / "huge.lua"
        with open(huge, "wb") as file:
            file.truncate(1 << 40)

        def load():
            for path in (fifo, "/dev/zero", self.folder / "none.lua", huge):
                error = self.fails("EREMOTEIO", self.client.call, "sockd.load", str(path))
                self.assertIn("cannot open", error.message)
        self.keeps_turning(load)

    def test_lua_reads_no_fifo_as_a_script(self):
        fifo = self.folder / "fifo.lua"
        os.mkfifo(fifo)
        (self.folder / "module.lua").write_text("return 7")
        path = f"package.path = '{self.folder}/?.lua'; "

        def load():
            for text in (f"dofile('{fifo}')", f"assert(loadfile('{fifo}'))",
                         path + "require('fifo')"):
                self.fails("EREMOTEIO", self.client.call, "sockd.eval", text)
        self.keeps_turning(load)
        text = path + "return require('module'), dofile(...)"
        self.assertEqual(self.client.call("sockd.eval", text, str(self.folder / "module.lua")),
                         [7, 7])


class TestLog(sockd_test.Case):
    """The reader of the log or of standard output has stopped."""

    def check(self, write_end, read):
        """What the daemon writes goes to a full pipe or terminal, which others fill as well."""
        wrapper = ("sh", "-c", f"exec \"$@\" >&{write_end} 2>&{write_end}", "sh")
        daemon = self.daemon("--log-level", "debug", wrapper=wrapper, pass_fds=[write_end])
        os.set_blocking(write_end, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(write_end, b"x" * 1000)
        os.set_blocking(write_end, True)
        with daemon.client() as client:
            before = client.call("sockd.stats")["loop_slow"]
            for i in range(300):
                client.call("sockd.eval", """
                    print(('o'):rep(100))
                    require('log').info('line')
                    io.write(('w'):rep(100), '\\n')
                    io.stdout:flush()
                    io.stderr:write(('e'):rep(100), '\\n')
                """)
            slow = client.call("sockd.stats")["loop_slow"]
            self.assertLess(slow - before, 10)
            read()
            client.call("sockd.eval", "print('the end')")

    def test_a_pipe_that_nobody_reads(self):
        read_end, write_end = os.pipe()

        def read():
            os.set_blocking(read_end, False)
            with contextlib.suppress(BlockingIOError):
                while os.read(read_end, 1 << 16):
                    pass
        self.check(write_end, read)
        self.stack.close()
        os.close(write_end)
        os.close(read_end)

    def test_a_terminal_that_nobody_reads(self):
        main, terminal = os.openpty()

        def read():
            os.set_blocking(main, False)
            with contextlib.suppress(BlockingIOError):
                while os.read(main, 1 << 16):
                    pass
        self.check(terminal, read)
        self.stack.close()
        os.close(terminal)
        os.close(main)


class TestHang(sockd_test.Case):
    """A handler that computes in C, where nothing reaches it."""

    SCRIPT = """
    local ffi = require('ffi')
    ffi.cdef('unsigned sleep(unsigned seconds); int poll(void *, unsigned long, int);')
    function hang()
        print('hangs now')
        while true do ffi.C.poll(nil, 0, 3600000) end
    end
    require('socket').tcp_server('127.0.0.1', PORT, {name = 'innocent', handler = function(s)
        s:read(1)
        hang()
    end})
    """

    def hung(self, *options):
        port = sockd_test.free_port()
        script = self.script(self.SCRIPT.replace("PORT", str(port)))
        daemon = self.daemon("--ffi", "--load", script, *options, settles=False)
        victim = self.keep(sockd_test.connect(port))
        victim.sendall(b"x")
        until(lambda: "hangs now" in daemon.output().decode(), "the handler hangs")
        return daemon

    def ended(self, daemon):
        self.daemons.remove(next(one for one in self.daemons if one[0] is daemon))
        return daemon.process.wait(PATIENCE)

    def test_a_daemon_that_hangs_says_who_it_was_and_ends(self):
        daemon = self.hung("--hang", "0.5")
        self.assertEqual(self.ended(daemon), -signal.SIGABRT)
        log = daemon.log()
        for words in ("no round of the loop", "innocent/127.0.0.1", "socket ", "script.lua:6",
                      "poll"):
            self.assertIn(words, log)

    def test_a_stopped_daemon_does_not_hang(self):
        daemon = self.daemon("--hang", "0.3")
        with daemon.client() as client:
            self.assertEqual(client.call("sockd.ping"), "pong")
            os.kill(daemon.pid, signal.SIGSTOP)
            time.sleep(1)  # the time that must not count
            os.kill(daemon.pid, signal.SIGCONT)
            self.assertEqual(client.call("sockd.ping"), "pong")

    def test_the_second_sigterm_ends_a_daemon_that_hangs(self):
        daemon = self.hung("--hang", "0")
        daemon.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)  # it hangs: nothing will happen
        self.assertIsNone(daemon.process.poll())
        daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(daemon), -signal.SIGTERM)
        self.assertFalse(os.path.lexists(daemon.path))


sockd_test.main()
