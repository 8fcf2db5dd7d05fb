"""Hostile clients: each attacks a daemon for so many seconds, as another user where that is possible,
while somebody else pings it.

    scripts/attack.sh clients [--short] [--seconds N] [ATTACK…]

A row tells: how long it took, the pings of somebody else meanwhile (median, 99th of a hundred, longest, in
milliseconds), the daemon's processor time, its memory before and afterwards, what it wrote into
its log, and the descriptors that it has more than before when the attackers are gone.
"""
import argparse
import contextlib
import os
import pathlib
import resource
import signal
import socket
import sys
import tempfile
import time

import msgpack

import private_network
import sockd_test

NOBODY = 65534
MOST_LOG = 1 << 20
MOST_MEMORY = 400 << 20  # what one user may hold, and as much again for what the allocators keep
MOST_PING = 10.0         # generous: the machine may have other things to do

SCRIPT = """
local log = require('log')
function flood() for i = 1, 1000 do log.info('line %d of a flood', i) end end
function fail() error('on purpose') end
"""


class Attacker:
    """What the attacks are made of, in a process of their own."""

    def __init__(self, path, seconds):
        self.path = str(path)
        self.end = time.monotonic() + seconds
        self.held = []

    def goes_on(self):
        return time.monotonic() < self.end

    def rest(self):
        """Holds what it has until the end."""
        time.sleep(max(0, self.end - time.monotonic()))

    def connect(self, blocking=True):
        while True:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(20)
            try:
                sock.connect(self.path)
                sock.setblocking(blocking)
                return sock
            except (BlockingIOError, TimeoutError, ConnectionError):
                sock.close()

    def hold(self, sock):
        self.held.append(sock)
        return sock

    @staticmethod
    def push(sock, data):
        """As much as the kernel takes now."""
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            return sock.send(data)
        return 0


def request(msgid, method, *params):
    return msgpack.packb([0, msgid, method, list(params)])


def many(count, method, *params):
    return b"".join(request(10 + number, method, *params) for number in range(count))


def read_some(sock, size=1 << 16):
    with contextlib.suppress(OSError):
        return sock.recv(size)
    return b""


def nothing(attacker):
    """What pings take anyway."""
    attacker.rest()


def asks_and_hangs_up(attacker):
    data = many(10000, "sockd.api")
    while attacker.goes_on():
        socks = [attacker.connect() for _ in range(100)]
        for sock in socks:
            attacker.push(sock, data)
        for sock in socks:
            sock.close()


def asks_and_never_reads(attacker):
    data = many(10000, "sockd.api")
    for _ in range(100):
        attacker.push(attacker.hold(attacker.connect()), data)
    while attacker.goes_on():
        for sock in attacker.held:
            attacker.push(sock, data)
        time.sleep(0.01)


def asks_for_long_lists(attacker):
    """All in one connection's time, over two thousand sockets of its own."""
    sock = attacker.connect()
    sock.sendall(many(1000, "socketpair", "AF_UNIX", "SOCK_STREAM", 0, {"lifetime": "client"}))
    answers = msgpack.Unpacker()
    made = 0
    while made < 1000 and attacker.goes_on():
        answers.feed(read_some(sock))
        made += sum(1 for _ in answers)
    socks = [attacker.connect() for _ in range(20)]
    while attacker.goes_on():
        for each in socks:
            attacker.push(each, many(50, "sockd.list"))
            read_some(each)


def ends_inside_messages(attacker):
    message = request(1, "tcp_connect", "127.0.0.1", 1, 5)
    while attacker.goes_on():
        for cut in range(1, len(message)):
            with attacker.connect() as sock:
                attacker.push(sock, message[:cut])


def drips(attacker):
    message = many(3, "sockd.info", 1)
    socks = [attacker.connect() for _ in range(200)]
    while attacker.goes_on():
        for byte in message:
            for sock in socks:
                attacker.push(sock, bytes([byte]))
        for sock in socks:
            read_some(sock)


def knocks(attacker):
    while attacker.goes_on():
        attacker.connect().close()


def is_turned_away(attacker):
    """All connections that it may have, and many more."""
    for _ in range(700):
        attacker.hold(attacker.connect())
    while attacker.goes_on():
        attacker.connect().close()


def half_closes(attacker):
    while attacker.goes_on():
        socks = [attacker.connect() for _ in range(50)]
        for sock in socks:
            attacker.push(sock, many(20, "sockd.stats"))
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
        for sock in socks:
            sock.close()


def announces(attacker):
    """Lengths that never come, and some that come slowly."""
    giants = [b"\xdd\x10\x00\x00\x00", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",
              b"\x94\x00\x01\xa4send\xc6\x00\xff\x00\x00", b"\x91" * 100]
    slow = b"\x94\x00\x01\xa4send\x92\x01\xc6\x00\xff\x00\x00"
    for _ in range(50):
        attacker.push(attacker.hold(attacker.connect()), slow)
    while attacker.goes_on():
        for giant in giants:
            with attacker.connect() as sock:
                attacker.push(sock, giant)
        for sock in attacker.held:
            attacker.push(sock, b"x" * 4096)


def opens(attacker):
    sock = attacker.connect()
    while attacker.goes_on():
        attacker.push(sock, many(500, "socketpair", "AF_UNIX", "SOCK_STREAM"))
        read_some(sock)
    sock.close()
    with attacker.connect() as last:
        while close_all(last, msgpack.Unpacker(max_buffer_size=1 << 27)):
            time.sleep(0.1)


def close_all(sock, unpacker):
    """Closes what its user has; how many sockets that were."""
    sock.sendall(request(1, "sockd.list"))
    answers = []
    while not answers:
        unpacker.feed(sock.recv(1 << 20))
        answers = list(unpacker)
    for entry in answers[0][3]:
        sock.sendall(msgpack.packb([2, "close", [entry["id"]]]))
    return len(answers[0][3])


def subscribes(attacker):
    sock = attacker.connect()
    sock.sendall(many(500, "socketpair", "AF_UNIX", "SOCK_STREAM", 0, {"lifetime": "client"}))
    answers, ids = msgpack.Unpacker(), []
    while len(ids) < 1000 and attacker.goes_on():
        answers.feed(read_some(sock))
        for answer in answers:
            ids += answer[3] or []
    while attacker.goes_on():
        for number, handle in enumerate(ids):
            attacker.push(sock, request(number, "sockd.watch", handle, "readable,writable,eof")
                          + request(number, "sockd.trace", handle, True)
                          + msgpack.packb([2, "write", [handle, b"x" * 1000, 0]]))
        attacker.push(sock, many(1, "sockd.ping"))
        read_some(sock, 1000)


def looks_up(attacker):
    number = 0
    socks = [attacker.connect() for _ in range(20)]
    while attacker.goes_on():
        for sock in socks:
            names = [request(number + i, "getaddrinfo", f"h{number + i}.test", 80) for i in range(50)]
            attacker.push(sock, b"".join(names))
            read_some(sock)
            number += 50
        socks.append(attacker.connect())
        socks.pop(0).close()  # which cancels its own


def fills_the_log(attacker):
    while attacker.goes_on():
        with attacker.connect() as sock:
            attacker.push(sock, b"\xc1 no protocol\n" + b"\x1b[31m" * 20)


def has_handlers_log(attacker):
    sock = attacker.connect()
    while attacker.goes_on():
        attacker.push(sock, many(10, "sockd.call", "flood") + many(10, "sockd.call", "fail"))
        read_some(sock)
        time.sleep(0.001)


def holds_bytes(attacker):
    """Writes that wait, up to what it may hold."""
    data = b"x" * (4 << 20)
    sock = attacker.connect()
    sock.sendall(request(1, "socketpair", "AF_UNIX", "SOCK_STREAM", 0, {"lifetime": "client"}))
    first, _ = msgpack.unpackb(sock.recv(4096))[3]
    sock.setblocking(False)
    number, left = 2, b""
    while attacker.goes_on():
        if not left:
            left = request(number, "write", first, data)
            number += 1
        left = left[attacker.push(sock, left):]
        read_some(sock)


def passes_descriptors(attacker):
    null = os.open("/dev/null", os.O_RDONLY)
    while attacker.goes_on():
        with attacker.connect() as sock, contextlib.suppress(OSError):
            for number in range(20):
                socket.send_fds(sock, [request(number, "sockd.ping")], [null] * 200)


def leaves_many_behind(attacker):
    """Sockets that close with their connection, a thousand at a time."""
    data = many(500, "socketpair", "AF_UNIX", "SOCK_STREAM", 0, {"lifetime": "client"})
    while attacker.goes_on():
        with attacker.connect() as sock:
            sock.sendall(data)
            answers, made = msgpack.Unpacker(), 0
            while made < 500 and attacker.goes_on():
                answers.feed(read_some(sock))
                made += sum(1 for _ in answers)


ATTACKS = [nothing, asks_and_hangs_up, asks_and_never_reads, asks_for_long_lists,
           ends_inside_messages, drips, knocks, is_turned_away, half_closes, announces, opens,
           subscribes, looks_up, fills_the_log, has_handlers_log, holds_bytes, passes_descriptors,
           leaves_many_behind]


def begin(attack, path, seconds):
    """Attacks in a process of its own, as nobody if it may; its pid."""
    pid = os.fork()
    if pid > 0:
        return pid
    status = 1
    try:
        signal.alarm(int(seconds) + 60)
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        attack(Attacker(path, seconds))
        status = 0
    except (ConnectionError, TimeoutError, BrokenPipeError):
        status = 0  # it was cut off, as it deserves
    finally:
        os._exit(status)


def is_over(pid, statuses):
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        statuses.append(status)
    return bool(done)


def ping_until(client, over):
    times = []
    while not over():
        begun = time.monotonic()
        client.call("sockd.ping")
        times.append(time.monotonic() - begun)
        time.sleep(0.001)
    return sorted(times)


def quiet(daemon, client, fds):
    """Waits until the attackers are gone; how many descriptors the daemon has more than before."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        stats = client.call("sockd.stats")
        if daemon.fds() <= fds and stats["clients"] == 1 and stats["lookups"] == 0:
            break
        time.sleep(0.02)
    return daemon.fds() - fds


def run(attack, daemon, client, seconds):
    """Prints the row; the reasons why it does not do."""
    fds, rss, log, cpu = daemon.fds(), daemon.rss(), daemon.stderr.stat().st_size, daemon.cpu()
    begun, statuses = time.monotonic(), []
    pid = begin(attack, daemon.path, seconds)
    times = ping_until(client, lambda: is_over(pid, statuses))
    took = time.monotonic() - begun
    left = quiet(daemon, client, fds)
    log = daemon.stderr.stat().st_size - log
    after = daemon.rss()
    print(f"{attack.__name__:22} {took:6.1f} s {times[len(times) // 2] * 1e3:8.2f}"
          f" {times[len(times) * 99 // 100] * 1e3:8.2f} {times[-1] * 1e3:8.2f}"
          f" {daemon.cpu() - cpu:7.2f} {rss >> 20:6} {after >> 20:6} {log / 1024:8.1f} {left:5}",
          flush=True)
    reasons = {"the attack itself failed": statuses[0] != 0,
               f"{left} descriptors are left": left > 0,
               "the log is too long": log > MOST_LOG,
               "it keeps memory": after - rss > MOST_MEMORY and not sockd_test.SANITIZED,
               f"a ping took {times[-1]:.1f} s": times[-1] > MOST_PING}
    return [f"{attack.__name__}: {reason}" for reason, holds in reasons.items() if holds]


def start(folder):
    """A daemon that anybody may connect to, far from any name service."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder.chmod(0o755)
    (folder / "script.lua").write_text(SCRIPT)
    wrapper = ()
    if private_network.available():
        wrapper = private_network.wrapper(folder, hosts="127.0.0.1 localhost\n",
                                          resolver="nameserver 192.0.2.53\n"
                                                   "options timeout:2 attempts:1\n")
    daemon = sockd_test.Daemon(folder, ["--socket-mode", "0666", "--load", folder / "script.lua"],
                               wrapper=wrapper)
    return daemon, bool(wrapper)


def main(seconds, wanted):
    failures = []
    with tempfile.TemporaryDirectory(prefix="sockd-attack-") as name:
        daemon, private = start(pathlib.Path(name))
        user = "nobody" if os.geteuid() == 0 else "the same user"
        print(f"as {user}\n{'attack':22} {'took':>8} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}"
              f" {'cpu s':>7} {'MiB':>6} {'after':>6} {'log KiB':>8} {'fds':>5}")
        try:
            with daemon.client() as client:
                client.call("sockd.ping")  # it has been accepted, and so counts as a descriptor
                for attack in ATTACKS:
                    if wanted and attack.__name__ not in wanted:
                        continue
                    if attack is looks_up and not private:
                        print(f"{attack.__name__:22} skipped: needs a network of its own")
                        continue
                    failures += run(attack, daemon, client, seconds)
            daemon.prove_clean_end()
        finally:
            daemon.discard()
    for failure in failures:
        print(f"failed: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="attack.sh clients")
    parser.add_argument("--short", action="store_true", help="a moment for each attack")
    parser.add_argument("--seconds", type=float, default=10, help="for each attack")
    parser.add_argument("attacks", nargs="*", metavar="ATTACK")
    given = parser.parse_args()
    sys.exit(main(0.3 if given.short else given.seconds, given.attacks))
