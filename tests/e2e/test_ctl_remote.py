"""sockctl --host: the daemon of another machine by ssh; here a program in ssh's place that runs the
command at once."""
import os
import signal
import subprocess
import threading

import sockd_test
from sockd_test import until

SSH = """#!/bin/sh
# What it was called with is kept; then the command runs, as the shell over there would run it.
printf '%s\\n' "$@" >"$(dirname "$0")/called"
for command; do :; done
exec sh -c "$command"
"""


class TestRemote(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.bin / "ssh").write_text(SSH)
        (self.bin / "ssh").chmod(0o755)
        self.env = dict(os.environ, PATH=f"{self.bin}:{sockd_test.BIN}:{os.environ['PATH']}")
        self.env.pop("SOCKCTL_SSH", None)
        self.env.pop("SOCKD_SOCKET", None)

    def run_ctl(self, *args, data=b"", **env):
        return subprocess.run([sockd_test.BIN / "sockctl", *map(str, args)], input=data,
                              capture_output=True, timeout=sockd_test.PATIENCE, check=False,
                              env=dict(self.env, **env))

    def url(self, box="user@box"):
        return f"ssh://{box}{self.sockd.path}"

    def called(self):
        return (self.bin / "called").read_text().splitlines()

    def test_a_dialogue(self):
        sock, port = self.server()
        done = self.run_ctl("--host", self.url(), "connect", "127.0.0.1", port)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        handle = int(done.stdout)
        peer = self.keep(sock.accept()[0])
        data = os.urandom(3 << 20)
        sender = subprocess.Popen([sockd_test.BIN / "sockctl", "--host", self.url(), "send",
                                   str(handle), "-"], stdin=subprocess.PIPE, env=self.env)
        self.stack.callback(sender.communicate)
        peer.settimeout(sockd_test.PATIENCE)
        writer = threading.Thread(target=lambda: (sender.stdin.write(data), sender.stdin.close()))
        writer.start()
        self.assertEqual(sockd_test.receive(peer, len(data)), data)
        writer.join()
        self.assertEqual(sender.wait(sockd_test.PATIENCE), 0)
        peer.sendall(data[:1 << 20])
        got = self.run_ctl("--host", self.url(), "read", handle, 1 << 20)
        self.assertEqual((got.returncode, got.stdout), (0, data[:1 << 20]))
        self.assertEqual(self.run_ctl("--host", self.url(), "close", handle).returncode, 0)

    def test_how_ssh_is_called(self):
        self.run_ctl("--host", self.url("user@box:2222"), "ping")
        self.assertEqual(self.called(), ["-T", "-p", "2222", "user@box",
                                         f"sockctl --socket '{self.sockd.path}' dial-stdio"])
        self.run_ctl("--host", "ssh://[fe80::1]", "ping", SOCKD_SOCKET=str(self.sockd.path))
        self.assertEqual(self.called(), ["-T", "fe80::1", "sockctl dial-stdio"])

    def test_a_path_is_quoted(self):
        done = self.run_ctl("--host", "ssh://box/tmp/it's; touch evil", "ping")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(self.called()[-1],
                         r"sockctl --socket '/tmp/it'\''s; touch evil' dial-stdio")
        self.assertIn(b"/tmp/it's; touch evil: ENOENT", done.stderr)

    def test_another_program_in_the_place_of_ssh(self):
        (self.bin / "ssh").rename(self.bin / "other")
        done = self.run_ctl("--host", self.url(), "ping", SOCKCTL_SSH="other")
        self.assertEqual((done.returncode, done.stdout), (0, b"pong\n"))

    def test_errors(self):
        for url in ("box", "tcp://box", "ssh://", "ssh://-oProxyCommand=x", "ssh://box:port"):
            self.assertEqual(self.run_ctl("--host", url, "ping").returncode, 2, url)
        done = self.run_ctl("--host", self.url(), "--socket", "x", "ping")
        self.assertEqual(done.returncode, 2)
        done = self.run_ctl("--host", self.url(), "ping", SOCKCTL_SSH="/nowhere/ssh")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"ssh://user@box", done.stderr)
        done = self.run_ctl("--host", self.url(), "ping", SOCKCTL_SSH="false")
        self.assertEqual(done.returncode, 3)

    def test_an_interrupt_cancels_the_request_over_there(self):
        client = self.keep(self.sockd.client())
        handle, peer = self.pair(client)
        process = subprocess.Popen([sockd_test.BIN / "sockctl", "--host", self.url(), "read",
                                    str(handle), "5"], env=self.env, stdout=subprocess.PIPE,
                                   start_new_session=True)
        self.stack.callback(process.communicate)
        until(lambda: client.waiting(handle) == 1, "it waits")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        self.assertEqual(process.wait(sockd_test.PATIENCE), 130)
        peer.sendall(b"12345")
        self.assertEqual(client.call("read", handle, 5), b"12345")
        client.call("close", handle)

    def test_dial_stdio_passes_on_the_end(self):
        """Somebody who shuts down his side still gets the answers."""
        request = sockd_test.Client.pack([0, 1, "sockd.ping", []])
        done = self.run_ctl("dial-stdio", data=request, SOCKD_SOCKET=str(self.sockd.path))
        self.assertEqual((done.returncode, done.stdout),
                         (0, sockd_test.Client.pack([1, 1, None, "pong"])))

    def test_dial_stdio_ends_with_the_daemon(self):
        process = subprocess.Popen([sockd_test.BIN / "sockctl", "--socket", self.sockd.path,
                                    "dial-stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stack.callback(process.communicate)
        process.stdin.write(sockd_test.Client.pack([0, 1, "sockd.ping", []]))
        process.stdin.flush()
        self.assertTrue(process.stdout.read1())
        self.sockd.stop()
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)


sockd_test.main()
