"""Bad handlers against a real daemon; scripts/attack.sh runs this. One daemon for each handler, so
that what it leaves behind can be told; while it runs somebody else sends pings.

A handler must be ended within its budget of CPU time, or be polite; the others' pings must be
answered in time meanwhile, and its memory and fibers must be gone afterwards.
"""
import argparse
import contextlib
import os
import pathlib
import re
import sys
import tempfile
import time

import sockd_test

HERE = pathlib.Path(__file__).resolve().parent
BUDGET = 0.5  # seconds of CPU time
POLITE = 0.5  # how long one is watched that need not end, in seconds of CPU time
PATIENCE = 15 # and in seconds on the wall
MEMORY = 128 << 20
FIBERS = 2000

# One of each kind, for every day.
SHORT = """
while pcall xpcall-handler-of-the-stop meta-index coroutine-loop wrap-in-sort iterator rep
sort-comparator json-serialize require fibers fibers-sleep fibers-spin fiber-yield
channel-ping-pong read-after-eof flood-own-peer kept-closures recursion-caught
""".split()

# Calls of C that take long by themselves, and code that C calls, which has a grace.
LONG_CALLS = """
xpcall-handler xpcall-handler-loop meta-tostring-print json-serialize msgpack-serialize
rep rep-caught pattern-bomb pattern-quadratic one-string strings strings-caught concat-grows
unpack-huge deep-json weak-tables collect big-table hash
""".split()

# How the log tells of an end.
ENDINGS = (
    ("ran too long without waiting, within a C function", "clock, in C"),
    ("ran too long without waiting", "clock"),
    ("not enough memory", "memory"),
    ("as many fibers", "quota"),
    ("stack overflow", "stack"),
    ("error in error handling", "handler"),
)


class Outcome:
    """What became of one handler."""

    def __init__(self, name, expected):
        self.name, self.expected = name, expected
        self.how, self.pings, self.turns = "goes on", [], []
        self.cpu = self.memory = self.fibers = 0
        self.faults = []

    @staticmethod
    def slowest(times, share):
        """But those above the share, in milliseconds."""
        times = sorted(times)
        return times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else 0

    def ping(self, share):
        return self.slowest(self.pings, share)

    def turn(self, share):
        return self.slowest(self.turns, share)

    def judge(self, args):
        late = (BUDGET * args.connections * 1.1 + 0.15) * (4 if sockd_test.SANITIZED else 1)
        if self.name.startswith("fibers"):
            late += FIBERS / 2 / 1000  # all of its fibers may have a slice before its turn comes
        ended = self.how != "goes on"
        if self.expected == "ends" and not ended:
            self.faults.append("it does not end")
        if self.how == "the daemon died":
            self.faults.append("it takes the daemon down")
        if ended and self.cpu > late:
            self.faults.append(f"it ends after {self.cpu:.2f} s of CPU time")
        if self.turn(0.99) > (args.longest if self.name in LONG_CALLS else args.slowest):
            self.faults.append(f"pings take {self.turn(0.99):.0f} ms of its time")
        if self.turn(1) > args.longest:
            self.faults.append(f"a ping takes {self.turn(1):.0f} ms of its time")
        if ended and self.memory > 8:
            self.faults.append(f"{self.memory:.0f} MB are left")
        if ended and self.expected == "ends" and self.fibers > 0:
            self.faults.append(f"{self.fibers} fibers are left")

    def row(self):
        return (f"{self.name:28} {self.how:16} {self.cpu:6.2f} {self.turn(0.99):7.2f}"
                f" {self.turn(1):7.2f} {self.ping(0.99):7.2f} {self.ping(1):8.2f}"
                f" {self.memory:7.1f} {self.fibers:6}"
                f"  {'; '.join(self.faults)}")


HEADING = (f"{'handler':28} {'ended by':16} {'CPU s':>6} {'p99 CPU':>7} {'max CPU':>7} {'p99 ms':>7}"
           f" {'max ms':>8} {'left MB':>7} {'fibers':>6}")


def how_it_ended(log):
    for text, word in ENDINGS:
        if text in log:
            return word
    return "its error" if re.search(r"stack traceback|error", log) else "return"


def drain(sock):
    """Reads what there is; whether the stream has ended."""
    try:
        while True:
            if not sock.recv(1 << 20):
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


class Attack:
    """One handler, in a daemon of its own."""

    def __init__(self, folder, outcome, args):
        self.outcome, self.args = outcome, args
        self.daemon = sockd_test.Daemon(
            folder, ["--load", HERE / "handlers.lua", "--handler-cpu", BUDGET, "--grace", 0,
                     "--lua-memory", MEMORY, "--quota-fibers", FIBERS, "--max-sockets", 500])
        self.client = self.daemon.client()

    def ping(self):
        """What it takes, by the clock and of the daemon's processor time: the former tells also what
        else the machine is doing."""
        began, cpu = time.perf_counter(), self.daemon.cpu_exact()
        self.client.call("sockd.ping")
        self.outcome.turns.append(self.daemon.cpu_exact() - cpu)
        self.outcome.pings.append(time.perf_counter() - began)

    def watch(self, socks):
        """Until all have ended, or have burned enough. Returns how many go on."""
        polite = self.outcome.expected != "ends"
        most = POLITE if polite else BUDGET * 3 * len(socks) + 1
        end, cpu = time.monotonic() + PATIENCE * len(socks), self.daemon.cpu_exact()
        while socks and self.daemon.cpu_exact() - cpu < most and time.monotonic() < end:
            self.ping()
            socks = [sock for sock in socks if not drain(sock)]
            time.sleep(0.002)
        self.outcome.cpu = self.daemon.cpu_exact() - cpu
        return len(socks)

    def fibers(self):
        return self.client.call("sockd.stats")["fibers"]

    def rest(self):
        """What is left of it soon afterwards."""
        deadline = time.monotonic() + 2
        while self.fibers() > 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.client.call("sockd.eval", "for _ = 1, 10 do collectgarbage() end")
        stats = self.client.call("sockd.stats")
        self.outcome.fibers = stats["fibers"]
        self.outcome.memory = stats["lua_memory"] / (1 << 20)

    def run(self):
        _, address = self.client.call("tcp_server", "127.0.0.1", 0, f"attack.{self.outcome.name.replace(chr(45), chr(95))}")
        socks = [sockd_test.connect(address["port"]) for _ in range(self.args.connections)]
        for sock in socks:
            sock.setblocking(False)
        left = self.watch(socks)
        if left == 0:
            self.outcome.how = how_it_ended(self.daemon.log())
        for sock in socks:
            sock.close()
        self.rest()

    def end(self):
        self.client.close()
        if self.daemon.alive():
            self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon.discard()


def attack(name, expected, args):
    outcome = Outcome(name, expected)
    with tempfile.TemporaryDirectory(prefix="sockd-attack-") as folder:
        one = Attack(folder, outcome, args)
        try:
            one.run()
        except (OSError, EOFError) as problem:
            outcome.how = "the daemon died" if not one.daemon.alive() else "the daemon hangs"
            outcome.faults.append(f"{problem}")
        finally:
            one.end()
    outcome.judge(args)
    return outcome


def handlers():
    """Their names, and what is expected of each."""
    with tempfile.TemporaryDirectory(prefix="sockd-attack-") as folder:
        daemon = sockd_test.Daemon(folder, ["--load", HERE / "handlers.lua"])
        with daemon.client() as client:
            found = client.call("sockd.call", "attack_list")
        daemon.stop()
        daemon.discard()
    return found


def hurry():
    """Who measures is not to wait for the processor; for root only. The daemons are not in a hurry."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these handlers")
    parser.add_argument("--short", action="store_true", help="one of each kind")
    parser.add_argument("--connections", type=int, default=1, help="of each handler at once")
    parser.add_argument("--slowest", type=float, default=25,
                        help="how long 99 of 100 pings may take at most, in milliseconds of the "
                             "daemon's processor time")
    parser.add_argument("--longest", type=float, default=150,
                        help="the same of every ping, and of those beside handlers that make one "
                             "long call of C after the other")
    args = parser.parse_args()
    hurry()
    wanted = args.names or (SHORT if args.short else None)
    print(HEADING)
    faults = count = 0
    for name, expected in handlers():
        if wanted is not None and name not in wanted:
            continue
        outcome = attack(name, expected, args)
        print(outcome.row(), flush=True)
        count += 1
        faults += bool(outcome.faults)
    print(f"{count} handlers, {faults} at fault")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
