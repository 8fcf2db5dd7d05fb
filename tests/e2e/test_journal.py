"""The log in systemd's journal: a socket stands for the journal, in a mount namespace of the test's
own, since its path is fixed."""
import os
import pathlib
import socket
import struct
import subprocess
import sys

import sockd_test

PLACE = pathlib.Path("/run/systemd/journal/socket")


def parse(datagram):
    """An entry of the journal's native protocol as a dict."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8:8 + size], rest[8 + size + 1:]
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


class TestJournal(sockd_test.Case):
    def setUp(self):
        super().setUp()
        PLACE.parent.mkdir(parents=True, exist_ok=True)
        PLACE.unlink(missing_ok=True)
        self.journal = self.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.journal.bind(str(PLACE))
        self.journal.settimeout(sockd_test.PATIENCE)
        self.stream, far = socket.socketpair()
        self.keep(self.stream)
        self.far = self.keep(far)

    def start(self, *args):
        """A daemon whose standard error is the journal's, as systemd says by JOURNAL_STREAM."""
        status = os.fstat(self.far.fileno())
        journal_stream = f"{status.st_dev}:{status.st_ino}"
        return self.daemon(*args, env={"JOURNAL_STREAM": journal_stream},
                           limits=lambda: os.dup2(self.far.fileno(), 2))

    def entry(self, text):
        """The next entry whose message has the text in it."""
        while True:
            fields = parse(self.journal.recv(1 << 16))
            if text in fields["MESSAGE"]:
                return fields

    def test_the_daemon_and_its_clients(self):
        daemon = self.start()
        fields = self.entry("serves")
        self.assertEqual((fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"], fields["SOCKD_LEVEL"]),
                         ("6", "sockd", "info"))
        with daemon.client() as client:
            client.sock.sendall(b"\xc1")
            fields = self.entry("is cut off")
        self.assertEqual((fields["PRIORITY"], fields["SOCKD_UID"], fields["SOCKD_PID"]),
                         ("4", str(os.geteuid()), str(os.getpid())))
        self.stream.setblocking(False)
        with self.assertRaises(BlockingIOError):  # nothing goes there as well
            self.stream.recv(100)

    def test_handlers_say_whom_they_serve(self):
        script = self.script("""
            local log = require('log')
            function greet(s)
                log.warn('%s', s:read('\\n'))
                error('no more')
            end""")
        daemon = self.start("--load", script)
        with daemon.client() as client:
            _, address = client.call("tcp_server", "127.0.0.1", 0, "greet")
            peer = self.keep(sockd_test.connect(address["port"]))
            peer.sendall(b"a\x1b[2J\x00b\r\n")
            own = "%s:%d" % peer.getsockname()
            said = self.entry("a\\x1b")
            self.assertEqual(said["MESSAGE"], "a\\x1b[2J\\x00b\\r")
            self.assertEqual((said["PRIORITY"], said["SOCKD_PEER"]), ("4", own))
            failed = self.entry("no more")
            self.assertEqual((failed["PRIORITY"], failed["SOCKD_PEER"]), ("3", own))
            self.assertIn("\n\tstack traceback:", failed["MESSAGE"])
            self.assertEqual(failed["SOCKD_HANDLER"], said["SOCKD_HANDLER"])
            self.assertIn(own, failed["SOCKD_HANDLER"])
            self.assertEqual(failed["SOCKD_UID"], str(os.geteuid()))
            (listening,) = client.call("sockd.list")
            self.assertGreater(int(failed["SOCKD_SOCKET"]), listening["id"])
            client.call("close", listening["id"])

    def test_a_wrong_configuration_is_an_error_of_the_journal(self):
        config = self.script("sockd.cfg{grace = {}}", name="sockd.lua")
        with self.assertRaisesRegex(AssertionError, "sockd ended with 2"):
            self.start("--config", config)
        fields = self.entry("grace")
        self.assertEqual((fields["PRIORITY"], fields["MESSAGE"].split(": ")[0]),
                         ("3", f"{config}:1"))

    def test_a_journal_that_stalls_stops_nobody(self):
        script = self.script("""
            local log = require('log')
            function shout() for i = 1, 1000 do log.info('line %d', i) end return 'done' end""")
        daemon = self.start("--load", script)
        with daemon.client() as client:
            self.assertEqual(client.call("sockd.eval", "return shout()"), "done")
            self.entry("line 1")
            self.journal.settimeout(0)
            with self.assertRaises(BlockingIOError):
                self.entry("it is empty now")
            self.journal.settimeout(sockd_test.PATIENCE)
            client.call("sockd.eval", "require('log').info('heard again')")
            told = self.entry("were dropped")
            self.assertGreater(int(told["MESSAGE"].split()[0]), 0)
            self.entry("heard again")

    def test_without_the_journals_socket_lines_have_priorities(self):
        PLACE.unlink()
        daemon = self.start()
        self.stream.settimeout(sockd_test.PATIENCE)
        self.assertRegex(self.stream.recv(1000), rb"^<6>sockd \S+ serves ")
        self.assertTrue(daemon.alive())


def main():
    """Runs the tests in a namespace whose /run is empty."""
    if "SOCKD_JOURNAL_PRIVATE" in os.environ:
        sockd_test.main()  # does not return
    probe = ["unshare", "--mount", "--propagation", "private", "true"]
    if os.geteuid() != 0 or subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode:
        print("skipped: a mount namespace of its own needs root", file=sys.stderr)
        return
    inside = 'mount -t tmpfs sockd /run && exec "$@"'
    os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside,
                           "sh", sys.executable, *sys.argv],
               dict(os.environ, SOCKD_JOURNAL_PRIVATE="1"))


main()
