"""Hostile bytes on the control socket: an orderly error, and nobody else notices."""
import contextlib
import os
import select
import socket
import struct

import msgpack
import sockd_test
from sockd_test import until

MEBIBYTE = 1 << 20
# AddressSanitizer keeps freed memory for a while.
SLACK = (300 if sockd_test.SANITIZED else 24) * MEBIBYTE


class TestHostile(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--log-level", "error")
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client)
        self.conversation = self.record()
        for _ in range(20):  # whatever is allocated once
            self.say(self.conversation)
        self.rss = self.sockd.rss()

    def tearDown(self):
        if self.sockd.alive() and not self.failed():
            self.assertEqual(self.client.call("sockd.ping"), "pong")
            self.assertLess(self.sockd.rss() - self.rss, SLACK, "memory has grown")
            for entry in self.client.call("sockd.list"):
                self.client.call("close", entry["id"])
        super().tearDown()

    def record(self):
        """A conversation that touches every kind of argument and waits for nothing."""
        handle = self.handle
        return b"".join(map(self.client.pack, [
            [0, 1, "sockd.ping", []],
            [0, 2, "sockd.hello", [{"name": "hostile", "level": 1}]],
            [0, 3, "write", [handle, b"bytes\x00\xff", 0]],
            [0, 4, "read", [handle, {"limit": 10, "delimiter": ["\r\n", "\n"]}, 0]],
            [2, "errno", [handle]],
            [0, 5, "recv", [handle, 10, ["MSG_DONTWAIT"]]],
            [0, 6, "wait", [handle, {"timeout": 0.0}]],
            [0, 7, "sockd.list", [{}]],
            [0, 8, "sockd.cancel", [4]],
            [0, 9, "sockd.set", [handle, {"share": "none", "ttl": 1000.0}]],
            [0, 10, "sockd.watch", [handle, ["error", "close"]]],
            [0, 11, "sockd.trace", [handle, True]],
            [0, 12, "sockd.stream", [handle, 100]],
            [0, 13, "sockd.credit", [handle, 5]],
            # and ends what would keep the connection after its half-close
            [0, 14, "sockd.stream", [handle, None]],
            [0, 15, "sockd.trace", [handle, False]],
            [0, 16, "sockd.watch", [handle, []]],
        ]))

    def record_passing(self):
        """The same with descriptors that come and go: of a socket that it makes itself."""
        return b"".join(map(self.client.pack, [
            [0, 1, "sockd.hello", [{"fds": True}]],
            [0, 2, "sockd.give", [{"name": "given", "lifetime": "client"}]],
            [0, 3, "sockd.take", ["given"]],
            [0, 4, "errno", ["given"]],
        ]))

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(sockd_test.PATIENCE)
        sock.connect(str(self.sockd.path))
        return sock

    def say(self, data, patience=0.15):
        """Sends the bytes on a new connection, and what comes back until it ends or is quiet."""
        return self.say_each([data], patience)[0]

    def say_each(self, texts, patience=0.15):
        """The same of several, each on a connection of its own."""
        answers = []
        for first in range(0, len(texts), 100):
            answers += self.say_at_once(texts[first:first + 100], patience)
        return answers

    def say_at_once(self, texts, patience):
        heard = {self.connect(): bytearray() for _ in texts}
        poll = select.poll()
        waiting = {sock.fileno(): sock for sock in heard}
        for sock, data in zip(heard, texts):
            poll.register(sock, select.POLLIN)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
        while waiting and (ready := poll.poll(patience * 1000)):
            for fd, _ in ready:
                part = self.hear(waiting[fd])
                heard[waiting[fd]] += part
                if not part:
                    poll.unregister(fd)
                    del waiting[fd]
        for sock in heard:
            sock.close()
        return [self.check(bytes(part)) for part in heard.values()]

    @staticmethod
    def hear(sock):
        try:
            return sock.recv(1 << 16)
        except ConnectionResetError:
            return b""

    def check(self, heard):
        """Every answer is whole, and an error has its shape."""
        unpacker = msgpack.Unpacker(raw=False, unicode_errors="surrogateescape",
                                    strict_map_key=False)
        unpacker.feed(heard)
        answers = list(unpacker)
        self.assertEqual(unpacker.tell(), len(heard), "half a message")
        answers = [answer for answer in answers if answer[0] != 2]
        for answer in answers:
            kind, msgid, error, result = answer
            self.assertEqual(kind, 1)
            self.assertTrue(msgid is None or isinstance(msgid, int))
            if error is not None:
                self.assertEqual((error[0], type(error[1])), (0, str))
                self.assertTrue({"errno", "name", "message"} <= set(result), result)
        return answers

    @staticmethod
    def flips(data, first=0):
        """The bytes with each bit from that byte on flipped in turn."""
        for bit in range(8 * first, 8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            yield bytes(flipped)

    def test_the_conversation_itself_is_answered(self):
        self.assertEqual([answer[1] for answer in self.say(self.conversation)],
                         list(range(1, 17)))

    def test_every_truncation(self):
        texts = [self.conversation[:length] for length in range(len(self.conversation))]
        answers = list(map(len, self.say_each(texts)))
        self.assertEqual(answers[0], 0)
        self.assertGreaterEqual(answers[-1], 15)

    def test_every_flipped_bit(self):
        texts = list(self.flips(self.conversation))
        answers = sum(map(len, self.say_each(texts)))
        self.assertGreater(answers, 6 * len(texts), "most of it is still understood")

    def test_the_conversation_in_single_bytes(self):
        with self.sockd.client() as client:
            for byte in self.conversation:
                client.sock.sendall(bytes([byte]))
            for msgid in range(1, 17):
                client.answer(msgid)

    def refused(self, data):
        """One error answer at most, then the end, soon."""
        answers = self.say(data, patience=sockd_test.PATIENCE)
        self.assertEqual(len(answers), 1, answers)
        self.assertIsNotNone(answers[0][2])
        return answers[0]

    def test_announced_lengths_that_do_not_come_cost_no_memory(self):
        for head in (b"\xdd\x10\x00\x00\x00", b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff"):
            for lead in (b"", b"\x94\x00\x01\xa4ping", b"\x94\x00\x01"):
                for _ in range(20):
                    self.refused(lead + head)
        for head in (b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff"):
            for _ in range(20):
                self.refused(b"\x94\x00\x01\xa5write\x92\x01" + head)

    def test_what_is_announced_within_the_limits_and_never_comes_costs_no_memory(self):
        """A hundred connections that announce 16 MiB each and send nothing of it."""
        held = []
        for _ in range(100):
            sock = self.keep(socket.socket(socket.AF_UNIX))
            sock.connect(str(self.sockd.path))
            sock.sendall(b"\x94\x00\x01\xa5write\x92\x01\xc6\x00\xff\x00\x00" + b"x" * 100)
            held.append(sock)
        self.assertEqual(self.client.call("sockd.ping"), "pong")
        self.assertLess(self.sockd.rss() - self.rss, SLACK)

    def test_depth(self):
        for depth in (33, 100, 100000):
            self.refused(b"\x94\x00\x07\xaasockd.ping" + b"\x91" * depth + b"\xc0")

    def test_a_million_elements_of_one_byte(self):
        self.refused(b"\x94\x00\x07\xaasockd.ping\xdd" + struct.pack(">I", 4 << 20)
                     + b"\x01" * (4 << 20))

    def test_no_rpc_shape(self):
        for data in (b"\xc1", b"\xc0", b"\x01", b"\x90", b"\x91\x00", b"\x95\x00\x01\xa1a\x90\x90",
                     b"\x93\x00\x01\xa1a", b"\x94\x03\x01\xa1a\x90", b"\x94\x00\xff\xa1a\x90",
                     b"\x94\x00\x01\x01\x90", b"\x94\x00\x01\xa1a\x80", b"\xa5hello", b"\xc7\x01\x05x",
                     b"GET / HTTP/1.0\r\n\r\n"):
            self.refused(data)

    def test_a_msgid_in_flight_may_not_be_used_again(self):
        read = self.client.pack([0, 5, "read", [self.handle, 1]])
        answers = self.say(read + read, patience=sockd_test.PATIENCE)
        self.assertIn(5, [answer[1] for answer in answers if answer[2]])

    def test_garbage(self):
        rng = __import__("random").Random(5)
        for _ in range(300):
            self.say(rng.randbytes(rng.choice((1, 10, 1000, 100000))))

    def test_an_unknown_method_with_anything_as_its_name(self):
        for name in ("", "x" * 100000, "\n\x1b[2J", "\udc80", "os.execute"):
            message = msgpack.packb([0, 1, name, []], unicode_errors="surrogateescape")
            self.say(message)
        self.assertNotIn("\x1b", self.sockd.log())

    def test_others_notice_nothing(self):
        """A client in the middle of a read, while others misbehave."""
        read = self.client.request("read", self.handle, "\n")
        for number in range(50):
            self.say(b"\xc1" * 100)
            self.say(b"\xdd\xff\xff\xff\xff")
        self.peer.sendall(b"undisturbed\n")
        self.assertEqual(self.client.result(read), b"undisturbed\n")

    def say_passing(self, data, at=0, count=1):
        """Sends the bytes with so many descriptors on the byte at that place; what comes back."""
        with self.connect() as sock, socket.socket(socket.AF_UNIX) as passed:
            heard, received = bytearray(), []
            try:
                sock.sendall(data[:at])
                if data[at:]:
                    socket.send_fds(sock, [data[at:]], [passed.fileno()] * count)
                sock.shutdown(socket.SHUT_WR)
                while True:
                    part, fds, _, _ = socket.recv_fds(sock, 1 << 16, 8)
                    received += fds
                    if not part:
                        break
                    heard += part
            except (BrokenPipeError, ConnectionResetError):
                pass
            for fd in received:
                os.close(fd)
        return self.check(bytes(heard)), len(received)

    def nothing_is_kept(self, before):
        """But sockets that were given without a lifetime, which a flipped bit may have done."""
        for entry in self.client.call("sockd.list"):
            if entry["id"] != self.handle and entry["lifetime"] != "client":
                self.client.call("close", entry["id"])
        until(lambda: self.sockd.fds() <= before, lambda: f"{before}: {self.sockd.descriptors()}")
        self.assertEqual([entry["id"] for entry in self.client.call("sockd.list")], [self.handle])

    def test_descriptors_with_every_byte(self):
        """It comes with all that was sent with it. What was sent before may arrive at the same time, so
        a request just before it may have it too."""
        data, before = self.record_passing(), self.sockd.fds()
        end = data.index(b"\xaasockd.take") - 3
        for at in range(len(data)):
            answers, received = self.say_passing(data, at)
            self.assertEqual([answer[1] for answer in answers], [1, 2, 3, 4])
            self.assertIn(received, [1] if at < end else [0, 1], at)
        self.nothing_is_kept(before)

    def test_descriptors_and_every_truncation_and_flipped_bit(self):
        data, before = self.record_passing(), self.sockd.fds()
        begin = data.index(b"\xaasockd.give") - 3
        for length in range(begin, len(data)):
            self.say_passing(data[:length], begin)
        for flipped in self.flips(data, begin):
            self.say_passing(flipped, begin)
        self.nothing_is_kept(before)

    def test_several_descriptors_where_one_belongs(self):
        data, before = self.record_passing(), self.sockd.fds()
        begin = data.index(b"\xaasockd.give") - 3
        for count in (2, 5, 250):
            answers, received = self.say_passing(data, begin, count)
            self.assertEqual((answers[1][3]["name"], received), ("EINVAL", 0))
        self.nothing_is_kept(before)

    def test_passed_descriptors_are_not_kept(self):
        """Nobody asked for them, so they must be closed."""
        before = self.sockd.fds()
        read_end, write_end = os.pipe()
        with self.sockd.client() as client:
            for number in range(50):
                socket.send_fds(client.sock, [client.pack([0, number, "sockd.ping", []])],
                                [write_end] * 5)
                self.assertEqual(client.answer(number)[1], "pong")
            until(lambda: self.sockd.fds() <= before + 1, "they are closed")
        os.close(read_end)
        os.close(write_end)


sockd_test.main()
