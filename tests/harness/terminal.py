"""A program on a terminal of its own, as somebody at a keyboard has it.

    with Terminal([program, argument], env) as terminal:
        terminal.expect("sockd> ")
        terminal.type("1 + 1\\n")
        terminal.expect("- 2")
"""
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from sockd_test import PATIENCE, until


class Terminal:
    def __init__(self, command, env=None, size=(24, 80), end=signal.SIGTERM):
        self.end = end  # the signal that ends the program
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(self.master, size)
        self.slave = slave
        self.before = self.modes()  # as nobody has touched it
        self.raw = ""   # all that was shown
        self.text = ""  # what no expect() has found yet, without what only moves the cursor
        self.process = subprocess.Popen([*map(str, command)], stdin=slave, stdout=slave,
                                        stderr=slave, env=dict(os.environ, **(env or {})),
                                        start_new_session=True,
                                        preexec_fn=lambda: self.control(slave))

    @staticmethod
    def control(slave):
        import fcntl
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.send_signal(self.end)  # not kill: it may have something to write
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def modes(self):
        """How the terminal is set, to see that it is given back as it was."""
        return termios.tcgetattr(self.slave)

    def type(self, text):
        os.write(self.master, text.encode())

    def is_raw(self):
        """Whether it hands out keys rather than lines."""
        return not self.modes()[3] & termios.ICANON

    def feed(self, patience):
        if not select.select([self.master], [], [], max(patience, 0))[0]:
            return False
        part = os.read(self.master, 1 << 16).decode(errors="replace")
        self.raw += part
        self.text = re.sub(r"\x1b\[[0-9;?]*[@-~]|\r", "", self.text + part)
        return True

    def expect(self, what, patience=PATIENCE):
        """Waits until that text has been shown since the last time, and returns what came before."""
        return self.expect_re(re.escape(what), patience)[0]

    def expect_re(self, pattern, patience=PATIENCE):
        """The same with a regular expression; what came before, and the match."""
        deadline = time.monotonic() + patience
        while not (found := re.search(pattern, self.text)):
            if not self.feed(deadline - time.monotonic()):
                raise AssertionError(f"{pattern!r} is not shown, but {self.text!r}")
        before, self.text = self.text[:found.start()], self.text[found.end():]
        return before, found

    def expect_prompt(self, prompt):
        """Waits for a prompt, and until it reads keys rather than lines: a key typed before that
        would not be what it is."""
        self.expect(prompt)
        until(self.is_raw, "the terminal is in raw mode")

    def wait(self, patience=PATIENCE):
        """The program's exit status; what it shows meanwhile is read."""
        deadline = time.monotonic() + patience
        while self.process.poll() is None:
            self.feed(0.02)
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end; it shows {self.text!r}")
        while self.feed(0):
            pass
        return self.process.returncode
