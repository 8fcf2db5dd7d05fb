"""No byte lost, doubled or out of order, however the stream is cut and whoever reads."""
import random
import socket
import threading

import sockd_test
from sockd_test import until


class TestStream(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client)
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def tearDown(self):
        if self.sockd.alive():
            self.client.call("close", self.handle)
        super().tearDown()

    def read(self, *params):
        return self.client.call("read", self.handle, *params)

    def ahead(self):
        return self.client.call("sockd.info", self.handle)["read_ahead"]

    def arrive(self, data, ahead):
        """Sends, and waits until the daemon holds so many bytes while a read waits."""
        self.peer.sendall(data)
        until(lambda: self.ahead() == ahead, f"{ahead} bytes ahead")

    def test_a_delimiter_may_be_split_at_every_byte(self):
        delimiter = b"\r\n--end--\r\n"
        text = b"some text" + delimiter
        for cut in range(1, len(text)):
            read = self.client.request("read", self.handle, delimiter)
            self.arrive(text[:cut], cut)
            self.peer.sendall(text[cut:] + b"")
            self.assertEqual(self.client.result(read), text, cut)

    def test_a_delimiter_may_come_byte_by_byte(self):
        text = b"aab aaab aaaab" # what almost matches, over and over
        read = self.client.request("read", self.handle, b"aaaab")
        for number, byte in enumerate(text[:-1], 1):
            self.arrive(bytes([byte]), number)
        self.peer.sendall(text[-1:])
        self.assertEqual(self.client.result(read), text)

    def test_the_earliest_of_several_delimiters_ends_it(self):
        what = {"limit": 20, "delimiter": ["\r\n", "\n", ";;"]}
        self.peer.sendall(b"one\r\ntwo\nthree;;" + b"x" * 30)
        for expected in (b"one\r\n", b"two\n", b"three;;", b"x" * 20):
            self.assertEqual(self.read(what), expected)
        self.assertEqual(self.read(10), b"x" * 10)

    def test_the_end_of_the_stream_in_a_delimiter(self):
        """What there is comes, then nothing: the half delimiter is data."""
        self.peer.sendall(b"line\r\nlast\r")
        self.peer.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read("\r\n"), b"line\r\n")
        self.assertEqual(self.read("\r\n"), b"last\r")
        self.assertEqual(self.read("\r\n"), b"")
        self.assertEqual(self.read("\r\n"), b"")

    def test_a_timeout_in_the_middle_of_a_line_keeps_it(self):
        self.peer.sendall(b"first ha")
        self.fails("ETIMEDOUT", self.read, "\n", 0.05)
        self.fails("ETIMEDOUT", self.read, 100, 0.01)
        self.peer.sendall(b"lf\nnext\n")
        self.assertEqual(self.read("\n"), b"first half\n")
        self.assertEqual(self.read("\n"), b"next\n")

    def test_a_cancelled_read_takes_nothing(self):
        read = self.client.request("read", self.handle, "\n")
        self.arrive(b"part", 4)
        self.client.call("sockd.cancel", read)
        self.fails("ECANCELED", self.client.result, read)
        self.peer.sendall(b"ner\n")
        self.assertEqual(self.read("\n"), b"partner\n")

    def test_a_read_of_nothing_is_empty(self):
        self.assertEqual(self.read(0), b"")

    def test_two_readers_are_served_in_their_order(self):
        other = self.keep(self.sockd.client())
        readers = []
        for number in range(40):
            client = (self.client, other)[number % 2]
            readers.append((client, client.request("read", self.handle, "\n")))
            until(lambda: len(readers) == self.client.waiting(self.handle), "in the queue")
        self.peer.sendall(b"".join(b"%d\n" % number for number in range(40)))
        for number, (client, read) in enumerate(readers):
            self.assertEqual(client.result(read), b"%d\n" % number)

    def test_a_reader_that_times_out_leaves_the_queue(self):
        first = self.client.request("read", self.handle, "\n", 0.05)
        second = self.client.request("read", self.handle, "\n")
        self.fails("ETIMEDOUT", self.client.result, first)
        self.peer.sendall(b"line\n")
        self.assertEqual(self.client.result(second), b"line\n")

    def test_a_large_write_is_not_interleaved_with_another(self):
        other = self.keep(self.sockd.client())
        size = 10 << 20
        writes = [(client, client.request("write", self.handle, letter * size))
                  for client, letter in ((self.client, b"a"), (other, b"b"), (self.client, b"c"))]
        data = sockd_test.receive(self.peer, 3 * size)
        for client, write in writes:
            self.assertEqual(client.result(write), size)
        runs = [data[at:at + size] for at in range(0, 3 * size, size)]
        for run in runs:
            self.assertEqual(run.count(run[:1]), size)
        self.assertEqual(sorted(run[:1] for run in runs), [b"a", b"b", b"c"])

    def test_one_reads_while_another_writes(self):
        read = self.client.request("read", self.handle, "\n")
        self.assertEqual(self.client.call("write", self.handle, b"out"), 3)
        self.assertEqual(sockd_test.receive(self.peer, 3), b"out")
        self.peer.sendall(b"in\n")
        self.assertEqual(self.client.result(read), b"in\n")

    def test_a_write_tells_how_much_went_out(self):
        size = 16 << 20
        error = self.fails("ETIMEDOUT", self.client.call, "write", self.handle, b"x" * size, 0.2)
        self.assertTrue(0 < error.detail["sent"] < size, error)
        error, detail = self.client.answer(
            self.client.request("write", self.handle, b"y" * (1 << 20), 0.05))
        self.assertEqual((detail["name"], detail.get("sent", 0)), ("ETIMEDOUT", 0), error)

    def test_a_broken_pipe_is_an_error_and_no_signal(self):
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.peer.close()
        with self.assertRaises(sockd_test.RpcError) as caught:
            for _ in range(100):
                self.client.call("send", self.handle, b"x" * 1000)
        self.assertIn(caught.exception.name, ("EPIPE", "ECONNRESET"))

    def test_random_cuts_and_random_reads(self):
        rng = random.Random(3)
        data = bytes(rng.choice(b"ab\r\n") for _ in range(200000))

        def send():
            at = 0
            while at < len(data):
                size = rng.choice((1, 2, 3, 100, 5000))
                self.peer.sendall(data[at:at + size])
                at += size
            self.peer.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        choose, got = random.Random(4), b""
        parts = []
        while True:
            what = choose.choice([1, 7, 5000, "\r\n", "\n", {"limit": 100, "delimiter": "ab"},
                                  {"delimiter": ["\r\n\r\n", "bbbb"]}])
            part = self.read(what)
            if not part:
                break
            parts.append((what, part))
        sender.join()
        self.assertEqual(b"".join(part for _, part in parts), data)
        for what, part in parts[:-1]:
            self.check_part(what, part)

    def check_part(self, what, part):
        """A read took what was asked for, and no byte more."""
        if isinstance(what, int):
            self.assertEqual(len(part), what)
            return
        what = what if isinstance(what, dict) else {"delimiter": what}
        delimiters = what["delimiter"]
        delimiters = [d.encode() for d in ([delimiters] if isinstance(delimiters, str) else delimiters)]
        limit = what.get("limit", 1 << 30)
        self.assertLessEqual(len(part), limit)
        self.assertTrue(len(part) == limit or any(part.endswith(d) for d in delimiters), part)
        self.assertFalse(any(d in part[:-1] for d in delimiters), part)


sockd_test.main()
