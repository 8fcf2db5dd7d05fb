"""sockctl's ls, top and stats, at a terminal and in pipes."""
import json
import os
import re
import signal
import socket
import subprocess

import msgpack
import sockd_test
from terminal import Terminal


class TestShow(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, self.peer = self.pair(self.client, name="one")
        self.stack.callback(self.client.call, "close", self.handle)

    def show(self, *args, **options):
        return self.sockd.ctl(*args, **options).decode()

    def test_ls_has_the_columns_of_ss_and_sockds_own(self):
        self.peer.sendall(b"12345")
        self.client.call("readable", self.handle)
        titles, row = self.show("ls").splitlines()
        self.assertEqual(re.split(r"\s{2,}", titles.strip()), [
            "Id", "Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port",
            "Peer Address:Port", "Owner", "Name", "Read-ahead", "Idle"])
        cells = row.split()
        self.assertEqual(cells[:2], [str(self.handle), "tcp"])
        self.assertEqual(cells[6], "127.0.0.1:%d" % self.peer.getsockname()[1])
        self.assertEqual(cells[8], "one")

    def give(self, name):
        """A unix socket of that name, and a connection to it, as anybody may give them."""
        listening = self.keep(socket.socket(socket.AF_UNIX))
        listening.bind(name)
        listening.listen()
        ours = self.keep(socket.socket(socket.AF_UNIX))
        ours.connect(name)
        self.keep(listening.accept()[0])
        for sock in (listening, ours):
            handle = int(subprocess.run([sockd_test.BIN / "sockctl", "give", "0"], stdin=sock,
                                        env=dict(os.environ, SOCKD_SOCKET=str(self.sockd.path)),
                                        check=True, capture_output=True).stdout)
            self.stack.callback(self.client.call, "close", handle)
        return handle

    def test_no_name_forges_a_row(self):
        row = b"\n9  tcp  ESTABLISHED\r\t\x1b[2J\x7f\xc2\x9b1m\xff"
        handle = self.give(b"\0" + os.urandom(6).hex().encode() + row)
        escaped = r"\n9  tcp  ESTABLISHED\r\t\x1b[2J\x7f\xc2\x9b1m\xff"
        self.assertEqual(len(self.show("ls").splitlines()), 4)
        for args in (("ls",), ("top", "--count", "1", "--interval", "0.01"), ("info", handle),
                     ("peer", handle), ("__complete", "--", "info", "")):
            shown = self.show(*args)
            self.assertIn(escaped, shown, args)
            self.assertNotRegex(shown, "[\x00-\x08\x0b-\x1f\x7f-\x9f]", args)
            self.assertNotRegex(shown, "(?m)^9 ", args)
        for args in (("ls", "--json"), ("info", handle, "--json")):
            for line in self.show(*args).splitlines():
                json.loads(line)

    def test_names_are_utf8_on_the_wire(self):
        name = os.urandom(6).hex()
        handle = self.give(b"\0" + name.encode() + "\nä".encode() + b"\xff\xc3")
        strict = msgpack.Unpacker(raw=False)
        self.client.unpacker = strict
        self.assertEqual(self.client.call("peer", handle)["port"], f"@{name}\nä\\xff\\xc3")
        self.assertEqual(self.client.call("sockd.info", handle)["peer"],
                         f"unix/:@{name}\nä\\xff\\xc3")

    def test_ls_watch_appends_blocks_to_a_pipe(self):
        blocks = self.show("ls", "--watch", "--count", "3", "--interval", "0.01").split("\n\n")
        self.assertEqual(len(blocks), 3)
        self.assertNotIn("\x1b", "".join(blocks))
        for block in blocks:
            self.assertIn(" one ", block)
        lines = self.show("ls", "--watch", "--count", "2", "--interval", "0.01", "--json")
        self.assertEqual([json.loads(line)["id"] for line in lines.splitlines()],
                         [self.handle] * 2)

    def test_ls_watch_redraws_a_terminal(self):
        with Terminal([sockd_test.BIN / "sockctl", "ls", "--watch", "--interval", "0.01"],
                      {"SOCKD_SOCKET": str(self.sockd.path)}) as terminal:
            terminal.expect(" one ")
            self.client.call("tcp_connect", "127.0.0.1", self.server()[1], {"name": "another"})
            terminal.expect(" another ")
            self.assertIn("\x1b[H\x1b[J", terminal.raw)
            terminal.type("\x03")
            self.assertEqual(terminal.wait(), 130)
        self.client.call("close", "another")

    def test_ls_watch_stays_within_a_low_terminal(self):
        for _ in range(8):
            handle = self.client.call("socket", "AF_INET", "SOCK_DGRAM")
            self.stack.callback(self.client.call, "close", handle)
        with Terminal([sockd_test.BIN / "sockctl", "ls", "--watch", "--count", "1"],
                      {"SOCKD_SOCKET": str(self.sockd.path)}, size=(6, 200)) as terminal:
            self.assertEqual(terminal.wait(), 0)
            self.assertEqual(len(terminal.raw.splitlines()), 5)
            self.assertIn("(6 more)", terminal.raw)

    def test_top_shows_the_busiest_first(self):
        busy, peer = self.pair(self.client, name="busy")
        self.stack.callback(self.client.call, "close", busy)
        process = subprocess.Popen([sockd_test.BIN / "sockctl", "top", "--json", "--interval", "0.2"],
                                   stdout=subprocess.PIPE, text=True,
                                   env=dict(os.environ, SOCKD_SOCKET=str(self.sockd.path)))
        self.stack.callback(process.communicate)
        for _ in range(200):
            self.client.call("write", busy, b"x" * 1000)
            sockd_test.receive(peer, 1000)
            line = json.loads(process.stdout.readline())
            if line["out_per_second"] > 0:
                break
        self.assertEqual((line["id"], line["in_per_second"]), (busy, 0))
        self.assertEqual(json.loads(process.stdout.readline())["id"], self.handle)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 130)

    def test_top_as_a_table(self):
        self.client.call("write", self.handle, b"x" * 3000)
        titles, row = self.show("top", "--count", "1", "--interval", "0.01").splitlines()
        self.assertEqual(titles.split()[-4:], ["In/s", "Out/s", "In", "Out"])
        self.assertEqual(row.split()[-2:], ["0", "2.9K"])

    def test_wrong_options(self):
        for args in (("ls", "--watch", "--interval", "0"), ("top", "--count", "1.5"),
                     ("top", "--interval", "often"), ("top", "too", "much"), ("stats", "x")):
            self.assertEqual(self.sockd.ctl(*args, check=False).returncode, 2, args)

    def test_stats_for_prometheus(self):
        """Every line is one of the format's; each metric has its HELP and TYPE once, before it."""
        head, seen = {}, {}
        for line in self.show("stats", "--prometheus").splitlines():
            if line.startswith("#"):
                found = re.fullmatch(r"# (HELP|TYPE) (sockd_[a-z_]+) (.+)", line)
                self.assertIsNotNone(found, line)
                self.assertNotIn(found[2], seen, "metrics are not mixed")
                self.assertNotIn(found[1], head.setdefault(found[2], {}))
                head[found[2]][found[1]] = found[3]
                continue
            found = re.fullmatch(
                r'(sockd_[a-z_]+)(?:\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"\})? (-?[0-9.e+-]+)', line)
            self.assertIsNotNone(found, line)
            self.assertEqual(set(head[found[1]]), {"HELP", "TYPE"})
            seen.setdefault(found[1], []).append(float(found[2]))
        self.assertEqual(set(head), set(seen))
        self.assertEqual(seen["sockd_sockets"], [1])
        self.assertGreater(seen["sockd_requests_total"][0], 0)
        self.assertEqual(head["sockd_requests_total"]["TYPE"], "counter")
        self.assertEqual(head["sockd_sockets"]["TYPE"], "gauge")
        self.assertEqual(len(seen["sockd_quota_used"]), len(seen["sockd_quota_limit"]))

    def test_stats_in_other_forms(self):
        self.assertEqual(json.loads(self.show("stats", "--json"))["sockets"], 1)
        self.assertIn("sockets: 1\n", self.show("stats"))


sockd_test.main()
