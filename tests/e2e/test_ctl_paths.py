"""Paths on sockctl's line are the caller's, whatever the working directory of the daemon is."""
import os
import shlex
import shutil
import socket
import subprocess

import sockd_test

SHELL = 'source "$1"; COMP_WORDS=($2 ""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sockctl; printf "%s\\n" "${COMPREPLY[@]}"'


class Paths(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.here = self.folder / "here with a space"
        self.here.mkdir()
        self.sockd = self.daemon(settles=False)
        self.client = self.keep(self.sockd.client())
        self.listener = socket.socket(socket.AF_UNIX)
        self.keep(self.listener)
        self.listener.bind(str(self.here / "s"))
        self.listener.listen()
        self.listener.settimeout(sockd_test.PATIENCE)

    def sockctl(self, *words, status=0, cwd=None):
        done = subprocess.run([sockd_test.BIN / "sockctl", *words], cwd=cwd or self.here, check=False,
                              env=dict(os.environ, SOCKD_SOCKET=str(self.sockd.path)), text=True,
                              capture_output=True, timeout=sockd_test.PATIENCE)
        self.assertEqual(done.returncode, status, (words, done.stderr))
        return done.stdout.strip() if status == 0 else done.stderr

    def reaches_it(self, *words, **options):
        handle = self.sockctl(*words, **options)
        self.listener.accept()[0].close()
        return handle

    def test_connect_by_every_spelling(self):
        for words in (("unix/", "s"), ("unix/", "./s"), ("unix/", "../here with a space/s"), ("unix/:s",),
                      ("unix/", "--port", "s"), ("unix/", str(self.here / "s")),
                      (f"unix/:{self.here}/s",)):
            self.sockctl("close", self.reaches_it("connect", *words))
        self.reaches_it("connect", "unix/", "here with a space/s", cwd=self.folder)
        self.reaches_it("--daemon-path", "connect", "unix/", str(self.here / "s"))

    def test_server_bind_sysconnect_and_sendto(self):
        self.sockctl("server", "unix/", "made")
        self.assertTrue((self.here / "made").is_socket())
        name = self.sockctl("socket", "AF_UNIX", "SOCK_STREAM")
        self.sockctl("bind", name, "unix/", "bound")
        self.assertTrue((self.here / "bound").is_socket())
        self.reaches_it("sysconnect", self.sockctl("socket", "AF_UNIX", "SOCK_STREAM"), "unix/", "s")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(str(self.here / "d"))
            receiver.settimeout(sockd_test.PATIENCE)
            sender = self.sockctl("socket", "AF_UNIX", "SOCK_DGRAM")
            self.sockctl("sendto", sender, "unix/", "d", "data")
            self.assertEqual(receiver.recv(10), b"data")

    def test_load(self):
        (self.here / "script.lua").write_text("function answer() return 42 end")
        (self.here / "@more.lua").write_text("function more() return 43 end")
        self.sockctl("load", "script.lua")
        self.sockctl("load", "--path", "@more.lua")
        self.assertEqual(self.client.call("sockd.call", "answer"), 42)
        self.assertEqual(self.client.call("sockd.call", "more"), 43)

    def test_daemon_path_leaves_it_to_the_daemon(self):
        self.sockctl("connect", "unix/", "s", "--daemon-path", status=1)
        self.sockctl("connect", "unix/:s", "--daemon-path", status=1)
        self.sockctl("--daemon-path", "load", "script.lua", status=1)
        where = os.readlink(f"/proc/{self.sockd.pid}/cwd")
        self.assertNotEqual(where, str(self.here))
        path = os.path.relpath(self.here / "s", where)
        self.reaches_it("connect", "unix/", path, "--daemon-path")

    def test_what_is_no_path_stays_as_it_is(self):
        name = f"@{self.id()}{os.getpid()}"[:100]
        listener = self.sockctl("server", "unix/", name)
        self.sockctl("connect", "unix/", name)
        self.sockctl("connect", f"unix/:{name}")
        self.assertEqual(self.client.call("sockd.info", int(listener.split()[0]))["address"],
                         f"unix/:{name}")
        self.sockctl("connect", "unix/", "", status=1)
        (self.here / "80").touch()
        _, port = self.server()
        self.sockctl("connect", "127.0.0.1", str(port))

    def test_a_working_directory_that_is_gone_is_said(self):
        gone = self.folder / "gone"
        gone.mkdir()
        words = " ".join(map(shlex.quote, (str(sockd_test.BIN / "sockctl"), "connect", "unix/", "s")))
        done = subprocess.run(["sh", "-c", f"rmdir {shlex.quote(str(gone))}; exec {words}"], cwd=gone,
                              env=dict(os.environ, SOCKD_SOCKET=str(self.sockd.path)), text=True,
                              capture_output=True, check=False, timeout=sockd_test.PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the working directory: No such file", done.stderr)

    def test_a_path_that_is_too_long_from_the_root_is_said(self):
        deep = self.here / ("x" * 100)
        deep.mkdir()
        self.assertIn("sockctl: connect: ", self.sockctl("connect", "unix/", "s", status=1, cwd=deep))

    def test_paths_are_completed(self):
        if not shutil.which("bash"):
            self.skipTest("needs bash")
        for line in ("sockctl connect unix/", "sockctl bind 7 unix/", "sockctl load",
                     "sockctl load --path", "sockctl server unix/ --port"):
            done = subprocess.run(["bash", "-c", SHELL, "bash",
                                   sockd_test.SOURCE / "completions" / "sockctl.bash", line],
                                  cwd=self.here, capture_output=True, text=True, check=False,
                                  env=dict(os.environ, PATH=f"{sockd_test.BIN}:{os.environ['PATH']}"))
            self.assertEqual(done.stdout.splitlines(), ["s"], (line, done.stderr))


sockd_test.main()
