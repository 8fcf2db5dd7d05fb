"""sockctl as a user of the shell meets it."""
import functools
import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading

import sockd_test
from sockd_test import until


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        pass


class TestShell(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()

    def web(self):
        """The port of a web server that gives out an empty folder."""
        folder = self.folder / "web"
        folder.mkdir()
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.server_close)
        self.stack.callback(server.shutdown)
        return server.server_address[1]

    def echo(self):
        """The port of a server that sends back what it gets."""
        listening, port = self.server()

        def serve():
            try:
                connection, _ = listening.accept()
                with connection:
                    while part := connection.recv(1 << 16):
                        connection.sendall(part)
            except OSError:
                pass
        threading.Thread(target=serve, daemon=True).start()
        return port

    def connected(self):
        sock, port = self.server()
        handle = int(self.sockd.ctl("connect", "127.0.0.1", port))
        peer = self.keep(sock.accept()[0])
        peer.settimeout(sockd_test.PATIENCE)
        return handle, peer

    def test_a_dialogue(self):
        (self.folder / "data").write_bytes(bytes(range(256)) * 4096 * 10)
        (self.folder / "echo.port").write_text(str(self.echo()))
        env = dict(os.environ, SOCKD_SOCKET=str(self.sockd.path),
                   PATH=f"{sockd_test.BIN}:{os.environ['PATH']}")
        script = pathlib.Path(__file__).with_name("dialogue.sh")
        done = subprocess.run(["sh", script, str(self.web()), self.folder], env=env, check=False,
                              capture_output=True, text=True, timeout=2 * sockd_test.PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_socket_may_be_named_on_the_command_line(self):
        done = subprocess.run([sockd_test.BIN / "sockctl", "--socket", self.sockd.path,
                               "sockd.ping"], capture_output=True, text=True, check=False,
                              timeout=sockd_test.PATIENCE)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "pong"), done.stderr)

    def status(self, *args, data=b""):
        done = self.sockd.ctl(*args, data=data, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def test_exit_statuses(self):
        handle, peer = self.connected()
        self.assertEqual(self.status("read", handle, "5", "--timeout", "0.05")[:2], (124, b""))
        peer.sendall(b"par")
        self.assertEqual(self.status("read", handle, "5", "--timeout", "0.05")[:2], (124, b""))
        peer.sendall(b"tial")
        self.assertEqual(self.status("read", handle, "5")[:2], (0, b"parti"))
        peer.close()
        self.assertEqual(self.status("read", handle, "--until", "\\n")[:2], (5, b"al"))
        self.sockd.ctl("close", handle)
        status, out, err = self.status("read", handle, "1")
        self.assertEqual((status, out), (1, b""))
        self.assertRegex(err, r"^sockctl: read: EBADF: [^\n]+\n$")
        self.assertEqual(self.status("no-such-command")[0], 2)
        self.assertEqual(self.status("read")[0], 2)
        refused = sockd_test.free_port()
        status, _, err = self.status("connect", "127.0.0.1", refused)
        self.assertEqual((status, err),
                         (1, "sockctl: connect: ECONNREFUSED: Connection refused\n"))

    def test_without_a_daemon_it_is_status_3(self):
        done = subprocess.run([sockd_test.BIN / "sockctl", "sockd.ping"], capture_output=True,
                              text=True, timeout=sockd_test.PATIENCE, check=False,
                              env=dict(os.environ, SOCKD_SOCKET=str(self.folder / "nothing")))
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn(str(self.folder / "nothing"), done.stderr)

    def test_delimiters_understand_escapes_and_digits_are_a_limit(self):
        handle, peer = self.connected()
        peer.sendall(b"a\0b\r\n12345;")
        self.assertEqual(self.sockd.ctl("read", handle, "--until", "\\r\\n"), b"a\0b\r\n")
        self.assertEqual(self.sockd.ctl("read", handle, "3"), b"123")
        self.assertEqual(self.sockd.ctl("read", handle, ";"), b"45;")
        self.sockd.ctl("close", handle)

    def test_data_is_taken_as_it_is_and_with_e_escapes_too(self):
        handle, peer = self.connected()
        self.sockd.ctl("send", handle, "a\\n")
        self.sockd.ctl("send", "-e", handle, "b\\n")
        self.sockd.ctl("send", handle, "--", "-c")
        self.assertEqual(sockd_test.receive(peer, 7), b"a\\nb\n-c")
        self.sockd.ctl("close", handle)

    def test_ls_shows_it(self):
        handle, peer = self.connected()
        text = self.sockd.ctl("ls").decode()
        self.assertIn(str(peer.getsockname()[1]), text)
        (line,) = self.sockd.ctl("ls", "--json").splitlines()
        entry = json.loads(line)
        self.assertEqual(entry["id"], handle)
        self.sockd.ctl("close", handle)

    def test_call_reaches_anything(self):
        self.assertEqual(self.sockd.ctl("call", "sockd.ping").strip(), b"pong")
        handle, _ = self.connected()
        self.sockd.ctl("call", "close", str(handle))

    def test_an_interrupted_read_is_cancelled(self):
        handle, peer = self.connected()
        process = subprocess.Popen([sockd_test.BIN / "sockctl", "read", str(handle), "5"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, SOCKD_SOCKET=str(self.sockd.path)))
        self.stack.callback(process.communicate)
        with self.sockd.client() as client:
            until(lambda: client.waiting(handle) == 1, "it waits")
            peer.sendall(b"1234")
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(sockd_test.PATIENCE), 130)
            until(lambda: client.waiting(handle) == 0, "nobody waits any more")
            peer.sendall(b"5")
            self.assertEqual(client.call("read", handle, 5), b"12345")
            client.call("close", handle)

    def test_help_is_everywhere(self):
        for args in (("--help",), ("read", "--help"), ("connect", "--help")):
            status, out, _ = self.status(*args)
            self.assertEqual(status, 0)
            self.assertIn(b"sockctl", out)


sockd_test.main()
