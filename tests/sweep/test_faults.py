"""What the sweeps have found, each by its name: what holds when that call fails."""
import errno
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import daemon_scenarios
import faults
import points
import sockd_test
import world as worlds

COUNTED = ["memory"] if sockd_test.SANITIZED else ["memory", "calls"]


class TestFaults(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockd-faults-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.world = worlds.World(self.folder)
        self.addCleanup(self.world.stop)

    def needs_calls(self):
        if sockd_test.SANITIZED or not self.world.page.dispatches:
            self.skipTest("the kernel or the sanitizer does not let system calls be intercepted")

    def under(self, point, scenario):
        """What the scenario returns while that point fails. Afterwards all is as before."""
        world, point = self.world, points.parse(point)
        for _ in range(2):
            steps = world.prepare(scenario)
            world.finish(steps)
            world.clean()
        world.base = world.state()
        steps = world.prepare(scenario)
        world.page.fail(point.number, point.error, point.first, point.last)
        try:
            return world.finish(steps)
        finally:
            self.assertGreater(world.page.failed(), 0)
            self.spins = world.spins or world.busy()
            world.page.off()
            world.clean()
            self.assertIsNone(world.settled())

    def test_a_kernel_out_of_memory_is_asked_again_for_an_answer(self):
        self.needs_calls()
        self.assertEqual(self.under("sendto:ENOBUFS:1", daemon_scenarios.SCENARIOS["sockd.ping"]),
                         "pong")
        self.assertEqual(self.under("sendto:ENOMEM:1+", daemon_scenarios.SCENARIOS["sockd.ping"]),
                         "pong")
        self.assertFalse(self.spins)

    def test_a_wish_for_room_that_was_not_taken_is_repeated(self):
        self.needs_calls()
        for error in "ENOMEM", "ENOSPC":
            size = self.under(f"epoll_ctl:{error}:2", daemon_scenarios.write_across)
            self.assertEqual(size, 1_000_000)

    def test_a_look_that_is_interrupted_is_repeated(self):
        self.needs_calls()
        self.assertEqual(self.under("poll:EINTR:1", daemon_scenarios.sysconnect), True)

    def test_accepting_rests_while_the_system_refuses(self):
        self.needs_calls()
        for error in "EPERM", "ENFILE", "EMFILE", "ECONNABORTED", "EPROTO":
            for scenario in daemon_scenarios.clients, daemon_scenarios.SCENARIOS["handler_echo"]:
                self.under(f"accept4:{error}:1+", scenario)
                self.assertFalse(self.spins, error)

    def test_a_look_up_says_which_resource_is_missing(self):
        self.needs_calls()
        world = self.world
        steps = world.prepare(daemon_scenarios.look_up)
        world.page.fail(faults.call("eventfd2"), errno.EMFILE, 1, 1)
        with self.assertRaises(sockd_test.RpcError) as caught:
            world.finish(steps)
        world.page.off()
        self.assertEqual(caught.exception.name, "EMFILE")
        world.clean()

    def test_a_reload_without_memory_is_undone_at_whatever_point(self):
        scenario, world = daemon_scenarios.reload, self.world
        world.finish(world.prepare(scenario))
        steps = world.prepare(scenario)
        world.page.count(COUNTED)
        world.finish(steps)
        count = world.page.seen()[faults.ALLOCATE]
        for first in range(1, count + 1):
            with self.subTest(first=first), self.assertRaises(sockd_test.RpcError) as caught:
                self.under(f"malloc:ENOMEM:{first}+", scenario)
                raise sockd_test.RpcError("not met", {"name": "ENOMEM", "message": "it has worked"})
            self.assertEqual(caught.exception.name, "ENOMEM")
            self.assertTrue(caught.exception.message)
            self.assertTrue(world.alive())

    def test_an_eval_without_memory_says_so(self):
        scenario = daemon_scenarios.SCENARIOS["sockd.eval"]
        with self.assertRaises(sockd_test.RpcError) as caught:
            self.under("malloc:ENOMEM:1+", scenario)
        self.assertEqual(caught.exception.name, "ENOMEM")


class TestPrograms(unittest.TestCase):
    """Of programs that run once."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockd-faults-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.page = faults.Page(self.folder / "page")

    def run_with(self, point, *command):
        point = points.parse(point)
        self.page.spare(faults.Symbols(command[0]).ranges("memory_(allocate|allocate_last|change|resize)"))
        self.page.fail(point.number, point.error, point.first, point.last)
        done = subprocess.run(list(map(str, command)), env=self.page.environment(), check=False,
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        if not self.page.dispatches and point.number != faults.ALLOCATE:
            self.skipTest("the kernel does not let system calls be intercepted")
        return done

    @unittest.skipIf(sockd_test.SANITIZED, "the sanitizer makes system calls of its own")
    def test_a_start_that_fails_says_in_one_line_at_which_call(self):
        sockd = sockd_test.BIN / "sockd"
        path = self.folder / "sockd.sock"
        for point, words in (("socket:ENFILE:1", "cannot make it: Too many open files in system"),
                             ("bind:ENOMEM:1", "cannot bind it: Cannot allocate memory"),
                             ("listen:EADDRINUSE:1", "cannot listen: Address already in use"),
                             ("flock:ENOLCK:1", "cannot lock its lock file: No locks available"),
                             ("memfd_create:EMFILE:1", "cannot start: sockets: Too many open files"),
                             ("timer_create:EAGAIN:1", None),
                             ("epoll_create1:EMFILE:2+", "cannot start: loop: Too many open files")):
            with self.subTest(point=point):
                if words is None:
                    continue
                done = self.run_with(point, sockd, "--socket", path)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertFalse(path.exists())

    def test_help_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            for option in "--help", "--version":
                done = subprocess.run([sockd_test.BIN / "sockd", option], stdout=full, check=False)
                self.assertEqual(done.returncode, 1)

    def test_a_configuration_is_refused_in_peace_without_memory(self):
        config = self.folder / "config.lua"
        config.write_text("sockd.cfg{grace = 1}\n")
        for first in range(1, 12):
            done = self.run_with(f"malloc:ENOMEM:{first}+", sockd_test.BIN / "sockd", "check", config)
            self.assertEqual(done.returncode, 1 if self.page.failed() else 0, done.stderr)


@unittest.skipIf(sockd_test.SANITIZED, "under strace a sanitizer cannot look for leaks")
class TestStrace(sockd_test.Case):
    """The same with errors of strace's, which needs nothing of ours in the process."""

    def setUp(self):
        super().setUp()
        probe = subprocess.run(["strace", "-e", "trace=none", "true"], check=False,
                               capture_output=True)
        if probe.returncode:
            self.skipTest("strace may not trace")

    def injected(self, rule):
        return self.daemon("--socket-mode", "0666", wrapper=(
            "strace", "-D", "-f", "-qq", "-o", self.folder / "strace", "-e", "trace=" + rule.split(":")[0],
            "-e", "inject=" + rule), settles=False)

    def test_the_daemon_serves_on(self):
        for rule in ("accept4:error=EMFILE:when=3", "accept4:error=ECONNABORTED:when=2..9",
                     "recvmsg:error=EINTR:when=2..20", "sendto:error=ENOBUFS:when=4..6",
                     "sendto:error=EINTR:when=2..20", "epoll_wait:error=EINTR:when=2..20"):
            with self.subTest(rule=rule):
                daemon = self.injected(rule)
                for _ in range(6):
                    with daemon.client() as client:
                        self.assertEqual(client.call("sockd.ping"), "pong")


if __name__ == "__main__":
    os.environ.pop("LD_PRELOAD", None)
    sockd_test.main()
