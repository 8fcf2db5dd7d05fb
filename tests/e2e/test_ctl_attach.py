"""sockctl attach and stream: a socket in a pipe and at a terminal, with nothing lost."""
import contextlib
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import threading

import sockd_test
from sockd_test import until
from terminal import Terminal

RAW, LINES = ["--raw"], []


class Attach(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client, name="joined")
        self.env = {"SOCKD_SOCKET": str(self.sockd.path)}

    def start(self, *args, **options):
        process = subprocess.Popen([sockd_test.BIN / "sockctl", *map(str, args)],
                                   env=dict(os.environ, **self.env), **{
                                       "stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                                       "stderr": subprocess.PIPE, **options})
        self.stack.callback(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in process.stdin, process.stdout, process.stderr:
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def attached(self):
        """Waits until somebody reads from the socket."""
        until(lambda: self.client.waiting(self.handle) == 1, "attach reads")

    def close(self):
        self.client.call("close", self.handle)


class TestPipes(Attach):
    def test_both_directions(self):
        process = self.start("attach", "joined")
        process.stdin.write(b"there\n")
        process.stdin.flush()
        self.assertEqual(sockd_test.receive(self.peer, 6), b"there\n")
        self.peer.sendall(b"and back\n")
        self.assertEqual(process.stdout.readline(), b"and back\n")
        process.stdin.close()
        self.assertEqual(self.peer.recv(1), b"")
        self.peer.sendall(b"the last")
        self.peer.close()
        self.assertEqual(process.stdout.read(), b"the last")
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)
        self.close()

    def test_much_of_it_both_ways_at_once(self):
        data = random.Random(4).randbytes(24 << 20)

        def echo():
            while part := self.peer.recv(1 << 18):
                self.peer.sendall(part)
            self.peer.shutdown(2)
        server = threading.Thread(target=echo)
        server.start()
        source = self.folder / "data"
        source.write_bytes(data)
        with open(source, "rb") as stdin:
            process = self.start("attach", "joined", stdin=stdin)
            digest = hashlib.sha256()
            while part := process.stdout.read(1 << 18):
                digest.update(part)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0, process.stderr.read())
        self.assertEqual(digest.digest(), hashlib.sha256(data).digest())
        server.join()
        self.close()

    def test_to_a_file(self):
        data = os.urandom(3 << 20)
        with open(self.folder / "out", "wb") as out:
            process = self.start("attach", self.handle, stdout=out)
            self.peer.sendall(data)
            self.peer.close()
            process.stdin.close()
            self.assertEqual(process.wait(sockd_test.PATIENCE), 0)
        self.assertEqual((self.folder / "out").read_bytes(), data)
        self.close()

    def test_eof_close(self):
        process = self.start("attach", "joined", "--eof=close")
        process.stdin.write(b"bye")
        process.stdin.close()
        self.assertEqual(sockd_test.receive(self.peer, 4), b"bye")
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0, process.stderr.read())
        self.assertEqual(self.sockd.sockets(), [])

    def test_eof_keep_leaves_the_socket_as_it_is(self):
        process = self.start("attach", "joined", "--eof=keep")
        process.stdin.write(b"one")
        process.stdin.close()
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0, process.stderr.read())
        self.client.call("write", self.handle, b"two")
        self.assertEqual(sockd_test.receive(self.peer, 6), b"onetwo")
        self.close()

    def test_an_interrupt_loses_nothing(self):
        """Many readers one after the other, interrupted at any time, print all of it together."""
        data = random.Random(5).randbytes(6 << 20)
        writer = threading.Thread(target=lambda: (self.peer.sendall(data), self.peer.shutdown(1)))
        writer.start()
        got = b""
        for turn in range(200):
            process = self.start("attach", "joined", stdin=subprocess.DEVNULL)
            got += process.stdout.read1(1 << random.Random(turn).randrange(1, 20))
            process.send_signal(signal.SIGINT)
            got += process.stdout.read()
            status = process.wait(sockd_test.PATIENCE)
            if status == 0:
                break
            self.assertEqual(status, 130, process.stderr.read())
        got += self.start("attach", "joined", stdin=subprocess.DEVNULL).stdout.read()
        writer.join()
        self.assertEqual(hashlib.sha256(got).hexdigest(), hashlib.sha256(data).hexdigest())
        self.close()

    def test_an_interrupt_gives_up_a_write_that_nobody_takes(self):
        process = self.start("attach", "joined")
        stopped = threading.Thread(target=self.write_until_it_breaks, args=(process,))
        stopped.start()
        until(lambda: self.client.waiting(self.handle) > 2, "writes wait")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 130)
        stopped.join()
        until(lambda: self.client.waiting(self.handle) == 0, "nobody waits")
        self.close()

    @staticmethod
    def write_until_it_breaks(process):
        try:
            while True:
                process.stdin.write(bytes(1 << 20))
        except BrokenPipeError:
            pass

    def test_a_reader_that_stops_holds_up_the_peer(self):
        """What is held for standard output is bounded by the credit."""
        process = self.start("attach", "joined")
        self.peer.setblocking(False)
        sent = 0
        still = 0
        while still < 20:
            try:
                sent += self.peer.send(bytes(1 << 20))
                still = 0
            except BlockingIOError:
                still += 1
                threading.Event().wait(0.01)
        self.assertLess(sent, 64 << 20)
        self.peer.shutdown(1)
        self.peer.setblocking(True)
        process.stdin.close()
        self.assertEqual(len(process.stdout.read()), sent)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)
        self.close()

    def test_the_reader_of_its_output_goes_away(self):
        process = self.start("attach", "joined")
        process.stdout.close()
        self.peer.sendall(b"x" * 100)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 1)
        self.assertEqual(process.stderr.read(), b"")
        self.close()

    def test_a_peer_that_resets(self):
        process = self.start("attach", "joined")
        self.attached()
        self.peer.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: the close is a reset
        self.peer.close()
        process.stdin.close()
        self.assertEqual(process.wait(sockd_test.PATIENCE), 1)
        self.assertIn(b"attach: ECONNRESET: ", process.stderr.read())
        self.close()

    def test_somebody_closes_the_socket(self):
        process = self.start("attach", "joined")
        self.attached()
        self.close()
        process.stdin.close()
        self.assertEqual(process.wait(sockd_test.PATIENCE), 1)
        self.assertIn(b"EBADF", process.stderr.read())

    def test_the_daemon_goes_away(self):
        process = self.start("attach", "joined")
        self.attached()
        self.sockd.stop()
        self.assertEqual(process.wait(sockd_test.PATIENCE), 3)

    def test_wrong_usage(self):
        for args in ((), ("1", "2"), ("1", "--eof=never"), ("1", "--detach-key", "key"),
                     ("1", "--json")):
            self.assertEqual(self.sockd.ctl("attach", *args, check=False).returncode, 2, args)
        done = self.sockd.ctl("attach", "4711", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"EBADF", done.stderr)
        self.close()

    def test_progress_is_told_on_standard_error(self):
        process = self.start("attach", "joined", "--progress")
        self.peer.sendall(bytes(2000))
        self.peer.close()
        process.stdin.close()
        self.assertEqual(len(process.stdout.read()), 2000)
        self.assertRegex(process.stderr.read().decode(), r"received 2\.0K, [0-9.]+[KMG]?/s\n$")
        self.close()

    def test_stream_prints_until_the_end(self):
        process = self.start("stream", "joined", stdin=subprocess.DEVNULL)
        self.peer.sendall(b"some")
        self.assertEqual(process.stdout.read(4), b"some")
        self.peer.close()
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)
        self.close()

    def test_stream_with_credit_leaves_the_rest(self):
        self.peer.sendall(b"first" + b"rest")
        self.assertEqual(self.sockd.ctl("stream", "joined", 5), b"first")
        self.assertEqual(self.client.call("read", self.handle, 4), b"rest")
        self.close()

    def test_stream_in_json(self):
        self.peer.sendall(b"text")
        self.assertEqual(self.sockd.ctl("stream", "joined", 4, "--json"),
                         b'{"offset":0,"data":"text"}\n')
        self.close()


class TestTerminal(Attach):
    def terminal(self, *args):
        return self.stack.enter_context(
            Terminal([sockd_test.BIN / "sockctl", "attach", "joined", *args], self.env))

    def tearDown(self):
        if self.sockd.alive() and not self.failed():
            self.close()
        super().tearDown()

    def test_the_detach_key_and_a_later_attach(self):
        for mode in LINES, RAW:
            with self.subTest(mode=mode):
                terminal = self.terminal(*mode)
                terminal.expect("(^] detaches)")
                self.attached()
                self.assertNotEqual(terminal.modes(), terminal.before)
                self.peer.sendall(b"shown\n")
                terminal.expect("shown")
                terminal.type("typed\n" if mode == LINES else "typed")
                self.assertEqual(sockd_test.receive(self.peer, 5), b"typed")
                terminal.type("\x1d")
                self.assertEqual(terminal.wait(), 0)
                self.assertEqual(terminal.modes(), terminal.before)
                if mode == LINES:
                    self.assertEqual(sockd_test.receive(self.peer, 1), b"\n")
        self.peer.sendall(b"later")
        self.assertEqual(self.client.call("read", self.handle, 5), b"later")

    def test_another_key_and_none(self):
        terminal = self.terminal("--detach-key", "^A")
        terminal.expect("(^A detaches)")
        self.attached()
        terminal.type("\x1dx\x01")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(sockd_test.receive(self.peer, 2), b"\x1dx")
        terminal = self.terminal("--detach-key", "none", "--raw")
        self.attached()
        terminal.type("\x1d\x01\x03")
        self.assertEqual(sockd_test.receive(self.peer, 3), b"\x1d\x01\x03")
        self.peer.close()
        self.assertEqual(terminal.wait(), 0)

    def test_the_terminal_is_given_back_after_signals(self):
        for number in signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT:
            terminal = self.terminal("--raw")
            terminal.expect("(^] detaches)")
            self.attached()
            terminal.process.send_signal(number)
            expected = 130 if number == signal.SIGINT else -number
            self.assertEqual(terminal.wait(), expected)
            self.assertEqual(terminal.modes(), terminal.before)

    def test_the_terminal_is_given_back_when_the_peer_or_the_daemon_goes(self):
        terminal = self.terminal("--raw")
        terminal.expect("(^] detaches)")
        self.attached()
        self.sockd.stop()
        self.assertEqual(terminal.wait(), 3)
        self.assertEqual(terminal.modes(), terminal.before)

    def test_stopped_and_continued(self):
        """By the shell, whose job it is."""
        env = dict(self.env, PS1="ready> ", PATH=f"{sockd_test.BIN}:{os.environ['PATH']}")
        with Terminal(["bash", "--norc", "--noprofile", "--noediting", "-i"], env, end=signal.SIGHUP) as shell:
            shell.expect("ready> ")
            shell.type("sockctl attach joined --raw\n")
            shell.expect("(^] detaches)")
            self.attached()
            until(shell.is_raw, "the terminal is raw")
            children = f"/proc/{shell.process.pid}/task/{shell.process.pid}/children"
            os.kill(int(pathlib.Path(children).read_text()), signal.SIGTSTP)
            shell.expect("ready> ")
            self.assertFalse(shell.is_raw())
            shell.type("fg\n")
            until(shell.is_raw, "the terminal is raw again")
            self.peer.sendall(b"shown")
            shell.expect("shown")
            shell.type("\x1d")
            shell.expect("ready> ")
            self.assertFalse(shell.is_raw())
            shell.type("echo status=$?\n")
            shell.expect("status=0\n")

    def test_control_characters_are_escaped_unless_raw(self):
        terminal = self.terminal()
        self.attached()
        self.peer.sendall(b"\x1b[31mred\n")
        terminal.expect("red")
        self.assertNotIn("\x1b[31m", terminal.raw)
        terminal.type("\x1d")
        self.assertEqual(terminal.wait(), 0)
        terminal = self.terminal("--raw")
        self.attached()
        self.peer.sendall(b"\x1b[31mred\n")
        terminal.expect("red")
        self.assertIn("\x1b[31m", terminal.raw)
        terminal.type("\x1d")
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_d_ends_the_input(self):
        terminal = self.terminal()
        self.attached()
        terminal.type("line\n\x04")
        self.assertEqual(sockd_test.receive(self.peer, 100), b"line\n")
        self.peer.sendall(b"answer\n")
        terminal.expect("answer\n")
        self.peer.close()
        self.assertEqual(terminal.wait(), 0)


sockd_test.main()
