"""Programs written for LuaSocket, unchanged, on sockd's emulation: Debian's own socket.http, socket.ftp
and socket.smtp with ltn12 and mime, and copas, each against a server on the loopback interface. Each
also runs under luajit with LuaSocket itself, and must print the same."""

import base64
import http.server
import os
import pathlib
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOCKD = [os.path.join(os.environ.get("SOCKD_BIN", ""), "sockd"), "run"]
LUAJIT = ["luajit"]
PATIENCE = 60


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, code=200, headers=()):
        self.send_response(code)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        name = "get_" + self.path.strip("/").replace("-", "_")
        getattr(self, name, lambda: self.answer(b"nothing there", 404))()

    do_HEAD = do_GET

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))
            return
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        self.answer(body)

    do_PUT = do_POST

    def get_plain(self):
        self.answer(b"hello", headers=[("X-Test", "a"), ("X-Test", "b")])

    def get_empty(self):
        self.answer(b"")

    def get_large(self):
        self.answer(b"0123456789" * 100000)

    def get_chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in [b"one", b"two", b"x" * 50]:
            self.wfile.write(b"%x;extension\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        self.wfile.write(b"0\r\nX-Trailer: yes\r\n\r\n")

    def get_until_closed(self):
        self.close_connection = True
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")

    def get_truncated(self):
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

    def get_redirect(self):
        self.answer(b"", 302, [("Location", "/plain")])

    def get_slow(self):
        time.sleep(0.5)
        self.answer(b"slow")

    def get_authorized(self):
        expected = "Basic " + base64.b64encode(b"user:secret").decode()
        self.answer(b"welcome" if self.headers.get("Authorization") == expected else b"who?")


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


class Ftp(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.data = None
        self.say("220-Welcome")
        self.say("220 and ready")
        for line in self.rfile:
            verb, _, argument = line.decode().strip().partition(" ")
            if verb.upper() == "QUIT":
                self.say("221 Bye")
                return
            getattr(self, "do_" + verb.upper(), lambda _: self.say("502 No such command"))(argument)

    def do_USER(self, _):
        self.say("331 And the password")

    def do_PASS(self, argument):
        self.say("230 Come in" if argument == "secret" else "530 No")

    def do_TYPE(self, _):
        self.say("200 As you like")

    def do_CWD(self, _):
        self.say("250 There")

    def do_EPSV(self, _):
        self.data = socket.create_server(("127.0.0.1", 0))
        self.say(f"229 Entering passive mode (|||{self.data.getsockname()[1]}|)")

    def transfer(self, work):
        self.say("150 Here it comes")
        with self.data, self.data.accept()[0] as connection:
            work(connection)
        self.say("226 Done")

    def do_STOR(self, argument):
        def work(connection):
            with connection.makefile("rb") as stream:
                self.server.files[argument.strip("/")] = stream.read()
        self.transfer(work)

    def do_RETR(self, argument):
        content = self.server.files.get(argument.strip("/"))
        if content is None:
            self.data.close()
            self.say("550 Not there")
        else:
            self.transfer(lambda connection: connection.sendall(content))

    def do_NLST(self, _):
        names = "".join(name + "\r\n" for name in self.server.files)
        self.transfer(lambda connection: connection.sendall(names.encode()))


class Smtp(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def ask(self, question):
        self.say("334 " + base64.b64encode(question).decode())
        return base64.b64decode(self.rfile.readline())

    def handle(self):
        self.say("220 mail.example.org")
        log = self.server.log
        for line in self.rfile:
            command = line.decode().strip()
            log.append(command)
            verb = command.split()[0].upper()
            if verb == "EHLO":
                self.say("250-mail.example.org")
                self.say("250 AUTH PLAIN LOGIN")
            elif verb == "AUTH":
                log.append((self.ask(b"Username:"), self.ask(b"Password:")))
                self.say("235 Come in")
            elif verb == "DATA":
                self.say("354 Go on")
                self.read_message()
                self.say("250 Taken")
            elif verb == "QUIT":
                self.say("221 Bye")
                return
            else:
                self.say("550 Nobody" if "nobody" in command else "250 Fine")

    def read_message(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.log.append(b"".join(lines).decode())


class ThreadingServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.files, self.log = {}, []
        self.port = self.server_address[1]

    def handle_error(self, *_):
        pass  # a client that had enough; what matters shows in its output


class Programs(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def serve(self, handler):
        server = ThreadingServer(handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def run_program(self, command, name, *arguments):
        done = subprocess.run(
            command + [str(HERE / "programs" / f"{name}.lua")] + [str(item) for item in arguments],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def run_both(self, name, *arguments):
        theirs = self.run_program(LUAJIT, name, *arguments)
        ours = self.run_program(SOCKD, name, *arguments)
        self.assertEqual(theirs, ours)
        return ours

    def test_http(self):
        output = self.run_both("http", self.serve(Web).port)
        for line in ["get\thello\t200", "post\ta=1&b=x%20y\t200", "put\t1\t200\t100000", "timeout\tnil\ttimeout",
                     "authorized\t1\t200\twelcome", "large\t1000000\t200", "refused\tnil\tconnection refused"]:
            self.assertIn(line, output)

    def test_ftp(self):
        output = self.run_both("ftp", self.serve(Ftp).port)
        self.assertIn("get\t20001\n", output)
        self.assertIn("missing\tnil\t550 Not there", output)

    def test_smtp(self):
        server = self.serve(Smtp)
        theirs = self.run_program(LUAJIT, "smtp", server.port)
        their_log, server.log = server.log, []
        ours = self.run_program(SOCKD, "smtp", server.port)
        self.assertEqual(theirs, ours)
        self.assertIn("550 Nobody", ours)
        self.assertEqual(len(their_log), len(server.log))
        for their, our in zip(their_log, server.log):
            if "multipart" not in their:  # whose boundary is a random one, and whose headers have no order
                self.assertEqual(sorted(their.splitlines() if isinstance(their, str) else their),
                                 sorted(our.splitlines() if isinstance(our, str) else our))
        self.assertIn((b"somebody", b"secret"), server.log)
        self.assertTrue(any("\r\n..A line that begins with a dot.\r\n" in entry for entry in server.log))

    def copas_server(self, command):
        process = subprocess.Popen(
            command + [str(HERE / "programs" / "copas_server.lua")], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.kill)
        return process, int(process.stdout.readline()), int(process.stdout.readline())

    def talk(self, port, answers, index):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            stream = connection.makefile("rwb")
            for round_ in range(20):
                line = b"%d %d " % (index, round_) + b"x" * (1000 * round_)
                stream.write(line + b"\n")
                stream.flush()
                if stream.readline() == b"%d %s\n" % (len(line), line[:20]):
                    answers.append(index)

    def check_copas_server(self, command):
        process, port, udp_port = self.copas_server(command)
        idle = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.addCleanup(idle.close)
        answers = []
        clients = [threading.Thread(target=self.talk, args=(port, answers, index)) for index in range(20)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual(len(answers), 400)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(PATIENCE)
            datagrams.sendto(b"loud", ("127.0.0.1", udp_port))
            self.assertEqual(datagrams.recv(100), b"LOUD")
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as last:
            last.sendall(b"quit\n")
            self.assertEqual(last.recv(100), b"bye\n")
        output = process.communicate(timeout=PATIENCE)[0]
        self.assertEqual(output.count("closed\tclosed"), 20)
        self.assertEqual(process.returncode, 0)

    def test_copas_server(self):
        self.check_copas_server(LUAJIT)
        self.check_copas_server(SOCKD)

    def test_copas_client(self):
        echo, web = self.serve(Echo).port, self.serve(Web).port
        output = self.run_both("copas_client", echo, web)
        self.assertIn("http\t1\t200\t1000000\n", output)
        self.assertIn("total\t", output)

    def test_fibers(self):
        output = self.run_program(SOCKD, "fibers", self.serve(Web).port)
        self.assertEqual(output.splitlines(), [
            "side by side\ttrue",
            "closed\tclosed\tclosed\t1",
            "cancelled\ttrue\tdead",
            "through both",
            "over a path",
            "true\tunix",
        ])

    def test_waiting(self):
        process = subprocess.Popen(
            SOCKD + [str(HERE / "programs" / "waiting.lua")], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "waiting\n")
        process.terminate()
        self.assertEqual(process.communicate(timeout=PATIENCE), ("", ""))
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
