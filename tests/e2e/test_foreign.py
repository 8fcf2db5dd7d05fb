"""Clients that know no sockd hold the same dialogue with it: connect, write, read up to a delimiter,
an error, a cancel, a stream, close."""
import os
import pathlib
import subprocess
import sys
import threading
import unittest

import sockd_test

FOLDER = pathlib.Path(__file__).resolve().parent / "foreign"
MODULES = sockd_test.SOURCE / "build-test" / "node" / "node_modules"

DIALOGUE = ["connected", "wrote 9", "read answer", "ECONNREFUSED", "ECANCELED",
            "streamed 0123456789", "closed"]
# Neovim gives nobody the notifications whose names are none of its functions: it takes them, says so
# to the one who sent them, and goes on. And it waits for each answer. So it cancels, and takes a
# stream, through a pipe of its own.
DIALOGUE_OF_NEOVIM = ["connected", "wrote 9", "read answer", "ECONNREFUSED", "ETIMEDOUT",
                      "notified", "read 0123456789", "ECANCELED", "streamed 0123456789", "closed"]


class TestForeign(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        listening, self.port = self.server()
        self.server_thread = threading.Thread(target=self.serve, args=(listening,), daemon=True)
        self.server_thread.start()
        self.closed_port = sockd_test.free_port()

    @staticmethod
    def serve(listening):
        """Answers lines until the other side has closed."""
        with listening.accept()[0] as connection:
            connection.settimeout(sockd_test.PATIENCE)
            for line in connection.makefile("rb"):
                if line == b"question\n":
                    connection.sendall(b"answer\n")
                elif line == b"flow\n":
                    for part in (b"0123", b"45678", b"9"):
                        connection.sendall(part)

    def tearDown(self):
        self.server_thread.join(sockd_test.PATIENCE)
        super().tearDown()

    def test_raw_msgpack(self):
        """Nothing but python3-msgpack and a socket."""
        said = []
        with self.sockd.client() as client:
            handle = client.call("tcp_connect", "127.0.0.1", self.port, 5)
            said.append("connected")
            said.append(f"wrote {client.call('write', handle, 'question' + chr(10))}")
            said.append(f"read {client.call('read', handle, chr(10), 20).decode().strip()}")
            said.append(self.fails("ECONNREFUSED", client.call, "tcp_connect", "127.0.0.1",
                                   self.closed_port).name)
            read = client.request("read", handle, "\n")
            self.assertIs(client.call("sockd.cancel", read), True)
            said.append(self.fails("ECANCELED", client.result, read).name)
            client.call("sockd.watch", handle, "close")
            client.call("sockd.stream", handle, 100)
            client.send([2, "write", [handle, b"flow\n"]])
            while sum(len(note[2][2]) for note in client.notifications) < 10:
                self.assertTrue(client.feed())
            pieces = [note[2][2] for note in client.notifications]
            said.append(f"streamed {b''.join(pieces).decode()}")
            client.call("sockd.stream", handle)
            client.call("close", handle)
            while client.notifications[-1][2] != [handle, "close", {}]:
                self.assertTrue(client.feed())
            said.append("closed")
        self.assertEqual(said, DIALOGUE)

    def hold_dialogue(self, *command):
        done = subprocess.run([*command, str(self.sockd.path), str(self.port), str(self.closed_port)],
                              capture_output=True, text=True, timeout=sockd_test.PATIENCE,
                              check=False, stdin=subprocess.DEVNULL, cwd=self.folder,
                              env=dict(os.environ, HOME=str(self.folder)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(), DIALOGUE)

    def test_pynvim(self):
        self.hold_dialogue(sys.executable, FOLDER / "client.py")

    @unittest.skipUnless(MODULES.is_dir(), "not installed: scripts/setup.sh --tests")
    def test_the_node_client(self):
        """npm's `neovim`, which scripts/setup.sh --tests installs."""
        self.hold_dialogue("node", FOLDER / "client.js", MODULES)

    def test_neovim(self):
        script = FOLDER / "client.lua"
        arguments = f"'{self.sockd.path}', {self.port}, {self.closed_port}"
        done = subprocess.run(["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c",
                               f"lua loadfile('{script}')({arguments})", "-c", "qall!"],
                              capture_output=True, text=True, timeout=sockd_test.PATIENCE,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(done.stderr.splitlines(), DIALOGUE_OF_NEOVIM)


sockd_test.main()
