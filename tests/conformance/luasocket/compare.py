"""The LuaSocket emulation against LuaSocket itself: each file of cases/ runs under luajit with Debian's
lua-socket and under `sockd run`, and must print the same, line by line.

Where they may differ is listed in differences.py, with both lines and the reason; a difference that has
gone or changed fails too."""

import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from differences import DIFFERENCES

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "harness"))
import private_network  # noqa: E402

SOCKD = os.path.join(os.environ.get("SOCKD_BIN", ""), "sockd")
PATIENCE = 60

# For the topic "hosts", in a network of its own.
HOSTS = """
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
127.0.0.2 one.test one uno   # a comment
127.0.0.3 two.test	one
127.0.0.4 both.test
::1 both.test
127.0.0.5 many.test m1 m2
127.0.0.6 many.test m3
2001:db8::7 only6.test
"""


class Peer(threading.Thread):
    """Serves connections on the loopback interface; the first line of each is what to do with it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ended = threading.Event()

    def run(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            order = connection.makefile("rb", buffering=0).readline().decode().split()
            try:
                getattr(self, "do_" + order[0])(connection, *order[1:])
            except OSError:
                pass  # the other end has seen enough

    def stop(self):
        self.ended.set()
        self.listener.close()

    def do_drip(self, connection, text, count, delay):
        """Sends the text some times, with a delay in seconds before each."""
        for _ in range(int(count)):
            time.sleep(float(delay))
            connection.sendall(text.encode())

    def do_silence(self, _connection):
        """Neither reads nor sends nor closes."""
        self.ended.wait(PATIENCE)

    def do_echo(self, connection):
        while data := connection.recv(65536):
            connection.sendall(data)

    def do_reset(self, connection, text):
        """Sends the text and, a moment later, a reset."""
        connection.sendall(text.encode())
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def do_slow_sink(self, connection, delay):
        """Begins to read after a while, then reads to the end and says how much that was."""
        time.sleep(float(delay))
        total = 0
        while data := connection.recv(65536):
            total += len(data)
        connection.sendall(b"%d\n" % total)


def read_lines(output):
    lines = {}
    for line in output.splitlines():
        name, _, values = line.partition("\t")
        while name in lines:
            name += "'"
        lines[name] = values
    return lines


class Comparison(unittest.TestCase):
    def setUp(self):
        self.peer = Peer()
        self.peer.start()
        self.addCleanup(self.peer.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.wrapper = []

    def run_cases(self, command, topic):
        done = subprocess.run(
            self.wrapper + command + [str(HERE / "run.lua"), str(HERE / "cases" / f"{topic}.lua"), str(self.peer.port)],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return read_lines(done.stdout)

    def compare(self, topic):
        theirs = self.run_cases(["luajit"], topic)
        ours = self.run_cases([SOCKD, "run"], topic)
        accepted = {name: row for name, row in DIFFERENCES.items() if name.split(".")[0] == topic}
        for name in sorted(theirs.keys() | ours.keys() | accepted.keys()):
            with self.subTest(name):
                their, our = theirs.get(name), ours.get(name)
                if name in accepted:
                    self.assertEqual((their, our), accepted[name][:2], accepted[name][2])
                else:
                    self.assertEqual(their, our)
        print(f"{topic}: {len(theirs)} lines, {len(accepted)} accepted differences")


    @unittest.skipUnless(private_network.available(), "only root can have a network of its own")
    def test_hosts(self):
        self.wrapper = list(map(str, private_network.wrapper(pathlib.Path(self.folder), HOSTS)))
        self.compare("hosts")


def add_topic(topic):
    if topic != "hosts":
        setattr(Comparison, f"test_{topic}", lambda self: self.compare(topic))


for path in sorted((HERE / "cases").glob("*.lua")):
    add_topic(path.stem)

if __name__ == "__main__":
    unittest.main()
