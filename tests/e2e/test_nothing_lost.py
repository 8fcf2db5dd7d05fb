"""Ten mebibytes go through one socket to readers that are cancelled, run out of time, close, or are
killed, at random: what all of them got, one behind the other, is what was sent.

What a reader got is what was in its connection when it went: bytes that the kernel had taken for
it count as received (docs/PROTOCOL.md), and nothing else does. So the test shuts the connection of
a dying reader, after which the kernel takes no more for it, and then reads what is in there. Half a
message at the end is one that the reader never got.

The choices come from a seed, which is printed, and which SOCKD_SEED sets.
"""
import array
import contextlib
import os
import random
import signal
import socket
import threading
import time

import msgpack
import sockd_test
from sockd_test import until

SEED = int(os.environ.get("SOCKD_SEED") or time.time_ns() % 1000000)
TOTAL = (2 if sockd_test.SANITIZED else 10) << 20
WORD = 8

# How far the sender is ahead of the readers: a request for more than that waits.
AHEAD = 1 << 20


def pattern(size):
    """Each eight bytes are the number of their place: what is lost or doubled shows at once."""
    return b"".join(number.to_bytes(WORD, "big") for number in range(size // WORD))


class Reader:
    """A connection of its own, whose last bytes can be looked at after its end."""

    def __init__(self, daemon):
        self.client = daemon.client()

    def data(self):
        """What it has been sent and not looked at yet: answers and streamed pieces, in order."""
        got = bytearray()
        for error, result in self.client.answers.values():
            if error is None and result is not True:
                got += result[0] if isinstance(result, list) else result
        self.client.answers.clear()
        for _, method, params in self.client.notifications:
            assert method == "sockd.data", method
            if len(params) > 2 and params[2] is not None:
                got += params[2]
        self.client.notifications.clear()
        return bytes(got)

    def drain(self):
        """All that the kernel has for it; the connection has been shut."""
        with contextlib.suppress(ConnectionError):
            while self.client.feed():
                pass
        return self.data()

    def end(self):
        """Stops hearing, then goes: what the kernel has by now is all that it gets."""
        self.client.sock.shutdown(socket.SHUT_RD)
        got = self.drain()
        self.client.close()
        return got


class TestNothingLost(sockd_test.Case):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", flush=True)
        self.rng = random.Random(SEED)
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client)
        self.sent = pattern(TOTAL)
        self.got = 0
        self.stopped = False
        self.progress = threading.Condition()
        self.sender = threading.Thread(target=self.send)
        self.sender.start()
        self.counts = {}
        self.lifelines = {}  # of children: they end when these are closed

    def tearDown(self):
        self.client.call("close", self.handle)
        with self.progress:
            self.stopped = True
            self.progress.notify()
        self.sender.join()
        super().tearDown()

    def send(self):
        rng = random.Random(SEED + 1)
        at = 0
        with contextlib.suppress(ConnectionError):  # after a failure
            while at < TOTAL and not self.stopped:
                size = rng.choice((1, 8, 100, 3000, 50000, 200000))
                with self.progress:
                    self.progress.wait_for(lambda: at + size <= self.got + AHEAD or self.stopped)
                self.peer.sendall(self.sent[at:at + size])
                at += size
            with self.progress:
                self.progress.wait_for(lambda: self.got == TOTAL or self.stopped)
            self.peer.shutdown(socket.SHUT_WR)

    def take(self, data, who):
        """A reader got these bytes: they must be the next ones."""
        expected = self.sent[self.got:self.got + len(data)]
        if data != expected:
            first = next(i for i, pair in enumerate(zip(data, expected)) if pair[0] != pair[1])
            place = self.got + first
            there = int.from_bytes(data[(-place) % WORD + first:][:WORD], "big") * WORD
            self.fail(f"seed {SEED}: {who} got what stands at about {there} in place of {place}")
        with self.progress:
            self.got += len(data)
            self.progress.notify()
        self.counts[who] = self.counts.get(who, 0) + 1

    def request(self, least=1, most=200000):
        """A random request for bytes, of which there are enough."""
        size = min(self.rng.randint(least, most), TOTAL - self.got)
        return self.rng.choice((("read", (self.handle, size)), ("recv", (self.handle, size)),
                                ("sysread", (self.handle, size)),
                                ("read", (self.handle, {"limit": size, "delimiter": b"\0\x07"}))))

    def long_request(self):
        """One that waits, mostly."""
        return self.rng.choice(("read", "recv")), (self.handle, self.rng.randint(100000, 2 * AHEAD))

    # ---- readers ----

    def reads(self):
        method, params = self.request()
        result = self.client.call(method, *params)
        self.take(result[0] if isinstance(result, list) else result, method)

    def runs_out_of_time(self):
        method, params = self.long_request()
        try:
            result = self.client.call(method, *params, {"timeout": self.rng.choice((0, 0.001, 0.01))})
        except sockd_test.RpcError as error:
            self.assertEqual(error.name, "ETIMEDOUT")
            self.counts["timeout"] = self.counts.get("timeout", 0) + 1
            return
        self.take(result[0] if isinstance(result, list) else result, method)

    def is_cancelled(self):
        method, params = self.long_request()
        read = self.client.request(method, *params)
        cancel = self.client.request("sockd.cancel", read)
        error, result = self.client.answer(read)
        self.client.answer(cancel)
        if error is None:
            self.take(result[0] if isinstance(result, list) else result, method)
        else:
            self.assertEqual(result["name"], "ECANCELED")
            self.counts["cancelled"] = self.counts.get("cancelled", 0) + 1

    def closes_with_answers_under_way(self):
        """It asks and asks, and goes at some time without having looked."""
        reader = Reader(self.sockd)
        for _ in range(self.rng.randint(1, 30)):
            method, params = self.request(1, 60000)
            reader.client.request(method, *params)
        if self.rng.random() < 0.7:
            until(lambda: reader.client.sock.recv(1, socket.MSG_PEEK), "the first answer")
        self.take(reader.end(), "closed")

    def streams_for_a_while(self):
        reader = Reader(self.sockd)
        credit = self.rng.choice((1, 1000, 100000, 1 << 20))
        reader.client.call("sockd.stream", self.handle, credit)
        got = bytearray(reader.data())
        least = min(self.rng.randint(1, credit), AHEAD // 2, TOTAL - self.got)
        while len(got) < least:
            reader.client.feed()
            got += reader.data()
        self.take(bytes(got), "stream")
        if self.rng.random() < 0.5:
            reader.client.call("sockd.stream", self.handle)
            self.take(reader.data(), "stream that was ended")
            reader.client.close()
        else:
            self.take(reader.end(), "stream that was cut")

    def child(self, method, *params):
        """A process with a connection of its own, of which the test keeps a duplicate."""
        reader = Reader(self.sockd)
        ours, its = os.pipe()
        pid = os.fork()
        if pid == 0:
            reader.client.sock.sendall(msgpack.packb([0, 1, method, params]))
            os.close(its)
            os.read(ours, 1)  # until it is killed, or the test is gone
            os._exit(0)
        os.close(ours)
        self.lifelines[pid] = its
        return reader, pid

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(self.lifelines.pop(pid))

    def is_killed_while_it_waits(self):
        method = self.rng.choice(("read", "recv"))
        reader, pid = self.child(method, self.handle, AHEAD + 1)
        until(lambda: self.client.waiting(self.handle) == 1, "it waits")
        if self.rng.random() < 0.5:  # the only one who holds the connection
            reader.client.close()
            self.kill(pid)
        else:
            self.kill(pid)
            self.assertEqual(reader.end(), b"")
        self.counts["killed waiting"] = self.counts.get("killed waiting", 0) + 1

    def is_killed_while_it_streams(self):
        """It does not look at what it gets: all that the kernel takes is in its connection."""
        credit = self.rng.choice((1, 50000, 1 << 30))
        reader, pid = self.child("sockd.stream", self.handle, credit)
        if self.got < TOTAL:
            reader.client.sock.recv(1, socket.MSG_PEEK)
        self.kill(pid)
        self.take(reader.end(), "stream that was killed")

    def taker(self):
        reader = Reader(self.sockd)
        reader.client.call("sockd.hello", {"fds": True})
        return reader

    def is_taken_and_given_back(self):
        """This program reads some of it itself; it comes back under another number."""
        taker = self.taker()
        take = taker.client.request("sockd.take", self.handle)
        data, (fd,), _, _ = socket.recv_fds(taker.client.sock, 1 << 16, 1)
        with socket.socket(fileno=fd) as taken:
            taker.client.absorb(data)
            self.take(taker.client.result(take)["data"], "take")
            taken.settimeout(sockd_test.PATIENCE)
            for _ in range(self.rng.randint(0, 3)):
                if self.got < TOTAL:
                    self.take(taken.recv(self.rng.randint(1, 200000)), "who took it")
            socket.send_fds(taker.client.sock, [taker.client.pack([0, 1 << 20, "sockd.give", []])],
                            [fd])
            self.handle = taker.client.result(1 << 20)
        taker.client.close()

    def is_taken_by_one_who_goes(self):
        taker = self.taker()
        taker.client.sock.shutdown(socket.SHUT_RD)
        taker.client.request("sockd.take", self.handle)
        taker.client.close()
        self.counts["taker gone"] = self.counts.get("taker gone", 0) + 1

    def several_wait_and_some_are_cancelled(self):
        """Their order is that of the queue; who is left gets what comes. (Who dies in a queue may
        do so when those behind have been served already: that is the other test's.)"""
        readers = []
        if TOTAL - self.got < 5 * 100000:
            return
        for _ in range(5):
            reader = Reader(self.sockd)
            size = self.rng.randint(1, 100000)  # which the kernel takes at once
            reader.msgid = reader.client.request("read", self.handle, size)
            readers.append(reader)
            reader.client.send([0, 1 << 20, "sockd.ping", []])
            reader.client.answer(1 << 20)  # the read has been taken up
        for reader in readers:
            if self.rng.random() < 0.5:
                reader.client.answers[reader.msgid] = reader.client.answer(reader.msgid)
                self.take(reader.data(), "read in a queue")
            else:
                reader.client.send([2, "sockd.cancel", [reader.msgid]])
                error, result = reader.client.answer(reader.msgid)
                self.take(b"" if error else result, "cancelled in a queue")
        for reader in readers:
            reader.client.close()

    def test_the_whole_is_what_the_readers_got(self):
        everybody = ([self.reads] * 6 + [self.streams_for_a_while] * 3 +
                     [self.runs_out_of_time, self.is_cancelled, self.is_cancelled,
                      self.closes_with_answers_under_way, self.is_killed_while_it_waits,
                      self.is_killed_while_it_streams, self.several_wait_and_some_are_cancelled,
                      self.is_taken_and_given_back, self.is_taken_by_one_who_goes])
        while self.got < TOTAL:
            self.rng.choice(everybody)()
        self.assertEqual(self.got, TOTAL)
        self.assertEqual(self.client.call("read", self.handle, 1), b"")
        print(self.counts)

    def test_readers_that_die_while_others_are_served(self):
        """An answer that was under way to one who has gone comes after what others have got
        meanwhile: not in its order then, but whole, and once."""
        words = array.array("Q")
        readers = []
        while self.got < TOTAL:
            while len(readers) < 6:
                reader = Reader(self.sockd)
                reader.read = reader.client.request("read", self.handle, self.some_words(300000))
                reader.client.call("sockd.ping")
                readers.append(reader)
            reader = readers.pop(self.rng.randrange(len(readers)))
            if self.rng.random() < 0.5 and reader.client.has(reader.read):
                data = reader.data() + reader.end()
            else:
                data = reader.end()
            words.frombytes(data)
            with self.progress:
                self.got += len(data)
                self.progress.notify()
            if TOTAL - self.got < AHEAD:
                break
        for reader in readers:
            words.frombytes(reader.end())
        while len(words) * WORD < TOTAL:
            with self.progress:
                self.got = len(words) * WORD
                self.progress.notify()
            words.frombytes(self.client.call("read", self.handle, self.some_words(
                TOTAL - len(words) * WORD)))
        words.byteswap()
        self.assertEqual(sorted(words), list(range(TOTAL // WORD)))
        self.got = TOTAL

    def some_words(self, most):
        return max(self.rng.randint(1, min(most, 300000)) // WORD, 1) * WORD


sockd_test.main()
