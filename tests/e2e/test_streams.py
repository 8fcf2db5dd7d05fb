"""sockd.stream: a connection as the reader of a socket, which is sent what comes, within credit."""
import contextlib
import hashlib
import random
import socket
import struct
import threading
import time

import sockd_test
from sockd_test import until

RESET = struct.pack("ii", 1, 0)
LOTS = 1 << 62


class TestStreams(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client)
        self.threads = []

    def tearDown(self):
        for thread in self.threads:
            thread.join()
        if self.sockd.alive():
            with self.sockd.client() as client:
                for entry in client.call("sockd.list"):
                    client.call("close", entry["id"])
        super().tearDown()

    def background(self, function, *args):
        thread = threading.Thread(target=function, args=args)
        thread.start()
        self.threads.append(thread)

    def piece(self, client=None):
        """The next notification, without the handle: offset, data, and perhaps an error."""
        handle, *rest = (client or self.client).notification("sockd.data")
        self.assertEqual(handle, self.handle)
        return rest

    def gather(self, size, start=0, client=None):
        """So many bytes, whose pieces tell their places."""
        data = bytearray()
        while len(data) < size:
            offset, part = self.piece(client)
            self.assertEqual(offset, start + len(data))
            self.assertTrue(part)
            data += part
        return bytes(data)

    def start(self, credit, client=None):
        self.assertIs((client or self.client).call("sockd.stream", self.handle, credit), True)

    def test_from_the_first_byte_to_the_end(self):
        self.peer.sendall(b"early ")
        self.start(LOTS)
        self.assertEqual(self.gather(6), b"early ")
        self.peer.sendall(b"late")
        self.assertEqual(self.gather(4, 6), b"late")
        self.peer.shutdown(socket.SHUT_WR)
        self.assertEqual(self.piece(), [10, None])
        self.assertEqual(self.client.call("read", self.handle, 1), b"")

    def test_credit_is_the_bound(self):
        self.peer.sendall(bytes(range(100)))
        self.start(10)
        self.assertEqual(self.gather(10), bytes(range(10)))
        self.client.call("sockd.ping")
        self.assertEqual(self.client.notifications, [])
        self.client.send([2, "sockd.credit", [self.handle, 25]])
        self.assertEqual(self.gather(25, 10), bytes(range(10, 35)))
        self.client.call("sockd.ping")
        self.assertEqual(self.client.notifications, [])
        self.assertIs(self.client.call("sockd.stream", self.handle, None), True)
        self.assertEqual(self.client.call("read", self.handle, 65), bytes(range(35, 100)))

    def test_ten_mebibytes_in_random_pieces(self):
        rng = random.Random(11)
        data = rng.randbytes(10 << 20)

        def send():
            at = 0
            while at < len(data):
                size = rng.choice((1, 100, 10000, 1 << 20))
                self.peer.sendall(data[at:at + size])
                at += size

        self.background(send)
        choose = random.Random(12)
        self.start(0)
        got, granted = bytearray(), 0
        while len(got) < len(data):
            if granted - len(got) < 1 << 16:
                more = choose.choice((1, 7, 5000, 1 << 20))
                granted += more
                self.client.send([2, "sockd.credit", [self.handle, more]])
            if granted == len(got):
                continue
            offset, part = self.piece()
            self.assertEqual(offset, len(got))
            got += part
            self.assertLessEqual(len(got), granted)
        self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(data).digest())

    def test_a_read_waits_until_the_stream_ends(self):
        other = self.keep(self.sockd.client())
        self.start(3)
        read = other.request("read", self.handle, 3)
        until(lambda: self.client.waiting(self.handle) == 2, "the stream, and the read behind it")
        self.fails("ETIMEDOUT", self.client.call, "read", self.handle, 1, 0.01)
        self.peer.sendall(b"abcdef")
        self.assertEqual(self.gather(3), b"abc")
        self.assertFalse(other.has(read))
        self.client.call("sockd.stream", self.handle)
        self.assertEqual(other.result(read), b"def")

    def test_a_second_stream_waits_for_the_end_of_the_first(self):
        other = self.keep(self.sockd.client())
        self.start(LOTS)
        self.start(LOTS, other)
        self.peer.sendall(b"first")
        self.assertEqual(self.gather(5), b"first")
        self.client.close()
        until(lambda: other.waiting(self.handle) == 1, "the first has gone")
        self.peer.sendall(b"second")
        self.assertEqual(self.gather(6, client=other), b"second")
        self.client = other

    def test_it_waits_for_a_reader_that_came_before(self):
        read = self.client.request("read", self.handle, "\n")
        until(lambda: self.client.waiting(self.handle) == 1, "the read waits")
        other = self.keep(self.sockd.client())
        self.start(LOTS, other)
        self.peer.sendall(b"line\nrest")
        self.assertEqual(self.client.result(read), b"line\n")
        self.assertEqual(self.gather(4, client=other), b"rest")

    def test_errors(self):
        self.start(LOTS)
        self.peer.sendall(b"last")
        self.assertEqual(self.gather(4), b"last")
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.peer.close()
        offset, data, error = self.piece()
        self.assertEqual((offset, data, error["errno"], error["name"]), (4, None, 104, "ECONNRESET"))
        self.assertTrue(error["message"])

    def test_the_end_of_the_socket(self):
        self.start(LOTS)
        with self.sockd.client() as other:
            other.call("close", self.handle)
        offset, data, error = self.piece()
        self.assertEqual((offset, data, error["name"]), (0, None, "EBADF"))
        self.fails("EBADF", self.client.call, "sockd.credit", self.handle, 1)

    def test_a_client_that_says_no_more_gets_the_rest(self):
        self.start(LOTS)
        self.client.sock.shutdown(socket.SHUT_WR)
        self.peer.sendall(b"rest")
        self.peer.shutdown(socket.SHUT_WR)
        self.assertEqual(self.gather(4), b"rest")
        self.assertEqual(self.piece(), [4, None])
        self.assertFalse(self.client.feed(), "then the connection ends")

    def test_hostile_uses(self):
        call = self.client.call
        self.fails("ENOENT", call, "sockd.credit", self.handle, 1)
        for credit in (-1, 1 << 64 - 1, 1.5, "1", [1], True):
            with self.subTest(credit=credit):
                self.fails("EINVAL", call, "sockd.stream", self.handle, credit)
        datagram = call("socket", "AF_INET", "SOCK_DGRAM")
        listener, _ = call("tcp_server", "127.0.0.1", 0)
        for handle in (datagram, listener):
            self.fails("EOPNOTSUPP", call, "sockd.stream", handle, 1)
        self.start((1 << 63) - 1)
        self.fails("EBUSY", call, "sockd.stream", self.handle, 1)
        self.fails("EOVERFLOW", call, "sockd.credit", self.handle, 1)
        self.fails("EINVAL", call, "sockd.credit", self.handle, -1)
        self.fails("EINVAL", call, "sockd.credit", self.handle, None)
        for _ in range(100):
            call("sockd.stream", self.handle)
            self.start(0)
        unconnected = call("socket", "AF_INET", "SOCK_STREAM")
        call("sockd.stream", unconnected, 10)
        handle, offset, data, error = self.client.notification("sockd.data")
        self.assertEqual((handle, offset, data, error["name"]), (unconnected, 0, None, "ENOTCONN"))

    def test_a_client_that_does_not_read_stops_its_stream_and_nobody_else(self):
        """It holds a window of memory; others are served; the rest goes to the next reader."""
        total = 32 << 20
        before = self.sockd.rss()
        self.background(lambda: self.peer.sendall(bytes(total)))
        silent = self.keep(self.sockd.client())
        silent.send([2, "sockd.stream", [self.handle, LOTS]])
        until(lambda: self.received() > 0, "it has begun")
        last = -1
        while last != self.received():
            last = self.received()
            for _ in range(100):
                self.client.call("sockd.ping")
        self.assertLess(last, 4 << 20)
        self.assertLess(self.sockd.rss() - before, 4 << 20)
        silent.close()
        taken = 0
        while taken < total - last:
            taken += len(self.client.call("sysread", self.handle))
        self.assertGreater(taken, total - last)

    def received(self):
        return self.client.call("sockd.info", self.handle)["bytes_in"]

    def test_a_busy_stream_starves_nobody(self):
        """While one socket floods its reader, others' calls are answered and other streams flow."""
        flooding = threading.Event()
        done = threading.Event()

        def flood():
            chunk = bytes(1 << 20)
            with contextlib.suppress(ConnectionError):  # the socket closes at the end
                while not done.is_set():
                    self.peer.sendall(chunk)

        def drain(client):
            while client.sock.recv(1 << 20):
                flooding.set()

        self.background(flood)
        reader = self.keep(self.sockd.client())
        reader.send([2, "sockd.stream", [self.handle, LOTS]])
        self.background(drain, reader)
        flooding.wait()
        handle, peer = self.pair(self.client)
        slowest = 0
        self.client.call("sockd.stream", handle, LOTS)
        begin = self.received()
        for number in range(100):
            start = time.monotonic()
            peer.sendall(b"%d" % number)
            self.assertEqual(self.client.notification("sockd.data")[2], b"%d" % number)
            slowest = max(slowest, time.monotonic() - start)
        until(lambda: self.received() > begin, "the flood goes on")
        done.set()
        self.client.call("close", self.handle)
        reader.sock.shutdown(socket.SHUT_RDWR)
        self.assertLess(slowest, 2)

    def test_two_hundred_streams_of_one_connection(self):
        pairs = dict(self.pair(self.client) for _ in range(200))
        want = {}
        for handle, peer in pairs.items():
            want[handle] = random.Random(handle).randbytes(20000)
            self.client.send([2, "sockd.stream", [handle, LOTS]])
        for handle, peer in pairs.items():
            peer.sendall(want[handle])
            peer.shutdown(socket.SHUT_WR)
        got = {handle: bytearray() for handle in pairs}
        ends = 0
        while ends < len(pairs):
            handle, offset, data = self.client.notification("sockd.data")
            self.assertEqual(offset, len(got[handle]))
            got[handle] += data or b""
            ends += data is None
        self.assertEqual(got, want)


sockd_test.main()
