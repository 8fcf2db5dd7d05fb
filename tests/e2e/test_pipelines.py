"""sockctl in scripts as users write them: pipelines, loops, binary data; with the daemon absent,
stopped and restarted."""
import os
import signal
import subprocess
import threading

import sockd_test
from sockd_test import until
from terminal import Terminal


class Scripts(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.env = dict(os.environ, PATH=f"{sockd_test.BIN}:{os.environ['PATH']}")

    def start_daemon(self, **options):
        daemon = self.daemon(**options)
        self.env["SOCKD_SOCKET"] = str(daemon.path)
        return daemon

    def popen(self, script, *args, shell="sh"):
        process = subprocess.Popen([shell, "-euc", script, "script", *map(str, args)], env=self.env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=self.folder)
        self.stack.callback(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()

    def run_script(self, script, *args, shell="sh", data=b"", status=0):
        process = self.popen(script, *args, shell=shell)
        out, err = process.communicate(data, sockd_test.PATIENCE)
        self.assertEqual((process.returncode, err if status == 0 else b""), (status, b""), err)
        return out if status == 0 else (out, err.decode())

    def serve(self, talk, **options):
        """The port of a server that does one thing with its one connection."""
        listening, port = self.server(**options)

        def run():
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(sockd_test.PATIENCE)
                talk(connection)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.stack.callback(thread.join, sockd_test.PATIENCE)
        return port


class TestPipelines(Scripts):
    def test_while_read(self):
        """Line by line until the end, which a status of its own tells from an error."""
        self.start_daemon()
        port = self.serve(lambda sock: sock.sendall(b"one\ntwo words\n\\three\nrest"))
        out = self.run_script(r"""
            id=$(sockctl connect 127.0.0.1 "$1")
            while line=$(sockctl read "$id" '\n') || { status=$?; false; }; do
                printf '<%s>\n' "$line"
            done
            printf 'status %s, left <%s>\n' "$status" "$line"
            sockctl close "$id"
        """, port)
        self.assertEqual(out, b"<one>\n<two words>\n<\\three>\nstatus 5, left <rest>\n")

    def test_stream_into_while_read(self):
        self.start_daemon()
        port = self.serve(lambda sock: sock.sendall(b"a 1\nb 2\nc 3\n"))
        out = self.run_script(r"""
            id=$(sockctl connect 127.0.0.1 "$1" --name feed)
            sockctl stream feed | while read -r name number; do
                echo "$name=$((number * 2))"
            done
            sockctl close feed
        """, port)
        self.assertEqual(out, b"a=2\nb=4\nc=6\n")

    def test_several_sockets_from_ls(self):
        daemon = self.start_daemon()
        ports = [self.serve(lambda sock: sock.recv(1)) for _ in range(3)]
        out = self.run_script(r"""
            for port; do sockctl connect 127.0.0.1 "$port" --name "to_$port" >/dev/null; done
            sockctl ls | awk 'NR > 1 { print $9 }' | sort
            sockctl ls --json | wc -l
            sockctl ls | awk 'NR > 1 { print $1 }' | xargs -n 1 sockctl close
        """, *ports)
        names = sorted(f"to_{port}" for port in ports)
        self.assertEqual(out.decode().split(), [*names, "3"])
        self.assertEqual(daemon.sockets(), [])

    def test_binary_data_through_gzip_both_ways(self):
        """Bytes of all values arrive as they were, however large the pipe's pieces."""
        self.start_daemon()
        data = os.urandom(1 << 20) + bytes(range(256)) * 4096 + b"\0" * 100000
        (self.folder / "data").write_bytes(data)

        def echo(sock):
            received = b""
            while part := sock.recv(1 << 16):
                received += part
            sock.sendall(received)
        out = self.run_script(r"""
            id=$(sockctl connect 127.0.0.1 "$1")
            gzip -1 <data | sockctl send "$id" -
            sockctl shutdown "$id" W
            sockctl stream "$id" | gzip -d | cmp - data && echo same
            sockctl close "$id"
        """, self.serve(echo))
        self.assertEqual(out, b"same\n")

    def test_attach_in_a_pipeline(self):
        self.start_daemon()
        def upper(sock):
            while part := sock.recv(1 << 16):
                sock.sendall(part.upper())
        out = self.run_script(r"""
            id=$(sockctl connect 127.0.0.1 "$1")
            seq 1 50000 | sed 's/^/line /' | sockctl attach "$id" | tail -n 1
            sockctl close "$id"
        """, self.serve(upper))
        self.assertEqual(out, b"LINE 50000\n")

    def test_head_that_wants_no_more(self):
        """The reader of a pipe goes away: no message, and a status that set -o pipefail sees."""
        self.start_daemon()
        port = self.serve(lambda sock: sock.sendall(b"first\n" * 100000))
        out, _ = self.run_script(r"""
            set -o pipefail
            id=$(sockctl connect 127.0.0.1 "$1")
            trap 'sockctl close "$id"' EXIT
            sockctl stream "$id" 2>err | head -n 1
        """, port, shell="bash", status=1)
        self.assertEqual(out, b"first\n")
        self.assertEqual((self.folder / "err").read_bytes(), b"")

    def test_a_server_of_shell(self):
        """accept, read, send and close by hand; the address is printed beside the handle."""
        self.start_daemon()
        process = self.popen(r"""
            set -- $(sockctl server 127.0.0.1 0)
            echo "$2"
            set -- "$1" $(sockctl accept "$1")
            line=$(sockctl read "$2" '\n')
            sockctl send "$2" -e "you said $line\n"
            sockctl close "$2"
            sockctl close "$1"
        """)
        address = process.stdout.readline().decode().strip()
        with sockd_test.connect(int(address.rpartition(":")[2])) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(sockd_test.receive(sock, 100), b"you said hello\n")
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0, process.stderr.read())

    def test_timeout_is_a_condition(self):
        self.start_daemon()
        port = self.serve(lambda sock: sock.recv(1))
        out = self.run_script(r"""
            id=$(sockctl connect 127.0.0.1 "$1")
            sockctl read "$id" 5 --timeout 0.05 2>/dev/null || echo "status $?"
            if ! sockctl readable "$id" 0.01 | grep -qx false; then echo wrong; fi
            sockctl close "$id"
        """, port)
        self.assertEqual(out, b"status 124\n")

    def test_progress_is_told_beside_the_data(self):
        self.start_daemon()
        def echo(sock):
            sock.sendall(sockd_test.receive(sock, 300000))
            sock.recv(1)
        process = self.popen(r"""
            id=$(sockctl connect 127.0.0.1 "$1")
            head -c 300000 /dev/zero | sockctl send "$id" - --progress
            sockctl read "$id" 300000 --progress | wc -c
            sockctl close "$id"
        """, self.serve(echo))
        out, err = process.communicate(timeout=sockd_test.PATIENCE)
        self.assertEqual((process.returncode, out), (0, b"300000\n"), err)
        self.assertRegex(err.decode(), r"^sent 293\.0K, [^ ]+/s\nreceived 293\.0K, [^ ]+/s\n$")

    def test_progress_of_a_read_that_waits(self):
        daemon = self.start_daemon()
        more = threading.Event()
        def drip(sock):
            sock.sendall(b"12345")
            more.wait(sockd_test.PATIENCE)
        self.run_script('sockctl connect 127.0.0.1 "$1" --name slow', self.serve(drip))
        with Terminal([sockd_test.BIN / "sockctl", "read", "slow", "10", "--progress"],
                      {"SOCKD_SOCKET": str(daemon.path)}) as terminal:
            terminal.expect("received 5, ")
            terminal.type("\x03")
            self.assertEqual(terminal.wait(), 130)
        self.assertEqual(self.run_script("sockctl read slow 5; sockctl close slow"), b"12345")
        more.set()

    def test_console_as_a_filter(self):
        self.start_daemon()
        self.assertEqual(self.run_script("echo '1 + 1' | sockctl console | sed -n 's/^- //p'"),
                         b"2\n")


class TestDaemons(Scripts):
    def test_absent(self):
        self.env["SOCKD_SOCKET"] = str(self.folder / "nothing")
        for command in ("connect 127.0.0.1 1", "ls", "top --count 1", "console </dev/null", "tap 1",
                        "attach 1 </dev/null", "stats --prometheus", "dial-stdio </dev/null",
                        "take 1 --exec cat", "give 0", "watch 1", "stream 1"):
            _, err = self.run_script(f"sockctl {command}", status=3)
            self.assertRegex(err, r"^sockctl: [a-z-]+: .*nothing: ENOENT: .*\nNo daemon listens",
                             command)

    def test_without_a_daemon_completion_says_nothing(self):
        self.env["SOCKD_SOCKET"] = str(self.folder / "nothing")
        self.assertEqual(self.run_script("sockctl __complete -- attach ''"), b"")

    def test_stopped(self):
        """A daemon that hangs: a timeout ends the command; when it goes on, so does everything."""
        daemon = self.start_daemon()
        daemon.process.send_signal(signal.SIGSTOP)
        self.addCleanup(daemon.process.send_signal, signal.SIGCONT)
        _, err = self.run_script("sockctl ping --timeout 0.05", status=3)
        self.assertIn("sockctl: ping: ETIMEDOUT: ", err)
        process = self.popen("sockctl ping")
        self.assertIsNone(process.poll())
        daemon.process.send_signal(signal.SIGCONT)
        out, _ = process.communicate(timeout=sockd_test.PATIENCE)
        self.assertEqual((process.returncode, out), (0, b"pong\n"))

    def test_restarted(self):
        """A loop that waits for the daemon to be back; a handle of before is none any more."""
        daemon = self.start_daemon()
        port = self.serve(lambda sock: sock.recv(1))
        handle = self.run_script('sockctl connect 127.0.0.1 "$1"', port).decode().strip()
        waiting = self.popen('sockctl read "$1" 5 || echo "status $?"', handle)
        with daemon.client() as client:
            until(lambda: client.waiting(int(handle)) == 1, "it waits")
        daemon.stop()
        out, _ = waiting.communicate(timeout=sockd_test.PATIENCE)
        self.assertIn(out, (b"status 3\n", b"status 1\n"))
        loop = self.popen('until sockctl ping 2>/dev/null; do sleep 0.01; done')
        daemon = self.daemon(path=daemon.path)
        out, _ = loop.communicate(timeout=sockd_test.PATIENCE)
        self.assertEqual(out, b"pong\n")
        _, err = self.run_script('sockctl read "$1" 5', handle, status=1)
        self.assertIn("EBADF", err)
        daemon.stop()  # before its predecessor's file is looked for


sockd_test.main()
