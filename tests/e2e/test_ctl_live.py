"""sockctl's tap and watch, which show what happens as it happens; take and give."""
import json
import os
import re
import select
import signal
import socket
import subprocess

import sockd_test


class Live(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.env = dict(os.environ, SOCKD_SOCKET=str(self.sockd.path), TZ="UTC",
                        PATH=f"{sockd_test.BIN}:{os.environ['PATH']}")

    def start(self, *args):
        process = subprocess.Popen([sockd_test.BIN / "sockctl", *map(str, args)], env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0)
        self.stack.callback(process.stdout.close)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process

    def until_shown(self, process, send, pattern):
        """Sends again and again until the process, which may only be starting, shows it."""
        shown = ""

        def seen():
            nonlocal shown
            send()
            while select.select([process.stdout], [], [], 0)[0]:
                shown += process.stdout.read(1 << 16).decode()
            return re.search(pattern, shown)
        return sockd_test.until(seen, lambda: f"{pattern} in {shown!r}")


class TestTap(Live):
    def setUp(self):
        super().setUp()
        self.handle, self.peer = self.pair(self.client, name="tapped")

    def send(self):
        self.client.call("write", self.handle, b"GET / HTTP/1.0\r\n")

    def test_lines_of_text_in_both_directions(self):
        process = self.start("tap", "tapped")
        self.until_shown(process, self.send,
                         r"(?m)^\d\d:\d\d:\d\d\.\d\d\d out GET / HTTP/1\.0\\r$")
        self.peer.sendall(b"answer\x1b[31m\nnext")
        self.assertEqual(self.client.call("read", self.handle, 16), b"answer\x1b[31m\nnext")
        text = process.stdout.readline().decode()
        while " in " not in text:
            text = process.stdout.readline().decode()
        self.assertRegex(text, r" in  answer\\(x1b|e|033)\[31m\n$")
        self.assertRegex(process.stdout.readline().decode(), r" in  next\n$")
        self.client.call("close", self.handle)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)

    def test_hex(self):
        process = self.start("tap", "tapped", "--hex")
        self.until_shown(process, self.send, r" out [0-9a-f]{7}0  47 45 54 20 2f 20 48 54  "
                                             r"54 50 2f 31 2e 30 0d 0a  \|GET / HTTP/1\.0\.\.\|\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 130)
        self.client.call("close", self.handle)

    def test_json(self):
        process = self.start("tap", "tapped", "--json")
        found = self.until_shown(process, self.send, r"(?m)^\{.*\}$")
        traffic = json.loads(found[0])
        self.assertEqual((traffic["direction"], traffic["lost"]), ("out", 0))
        self.assertEqual(traffic["data"], "GET / HTTP/1.0\r\n")
        self.client.call("close", self.handle)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)

    def test_what_is_wrong(self):
        for args, status in ((("tap",), 2), (("tap", "tapped", "--hex", "--text"), 2),
                             (("tap", "99999"), 1), (("watch",), 2), (("watch", "99999"), 1),
                             (("watch", "tapped", "nonsense"), 1)):
            self.assertEqual(self.sockd.ctl(*args, check=False).returncode, status, args)
        self.client.call("close", self.handle)

    def test_watch_tells_changes_until_the_close(self):
        process = self.start("watch", "tapped")
        self.until_shown(process, lambda: self.peer.sendall(b"x"), "readable")
        self.client.call("close", self.handle)
        self.assertRegex(process.stdout.read().decode(), r"close\n$")
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)

    def test_watch_in_json_shows_what_was_asked_for_only(self):
        process = self.start("watch", "tapped", "eof", "--json")
        self.peer.sendall(b"x")
        self.peer.close()
        self.assertEqual(json.loads(process.stdout.readline().decode()),
                         {"h": self.handle, "event": "eof", "detail": {}})
        self.client.call("close", self.handle)
        self.assertEqual(process.stdout.read().decode(), "")
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)


class TestPass(Live):
    def run_ctl(self, *args, **options):
        return subprocess.run([sockd_test.BIN / "sockctl", *map(str, args)], env=self.env,
                              capture_output=True, timeout=sockd_test.PATIENCE, check=False,
                              **options)

    def test_take_makes_it_the_standard_input_and_output_of_a_command(self):
        handle, peer = self.pair(self.client)
        peer.sendall(b"one\ntwo\n")
        peer.shutdown(socket.SHUT_WR)
        done = self.run_ctl("take", handle, "--exec", "tr", "-d", "n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        self.assertEqual(sockd_test.receive(peer, 100), b"oe\ntwo\n")
        self.assertEqual(self.sockd.sockets(), [])

    def test_take_by_name_with_the_commands_status(self):
        self.pair(self.client, name="one")
        done = self.run_ctl("take", "one", "--exec", "sh", "-c", "exit 7")
        self.assertEqual((done.returncode, done.stderr), (7, b""))

    def test_take_is_refused_while_bytes_are_read_ahead(self):
        handle, peer = self.pair(self.client)
        peer.sendall(b"a line\nmore")
        self.client.call("read", handle, "\n")
        done = self.run_ctl("take", handle, "--exec", "cat")
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"4 bytes are read ahead", done.stderr)
        self.assertEqual(self.client.call("read", handle, 4), b"more")
        self.client.call("close", handle)

    def test_take_gives_it_back_if_there_is_no_such_command(self):
        _, peer = self.pair(self.client)
        done = self.run_ctl("take", self.sockd.sockets()[0]["id"], "--exec", "/no/such/command")
        self.assertEqual(done.returncode, 1)
        found = re.search(rb"with the daemon again, as (\d+)\n", done.stderr)
        self.assertIsNotNone(found, done.stderr)
        handle = int(found[1])
        peer.sendall(b"still")
        self.assertEqual(self.client.call("read", handle, 5), b"still")
        self.client.call("close", handle)

    def test_give(self):
        sock, port = self.server()
        with sockd_test.connect(port) as ours:
            done = self.run_ctl("give", 0, "--name", "given", stdin=ours)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        peer = self.keep(sock.accept()[0])
        peer.sendall(b"hello")
        self.assertEqual(self.client.call("read", int(done.stdout), 5), b"hello")
        self.assertEqual(self.sockd.sockets()[0]["name"], "given")
        self.client.call("close", "given")

    def test_give_from_bash(self):
        _, port = self.server()
        script = f"exec 3<>/dev/tcp/127.0.0.1/{port}; sockctl --json give 3"
        done = subprocess.run(["bash", "-c", script], env=self.env, capture_output=True,
                              timeout=sockd_test.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.client.call("close", json.loads(done.stdout)["id"])

    def given_handle(self, done):
        found = re.search(rb"with the daemon, as (\d+)\n$", done.stderr)
        self.assertIsNotNone(found, done.stderr)
        return int(found[1])

    def test_a_listener_that_is_given_back_by_the_command_that_it_was_taken_for(self):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0)
        done = self.run_ctl("take", handle, "--exec", "sockctl", "give", "0", "--name", "again")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        given = self.given_handle(done)
        ours = self.keep(sockd_test.connect(address["port"]))
        accepted, _ = self.client.call("accept", "again")
        ours.sendall(b"hi")
        self.assertEqual(self.client.call("read", accepted, 2), b"hi")
        for each in (accepted, given):
            self.client.call("close", each)

    def test_the_number_of_a_connection_is_not_printed_into_it(self):
        handle, peer = self.pair(self.client)
        done = self.run_ctl("take", handle, "--exec", "sockctl", "--json", "give", "0")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        given = self.given_handle(done)
        self.client.call("write", given, b"x")
        self.client.call("close", given)
        self.assertEqual(sockd_test.receive(peer, 100), b"x")

    def test_give_tells_the_number_that_nobody_read(self):
        _, port = self.server()
        reading, writing = os.pipe()
        with sockd_test.connect(port) as ours:
            os.close(reading)
            done = subprocess.run([sockd_test.BIN / "sockctl", "give", "0"], env=self.env, stdin=ours,
                                  stdout=writing, stderr=subprocess.PIPE, check=False,
                                  timeout=sockd_test.PATIENCE)
        os.close(writing)
        self.assertEqual(done.returncode, 1)
        self.client.call("close", self.given_handle(done))

    def test_what_is_wrong(self):
        handle, _ = self.pair(self.client)
        for args, status in ((("take", handle), 2), (("take", "--exec", "cat"), 2),
                             (("take", 99999, "--exec", "cat"), 1), (("give",), 2),
                             (("give", "x"), 2), (("give", "77"), 1), (("give", "0"), 1),
                             (("give", "0", "--ttl", "-1"), 2),
                             (("--host", "ssh://box", "give", "0"), 2)):
            done = self.run_ctl(*args, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, status, (args, done.stderr))
        self.client.call("close", handle)


sockd_test.main()
