"""The examples of the socket module's manual, as they stand there but for the host's name."""
import functools
import http.server
import os
import signal
import subprocess
import threading

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


sockd_test.main()
