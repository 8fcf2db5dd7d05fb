"""Descriptors that come and go: sockd.take and sockd.give, and descriptors that nobody asked for."""
import contextlib
import fcntl
import os
import random
import resource
import signal
import socket
import unittest

import msgpack
import sockd_test
from sockd_test import until
from test_rights import NOBODY, as_user


class Passer(sockd_test.Client):
    """A client that sends descriptors and receives them."""

    def __init__(self, path, fds=True):
        super().__init__(path)
        self.received = []
        if fds:
            self.call("sockd.hello", {"name": "passer", "fds": True})

    def feed(self):
        data, fds, _, _ = socket.recv_fds(self.sock, 1 << 20, 16)
        self.received += fds
        self.unpacker.feed(data)
        for message in self.unpacker:
            if message[0] == 1:
                self.answers[message[1]] = tuple(message[2:])
        return bool(data)

    def close(self):
        for fd in self.received:
            os.close(fd)
        self.received = []
        super().close()

    def request_with(self, fds, method, *params, at=0):
        """A request with descriptors on byte `at` of it."""
        self.last += 1
        data = self.pack([0, self.last, method, list(params)])
        if at:
            self.sock.sendall(data[:at])
        sent = socket.send_fds(self.sock, [data[at:]], fds)
        self.sock.sendall(data[at + sent:])
        return self.last

    def give(self, *things, at=0, **options):
        return self.result(self.request_with([thing.fileno() for thing in things], "sockd.give",
                                             options, at=at))

    def take(self, handle):
        """The answer, and a socket around the descriptor."""
        answer = self.call("sockd.take", handle)
        (fd,) = self.received
        self.received = []
        return answer, socket.socket(fileno=fd)


class Case(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--socket-mode", "0666")
        self.client = self.keep(Passer(self.sockd.path))

    def fds_settle(self, sockets):
        """The daemon has no descriptor but those of so many sockets and this test's client."""
        fds = self.sockd.fds_at_start + sockets + 1
        until(lambda: self.sockd.fds() == fds,
              lambda: f"{fds} descriptors: {self.sockd.descriptors()}")


class TestTake(Case):
    def test_a_connection_goes_on_in_the_other_program(self):
        handle, peer = self.pair(self.client, name="mine")
        peer.sendall(b"line\nread ahead")
        self.assertEqual(self.client.call("read", handle, "\n"), b"line\n")
        answer, taken = self.client.take(handle)
        with taken:
            self.assertEqual(answer["data"], b"read ahead")
            self.assertEqual((answer["domain"], answer["type"], answer["protocol"], answer["name"]),
                             ("AF_INET", "SOCK_STREAM", "tcp", "mine"))
            for key, (host, port) in (("peer", peer.getsockname()), ("address", taken.getsockname())):
                self.assertEqual((answer[key]["host"], answer[key]["port"]), (host, port))
            self.assertEqual(taken.getpeername(), peer.getsockname())
            self.assertFalse(fcntl.fcntl(taken, fcntl.F_GETFL) & os.O_NONBLOCK)
            self.fails("EBADF", self.client.call, "sockd.info", handle)
            self.fails("EBADF", self.client.call, "read", "mine", 1)
            self.fds_settle(0)
            taken.sendall(b"out")
            self.assertEqual(sockd_test.receive(peer, 3), b"out")
            peer.sendall(b"in")
            self.assertEqual(taken.recv(2), b"in")

    def test_without_hello_it_is_refused(self):
        handle, peer = self.pair(self.client)
        with self.sockd.client() as other:
            error = self.fails("EINVAL", other.call, "sockd.take", handle)
            self.assertIn("fds: true", error.message)
        peer.sendall(b"x")
        self.assertEqual(self.client.call("read", handle, 1), b"x")
        self.client.call("close", handle)

    def test_who_waits_on_it_hears_that_it_is_closed(self):
        handle, _ = self.pair(self.client)
        with self.sockd.client() as other:
            waits = [other.request("read", handle, 9), other.request("readable", handle),
                     other.request("write", handle, bytes(1 << 23))]
            until(lambda: self.client.waiting(handle) == 3, "all wait")
            _, taken = self.client.take(handle)
            taken.close()
            for wait in waits:
                self.fails("EBADF", other.result, wait)

    def test_the_descriptor_comes_with_its_own_answer(self):
        handles = [self.pair(self.client) for _ in range(5)]
        requests = []
        for number, (handle, peer) in enumerate(handles):
            self.client.request("sockd.ping")
            peer.sendall(b"%d" % number)
            requests.append(self.client.request("sockd.take", handle))
            self.client.request("sockd.api")
        for request in requests:
            self.client.result(request)
        self.assertEqual(len(self.client.received), 5)
        for fd, (_, peer) in zip(self.client.received, handles):
            with socket.socket(fileno=os.dup(fd)) as taken:
                self.assertEqual(taken.getpeername(), peer.getsockname())

    def test_a_taker_that_dies_before_it_has_the_answer_leaves_the_socket(self):
        handle, peer = self.pair(self.client, name="kept", ttl=60)
        data = random.Random(3).randbytes(4 << 20)
        read = self.client.request("read", handle, 1 << 23)
        sender = os.fork()
        if sender == 0:
            peer.sendall(data)
            os._exit(0)
        until(lambda: self.client.call("sockd.info", handle)["read_ahead"] == len(data),
              "all is read ahead")
        os.waitpid(sender, 0)
        self.client.call("sockd.cancel", read)
        self.fails("ECANCELED", self.client.result, read)
        for _ in range(5):
            taker = Passer(self.sockd.path)
            taker.request("sockd.take", handle)  # 4 MiB do not fit into the kernel's buffer
            until(lambda: self.client.answer(self.client.request("sockd.info", handle))[0],
                  "it is lent")
            taker.close()
            until(lambda: not self.client.answer(self.client.request("sockd.info", handle))[0],
                  "it is back")
        info = self.client.call("sockd.info", "kept")
        self.assertEqual((info["id"], info["read_ahead"], info["ttl"]), (handle, len(data), 60))
        self.assertEqual(self.client.call("read", handle, 1 << 20), data[:1 << 20])
        answer, taken = self.client.take(handle)
        with taken:
            self.assertEqual(answer["data"], data[1 << 20:])
            peer.sendall(b"on")
            self.assertEqual(taken.recv(2), b"on")

    def test_a_listener_goes_with_its_queue(self):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0)
        peer = self.keep(sockd_test.connect(address["port"]))
        _, taken = self.client.take(handle)
        with taken:
            connection, source = taken.accept()
            self.assertEqual(source, peer.getsockname())
            connection.close()

    def test_connections_that_wait_to_be_accepted_again_are_not_lost(self):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0)
        other = self.sockd.client()
        other.request("accept", handle)
        until(lambda: self.client.waiting(handle) == 1, "the other waits")
        os.kill(self.sockd.pid, signal.SIGSTOP)
        peer = self.keep(sockd_test.connect(address["port"]))
        other.close()
        os.kill(self.sockd.pid, signal.SIGCONT)
        until(lambda: self.client.waiting(handle) == 0, "the other is gone")
        self.fails("EBUSY", self.client.call, "sockd.take", handle)
        connection, source = self.client.call("accept", handle)
        self.assertEqual(source["port"], peer.getsockname()[1])
        self.client.call("close", connection)
        _, taken = self.client.take(handle)
        taken.close()

    def test_a_connection_is_taken_from_its_handler_as_a_close_would(self):
        script = self.script("function hold(s) s:write('here\\n') held = s:read('\\n') or s:errno() end")
        daemon = self.daemon("--load", script)
        client = self.keep(Passer(daemon.path))
        server, address = client.call("tcp_server", "127.0.0.1", 0, "hold")
        peer = self.keep(sockd_test.connect(address["port"]))
        self.assertEqual(sockd_test.receive(peer, 5), b"here\n")
        (handle,) = [entry["id"] for entry in client.call("sockd.list", {"state": "connected"})]
        _, taken = client.take(handle)
        with taken:
            peer.sendall(b"hello")
            self.assertEqual(taken.recv(5), b"hello")
        self.assertEqual(peer.recv(1), b"")
        client.call("close", server)

    def test_a_path_stays_with_the_descriptor(self):
        path = str(self.folder / "s")
        handle, _ = self.client.call("tcp_server", "unix/", path)
        _, taken = self.client.take(handle)
        with taken, socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            taken.accept()[0].close()


class TestGive(Case):
    def test_a_connection_goes_on_in_the_daemon(self):
        ours, theirs = socket.socketpair()
        handle = self.client.give(theirs, name="given", ttl=50)
        theirs.close()
        info = self.client.call("sockd.info", "given")
        self.assertEqual((info["id"], info["owner"], info["domain"], info["ttl"]),
                         (handle, os.getuid(), "AF_UNIX", 50))
        ours.sendall(b"text\n")
        self.assertEqual(self.client.call("read", handle, "\n"), b"text\n")
        self.client.call("write", handle, b"answer")
        self.assertEqual(ours.recv(6), b"answer")
        self.client.call("close", handle)
        self.assertEqual(ours.recv(1), b"")
        ours.close()

    def test_any_socket_will_do(self):
        listener, port = self.server()
        datagram = self.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagram.bind(("127.0.0.1", 0))
        handles = [self.client.give(thing) for thing in (listener, datagram)]
        states = [self.client.call("sockd.info", handle)["state"] for handle in handles]
        self.assertEqual(states, ["listening", "bound"])
        peer = self.keep(sockd_test.connect(port))
        connection, source = self.client.call("accept", handles[0])
        self.assertEqual(source["port"], peer.getsockname()[1])
        for handle in (connection, *handles):
            self.client.call("close", handle)

    def test_the_descriptor_may_come_with_any_byte(self):
        ours, theirs = socket.socketpair()
        for at in (1, 5, 12):
            self.client.call("close", self.client.give(theirs, at=at))
        self.fds_settle(0)
        ours.close()
        theirs.close()

    def test_give_and_take_again_and_again(self):
        ours, theirs = socket.socketpair()
        for _ in range(20):
            handle = self.client.give(theirs)
            theirs.close()
            _, theirs = self.client.take(handle)
        theirs.sendall(b"x")
        self.assertEqual(ours.recv(1), b"x")
        self.fds_settle(0)
        ours.close()
        theirs.close()

    def test_requests_in_one_go_each_get_their_own(self):
        pairs = [socket.socketpair() for _ in range(10)]
        os.kill(self.sockd.pid, signal.SIGSTOP)
        requests = []
        for _, theirs in pairs:
            self.client.request("sockd.ping")
            requests.append(self.client.request_with([theirs.fileno()], "sockd.give"))
        os.kill(self.sockd.pid, signal.SIGCONT)
        for request, (ours, theirs) in zip(requests, pairs):
            handle = self.client.result(request)
            self.client.call("write", handle, b"%d" % handle)
            self.assertEqual(ours.recv(20), b"%d" % handle)
            self.client.call("close", handle)
            ours.close()
            theirs.close()

    def test_what_is_no_socket_or_not_one(self):
        with open("/dev/null", "rb") as file:
            self.fails("ENOTSOCK", self.client.give, file)
            error = self.fails("EINVAL", self.client.give, file, file)
            self.assertIn("several", error.message)
            self.fails("EINVAL", self.client.give, *[file] * 200)
        error = self.fails("EINVAL", self.client.call, "sockd.give")
        self.assertIn("no descriptor", error.message)
        self.fds_settle(0)

    def test_a_request_that_fails_closes_what_came_with_it(self):
        ours, theirs = socket.socketpair()
        other = self.client.give(theirs, name="taken")
        for name, options in (("EEXIST", {"name": "taken"}), ("EINVAL", {"ttl": -1}),
                              ("EINVAL", {"nothing": 1})):
            self.fails(name, self.client.result,
                       self.client.request_with([theirs.fileno()], "sockd.give", options))
        self.fds_settle(1)
        self.client.call("close", other)
        theirs.close()
        self.assertEqual(ours.recv(1), b"")
        ours.close()

    def test_one_that_nobody_hears_of_is_closed(self):
        ours, theirs = socket.socketpair()
        os.kill(self.sockd.pid, signal.SIGSTOP)
        other = Passer(self.sockd.path, fds=False)
        other.request_with([theirs.fileno()], "sockd.give")
        other.close()
        theirs.close()
        os.kill(self.sockd.pid, signal.SIGCONT)
        self.assertEqual(ours.recv(1), b"")
        ours.close()

    def test_a_notification_gives_too(self):
        ours, theirs = socket.socketpair()
        socket.send_fds(self.client.sock, [msgpack.packb([2, "sockd.give", [{"name": "n"}]])],
                        [theirs.fileno()])
        theirs.close()
        until(lambda: not self.client.answer(self.client.request("sockd.info", "n"))[0], "it is in")
        self.client.call("close", "n")
        ours.close()


class TestUnasked(Case):
    """Descriptors that come with whatever: none stays open."""

    def test_descriptors_with_any_message_leak_nothing(self):
        rng = random.Random(5)
        ours, theirs = socket.socketpair()
        handle, _ = self.pair(self.client)
        methods = [("sockd.ping",), ("nothing",), ("read", handle, 1, 0), ("close", 1 << 40),
                   ("sockd.stats",), ("sockd.give", {"ttl": -1}), ("write", handle, b"x" * 50000),
                   ("sockd.give", 1, 2, 3)]
        for _ in range(300):
            fds = [theirs.fileno()] * rng.choice((1, 1, 2, 3, 20, 253))
            call = rng.choice(methods)
            size = len(self.client.pack([0, self.client.last + 1, call[0], list(call[1:])]))
            msgid = self.client.request_with(fds, *call, at=rng.randrange(size))
            if rng.random() < 0.7:
                self.client.answer(msgid)
        self.client.call("sockd.ping")
        self.fds_settle(1)
        self.client.call("close", handle)
        theirs.close()
        self.assertEqual(ours.recv(1), b"")
        ours.close()

    def test_a_message_in_pieces_holds_few(self):
        """Each byte with many descriptors: the daemon keeps a handful."""
        ours, theirs = socket.socketpair()
        # No more of an ordinary user's may be under way than he may have open.
        many = min(100, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 100)
        with Passer(self.sockd.path, fds=False) as other:
            for byte in other.pack([0, 1, "sockd.give", [{"name": "x" * 60}]])[:-1]:
                socket.send_fds(other.sock, [bytes([byte])], [theirs.fileno()] * many)
            self.client.call("sockd.ping")
            until(lambda: self.sockd.fds() <= self.sockd.fds_at_start + 2 + 8, "few are kept")
        self.fds_settle(0)
        ours.close()
        theirs.close()

    def test_rubbish_with_descriptors(self):
        ours, theirs = socket.socketpair()
        rng = random.Random(6)
        for _ in range(50):
            with Passer(self.sockd.path, fds=False) as other:
                try:
                    for _ in range(4):
                        socket.send_fds(other.sock, [rng.randbytes(rng.randrange(1, 300))],
                                        [theirs.fileno()] * 3)
                except OSError:
                    pass
        self.fds_settle(0)
        theirs.close()
        self.assertEqual(ours.recv(1), b"")
        ours.close()


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
class TestRules(Case):
    def outcome(self, make, uid=NOBODY):
        """What comes of a giving of what make() returns, by a program of that user."""
        def work():
            with contextlib.ExitStack() as stack:
                things = [stack.enter_context(thing) for thing in make()]
                client = stack.enter_context(Passer(self.sockd.path))
                error, result = client.answer(
                    client.request_with([things[0].fileno()], "sockd.give", {"lifetime": "client"}))
                return result["name"] if error else "given"
        return as_user(uid, work)

    def test_what_would_speak_with_the_daemons_voice_is_the_administrators(self):
        path = str(self.folder / "root")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            os.chmod(path, 0o666)
            server.listen()

            def connected():
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(path)
                return [sock]

            self.assertEqual(self.outcome(connected), "EPERM")
            self.assertEqual(self.outcome(connected, uid=0), "given")
        self.assertEqual(self.outcome(socket.socketpair), "given")
        self.assertEqual(self.outcome(lambda: [socket.socket(socket.AF_INET6)]), "given")
        self.assertEqual(self.outcome(lambda: [socket.socket(socket.AF_UNIX)]), "given")
        netlink = lambda: [socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)]  # noqa: E731
        self.assertEqual(self.outcome(netlink), "EPERM")
        self.assertEqual(self.outcome(netlink, uid=0), "given")

    def test_anothers_socket_is_not_taken(self):
        handle, _ = self.pair(self.client)

        def work():
            with Passer(self.sockd.path) as client:
                return client.answer(client.request("sockd.take", handle))[1]["name"]
        self.assertEqual(as_user(NOBODY, work), "EPERM")
        self.client.call("close", handle)


if __name__ == "__main__":
    sockd_test.main()
