"""print and io.write, with a reader that stalls: nobody else waits, and nothing is lost."""
import os
import select
import signal
import subprocess
import time

import sockd_test
from sockd_test import until

LINES = 50000
KEPT = 256 << 10

SCRIPT = """
local fiber, socket = require('fiber'), require('socket')

printed = 0

function start()
    fiber.create(function()
        for i = 1, %d do
            print(('line %%06d'):format(i))
            printed = i
        end
    end)
    return printed
end

function echo(s)
    while true do
        local data = s:sysread()
        if not data or data == '' then return end
        s:write(data)
    end
end
""" % LINES

WANTED = b"".join(b"line %06d\n" % number for number in range(1, LINES + 1))


class TestPrint(sockd_test.Case):
    def setUp(self):
        super().setUp()
        fifo = self.folder / "output"
        os.mkfifo(fifo)
        self.output = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.stack.callback(os.close, self.output)
        self.sockd = self.daemon("--load", self.script(SCRIPT), "--grace", 0.5, settles=False,
                                 wrapper=("sh", "-c", 'exec "$@" >"$0"', fifo))
        self.client = self.keep(self.sockd.client())

    def stall(self):
        """Prints more than the pipe and the daemon keep for a reader, who does not read."""
        self.client.call("sockd.eval", "return start()")
        until(lambda: self.printed() * len(b"line 000001\n") > KEPT, "it waits for its reader")
        self.assertLess(self.printed(), LINES)

    def printed(self):
        return self.client.call("sockd.eval", "return printed")

    def read(self, size):
        data = bytearray()
        deadline = time.monotonic() + sockd_test.PATIENCE
        while len(data) < size and time.monotonic() < deadline:
            if select.select([self.output], [], [], 0.1)[0]:
                part = os.read(self.output, 1 << 16)
                if not part:
                    break
                data += part
        return bytes(data)

    def test_a_reader_that_stalls_keeps_nobody_else_waiting_and_loses_nothing(self):
        self.stall()
        begun = time.monotonic()
        for _ in range(200):
            self.assertEqual(self.client.call("sockd.ping"), "pong")
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0, "echo")
        with sockd_test.connect(address["port"]) as sock:
            for number in range(100):
                sock.sendall(b"%d" % number)
                self.assertEqual(sock.recv(100), b"%d" % number)
        self.client.call("close", handle)
        self.assertLess(time.monotonic() - begun, sockd_test.PATIENCE / 3)
        # Standard output belongs to others too: it is as it was.
        with open(f"/proc/{self.sockd.pid}/fdinfo/1", encoding="ascii") as info:
            flags = int(info.read().split("flags:")[1].split()[0], 8)
        self.assertFalse(flags & os.O_NONBLOCK)
        got = self.read(len(WANTED))
        self.assertEqual(len(got), len(WANTED))
        self.assertEqual(got, WANTED)

    def test_fibers_that_print_take_turns_and_no_line_is_torn(self):
        self.client.call("sockd.eval", """
            for writer = 1, 20 do
                require('fiber').create(function()
                    for i = 1, 2000 do print(writer, i, ('x'):rep(writer)) end
                end)
            end
        """)
        wanted = sum(len(f"{writer}\t{i}\t{'x' * writer}\n")
                     for writer in range(1, 21) for i in range(1, 2001))
        lines = self.read(wanted).decode().splitlines()
        self.assertEqual(len(lines), 40000)
        for writer in range(1, 21):
            mine = [line for line in lines if line.startswith(f"{writer}\t")]
            self.assertEqual(mine, [f"{writer}\t{i}\t{'x' * writer}" for i in range(1, 2001)])

    def test_memory_is_bounded(self):
        self.stall()
        before = self.sockd.rss()
        for _ in range(200):
            self.client.request("sockd.eval", "print(('x'):rep(1000)) print('y') return 1")
        self.assertEqual(self.client.call("sockd.ping"), "pong")
        self.assertLess(self.sockd.rss() - before, 16 << 20)

    def test_io_write_waits_for_nobody_and_says_so(self):
        begun, refused = time.monotonic(), ""
        written = 0
        while "unavailable" not in refused:
            more, refused = self.client.call("sockd.eval", """
                for i = 1, 100 do
                    local ok, problem = io.write(('%07d\\n'):format(... + i):rep(128))
                    if not ok then return i - 1, problem end
                end
                return 100, ''
            """, written)
            written += more
            self.assertLess(written, 100000, "it is bounded")
        for _ in range(200):
            self.assertEqual(self.client.call("sockd.ping"), "pong")
        self.assertLess(time.monotonic() - begun, sockd_test.PATIENCE / 3)
        got = self.read(1 << 20)
        self.assertEqual(got[:1 << 20], b"".join(b"%07d\n" % number * 128
                                                 for number in range(1, 1025))[:1 << 20])

    def test_io_write_and_print_keep_their_order(self):
        self.client.call("sockd.eval", """
            for i = 1, 1000 do
                io.write('w', i, '\\n')
                io.stdout:write('o', i, '\\n')
                print('p' .. i)
            end
        """)
        wanted = b"".join(b"w%d\no%d\np%d\n" % (i, i, i) for i in range(1, 1001))
        self.assertEqual(self.read(len(wanted)), wanted)

    def test_a_fiber_that_waits_for_the_reader_is_cancelled(self):
        self.stall()
        request = self.client.request("sockd.eval", "print(1) print(2) return 'printed'")
        until(lambda: self.client.call("sockd.ping"), "it is there")
        self.client.call("sockd.cancel", request)
        self.fails("ECANCELED", self.client.result, request)

    def test_the_daemon_ends_in_time_though_nobody_reads(self):
        self.stall()
        begun = time.monotonic()
        self.assertEqual(self.sockd.stop((signal.SIGTERM,)), 0)
        self.assertLess(time.monotonic() - begun, sockd_test.PATIENCE / 3)

    def test_a_reader_that_is_gone_ends_nobody(self):
        self.stall()
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, self.output)
        os.close(null)
        until(lambda: self.printed() == LINES, "all is printed")
        self.assertEqual(self.client.call("sockd.ping"), "pong")


class TestRun(sockd_test.Case):
    def test_sigterm_ends_a_script_though_nobody_reads(self):
        read_end, write_end = os.pipe()
        script = self.script("""
            local fiber = require('fiber')
            local printed = 0
            fiber.create(function() while true do print('x') printed = printed + 1 end end)
            repeat
                local before = printed
                fiber.sleep(0.05)
            until printed == before
            io.stderr:write('stalled\\n')
        """)
        with open(self.folder / "err", "wb") as err:
            process = subprocess.Popen([sockd_test.BIN / "sockd", "run", script],
                                       stdout=write_end, stderr=err)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        os.close(write_end)
        self.stack.callback(os.close, read_end)
        until(lambda: b"stalled" in (self.folder / "err").read_bytes(), "it waits for its reader")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 128 + signal.SIGTERM)

    def test_the_end_of_a_script_waits_for_its_reader(self):
        script = self.script("for i = 1, 100000 do print(('line %06d'):format(i)) end")
        process = subprocess.Popen([sockd_test.BIN / "sockd", "run", script],
                                   stdout=subprocess.PIPE)
        self.stack.callback(process.stdout.close)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(0.5)
        lines = process.stdout.read().splitlines()
        self.assertEqual(len(lines), 100000)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)



sockd_test.main()
