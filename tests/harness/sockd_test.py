"""What the end-to-end tests share: real daemons, a raw client, and the proof that nothing is left.

    class TestThing(sockd_test.Case):
        def test_that_it_works(self):
            daemon = self.daemon("--load", path)
            with daemon.client() as client:
                self.assertEqual(client.call("sockd.ping"), "pong")

    sockd_test.main()

A daemon starts on a private path and is ready when it has said so on a notify socket. At the end of
each test it must be back where it was when it started (descriptors, sockets), end with status 0 on
SIGTERM, leave no socket file, and no sanitizer may have had anything to say.

The programs are those of $SOCKD_BIN. Nothing here sleeps to wait for something; where there is
nothing to be told by, `until` asks again and again.
"""
import contextlib
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import msgpack

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SOCKD_BIN", SOURCE / "build" / "bin"))
SANITIZED = os.environ.get("SOCKD_SANITIZED") == "1"

# In the background of a shell, under nohup and the like some are ignored, and so would be by all
# programs that the tests start.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)

# How long anything may take that normally takes no time; a failure, never a pause.
PATIENCE = 60 if SANITIZED else 30


def preload_sanitizer():
    """For a test that loads libsockd: a library with a sanitizer in it wants the sanitizer's own
    library in the program, which therefore begins anew."""
    if SANITIZED and "SOCKD_PRELOADED" not in os.environ:
        runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True,
                                 text=True, check=True).stdout.strip()
        os.environ.update(SOCKD_PRELOADED="1", LD_PRELOAD=runtime)
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    os.environ.pop("LD_PRELOAD", None)


def until(condition, what, patience=PATIENCE):
    """Waits until condition() is true, and returns what it returned. `what` it waits for may be a
    function that tells it at the end."""
    deadline = time.monotonic() + patience
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            what = what() if callable(what) else what
            raise AssertionError(f"after {patience} s still not: {what}")
        time.sleep(0.002)


def listener(backlog=100, family=socket.AF_INET, host="127.0.0.1"):
    """A listening TCP socket on a free port, and that port."""
    sock = socket.socket(family)
    sock.settimeout(PATIENCE)
    sock.bind((host, 0))
    sock.listen(backlog)
    return sock, sock.getsockname()[1]


def free_port():
    """A port that nobody uses now. It is none of those that the kernel gives to connections and to
    listeners that name no port, or another test's might get it in the meantime."""
    path = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(path.read_text().split()[0]) if path.exists() else 32768
    for _ in range(1000):
        port = random.randrange(10000, lowest) if lowest > 11000 else 0
        with socket.socket() as sock:
            try:
                sock.bind(("", port))
            except OSError:
                continue
            return sock.getsockname()[1]
    raise AssertionError("no port is free")


def connect(port, host="127.0.0.1"):
    """A TCP connection to a port of this machine, whose calls fail rather than hang."""
    sock = socket.create_connection((host, port), PATIENCE)
    sock.settimeout(PATIENCE)
    return sock


def receive(sock, size):
    """Exactly so many bytes, or fewer if the stream ends."""
    data = bytearray()
    while len(data) < size:
        part = sock.recv(min(size - len(data), 1 << 20))
        if not part:
            break
        data += part
    return bytes(data)


class RpcError(Exception):
    """A request that failed: `name` ("ECONNREFUSED"), `number`, `message` and the whole `detail`."""

    def __init__(self, error, detail):
        super().__init__(f"{error} {detail}")
        self.error = error
        self.detail = detail if isinstance(detail, dict) else {}
        self.name = self.detail.get("name")
        self.number = self.detail.get("errno")
        self.message = self.detail.get("message")


class Client:
    """A MessagePack-RPC client over raw bytes: nothing of sockd's own is in it."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        try:
            self.sock.connect(str(path))
        except OSError:
            self.sock.close()
            raise
        self.unpacker = msgpack.Unpacker(raw=False, unicode_errors="surrogateescape",
                                         max_buffer_size=1 << 27)
        self.last = 0
        self.answers = {}
        self.order = []
        self.notifications = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.sock.close()

    @staticmethod
    def pack(message):
        return msgpack.packb(message, use_bin_type=True)

    def send(self, *messages):
        """Sends messages as they are."""
        self.sock.sendall(b"".join(map(self.pack, messages)))

    def request(self, method, *params):
        """Sends a request without waiting; returns its msgid."""
        self.last += 1
        self.send([0, self.last, method, list(params)])
        return self.last

    def feed(self):
        """Takes in what arrives next; False at the end of the stream."""
        data = self.sock.recv(1 << 20)
        self.absorb(data)
        return bool(data)

    def absorb(self, data):
        self.unpacker.feed(data)
        for message in self.unpacker:
            if message[0] == 1:
                kind, msgid, error, result = message
                if msgid in self.answers:
                    raise AssertionError(f"request {msgid} was answered twice")
                self.answers[msgid] = (error, result)
                self.order.append(msgid)
            else:
                self.notifications.append(message)

    def has(self, msgid):
        """Whether the answer is here, taking in what has arrived."""
        while msgid not in self.answers and select.select([self.sock], [], [], 0)[0]:
            if not self.feed():
                break
        return msgid in self.answers

    def answer(self, msgid):
        """Waits for the answer: (error, result)."""
        while msgid not in self.answers:
            if not self.feed():
                raise EOFError(f"the connection ended before the answer to {msgid}")
        return self.answers.pop(msgid)

    def result(self, msgid):
        error, result = self.answer(msgid)
        if error is not None:
            raise RpcError(error, result)
        return result

    def call(self, method, *params):
        return self.result(self.request(method, *params))

    def notification(self, method=None):
        """Waits for the next notification, of that method, and returns its parameters."""
        while True:
            for i, message in enumerate(self.notifications):
                if method in (None, message[1]):
                    return self.notifications.pop(i)[2]
            if not self.feed():
                raise EOFError(f"the connection ended before {method or 'a notification'}")

    def waiting(self, handle):
        """How many operations wait on a socket: to know that a request has got there."""
        return self.call("sockd.info", handle)["waiting"]


class Daemon:
    """A running sockd. Use Case.daemon to make one."""

    def __init__(self, folder, args=(), env=None, limits=None, wrapper=(), path=None, leaks=True,
                 pass_fds=()):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "sockd.sock" if path is None else path
        self.stderr = self.folder / "stderr"
        self.stdout = self.folder / "stdout"
        self.sanitizer = self.folder / "sanitizer"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.folder / "notify"))
        self.notify.settimeout(PATIENCE)
        self.notified = []
        command = [*map(str, wrapper), str(BIN / "sockd"), "--socket", str(self.path), *map(str, args)]
        with open(self.stdout, "wb") as out, open(self.stderr, "wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err, env=self.environment(env, leaks),
                                            preexec_fn=limits, pass_fds=pass_fds)
        self.pid = self.process.pid
        try:
            self.wait_ready()
            self.fds_at_start = self.fds_at_rest()
        except BaseException:
            self.discard()
            raise

    def environment(self, more, leaks):
        result = dict(os.environ, NOTIFY_SOCKET=str(self.folder / "notify"))
        result["ASAN_OPTIONS"] = f"log_path={self.sanitizer}:detect_leaks={int(leaks)}"
        result["UBSAN_OPTIONS"] = f"log_path={self.sanitizer}:print_stacktrace=1"
        result.update(more or {})
        return result

    def told(self):
        """The next message to the service manager, as a dict."""
        text = self.notify.recv(4096).decode()
        message = dict(line.split("=", 1) for line in text.splitlines())
        self.notified.append(message)
        return message

    def fds_at_rest(self):
        """How many descriptors it has without clients, after the first has been: with it, less one."""
        with self.client() as client:
            client.call("sockd.ping")
            return self.fds() - 1

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if select.select([self.notify], [], [], 0.02)[0]:
                if self.told().get("READY") == "1":
                    return
            elif self.process.poll() is not None:
                raise AssertionError(f"sockd ended with {self.process.returncode}:\n{self.log()}")
        self.process.kill()
        raise AssertionError(f"sockd does not get ready:\n{self.log()}")

    def log(self):
        return self.stderr.read_text(errors="replace")

    def output(self):
        return self.stdout.read_bytes()

    def client(self):
        return Client(self.path)

    def fds(self):
        """How many descriptors it has, but for the resolver's, which comes with the first name."""
        return len([target for target in self.descriptors().values()
                    if target != "anon_inode:[eventfd]"])

    def rss(self):
        """Resident memory in bytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def cpu(self):
        """Seconds of processor time so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cpu_exact(self):
        """The same of its main thread, to the nanosecond."""
        path = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/schedstat")
        return int(path.read_text().split()[0]) / 1e9

    def ctl(self, *args, data=b"", check=True, env=None):
        """Runs sockctl; returns what it printed. With check=False the CompletedProcess."""
        done = subprocess.run([str(BIN / "sockctl"), *map(str, args)], input=data,
                              capture_output=True, timeout=PATIENCE * 2, check=False,
                              env=dict(os.environ, SOCKD_SOCKET=str(self.path), **(env or {})))
        if not check:
            return done
        if done.returncode != 0:
            raise AssertionError(f"sockctl {args}: status {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def sockets(self):
        with self.client() as client:
            return client.call("sockd.list")

    def settle(self, sockets=0):
        """Waits until the daemon holds nothing beyond what it held at its start."""
        until(lambda: len(self.sockets()) == sockets,
              lambda: f"{sockets} sockets open: {self.sockets()}")
        fds = self.fds_at_start + sockets
        until(lambda: self.fds() == fds, lambda: f"{fds} descriptors: {self.descriptors()}")

    def descriptors(self):
        folder, found = f"/proc/{self.pid}/fd", {}
        for fd in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found[fd] = os.readlink(f"{folder}/{fd}")
        return found

    def alive(self):
        return self.process.poll() is None

    def stop(self, signals=(signal.SIGTERM,)):
        """Ends the daemon and returns its status."""
        for number in signals:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"sockd does not end:\n{self.log()}") from None

    def prove_clean_end(self, expected=0):
        """Ends it, and finds nothing that should not be there."""
        status = self.stop() if self.alive() else self.process.returncode
        assert status == expected, f"sockd ended with {status}:\n{self.log()}"
        assert not os.path.lexists(self.path), "the control socket's file is still there"
        assert "is still open" not in self.log(), self.log()
        self.prove_sanitizers_silent()

    def prove_sanitizers_silent(self):
        reports = sorted(self.folder.glob("sanitizer*"))
        text = "\n".join(report.read_text(errors="replace") for report in reports)
        assert not reports, f"a sanitizer had something to say:\n{text[:8000]}"

    def discard(self):
        if self.alive():
            self.process.kill()
            self.process.wait()
        self.notify.close()


class Case(unittest.TestCase):
    """A test with daemons and a folder of its own."""

    maxDiff = 2000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockd-e2e-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.daemons = []
        self.started = 0
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def daemon(self, *args, settles=True, **options):
        """Starts a daemon, which the test's end proves clean (unless it says settles=False: then
        sockets may be left for the daemon to close)."""
        self.started += 1
        folder = self.folder / f"daemon{self.started}"
        folder.mkdir(mode=0o755)
        daemon = Daemon(folder, args, **options)
        self.addCleanup(daemon.discard)
        self.daemons.append((daemon, settles))
        return daemon

    def failed(self):
        result = self._outcome.result
        return any(test is self for test, _ in result.failures + result.errors)

    def tearDown(self):
        """The proof; after a failure it would only repeat it in other words."""
        if self.failed():
            for daemon, _ in self.daemons:
                print(f"---- log of {daemon.folder.name}\n{daemon.log()[-4000:]}")
            return
        self.stack.close()
        for daemon, settles in self.daemons:
            if settles and daemon.alive():
                daemon.settle()
            daemon.prove_clean_end()

    def script(self, text, name="script.lua"):
        """A Lua file with that text."""
        path = self.folder / name
        path.write_text(text)
        return path

    def keep(self, thing):
        """Closes it at the end of the test."""
        self.stack.callback(thing.close)
        return thing

    def server(self, **options):
        """A listening socket of the test's, and its port."""
        sock, port = listener(**options)
        return self.keep(sock), port

    def pair(self, client, **options):
        """A socket of the daemon's connected to one of the test's: (handle, socket)."""
        sock, port = self.server()
        handle = client.call("tcp_connect", "127.0.0.1", port, options)
        peer = self.keep(sock.accept()[0])
        peer.settimeout(PATIENCE)
        return handle, peer

    def fails(self, name, function, *args):
        """The RpcError of that name that the call must fail with."""
        with self.assertRaises(RpcError) as caught:
            function(*args)
        self.assertEqual(caught.exception.name, name, caught.exception)
        return caught.exception


def run_script(path, *args, options=(), timeout=PATIENCE, **more):
    """Runs `sockd run` to its end."""
    return subprocess.run([str(BIN / "sockd"), "run", *options, str(path), *map(str, args)],
                          capture_output=True, timeout=timeout, check=False, **more)


def main():
    unittest.main(verbosity=1)
