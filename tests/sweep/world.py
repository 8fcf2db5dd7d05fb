"""A daemon under faults, and what its clients see.

A scenario is a generator: up to its `yield` it prepares, undisturbed; what follows happens under
the fault; what it returns has to be the same each time, unless it fails in an orderly way.

    def read(world):
        handle, peer = world.pair()
        yield
        peer.sendall(b"abc")
        return world.call("read", handle, 3)
"""
import os
import select
import socket
import subprocess
import time

import faults
import sockd_test

# For how long a persistent fault lasts if somebody waits for its end.
WHILE = 0.1
# More than anything takes when nothing fails.
END = float(os.environ.get("SOCKD_SWEEP_END", 60))

SCRIPT = """
local socket = require('socket')
local fiber = require('fiber')
local log = require('log')
function echo(s)
    while true do
        local line = s:read('\\n')
        if line == nil or line == '' then return end
        if s:write(line) == nil then return end
    end
end
function noisy(s)
    log.info('somebody came')
    fiber.create(function() fiber.sleep(0.001) end)
    s:write('done\\n')
end
function failing(s) error('on purpose') end
function answer(...) return ... end
function sleepy() fiber.sleep(0.005) return 'slept' end
function dial(port)
    local s = socket.tcp_connect('127.0.0.1', port, 2)
    if s == nil then error('cannot connect') end
    if s:write('to you\\n') == nil then error(s:error()) end
    local line = s:read('\\n', 2)
    s:close()
    if line == nil then error('no line') end
    return line
end
function channels()
    local channel = fiber.channel(1)
    fiber.create(function() channel:put('through') end)
    return channel:get(2)
end
"""


class Stuck(Exception):
    """What should have ended has not."""


class Wrong(Exception):
    """An answer that is none."""


class Client(sockd_test.Client):
    """One that ends a persistent fault when it has waited for a while."""

    def __init__(self, world):
        self.world = world
        super().__init__(world.path)
        self.sock.settimeout(WHILE)

    def send(self, *messages):
        self.sock.settimeout(END)
        super().send(*messages)
        self.sock.settimeout(WHILE)

    def feed(self):
        try:
            return super().feed()
        except TimeoutError:
            self.world.relent()
        self.sock.settimeout(END)
        try:
            return super().feed()
        except TimeoutError:
            raise Stuck("a client waits for ever") from None


class World:
    def __init__(self, folder, arguments=(), program=sockd_test.BIN / "sockd"):
        self.folder = folder
        self.arguments = arguments
        self.program = program
        self.symbols = faults.Symbols(program)
        self.started = 0
        self.process = None
        self.kept = []
        self.script = folder / "handlers.lua"
        self.start()

    # ---- its life ----

    def start(self):
        self.started += 1
        self.script.write_text(SCRIPT)
        self.page = faults.Page(self.folder / "page")
        self.page.spare(self.symbols.ranges("memory_(allocate|allocate_last|change|resize)"))
        self.path = self.folder / "sockd.sock"
        self.path.unlink(missing_ok=True)
        self.log = open(self.folder / f"log{self.started}", "wb")
        env = self.page.environment(dict(os.environ, ASAN_OPTIONS=self.sanitizer()))
        self.process = subprocess.Popen(
            [str(self.program), "--socket", str(self.path), "--load", str(self.script),
             *self.arguments], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=env)
        self.pid = self.process.pid
        sockd_test.until(self.can_connect, lambda: f"started: {self.log_text()}")
        self.root = sockd_test.Client(self.path)
        self.root.sock.settimeout(END)
        self.base = None

    def sanitizer(self):
        return f"log_path={self.folder / 'sanitizer'}:detect_leaks=1:allocator_may_return_null=1"

    def log_text(self):
        return (self.folder / f"log{self.started}").read_text(errors="replace")

    def can_connect(self):
        try:
            sockd_test.Client(self.path).close()
            return True
        except OSError:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.log_text()}")
            return False

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """Ends it; returns its status."""
        self.page.off()
        self.root.close()
        if self.alive():
            self.process.terminate()
        try:
            status = self.process.wait(END * 2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.log.close()
        return status

    # ---- what scenarios use ----

    def connect(self):
        return self.keep(Client(self))

    def keep(self, thing):
        self.kept.append(thing)
        return thing

    def call(self, method, *args):
        return self.client.call(method, *args)

    def listener(self):
        sock, port = sockd_test.listener()
        sock.settimeout(WHILE)
        return self.keep(sock), port

    def dial(self, port):
        sock = self.keep(sockd_test.connect(port))
        sock.settimeout(WHILE)
        return sock

    def patiently(self, function, *args):
        """A call on a socket of ours, which ends a persistent fault when it has waited."""
        sock = function.__self__
        try:
            return function(*args)
        except TimeoutError:
            self.relent()
        sock.settimeout(END)
        try:
            return function(*args)
        except TimeoutError:
            raise Stuck(f"{function.__name__} waits for ever") from None

    def either(self, *socks):
        """Those of the sockets that have something; a persistent fault ends meanwhile."""
        ready = select.select(socks, [], [], WHILE)[0]
        if not ready:
            self.relent()
            ready = select.select(socks, [], [], END)[0]
        if not ready:
            raise Stuck("nothing comes any more")
        return ready

    def receive(self, sock, size, waiting=None):
        """So many bytes; a request that is `waiting` meanwhile may have failed."""
        data = b""
        while len(data) < size:
            ready = self.either(sock, self.client.sock) if waiting else [sock]
            if self.client.sock in ready and waiting:
                if not self.client.has(waiting) or self.client.answers[waiting][0] is not None:
                    self.client.result(waiting)
                waiting = None
            if sock not in ready:
                continue
            part = self.patiently(sock.recv, size - len(data))
            if not part:
                raise EOFError("the connection has ended")
            data += part
        return data

    def pair(self):
        """A TCP socket of the daemon's and its peer in the test."""
        server, port = self.listener()
        handle = self.root.call("tcp_connect", "127.0.0.1", port)
        peer = self.keep(server.accept()[0])
        peer.settimeout(WHILE)
        return handle, peer

    def server(self, *args):
        handle, address = self.root.call("tcp_server", "127.0.0.1", 0, *args)
        return handle, address["port"]

    def datagram(self):
        handle = self.root.call("socket", "AF_INET", "SOCK_DGRAM", "udp")
        self.root.call("bind", handle, "127.0.0.1")
        return handle, self.root.call("name", handle)["port"]

    # ---- the fault ----

    def cpu(self):
        """Seconds that its main thread has run."""
        try:
            with open(f"/proc/{self.pid}/schedstat", encoding="ascii") as file:
                return int(file.read().split()[0]) / 1e9
        except (OSError, IndexError):
            return 0.0

    def relent(self):
        """The persistent fault ends; before that it is seen whether the daemon sleeps."""
        self.spins = self.spins or self.busy()
        self.relented = True
        self.page.off()

    def busy(self):
        """Whether it uses much of a processor, twice."""
        for pause in (0.02, 0.2):
            before, began = self.cpu(), time.monotonic()
            time.sleep(pause)
            if self.cpu() - before < 0.3 * (time.monotonic() - began):
                return False
        return True

    def prepare(self, scenario):
        self.spins = self.relented = False
        self.client = self.connect()
        self.client.call("sockd.ping")
        steps = scenario(self)
        next(steps)
        return steps

    def finish(self, steps):
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        raise AssertionError("a scenario yields once")

    # ---- afterwards ----

    def state(self):
        stats = self.root.call("sockd.stats")
        counts = {key: stats[key] for key in ("clients", "sockets", "operations", "lookups", "fibers")}
        counts["descriptors"] = len(os.listdir(f"/proc/{self.pid}/fd"))
        counts["changing"] = 0
        return counts

    def clean(self):
        """Closes all that the scenario left."""
        for thing in reversed(self.kept):
            thing.close()
        self.kept.clear()
        try:
            listed = self.root.call("sockd.list")
        except (EOFError, OSError):  # it may have been at work under the fault
            self.root.close()
            self.root = sockd_test.Client(self.path)
            self.root.sock.settimeout(END)
            listed = self.root.call("sockd.list")
        for entry in listed:
            self.root.answer(self.root.request("close", entry["id"]))

    def settled(self):
        """What differs from the beginning, after it has had the time to go."""
        if self.base is None:
            self.base = self.state()
        deadline = time.monotonic() + END
        while True:
            now = self.state()
            # A thread closes some: one may still have been open when they were counted before.
            now["descriptors"] = max(now["descriptors"], self.base["descriptors"])
            if now == self.base:
                return None
            if time.monotonic() > deadline:
                return ", ".join(f"{key} {now[key] - self.base[key]:+}" for key in now
                                 if now[key] != self.base[key])
            time.sleep(0.002)
