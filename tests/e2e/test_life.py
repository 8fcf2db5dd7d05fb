"""The daemon's life: how it starts, what the service manager hears, how it ends."""
import fcntl
import os
import pathlib
import resource
import shutil
import signal
import socket
import stat
import subprocess
import time

import sockd_test
from sockd_test import until


class TestStart(sockd_test.Case):
    def test_it_answers_and_ends_cleanly(self):
        daemon = self.daemon()
        with daemon.client() as client:
            self.assertEqual(client.call("sockd.ping"), "pong")

    def test_the_control_socket_is_its_owners_alone(self):
        daemon = self.daemon()
        mode = os.stat(daemon.path).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_mode_and_group_are_set_whatever_the_umask(self):
        daemon = self.daemon("--socket-group", os.getgid(), limits=lambda: os.umask(0o777))
        self.assertEqual(stat.S_IMODE(os.stat(daemon.path).st_mode), 0o660)

    def test_a_second_daemon_is_refused_and_the_first_goes_on(self):
        daemon = self.daemon()
        second = subprocess.run([sockd_test.BIN / "sockd", "--socket", daemon.path],
                                capture_output=True, timeout=sockd_test.PATIENCE, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"another sockd is running there", second.stderr)
        with daemon.client() as client:
            self.assertEqual(client.call("sockd.ping"), "pong")

    def test_the_socket_of_a_killed_daemon_is_replaced(self):
        first = self.daemon()
        first.process.kill()
        first.process.wait()
        self.assertTrue(os.path.lexists(first.path))
        self.daemons.clear()
        self.daemon(path=first.path)

    def test_a_path_that_is_a_file_is_refused(self):
        path = self.folder / "precious"
        path.write_text("text")
        done = subprocess.run([sockd_test.BIN / "sockd", "--socket", path], capture_output=True,
                              timeout=sockd_test.PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(path.read_text(), "text")

    def test_the_limit_of_descriptors_is_raised(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted = min(hard, 4096) if hard != resource.RLIM_INFINITY else 4096
        daemon = self.daemon(
            limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, wanted)))
        self.assertEqual(resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE), (wanted, wanted))

    def test_numbers_of_sockets_are_not_used_again_after_a_restart(self):
        path = self.folder / "control.sock"
        seen = []
        for _ in range(3):
            daemon = self.daemon(path=path)
            with daemon.client() as client:
                handle = client.call("socket", "AF_INET", "SOCK_STREAM", "tcp")
                client.call("close", handle)
            daemon.settle()
            daemon.prove_clean_end()
            seen.append(handle)
        self.assertEqual(sorted(set(seen)), seen)

    def test_numbers_of_sockets_are_not_used_again_after_a_reboot(self):
        """A reboot empties the folder of the control socket, with its lock file."""
        state, path = self.folder / "state", self.folder / "run" / "control.sock"
        seen = []
        for _ in range(3):
            daemon = self.daemon("--state-dir", state, path=path)
            with daemon.client() as client:
                for _ in range(2):
                    handle = client.call("socket", "AF_INET", "SOCK_STREAM", "tcp")
                    client.call("close", handle)
                    seen.append(handle)
            daemon.settle()
            daemon.prove_clean_end()
            shutil.rmtree(path.parent)
        self.assertEqual(seen, [1, 2, 1000001, 1000002, 2000001, 2000002])

    def test_without_a_state_directory_that_can_be_written_it_says_so_and_begins_by_the_clock(self):
        blocked = self.folder / "file"
        blocked.write_text("")
        before = int(time.time())
        daemon = self.daemon("--state-dir", blocked / "state")
        with daemon.client() as client:
            handle = client.call("socket", "AF_INET", "SOCK_STREAM", "tcp")
            client.call("close", handle)
        self.assertGreaterEqual(handle, before * 1000)
        self.assertLess(handle, 2 ** 53)
        self.assertIn(f"the state directory {blocked}/state: Not a directory", daemon.log())

    def test_a_control_socket_that_somebody_removes_is_made_again(self):
        daemon = self.daemon("--socket-mode", "0640")

        def answers():
            try:
                with daemon.client() as client:
                    return client.call("sockd.ping") == "pong"
            except (FileNotFoundError, ConnectionRefusedError, EOFError, ConnectionResetError):
                return False
        with daemon.client() as connected:
            for victims in [daemon.path], [daemon.path, f"{daemon.path}.lock"], [daemon.path]:
                for victim in victims:
                    os.unlink(victim)
                until(answers, "a new control socket")
                self.assertEqual(stat.S_IMODE(os.stat(daemon.path).st_mode), 0o640)
                self.assertEqual(connected.call("sockd.ping"), "pong")
            with open(f"{daemon.path}.lock", encoding="ascii") as lock:
                self.assertRaises(BlockingIOError, fcntl.flock, lock,
                                  fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.assertEqual(daemon.log().count("had been removed; it is there again"), 3)

    def test_what_somebody_puts_in_its_place_is_left_alone(self):
        daemon = self.daemon(settles=False)
        with daemon.client() as connected:
            os.unlink(daemon.path)
            pathlib.Path(daemon.path).write_text("precious")
            until(lambda: "something else is in its place" in daemon.log(), "a line in the log")
            self.assertEqual(connected.call("sockd.ping"), "pong")
            self.assertEqual(pathlib.Path(daemon.path).read_text(), "precious")
            os.unlink(daemon.path)
            until(lambda: os.path.exists(daemon.path), "a new control socket")
        daemon.settle()

    def test_without_standard_descriptors_nothing_else_takes_their_place(self):
        def close_all():
            for fd in range(3):
                os.close(fd)
        daemon = self.daemon(limits=close_all)
        for fd in range(3):
            self.assertEqual(daemon.descriptors()[str(fd)], "/dev/null")


class TestCommandLine(sockd_test.Case):
    def run_sockd(self, *args):
        return subprocess.run([sockd_test.BIN / "sockd", *args], capture_output=True, text=True,
                              timeout=sockd_test.PATIENCE, check=False)

    def test_version_and_help(self):
        done = self.run_sockd("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^sockd \d+\.\d+\.\d+\n$")
        done = self.run_sockd("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--socket PATH", done.stdout)

    def test_a_mistake_is_status_2_and_a_sentence(self):
        done = self.run_sockd("--nonsense")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "sockd: unknown option --nonsense\n")


class TestServiceManager(sockd_test.Case):
    def test_it_says_ready_and_stopping(self):
        daemon = self.daemon(settles=False)
        self.assertEqual(daemon.notified[0]["READY"], "1")
        self.assertIn(str(daemon.path), daemon.notified[0]["STATUS"])
        daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.told()["STOPPING"], "1")

    def test_the_watchdog_is_fed(self):
        daemon = self.daemon(env={"WATCHDOG_USEC": "100000"})
        for _ in range(3):
            self.assertEqual(daemon.told(), {"WATCHDOG": "1"})

    def test_a_stopped_daemon_does_not_feed_it(self):
        daemon = self.daemon(env={"WATCHDOG_USEC": "100000"})
        daemon.told()
        daemon.process.send_signal(signal.SIGSTOP)
        daemon.notify.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:  # what was said before it stopped
                daemon.told()
        daemon.notify.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            daemon.told()
        daemon.process.send_signal(signal.SIGCONT)
        daemon.notify.settimeout(sockd_test.PATIENCE)
        self.assertEqual(daemon.told(), {"WATCHDOG": "1"})


    def test_a_control_socket_that_was_passed_in_is_served_and_kept(self):
        path = self.folder / "passed.sock"
        made = self.keep(socket.socket(socket.AF_UNIX))
        made.bind(str(path))
        made.listen()
        # LISTEN_PID must be the daemon's own: a shell that becomes it knows.
        wrapper = ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&"$PASSED"', "sh"]
        fd = made.fileno()
        daemon = self.daemon(wrapper=wrapper, env={"PASSED": str(fd)}, path=path, pass_fds=[fd])
        self.assertIn(str(path), daemon.notified[0]["STATUS"])
        with daemon.client() as client:
            self.assertEqual(client.call("sockd.ping"), "pong")
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(os.path.lexists(path), "it is the service manager's file")
        path.unlink()


class TestScripts(sockd_test.Case):
    def refused(self, *args):
        """What it says when it does not start."""
        with self.assertRaises(AssertionError) as caught:
            self.daemon(*args)
        self.assertIn("sockd ended with 1:", str(caught.exception))
        return str(caught.exception)

    def test_a_script_that_fails_keeps_it_from_starting(self):
        good = self.script("x = 1", "good.lua")
        bad = self.script("local function f() error('on purpose') end\nf()", "bad.lua")
        said = self.refused("--load", good, "--load", bad)
        self.assertIn("bad.lua:1: on purpose", said)
        self.assertIn("traceback", said)

    def test_a_script_that_does_not_compile_or_is_not_there_too(self):
        self.assertIn("bad.lua:1:", self.refused("--load", self.script("x = = 1", "bad.lua")))
        self.assertIn("nothing.lua", self.refused("--load", self.folder / "nothing.lua"))

    def test_it_is_ready_when_the_scripts_have_run(self):
        folder = self.folder / "handlers"
        folder.mkdir()
        (folder / "b.lua").write_text("function b(s) s:write(last or 'its own globals') end")
        (folder / "a.lua").write_text(
            "require('fiber').sleep(0.05) last = 'a' function a(s) s:write(last) end")
        (folder / "readme.txt").write_text("no script")
        daemon = self.daemon("--load", folder)
        with daemon.client() as client:
            for name, expected in (("a", b"a"), ("b", b"its own globals")):
                handle, address = client.call("tcp_server", "127.0.0.1", 0, name)
                with sockd_test.connect(address["port"]) as peer:
                    self.assertEqual(sockd_test.receive(peer, 100), expected)
                client.call("close", handle)

    def test_a_script_may_listen_by_itself(self):
        port = sockd_test.free_port()
        daemon = self.daemon("--load", self.script(
            f"require('socket').tcp_server('127.0.0.1', {port}, function(s) s:write('hi') end)"),
            settles=False)
        with sockd_test.connect(port) as peer:
            self.assertEqual(sockd_test.receive(peer, 100), b"hi")
        (listening,) = daemon.sockets()
        self.assertEqual(listening["state"], "listening")

    def test_a_signal_while_a_script_is_loading_ends_it_at_once(self):
        script = self.script("print('loading') require('fiber').sleep(3600)")
        out = self.folder / "out"
        with open(out, "wb") as stdout:
            process = subprocess.Popen(
                [sockd_test.BIN / "sockd", "--socket", self.folder / "s", "--grace", "3600",
                 "--load", script], stdout=stdout, stderr=subprocess.DEVNULL)
        until(lambda: out.read_bytes() == b"loading\n", "it loads")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)


class TestEnd(sockd_test.Case):
    def test_a_handler_may_finish(self):
        script = self.script("function slow(s) local line = s:read('\\n') s:write(line) end")
        daemon = self.daemon("--grace", 3600, "--load", script)
        with daemon.client() as client:
            _, address = client.call("tcp_server", "127.0.0.1", 0, "slow")
        peer = self.keep(sockd_test.connect(address["port"]))
        until(lambda: len(daemon.sockets()) == 2, "it is served")
        daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.told()["STOPPING"], "1")
        peer.sendall(b"the last line\n")
        self.assertEqual(sockd_test.receive(peer, 100), b"the last line\n")
        self.assertEqual(daemon.process.wait(sockd_test.PATIENCE), 0)

    def test_a_handler_that_does_not_finish_is_cut_short(self):
        script = self.script("function stuck(s) while true do s:read('\\n') end end\n"
                             "function busy(s) while true do end end")
        daemon = self.daemon("--grace", 0.2, "--load", script)
        with daemon.client() as client:
            for name in ("stuck", "busy"):
                _, address = client.call("tcp_server", "127.0.0.1", 0, name)
                self.keep(sockd_test.connect(address["port"]))
        until(lambda: len(daemon.sockets()) == 4, "they are served")
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("cut short", daemon.log())

    def test_an_answer_that_comes_in_time_is_delivered(self):
        daemon = self.daemon("--grace", 20, settles=False)
        with daemon.client() as client:
            handle, peer = self.pair(client)
            read = client.request("read", handle, "\n")
            until(lambda: client.waiting(handle) == 1, "the read waits")
            daemon.process.send_signal(signal.SIGTERM)
            daemon.told()
            peer.sendall(b"in time\n")
            self.assertEqual(client.result(read), b"in time\n")
            self.assertFalse(client.feed(), "then the connection ends")
        self.assertEqual(daemon.process.wait(sockd_test.PATIENCE), 0)

    def test_what_does_not_come_in_time_is_cancelled(self):
        daemon = self.daemon("--grace", 0.2, settles=False)
        with daemon.client() as client:
            handle, _ = self.pair(client)
            read = client.request("read", handle, "\n")
            until(lambda: client.waiting(handle) == 1, "the read waits")
            daemon.process.send_signal(signal.SIGTERM)
            with self.assertRaises((EOFError, sockd_test.RpcError)):
                client.result(read)
        self.assertEqual(daemon.process.wait(sockd_test.PATIENCE), 0)

    def test_a_second_signal_ends_it_at_once(self):
        daemon = self.daemon("--grace", 3600, settles=False)
        with daemon.client() as client:
            handle, _ = self.pair(client)
            client.request("read", handle, "\n")
            until(lambda: client.waiting(handle) == 1, "the read waits")
            daemon.process.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.told()["STOPPING"], "1")
            self.assertTrue(daemon.alive())
            self.assertEqual(daemon.stop([signal.SIGINT]), 0)

    def test_a_client_that_is_idle_does_not_hold_it_up(self):
        daemon = self.daemon("--grace", 3600, settles=False)
        with daemon.client() as client:
            client.call("sockd.ping")
            self.assertEqual(daemon.stop(), 0)

    def test_sockets_left_open_are_closed(self):
        daemon = self.daemon(settles=False)
        with daemon.client() as client:
            _, peer = self.pair(client)
        daemon.prove_clean_end()
        self.assertEqual(peer.recv(1), b"")


class TestLog(sockd_test.Case):
    def test_signals_that_say_nothing_do_not_end_it(self):
        daemon = self.daemon()
        for number in sorted(set(signal.Signals) - {
                signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
                signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT,
                signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS}):
            daemon.process.send_signal(number)
            with daemon.client() as client:
                self.assertEqual(client.call("sockd.ping"), "pong", number)

    def test_a_stalled_reader_of_the_log_does_not_stall_the_daemon(self):
        read_end, write_end = os.pipe()
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
        daemon = self.daemon("--log-level", "debug", limits=lambda: os.dup2(write_end, 2))
        os.close(write_end)
        self.stack.callback(os.close, read_end)
        for _ in range(200):
            with daemon.client() as client:
                self.assertEqual(client.call("sockd.ping"), "pong")


sockd_test.main()
