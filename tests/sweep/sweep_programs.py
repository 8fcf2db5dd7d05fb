"""Sweeps the programs, each run of which stands one fault: sockd from its start to its end, `sockd
check`, `sockd run`, every command of sockctl, and a program with libsockd.

    sweep_programs.py [--kinds memory,calls] [--only REGEX] [--most N] [--every N]
"""
import errno
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import faults
import points
import sockd_test
import sweep_options

# More than any of them takes.
END = float(os.environ.get("SOCKD_SWEEP_END", 60))
WHILE = 0.3
LIBRARY_PROGRAM = os.environ.get("SOCKD_SWEEP_LIBRARY",
                                 str(sockd_test.BIN / "sweep_library"))
# Lua's memory is fiber/'s own affair; names of users are the C library's, which aborts.
SPARED = "memory_(allocate|allocate_last|change|resize)|cell_owner"
NUMBER = re.compile(rb"\d+(\.\d+)?(e-?\d+)?")
LINE = re.compile(r"[a-z]", re.IGNORECASE)


class Programs:
    def __init__(self, folder):
        self.folder = folder
        self.page = faults.Page(folder / "page")
        self.symbols = {}
        self.script = folder / "script.lua"
        self.script.write_text("local fiber = require('fiber')\nfunction hello() return 1 end\n"
                               "fiber.create(function() fiber.sleep(0.001) end)\n")
        self.program = folder / "program.lua"
        self.program.write_text("local s = require('socket')\nprint('hello', #arg)\n"
                                "local a, b = s.tcp_server('127.0.0.1', 0, function(c) c:write('x\\n') end)\n"
                                "local n = a:name()\n"
                                "local c = s.tcp_connect('127.0.0.1', n.port, 2)\n"
                                "assert(c, 'cannot connect')\n"
                                "local line = c:read('\\n', 2)\nassert(line and line ~= '', 'no line')\n"
                                "print(line) a:close() c:close()\n")
        self.config = folder / "config.lua"
        self.config.write_text("sockd.cfg{log_level = 'warn', grace = 1}\n")
        self.path = folder / "sockd.sock"
        self.server = None

    def symbols_of(self, program):
        if program not in self.symbols:
            self.symbols[program] = faults.Symbols(program)
        return self.symbols[program]

    def environment(self):
        env = dict(os.environ, SOCKD_SOCKET=str(self.path), TERM="dumb")
        if sockd_test.SANITIZED:
            env["ASAN_OPTIONS"] = f"log_path={self.folder / 'sanitizer'}:detect_leaks=1:allocator_may_return_null=1"
        return self.page.environment(env)

    def start(self, command, stdin=subprocess.DEVNULL, **options):
        return subprocess.Popen(list(map(str, command)), stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment(), **options)

    def serve(self):
        """A daemon without faults, for the clients."""
        self.server_log = open(self.folder / "server.log", "wb")
        self.server = subprocess.Popen(
            [str(sockd_test.BIN / "sockd"), "--socket", str(self.path), "--load", str(self.script)],
            stdin=subprocess.DEVNULL, stdout=self.server_log, stderr=self.server_log)
        sockd_test.until(self.can_connect, "the daemon has started")
        self.root = sockd_test.Client(self.path)
        self.base = len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def can_connect(self):
        return connects(self.path)

    def end(self):
        if self.server:
            self.root.close()
            self.server.terminate()
            self.server.wait(30)
            self.server_log.close()


class Outcome:
    def __init__(self, status, out, err, stuck=False):
        self.status, self.out, self.err, self.stuck = status, out, err, stuck


def communicate(process, data=None):
    try:
        out, err = process.communicate(data, END)
        return Outcome(process.returncode, out, err)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return Outcome(None, out, err, True)


def connects(path):
    try:
        sockd_test.Client(path).close()
        return True
    except OSError:
        return False


# ---- what is run ----

def plain(*command, data=None):
    def run(programs):
        return communicate(programs.start(command, subprocess.PIPE if data else subprocess.DEVNULL), data)
    run.program = command[0]
    return run


def ends(process):
    try:
        process.wait(END)
        return True
    except subprocess.TimeoutExpired:
        return False


def daemon_start(programs):
    """Up to where it serves, or has said why not; then without faults to its end."""
    path = programs.folder / "own.sock"
    process = programs.start([sockd_test.BIN / "sockd", "--socket", path, "--config", programs.config,
                              "--load", programs.script])
    deadline = time.monotonic() + END
    while process.poll() is None and time.monotonic() < deadline:
        try:
            client = sockd_test.Client(path)
            break
        except OSError:
            time.sleep(0.001)
    else:
        return communicate(process)
    time.sleep(0.002)
    programs.page.off()
    client.sock.settimeout(END)
    try:
        pong = client.call("sockd.ping") == "pong"
    except OSError:  # it has to end, and does so now
        pong = ends(process)
    except EOFError:
        try:
            with sockd_test.Client(path) as other:
                pong = other.call("sockd.ping") == "pong"
        except (OSError, EOFError):
            pong = True  # it says so by its status
    client.close()
    if process.poll() is None:
        process.terminate()
    outcome = communicate(process)
    outcome.stuck = outcome.stuck or not pong
    return outcome


def daemon_end(programs):
    """From SIGTERM on, with a socket, a handler and a request at work."""
    path = programs.folder / "own.sock"
    mode = bytes(programs.page.map[0:3])
    programs.page.off()
    process = programs.start([sockd_test.BIN / "sockd", "--socket", path, "--load", programs.script,
                              "--grace", "0.05"])
    sockd_test.until(lambda: connects(path) or process.poll() is not None, "there")
    with sockd_test.Client(path) as client:
        handle, address = client.call("tcp_server", "127.0.0.1", 0, "hello")
        client.request("accept", client.call("tcp_server", "127.0.0.1", 0)[0])
        client.call("sockd.ping")
        programs.page.clear()
        programs.page.map[0:3] = mode
        process.terminate()
        return communicate(process)


daemon_start.program = daemon_end.program = str(sockd_test.BIN / "sockd")
SOCKD, SOCKCTL = sockd_test.BIN / "sockd", sockd_test.BIN / "sockctl"


def sockctl(*arguments, data=None, prepare=None):
    """Of the pair of sockets A and B, of which B has a line to be read; the words "A" and "B" stand
    for their handles."""
    def run(programs):
        a, b = programs.root.call("socketpair", "AF_UNIX", "SOCK_STREAM", 0)
        programs.root.call("write", a, b"a line\nand more")
        if prepare == "close":
            programs.root.call("shutdown", a, 1)
        words = [{"A": str(a), "B": str(b)}.get(word, word) for word in arguments]
        process = programs.start([SOCKCTL, *words], subprocess.PIPE if data else subprocess.DEVNULL)
        outcome = communicate(process, data)
        for handle in (a, b):
            programs.root.answer(programs.root.request("close", handle))
        outcome.out = re.sub(rb" +", b" ", NUMBER.sub(b"N", outcome.out)).replace(b"\n ", b"\n").strip()
        return outcome
    run.program = str(SOCKCTL)
    return run


def scenarios(programs):
    found = {
        "start": daemon_start,
        "end": daemon_end,
        "check": plain(SOCKD, "check", programs.script, programs.config),
        "run": plain(SOCKD, "run", programs.program, "argument"),
        "help": plain(SOCKD, "--help"),
        "ctl ls": sockctl("ls"),
        "ctl ls json": sockctl("--json", "ls"),
        "ctl api": sockctl("api"),
        "ctl stats": sockctl("stats"),
        "ctl call": sockctl("call", "sockd.eval", '"return ..."', "[1, 2, {\"a\": \"text\"}]"),
        "ctl read": sockctl("read", "B", "7"),
        "ctl read until": sockctl("--until", "\n", "read", "B") if False else sockctl("read", "B", "\n"),
        "ctl send": sockctl("send", "A", "data"),
        "ctl send large": sockctl("send", "A", "-", data=b"x" * 100_000),
        "ctl write": sockctl("write", "A", "-", data=b"some data\n"),
        "ctl stream": sockctl("stream", "B", prepare="close"),
        "ctl stream credit": sockctl("stream", "B", "6"),
        "ctl take": sockctl("take", "B", "--exec", "head", "-c", "6"),
        "ctl give": give_a_socket,
        "ctl attach": sockctl("attach", "B", data=b"words\n", prepare="close"),
        "ctl dial-stdio": sockctl("dial-stdio", data=b"\x94\x00\x01\xaasockd.ping\x90"),
        "ctl console": sockctl("console", data=b"return 1\n"),
        "ctl info": sockctl("info", "B") if False else sockctl("sockd.info", "B"),
        "ctl socketpair": sockctl("socketpair", "AF_UNIX", "SOCK_STREAM"),
        "ctl getaddrinfo": sockctl("getaddrinfo", "127.0.0.1", "80"),
        "ctl setsockopt": sockctl("setsockopt", "B", "SOL_SOCKET", "SO_KEEPALIVE", "1"),
        "ctl help": sockctl("--help"),
        "library blocking": plain(LIBRARY_PROGRAM, programs.path, "blocking"),
        "library asynchronous": plain(LIBRARY_PROGRAM, programs.path, "asynchronous"),
    }
    for function in found.values():
        function.program = str(function.program)
    return found


def give_a_socket(programs):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = programs.start([SOCKCTL, "give", "0"], theirs.fileno())
        outcome = communicate(process)
    outcome.out = re.sub(rb" +", b" ", NUMBER.sub(b"N", outcome.out)).replace(b"\n ", b"\n").strip()
    return outcome


give_a_socket.program = str(SOCKCTL)


# ---- what came of it ----

def judge(outcome, expected, failed, point):
    """(fate, about)"""
    text = outcome.err.decode(errors="replace").strip() or outcome.out.decode(errors="replace").strip()
    last = text.splitlines()[-1] if text else ""
    if outcome.stuck:
        return "stuck", last
    if outcome.status < 0 and -outcome.status in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS,
                                                  signal.SIGFPE, signal.SIGILL, signal.SIGSYS):
        return "death", f"signal {-outcome.status}: {last}"
    if not failed:
        return "not met", ""
    if outcome.status == expected.status:
        if outcome.status == 0 and outcome.out != expected.out:
            return "wrong", f"status 0 with {outcome.out!r:.50} for {expected.out!r:.50}"
        return "fine", ""
    if not LINE.search(text) and faults.NAMES[point.number] == "write" and \
            (point.persistent or point.error == errno.EPIPE):
        return "refused", "it cannot say why"
    if not LINE.search(text):
        return "wrong", f"status {outcome.status} without a sentence"
    return "refused", last


def is_a_lie(name, point):
    """What the kernel does not say: that a peer is gone who stays, that a pair of sockets which a
    signal's handler writes to is broken."""
    call, error = faults.NAMES[point.number], errno.errorcode[point.error]
    if name == "end":
        return call in ("write", "read")
    if name.startswith(("ctl", "library")) and (call, error) == ("shutdown", "ENOTCONN"):
        return True
    if name.startswith(("ctl", "library")):
        return call == "sendmsg" and error in ("EPIPE", "ECONNRESET")
    return name == "run" and (call, error) == ("write", "EPIPE")  # its reader has had enough


class Sweep:
    def __init__(self, folder, options):
        self.options = options
        self.programs = Programs(folder)
        self.programs.serve()
        self.table = points.Table()
        self.turn = 0

    def run_one(self, scenario, arm):
        programs = self.programs
        programs.page.clear()
        symbols = programs.symbols_of(scenario.program)
        programs.page.spare(symbols.ranges(SPARED))
        arm(programs.page)
        return scenario(programs)

    def about(self, scenario):
        page, symbols = self.programs.page, self.programs.symbols_of(scenario.program)
        text = " | " + " < ".join(page.culprit(symbols)[:4])
        if page.death():
            text += " dead in " + " < ".join(page.death_stack(symbols)[:4])
        return text

    def close_all(self):
        for entry in self.programs.root.call("sockd.list"):
            self.programs.root.answer(self.programs.root.request("close", entry["id"]))

    def server_is_well(self):
        programs = self.programs
        deadline = time.monotonic() + END
        while True:
            stats = programs.root.call("sockd.stats")
            fds = len(os.listdir(f"/proc/{programs.server.pid}/fd"))
            # A thread closes some: one may still have been open when they were counted before.
            left = {"clients": stats["clients"] - 1, "sockets": stats["sockets"],
                    "operations": stats["operations"], "descriptors": max(0, fds - programs.base)}
            if not any(left.values()) or time.monotonic() > deadline:
                return {name: count for name, count in left.items() if count}
            time.sleep(0.002)

    def sweep(self, name, scenario):
        for _ in range(2):
            expected = self.run_one(scenario, lambda page: page.count(self.options.kinds))
            seen = self.programs.page.seen()
            self.programs.page.off()
            self.close_all()
        if expected.stuck or expected.status not in (0,):
            self.table.note(name, points.Point(511, 12, 0, 0), "wrong",
                            f"without a fault: {expected.status} {expected.out[-200:]} {expected.err[-300:]}")
            return
        self.programs.base = len(os.listdir(f"/proc/{self.programs.server.pid}/fd"))
        for point in points.plan(seen, self.options.kinds, self.options.most):
            if is_a_lie(name, point):
                continue
            self.turn += 1
            if self.turn % self.options.every:
                continue
            outcome = self.run_one(scenario, lambda page, point=point: page.fail(
                point.number, point.error, point.first, point.last))
            failed = self.programs.page.failed()
            fate, about = judge(outcome, expected, failed, point)
            if fate == "wrong" and self.about(scenario).startswith(" | cell_owner"):
                fate = "fine"  # a number stands for the user's name
            about = f"{about}{self.about(scenario)}" if fate in points.FAULTS else about
            self.programs.page.off()
            self.close_all()
            left = self.server_is_well()
            if left and fate not in points.FAULTS:
                fate, about = "leak", f"in the daemon: {left}"
            if (self.programs.folder / "own.sock").exists():
                if fate not in points.FAULTS and faults.NAMES[point.number] not in ("unlink", "lstat", "newfstatat", "openat", "bind"):
                    fate, about = "leak", "the socket's file" + self.about(scenario)
                (self.programs.folder / "own.sock").unlink()
            self.table.note(name, point, fate, about)
            if self.options.verbose:
                print(f"{name} {point}: {fate} {about}", flush=True)

    def run(self):
        for name, scenario in scenarios(self.programs).items():
            if not re.search(self.options.only, name):
                continue
            began = time.monotonic()
            self.sweep(name, scenario)
            row = self.table.rows[name]
            print(f"{name}: {row['tried']} points, {sum(row[f] for f in points.FAULTS)} faults, "
                  f"{time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
        self.programs.end()


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sockd-sweep-"))
    chosen = sweep_options.parse()
    try:
        sweep = Sweep(folder, chosen)
        try:
            sweep.run()
        except KeyboardInterrupt:
            print("interrupted")
        finally:  # at the latest
            sweep.programs.server.kill()
            sweep.programs.server.wait()
        sweep.table.print("programs")
        reports = sorted(folder.glob("sanitizer*"))
        for report in reports[:5]:
            print(report.read_text(errors="replace")[:5000])
        sys.exit(sweep.table.faults > 0 or bool(reports))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
