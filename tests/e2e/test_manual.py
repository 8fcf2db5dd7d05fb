"""The examples of the socket module's manual, as they stand there: as scripts, and statement by
statement as at a prompt."""
import functools
import http.server
import os
import signal
import subprocess
import threading
import unittest

import private_network
import sockd_test
from sockd_test import until


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        pass


class TestManual(sockd_test.Case):
    def start(self, text):
        """A script that serves; its process and the file of what it prints."""
        out = self.folder / "out"
        err = self.folder / "err"
        env = dict(os.environ, ASAN_OPTIONS=f"log_path={self.folder}/sanitizer")
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            process = subprocess.Popen([sockd_test.BIN / "sockd", "run", self.script(text)],
                                       stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL,
                                       env=env)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process, out

    def test_a_tcp_client_asks_a_web_server(self):
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=self.folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.server_close)
        self.stack.callback(server.shutdown)
        path = self.script("""
            socket = require('socket')
            sock = socket.tcp_connect('localhost', %d)
            print(type(sock))
            print(sock:error())
            print(sock:send("HEAD / HTTP/1.0\\r\\nHost: tarantool.org\\r\\n\\r\\n"))
            print(sock:read(17))
            print(sock:close())
        """ % server.server_address[1])
        done = sockd_test.run_script(path)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(done.stdout, b"table\nnil\n40\nHTTP/1.0 200 OK\r\n\ntrue\n")
        self.assertEqual(done.returncode, 0)

    def test_datagrams_on_localhost(self):
        done = sockd_test.run_script(self.script("""
            socket = require('socket')
            sock_1 = socket('AF_INET', 'SOCK_DGRAM', 'udp')
            print(sock_1:bind('127.0.0.1'))
            sock_2 = socket('AF_INET', 'SOCK_DGRAM', 'udp')
            print(sock_2:sendto('127.0.0.1', sock_1:name().port,'X'))
            message = sock_1:recvfrom()
            print(message)
            print(sock_1:close())
            print(sock_2:close())
        """))
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, b"true\n1\nX\ntrue\ntrue\n", b""))

    def test_a_server_prints_the_lines_that_socat_ships(self):
        process, out = self.start("""
box.cfg{}
socket = require('socket')
socket.tcp_server('0.0.0.0', 3302, function(s)
    while true do
      local request
      request = s:read("\\n");
      if request == "" or request == nil then
        break
      end
      print(request)
    end
  end)
""")
        until(lambda: self.answers(3302) or process.poll() is not None, "it listens")
        self.assertIsNone(process.poll(), (self.folder / "err").read_text())
        (self.folder / "tmp.txt").write_text("A\nB\nC\n")
        subprocess.run(["socat", "TCP:localhost:3302", "./tmp.txt"], cwd=self.folder, check=True,
                       timeout=sockd_test.PATIENCE)
        until(lambda: out.read_bytes() == b"A\n\nB\n\nC\n\n", "the lines are printed")
        process.send_signal(signal.SIGTERM)
        process.wait(sockd_test.PATIENCE)
        self.assertEqual(list(self.folder.glob("sanitizer*")), [])

    @staticmethod
    def answers(port):
        try:
            sockd_test.connect(port).close()
        except ConnectionRefusedError:
            return False
        return True


class TestStatements(sockd_test.Case):
    """What is set by one statement is there for the next."""

    def start(self, **options):
        self.sockd = self.daemon(**options)

    def say(self, statement, answer="null"):
        """The statement as a command of its own, and what it prints."""
        self.assertEqual(self.sockd.ctl("eval", statement).decode(), answer + "\n", statement)

    def test_datagrams_on_localhost(self):
        self.start()
        self.say("socket = require('socket')")
        self.say("sock_1 = socket('AF_INET', 'SOCK_DGRAM', 'udp')")
        self.say("sock_1:bind('127.0.0.1')", "true")
        self.say("sock_2 = socket('AF_INET', 'SOCK_DGRAM', 'udp')")
        self.say("sock_2:sendto('127.0.0.1', sock_1:name().port,'X')", "1")
        self.say("message = sock_1:recvfrom()")
        self.say("message", "X")
        self.say("sock_1:close()", "true")
        self.say("sock_2:close()", "true")

    @unittest.skipUnless(private_network.available(), "only root can have a network of its own")
    def test_a_tcp_client_asks_a_web_server(self):
        self.start(wrapper=private_network.wrapper(
            self.folder, "127.0.0.1 localhost\n127.0.0.1 tarantool.org\n"))
        with self.sockd.client() as client:
            web = client.call("sockd.eval", """
                return (require('socket').tcp_server('tarantool.org', 80, function(s)
                    if s:read('\\r\\n\\r\\n') then
                        s:write('HTTP/1.1 302 Moved Temporarily\\r\\n\\r\\n')
                    end
                end))
            """)
            self.say("socket = require('socket')")
            self.say("sock = socket.tcp_connect('tarantool.org', 80)")
            self.say("type(sock)", "table")
            self.say("sock:error()")
            self.say(r'sock:send("HEAD / HTTP/1.0\r\nHost: tarantool.org\r\n\r\n")', "40")
            self.say("sock:read(17)", "HTTP/1.1 302 Move")
            self.say("sock:close()", "true")
            script = self.script("""
                socket = require('socket')
                sock = socket.tcp_connect('tarantool.org', 80)
                print(type(sock))
                print(sock:error())
                print(sock:send("HEAD / HTTP/1.0\\r\\nHost: tarantool.org\\r\\n\\r\\n"))
                print(sock:read(17))
                print(sock:close())
            """)
            done = subprocess.run([*private_network.beside(self.sockd.pid),
                                   sockd_test.BIN / "sockd", "run", script], capture_output=True,
                                  timeout=sockd_test.PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (0, b"table\nnil\n40\nHTTP/1.1 302 Move\ntrue\n", b""))
            client.call("close", web)

    @unittest.skipUnless(private_network.available(), "only root can have a network of its own")
    def test_a_server_prints_the_lines_that_socat_ships(self):
        self.start(wrapper=private_network.wrapper(self.folder, "127.0.0.1 localhost\n"))
        self.say("box.cfg{}")
        self.say("socket = require('socket')")
        self.sockd.ctl("eval", """socket.tcp_server('0.0.0.0', 3302, function(s)
    while true do
      local request
      request = s:read("\\n");
      if request == "" or request == nil then
        break
      end
      print(request)
    end
  end)""")
        (self.folder / "tmp.txt").write_text("A\nB\nC\n")
        subprocess.run([*private_network.beside(self.sockd.pid),
                        "socat", "TCP:localhost:3302", self.folder / "tmp.txt"], check=True,
                       timeout=sockd_test.PATIENCE)
        until(lambda: self.sockd.output() == b"A\n\nB\n\nC\n\n", "the lines are printed")
        with self.sockd.client() as client:
            listener = [each["id"] for each in client.call("sockd.list")]
            client.call("close", listener[0])


sockd_test.main()
