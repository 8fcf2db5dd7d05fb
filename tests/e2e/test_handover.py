"""sockd.take where the descriptor may be lost on its way, as behind a forwarded control socket: the
socket comes back as it was, and its bytes are read once."""
import os
import random
import shutil
import signal
import socket
import subprocess

import sockd_test

sockd_test.preload_sanitizer()

from c_library import CallFailed, Library  # noqa: E402
from sockd_test import until  # noqa: E402
from test_pass import Passer  # noqa: E402


class Taker(Passer):
    """A client that says whether descriptors came."""

    def __init__(self, path):
        super().__init__(path, fds=False)
        self.call("sockd.hello", {"name": "taker", "fds": True, "confirm": True})

    def begin(self, handle):
        """The number of the request, and its answer."""
        msgid = self.request("sockd.take", handle)
        return msgid, self.result(msgid)

    def drop(self):
        while self.received:
            os.close(self.received.pop())


class Case(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--socket-mode", "0666")
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client, name="here", ttl=500)
        self.peer.sendall(b"line\nahead")
        self.assertEqual(self.client.call("read", self.handle, "\n"), b"line\n")
        until(lambda: self.client.call("sockd.info", self.handle)["read_ahead"] == 5, "it is ahead")
        self.before = self.told()

    def told(self):
        info = self.client.call("sockd.info", self.handle)
        return {key: info[key] for key in ("id", "name", "owner", "state", "read_ahead", "lifetime",
                                           "ttl", "share", "address", "peer", "created")}

    def is_lent(self):
        error, _ = self.client.answer(self.client.request("sockd.info", self.handle))
        return error is not None

    def proves_that_it_is_back(self):
        """With its number, its name, its owner, what was read ahead and what came meanwhile."""
        until(lambda: not self.is_lent(), "it is back")
        self.assertEqual(self.told(), self.before)
        self.peer.sendall(b" and behind\n")
        self.assertEqual(self.client.call("read", "here", "\n"), b"ahead and behind\n")
        self.client.call("write", "here", b"answer")
        self.assertEqual(sockd_test.receive(self.peer, 6), b"answer")
        self.client.call("close", self.handle)
        self.assertEqual(self.peer.recv(1), b"")

    def forwarded(self):
        """The path of a socket whose other end is the control socket, as with ssh -L."""
        if not shutil.which("socat"):
            self.skipTest("needs socat")
        path = self.folder / "forwarded"
        process = subprocess.Popen(["socat", f"UNIX-LISTEN:{path},fork", f"UNIX-CONNECT:{self.sockd.path}"],
                                   start_new_session=True)
        self.stack.callback(process.wait)
        self.stack.callback(os.killpg, process.pid, signal.SIGTERM)
        until(lambda: self.listens(path), "socat listens")
        return path

    @staticmethod
    def listens(path):
        with socket.socket(socket.AF_UNIX) as trial:
            return trial.connect_ex(str(path)) == 0


class TestConfirmed(Case):
    def test_a_socket_is_lent_until_the_client_has_its_descriptor(self):
        taker = self.keep(Taker(self.sockd.path))
        msgid, answer = taker.begin(self.handle)
        self.assertEqual((answer["confirm"], answer["data"]), (True, b"ahead"))
        self.fails("EBADF", self.client.call, "sockd.info", self.handle)
        self.fails("EBADF", self.client.call, "close", self.handle)
        self.fails("EBADF", self.client.call, "read", "here", 1)
        self.fails("ENOENT", taker.call, "sockd.taken", msgid + 1)
        self.fails("ENOENT", self.client.call, "sockd.taken", msgid)
        self.assertTrue(self.is_lent(), "a word of somebody else's is none")
        self.assertIs(taker.call("sockd.taken", msgid), True)
        with socket.socket(fileno=taker.received.pop()) as taken:
            self.assertEqual(taken.getpeername(), self.peer.getsockname())
            self.fails("ENOENT", taker.call, "sockd.taken", msgid, False)
            self.peer.sendall(b"on")
            self.assertEqual(taken.recv(2), b"on")
        self.assertTrue(self.is_lent())
        self.assertEqual(self.peer.recv(1), b"", "nobody else has it")

    def test_a_client_that_says_nothing_of_confirming_is_asked_nothing(self):
        taker = self.keep(Passer(self.sockd.path))
        answer, taken = taker.take(self.handle)
        with taken:
            self.assertNotIn("confirm", answer)
            self.fails("ENOENT", taker.call, "sockd.taken", taker.last)

    def test_none_that_came_brings_it_back(self):
        taker = self.keep(Taker(self.sockd.path))
        msgid, _ = taker.begin(self.handle)
        taker.drop()
        self.assertIs(taker.call("sockd.taken", msgid, False), True)
        self.assertFalse(self.is_lent())
        self.fails("ENOENT", taker.call, "sockd.taken", msgid)
        self.proves_that_it_is_back()

    def test_who_hangs_up_without_a_word_leaves_it(self):
        for close in (lambda taker: taker.sock.shutdown(socket.SHUT_WR), Taker.close):
            taker = Taker(self.sockd.path)
            taker.begin(self.handle)
            self.assertTrue(self.is_lent())
            close(taker)
            until(lambda: not self.is_lent(), "it is back")
            taker.close()
        self.proves_that_it_is_back()

    def test_a_word_that_was_sent_before_hanging_up_counts(self):
        taker = Taker(self.sockd.path)
        msgid, _ = taker.begin(self.handle)
        (fd,) = taker.received
        taker.received = []
        os.kill(self.sockd.pid, signal.SIGSTOP)
        taker.request("sockd.taken", msgid)
        taker.close()
        os.kill(self.sockd.pid, signal.SIGCONT)
        with socket.socket(fileno=fd) as taken:
            until(lambda: self.client.call("sockd.stats")["clients"] == 1, "it has left")
            self.assertTrue(self.is_lent())
            taken.sendall(b"still mine")
            self.assertEqual(sockd_test.receive(self.peer, 10), b"still mine")

    def test_what_dies_with_its_client_dies_although_it_was_lent(self):
        owner = self.sockd.client()
        handle, peer = self.pair(owner, lifetime="client")
        taker = Taker(self.sockd.path)
        taker.begin(handle)
        owner.close()
        until(lambda: self.client.call("sockd.stats")["clients"] == 2, "its client is gone")
        taker.close()
        self.assertEqual(peer.recv(1), b"")
        own = Taker(self.sockd.path)
        handle, peer = self.pair(own, lifetime="client")
        own.begin(handle)
        own.close()
        self.assertEqual(peer.recv(1), b"")
        self.proves_that_it_is_back()

    def test_many_at_once_each_by_its_own_number(self):
        rng = random.Random(11)
        taker = self.keep(Taker(self.sockd.path))
        pairs = [self.pair(self.client) for _ in range(20)]
        takes = [taker.request("sockd.take", handle) for handle, _ in pairs]
        for take in takes:
            taker.result(take)
        fds = dict(zip(takes, taker.received))
        taker.received = []
        came = {take: rng.random() < 0.5 for take in takes}
        for take in rng.sample(takes, len(takes)):
            taker.call("sockd.taken", take, came[take])
        for take, (handle, peer) in zip(takes, pairs):
            with socket.socket(fileno=fds[take]) as taken:
                if came[take]:
                    self.fails("EBADF", self.client.call, "sockd.info", handle)
                    taken.sendall(b"taken")
                else:
                    self.client.call("write", handle, b"taken")
                    self.client.call("close", handle)
                self.assertEqual(sockd_test.receive(peer, 5), b"taken")
        self.proves_that_it_is_back()

    def test_a_daemon_that_ends_closes_what_nobody_has_confirmed(self):
        taker = self.keep(Taker(self.sockd.path))
        taker.begin(self.handle)
        taker.drop()
        self.sockd.stop()
        self.assertEqual(self.peer.recv(1), b"")


class TestForwarded(Case):
    """No descriptor passes."""

    def says_so(self, error):
        self.assertEqual(error.name, "EBADF")
        self.assertIn("the socket stays with the daemon", str(error))

    def test_libsockd_leaves_the_socket_with_the_daemon(self):
        client = Library(sockd_test.BIN.parent).open(self.forwarded())
        self.stack.callback(client.close)
        for _ in range(3):
            with self.assertRaises(CallFailed) as caught:
                client.take(self.handle)
            self.says_so(caught.exception)
            self.assertFalse(self.is_lent(), "it is back before the call returns")
        self.proves_that_it_is_back()

    def test_sockctl_runs_no_command_and_leaves_the_socket_with_the_daemon(self):
        self.assertEqual(self.client.call("read", self.handle, 5), b"ahead")
        mark = self.folder / "ran"
        run = subprocess.run([sockd_test.BIN / "sockctl", "take", "here", "--exec", "touch", mark],
                             env=dict(os.environ, SOCKD_SOCKET=str(self.forwarded())), check=False,
                             capture_output=True, text=True, timeout=sockd_test.PATIENCE)
        self.assertEqual((run.stdout, mark.exists()), ("", False))
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("No descriptor arrived", run.stderr)
        self.peer.sendall(b"ahead")
        self.before["read_ahead"] = 0
        self.proves_that_it_is_back()

    def test_a_client_of_its_own_gets_it_back_by_saying_so(self):
        taker = self.keep(Taker(self.forwarded()))
        msgid, answer = taker.begin(self.handle)
        self.assertEqual((answer["confirm"], taker.received), (True, []))
        taker.call("sockd.taken", msgid, False)
        self.proves_that_it_is_back()

    def test_give_says_that_nothing_came(self):
        client = self.keep(Passer(self.forwarded()))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            error = self.fails("EINVAL", client.give, theirs)
            self.assertIn("no descriptor came", error.message)
        self.proves_that_it_is_back()


class TestDirect(Case):
    def test_libsockd_confirms_and_has_the_bytes_that_were_read_ahead(self):
        client = Library(sockd_test.BIN.parent).open(self.sockd.path)
        self.stack.callback(client.close)
        fd, data = client.take(self.handle)
        with socket.socket(fileno=fd) as taken:
            self.assertEqual(data, b"ahead")
            self.fails("EBADF", self.client.call, "sockd.info", self.handle)
            client.close()
            taken.sendall(b"out")
            self.assertEqual(sockd_test.receive(self.peer, 3), b"out")

    def test_every_byte_is_read_once_however_often_the_word_is_lost(self):
        rng = random.Random(12)
        sent, got = bytearray(b"ahead"), bytearray()
        for number in range(60):
            data = b"%d " % number
            self.peer.sendall(data)
            sent += data
            taker = Taker(self.sockd.path)
            msgid, answer = taker.begin(self.handle)
            end = rng.choice(("no", "hang up", "read meanwhile", "yes"))
            if end == "no":
                taker.call("sockd.taken", msgid, False)
            elif end == "yes":
                taker.call("sockd.taken", msgid)
                got += answer["data"]
                with socket.socket(fileno=os.dup(taker.received[0])) as taken:
                    got += taken.recv(rng.randint(1, 20))
                    self.handle = taker.give(taken, name="here")
            taker.close()
            until(lambda: not self.is_lent(), "it is back")
            if end == "read meanwhile":
                got += self.client.call("sysread", self.handle)
        while len(got) < len(sent):
            got += self.client.call("sysread", self.handle)
        self.assertEqual(got, sent)
        self.client.call("close", self.handle)


sockd_test.main()
