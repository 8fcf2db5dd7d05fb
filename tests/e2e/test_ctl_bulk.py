"""sockctl with more bytes than one answer, or one credit, holds."""
import fcntl
import os
import re
import struct
import subprocess
import termios
import threading

import sockd_test

MIB = 1 << 20


class Bulk(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client)
        self.env = dict(os.environ, SOCKD_SOCKET=str(self.sockd.path))

    def tearDown(self):
        if not self.failed():
            self.client.call("close", self.handle)
        super().tearDown()

    def feed(self, data, ends=False):
        """Sends the data beside what the test does; what is not taken is cut off at the end."""
        def send():
            try:
                self.peer.sendall(data)
                if ends:
                    self.peer.shutdown(1)
            except OSError:
                pass
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        self.stack.callback(thread.join, sockd_test.PATIENCE)

    def start(self, *args, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        process = subprocess.Popen([sockd_test.BIN / "sockctl", *map(str, args)], env=self.env,
                                   stdin=subprocess.DEVNULL, **options)
        self.stack.callback(process.communicate)
        self.stack.callback(process.kill)
        return process

    def run_ctl(self, *args):
        process = self.start(*args)
        out, err = process.communicate(timeout=2 * sockd_test.PATIENCE)
        return process.returncode, out, err

    @staticmethod
    def pattern(size):
        return bytes(range(1, 252)) * (size // 251 + 1)

    @staticmethod
    def size(pipe):
        """How many bytes a pipe holds."""
        return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"1234"))[0]


class TestStream(Bulk):
    def test_ends_after_a_number_beyond_the_credit_window(self):
        for size in (8 * MIB + 1, 9 * MIB, 10 * MIB + 77):
            data = self.pattern(size)
            self.feed(data[:size])
            status, out, err = self.run_ctl("stream", self.handle, size)
            self.assertEqual((status, err, len(out)), (0, b"", size))
            self.assertTrue(out == data[:size])


class TestRead(Bulk):
    SIZE = 17 * MIB + 3

    def test_takes_exactly_as_many_bytes_as_it_is_told(self):
        data = self.pattern(self.SIZE + 2000)
        for args in ((self.SIZE,), ("--limit", self.SIZE), (self.SIZE, "--timeout", "600")):
            self.feed(data[:self.SIZE] + b"rest")
            status, out, err = self.run_ctl("read", self.handle, *args)
            self.assertEqual((status, err, len(out)), (0, b"", self.SIZE))
            self.assertTrue(out == data[:self.SIZE])
            self.assertEqual(self.client.call("read", self.handle, 4), b"rest")

    def test_tells_its_progress(self):
        self.feed(self.pattern(self.SIZE)[:self.SIZE])
        status, out, err = self.run_ctl("read", self.handle, self.SIZE, "--progress")
        self.assertEqual((status, len(out)), (0, self.SIZE))
        self.assertRegex(err, rb"received 17\.0M, ")

    def test_ends_with_the_stream(self):
        self.feed(b"all there is", ends=True)
        self.assertEqual(self.run_ctl("read", self.handle, self.SIZE), (5, b"all there is", b""))

    def test_a_timeout_has_taken_what_it_has_printed(self):
        data = self.pattern(2 * MIB)[:2 * MIB - 5]
        self.feed(data)
        status, out, err = self.run_ctl("read", self.handle, self.SIZE, "--timeout", "0.5")
        self.assertEqual(status, 124)
        self.assertIn(b"ETIMEDOUT", err)
        self.assertTrue(out == data[:len(out)])
        self.peer.sendall(b"end")
        rest = self.client.call("read", self.handle, {"delimiter": "end"})
        self.assertTrue(out + rest == data + b"end")

    def test_a_reader_that_goes_away_costs_no_byte_that_it_was_not_given(self):
        data = b"".join(b"%07d\n" % number for number in range(MIB // 2))
        self.feed(data)
        reading, writing = os.pipe()
        process = self.start("read", self.handle, self.SIZE, stdout=writing)
        got = os.read(reading, 1000)
        self.assertEqual(got, data[:len(got)])
        room = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ) - len(got)
        sockd_test.until(lambda: self.size(reading) >= room, "the pipe is full")
        printed = len(got) + self.size(reading)
        os.close(reading)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 1)
        os.close(writing)
        self.assertEqual(self.client.call("read", self.handle, 1000), data[printed:printed + 1000])

    def test_a_reader_that_goes_away_while_it_waits_cancels_it(self):
        reading, writing = os.pipe()
        process = self.start("read", self.handle, self.SIZE, stdout=writing)
        sockd_test.until(lambda: self.client.waiting(self.handle), "it waits")
        os.close(reading)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 1)
        os.close(writing)
        self.peer.sendall(b"first")
        self.assertEqual(self.client.call("read", self.handle, 5), b"first")

    def test_an_interrupt_leaves_the_rest(self):
        process = self.start("read", self.handle, self.SIZE)
        sockd_test.until(lambda: self.client.waiting(self.handle), "it waits")
        process.send_signal(2)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 130)
        self.peer.sendall(b"first")
        self.assertEqual(self.client.call("read", self.handle, 5), b"first")

    def test_json_is_an_object_for_each_piece(self):
        self.feed(b"x" * self.SIZE)
        status, out, _ = self.run_ctl("read", self.handle, self.SIZE, "--json")
        self.assertEqual(status, 0)
        self.assertEqual(sum(map(len, re.findall(rb'(?m)^\{"data":"(x*)"\}$', out))), self.SIZE)

    def test_what_is_no_number_of_bytes(self):
        for args in (("99999999999999999999",), (self.SIZE, "--until", ";"),
                     (self.SIZE, "--timeout", "x"), (self.SIZE, "1", "2")):
            self.assertEqual(self.run_ctl("read", self.handle, *args)[0], 2, args)
        self.assertEqual(self.run_ctl("read", 999999, self.SIZE)[0], 1)


sockd_test.main()
