"""sockd run: one script, in the foreground, without a control socket."""
import os
import signal
import subprocess
import unittest

import private_network
import sockd_test
from sockd_test import PATIENCE


class TestScript(sockd_test.Case):
    def run_text(self, text, *args, **options):
        env = dict(os.environ, ASAN_OPTIONS=f"log_path={self.folder}/sanitizer")
        done = sockd_test.run_script(self.script(text), *args, env=env, **options)
        self.assertEqual(list(self.folder.glob("sanitizer*")), [])
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_it_runs_to_its_end(self):
        self.assertEqual(self.run_text("print('hello')"), (0, "hello\n", ""))

    def test_the_arguments_are_in_arg(self):
        code, out, _ = self.run_text("print(#arg, arg[1], arg[2], arg[0] ~= nil)", "a b", "--grace")
        self.assertEqual((code, out), (0, "2\ta b\t--grace\ttrue\n"))

    def test_an_error_is_a_traceback_and_status_1(self):
        code, out, err = self.run_text("local function f() error('on purpose') end\nf()")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("script.lua:1: on purpose", err)
        self.assertIn("traceback", err)

    def test_what_does_not_compile_is_status_1(self):
        code, _, err = self.run_text("x = = 1")
        self.assertEqual(code, 1)
        self.assertIn("script.lua:1:", err)

    def test_a_missing_script_is_status_1(self):
        done = sockd_test.run_script(self.folder / "nothing.lua")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"nothing.lua", done.stderr)

    def test_os_exit_ends_it_with_its_status(self):
        code, out, err = self.run_text(
            "require('fiber').create(function() while true do require('fiber').sleep(1) end end)\n"
            "print('before') os.exit(7)")
        self.assertEqual((code, out, err), (7, "before\n", ""))

    def test_it_goes_on_while_a_fiber_lives(self):
        code, out, _ = self.run_text("""
            local fiber = require('fiber')
            fiber.create(function() fiber.sleep(0.02) print('later') end)
            print('first')
        """)
        self.assertEqual((code, out), (0, "first\nlater\n"))

    def test_it_goes_on_while_a_listener_is_open(self):
        code, out, err = self.run_text("""
            local socket = require('socket')
            local server, address
            server, address = socket.tcp_server('127.0.0.1', 0, function(s)
                print(s:read('\\n'))
                server:close()
            end)
            local s = socket.tcp_connect('127.0.0.1', address.port)
            s:write('line\\n')
            s:close()
        """)
        self.assertEqual((code, out, err), (0, "line\n\n", ""))

    def test_a_shebang_line_works(self):
        path = self.script("#!/usr/bin/env -S sockd run\nprint('as a program', arg[1])")
        path.chmod(0o755)
        env = dict(os.environ, PATH=f"{sockd_test.BIN}:{os.environ['PATH']}")
        done = subprocess.run([path, "x"], env=env, capture_output=True, text=True, check=False,
                              timeout=sockd_test.PATIENCE)
        self.assertEqual((done.returncode, done.stdout), (0, "as a program\tx\n"), done.stderr)

    def test_new_sockets_may_start_non_blocking(self):
        text = "print(require('socket')('AF_INET', 'SOCK_STREAM', 'tcp'):nonblock())"
        self.assertEqual(self.run_text(text)[1], "false\n")
        self.assertEqual(self.run_text(text, options=["--nonblock"])[1], "true\n")

    def test_bytecode_is_refused(self):
        path = self.folder / "code.luac"
        made = self.run_text(f"local f = io.open('{path}', 'wb')\n"
                             "f:write(string.dump(function() end)) f:close()")
        self.assertEqual(made[0], 0, made)
        done = sockd_test.run_script(path)
        self.assertEqual(done.returncode, 1)

    def test_it_ends_on_sigterm(self):
        process = subprocess.Popen(
            [sockd_test.BIN / "sockd", "run", self.script(
                "print('up') while true do require('fiber').sleep(100) end")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stack.callback(process.communicate)
        self.stack.callback(process.kill)
        self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGTERM)
        self.assertIsNotNone(process.wait(sockd_test.PATIENCE))


@unittest.skipUnless(private_network.available(), "only root can have a network of its own")
class TestItself(sockd_test.Case):
    """A closed port of the range that the kernel takes for connections: TCP lets a connection that
    gets that very port meet itself."""

    def test_that_no_connection_has_itself_as_its_peer(self):
        script = self.script("""
            local socket, errno = require('socket'), require('errno')
            for i = 1, 60 do
                for _, host in ipairs({'127.0.0.1', 'localhost'}) do
                    local s = socket.tcp_connect(host, 40002, 5)
                    assert(s == nil and errno() == errno.ECONNREFUSED, errno.strerror())
                end
            end
            -- and the ports are free at once
            local listener = assert(socket.tcp_server('127.0.0.1', 40002, function(s)
                s:write('somebody')
            end))
            assert(socket.tcp_connect('127.0.0.1', 40002):read(8) == 'somebody')
            listener:close()
            print('done')
        """)
        wrapper = private_network.wrapper(self.folder, hosts="127.0.0.1 localhost\n")
        narrow = "echo 40000 40007 > /proc/sys/net/ipv4/ip_local_port_range; exec \"$@\""
        done = subprocess.run([*map(str, wrapper), "sh", "-c", narrow, "sh",
                               str(sockd_test.BIN / "sockd"), "run", str(script)],
                              capture_output=True, timeout=PATIENCE * 2, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b"done\n"), done.stderr)


sockd_test.main()
