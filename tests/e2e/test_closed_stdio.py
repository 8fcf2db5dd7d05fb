"""Callers that close standard descriptors: no program of sockd's then takes what it opens for one.

The danger is real: with descriptor 1 closed, a control socket that becomes descriptor 1 would carry
whatever a network peer sends to the daemon, as requests.
"""
import itertools
import os
import pathlib
import signal
import subprocess

import msgpack
import sockd_test
from sockd_test import BIN, PATIENCE, until

STDIO = (0, 1, 2)
SUBSETS = [subset for size in (1, 2, 3) for subset in itertools.combinations(STDIO, size)]


def start_without(closed, command, **options):
    """A process that begins with these descriptors closed; pipes at the others of 1 and 2."""
    def close():
        for fd in closed:
            os.close(fd)
    files = {name: subprocess.PIPE for fd, name in ((1, "stdout"), (2, "stderr"))
             if fd not in closed}
    return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, preexec_fn=close,
                            **files, **options)


class Closed(sockd_test.Case):

    def setUp(self):
        super().setUp()
        self.served = self.daemon()
        self.env = dict(os.environ, SOCKD_SOCKET=str(self.served.path))
        self.witness = self.folder / "witness"
        self.client = self.keep(self.served.client())

    def evil(self):
        """What a peer sends: a request that would leave a witness if the daemon obeyed it."""
        source = f"io.open({str(self.witness)!r}, 'w'):close()"
        return msgpack.packb([0, 1, "sockd.eval", [source]])

    def run_without(self, closed, *command):
        """(status, stdout, stderr) of a program."""
        process = start_without(closed, command, env=self.env)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, (err or b"").decode()

    def sockctl(self, closed, *arguments):
        return self.run_without(closed, BIN / "sockctl", *arguments)

    def prove_unharmed(self):
        self.assertEqual(self.client.call("sockd.ping"), "pong")
        self.assertFalse(self.witness.exists(), "the daemon has run what a peer sent")

    def connected(self, data):
        """A handle whose peer has sent these bytes, all of which have arrived."""
        handle, peer = self.pair(self.client)
        peer.sendall(data)
        self.client.call("readable", handle, PATIENCE)
        return handle, peer

    def prove_intact(self, handle, data):
        self.assertEqual(self.client.call("read", handle, len(data), PATIENCE), data)
        self.client.call("close", handle)


class TestSockctl(Closed):

    def test_that_what_a_peer_sent_never_becomes_a_request(self):
        evil = self.evil()
        for closed in SUBSETS:
            for command in (["read", "{}", len(evil)], ["sysread", "{}"], ["recv", "{}"],
                            ["read", "{}", len(evil), "--progress"], ["stream", "{}", len(evil)],
                            ["call", "read", "{}", len(evil)], ["attach", "{}"]):
                with self.subTest(closed=closed, command=command[0]):
                    handle, peer = self.connected(evil)
                    if command[0] == "attach":
                        peer.shutdown(1)
                    words = [str(word).format(handle) for word in command]
                    status, out, err = self.sockctl(closed, *words)
                    if 1 in closed:
                        self.assertEqual(status, 1)
                        self.prove_intact(handle, evil)
                        if 2 not in closed:
                            self.assertIn("standard output: Bad file descriptor", err)
                    else:
                        self.assertNotEqual(out, b"")
                        self.client.call("close", handle)
                    self.prove_unharmed()

    def test_that_a_handle_is_not_made_if_nobody_can_learn_its_number(self):
        _, port = self.server()
        for closed in (1,), (0, 1), (1, 2), STDIO:
            for command in ["connect", "127.0.0.1", port], ["server", "127.0.0.1", 0], ["socket"]:
                status, _, _ = self.sockctl(closed, *command)
                self.assertNotEqual(status, 0, command)
        self.assertEqual(self.client.call("sockd.list"), [])

    def test_that_closed_input_is_an_error_and_nothing_is_sent(self):
        handle, peer = self.pair(self.client)
        status, _, err = self.sockctl([0], "send", str(handle), "-")
        self.assertEqual(status, 1)
        self.assertIn("Bad file descriptor", err)
        self.client.call("write", handle, b"only this")
        self.assertEqual(sockd_test.receive(peer, 9), b"only this")
        self.client.call("close", handle)

    def test_that_commands_without_output_do_their_work(self):
        for closed in SUBSETS:
            handle, peer = self.pair(self.client)
            status, _, _ = self.sockctl(closed, "close", str(handle))
            self.assertEqual(status, 0)
            self.assertEqual(peer.recv(1), b"")

    def test_that_other_output_fails_with_the_reason(self):
        for command in "ls", "stats", "api", "--help", "--version":
            status, _, err = self.sockctl([1], command)
            self.assertEqual(status, 1, command)
            self.assertIn("Bad file descriptor", err)
            status, out, _ = self.sockctl([0, 2], command)
            self.assertEqual(status, 0, command)

    def test_that_only_what_the_shell_has_open_can_be_given(self):
        for fd in 3, 4, 5, 9:
            status, _, err = self.sockctl([], "give", str(fd))
            self.assertEqual(status, 1)
            self.assertIn(f"descriptor {fd}: Bad file descriptor", err)
        for closed in SUBSETS:
            for fd in closed:
                status, _, _ = self.sockctl(closed, "give", str(fd))
                self.assertNotEqual(status, 0)
        self.assertEqual(self.client.call("sockd.list"), [])

    def test_that_a_taken_socket_reaches_its_command_whole(self):
        for closed in SUBSETS:
            handle, peer = self.pair(self.client)
            peer.sendall(b"to the command\n")
            peer.shutdown(1)
            status, _, _ = self.sockctl(closed, "take", str(handle), "--exec", "cat")
            self.assertEqual(status, 0)
            self.assertEqual(sockd_test.receive(peer, 100), b"to the command\n")


class TestDaemon(Closed):

    def test_that_it_serves_without_standard_descriptors(self):
        for closed in SUBSETS:
            path = self.folder / "bare.sock"
            process = start_without(closed, [BIN / "sockd", "--socket", path], env=self.env)
            try:
                def answers():
                    try:
                        with sockd_test.Client(path) as client:
                            return client.call("sockd.ping") == "pong"
                    except (FileNotFoundError, ConnectionRefusedError):
                        return False
                until(answers, "a daemon that answers")
                for fd in closed:
                    self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{fd}"), "/dev/null")
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 0)

    def test_that_scripts_run_and_files_are_checked(self):
        script = self.script("""
            local socket = require('socket')
            local listener = socket.tcp_server('127.0.0.1', 0, function(s) s:write(s:read('\\n')) end)
            local s = socket.tcp_connect('127.0.0.1', listener:name().port)
            s:write('round\\n')
            assert(s:read('\\n') == 'round\\n')
            print('done')
            os.exit(7)
        """)
        for closed in SUBSETS:
            status, _, _ = self.run_without(closed, BIN / "sockd", "run", script)
            self.assertEqual(status, 7)
            status, _, _ = self.run_without(closed, BIN / "sockd", "check", script)
            self.assertEqual(status, 0)


class TestExamples(Closed):
    """Foreign programs with libsockd: the library keeps its descriptors above 2."""

    def build(self, name):
        program = self.folder / name
        source = sockd_test.SOURCE / "client" / "examples" / f"{name}.c"
        build = pathlib.Path(os.environ["SOCKD_BUILD"]) / "client"
        sanitize = ["-fsanitize=address,undefined"] if sockd_test.SANITIZED else []
        subprocess.run(["cc", "-o", program, source, f"-I{sockd_test.SOURCE}/client/include",
                        f"-I{build}/generated", *sanitize, f"-L{build}", f"-Wl,-rpath,{build}",
                        "-lsockd", "-levent_core"], check=True)
        return program

    def test_that_what_a_peer_sent_never_becomes_a_request(self):
        evil = self.evil() + b"\n"
        sock, port = self.server()
        for name in "blocking", "take", "poll_loop", "libevent_stream":
            program = self.build(name)
            for closed in SUBSETS:
                with self.subTest(name=name, closed=closed):
                    if name == "libevent_stream":
                        self.client.call("tcp_connect", "127.0.0.1", port, {"name": "example"})
                        words = ["example"]
                    else:
                        words = ["127.0.0.1", port, *(["line"] if name == "blocking" else [])]
                    process = start_without(closed, [program, *words], env=self.env)
                    peer = sock.accept()[0]
                    peer.settimeout(PATIENCE)
                    with peer:
                        peer.sendall(evil)
                        peer.shutdown(1)
                        process.communicate(timeout=PATIENCE)
                    self.prove_unharmed()
                    for entry in self.client.call("sockd.list"):
                        self.client.call("close", entry["id"])


sockd_test.main()
