"""No exit without a line that says why: what is wrong with the command line, the environment and
the files that a daemon begins with is named.
"""
import os
import subprocess

import sockd_test

SOCKD = str(sockd_test.BIN / "sockd")
IDS_END = 2**52


class Startup(sockd_test.Case):
    def run_sockd(self, *words, env=None, start=""):
        """Runs it to its end; `start` is what a shell does before."""
        environment = {**os.environ, **(env or {})}
        if start:
            words = ("/bin/sh", "-c", f'{start}; exec "$0" "$@"', SOCKD, *words)
        else:
            words = (SOCKD, *words)
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=sockd_test.PATIENCE)

    def refused(self, culprit, *words, **more):
        done = self.run_sockd(*words, **more)
        self.assertIn(done.returncode, (1, 2), (words, done))
        self.assertIn(culprit, done.stderr + done.stdout, (words, done))

    def path(self):
        return str(self.folder / "sockd.sock")

    def test_numbers_of_the_service_manager(self):
        for value in ("abc", "-1", "2147483648", "4294967297", "", " 1", "+1", "0x1"):
            self.refused(f"'{value}'", "--socket", self.path(), env={"LISTEN_FDS": value},
                         start="export LISTEN_PID=$$")
        for value in ("abc", "-1", "99999999999999999999", ""):
            self.refused(f"'{value}'", "--socket", self.path(),
                         env={"LISTEN_FDS": "1", "LISTEN_PID": value})
        self.refused("1000000", "--socket", self.path(), env={"LISTEN_FDS": "1000000"},
                     start="export LISTEN_PID=$$")

    def test_a_lock_file_holds_a_number_of_sockd_or_none_at_all(self):
        lock = self.folder / "sockd.sock.lock"
        for text in ("-5\n", "+5\n", " 5\n", "0x10\n", "5", "5\n\n", "5\n6\n", "0\n", "\n", "five\n",
                     f"{2**64 - 1}\n", f"{2**64 - 1000000}\n", f"{IDS_END + 1}\n", "5\0\n", "1" * 40):
            lock.write_text(text)
            self.refused("sockd.sock: its lock file", "--socket", self.path())
            self.assertEqual(lock.read_text(), text)

    def test_sockets_go_on_at_the_number_of_the_lock_file(self):
        path = self.folder / "sockd.sock"
        for number in (41, IDS_END):
            path.with_name("sockd.sock.lock").write_text(f"{number}\n")
            sockd = self.daemon(path=path, settles=False)
            with sockd.client() as client:
                self.assertEqual(client.call("socket", "AF_INET", "SOCK_STREAM", "tcp"), number)
            sockd.stop()

    def test_options_of_the_command_line(self):
        for option, value in [
                ("socket-mode", "9999"), ("socket-mode", "-1"), ("socket-mode", "0o777"),
                ("socket-mode", "1000"), ("socket-mode", " 660"), ("socket-group", "-1"),
                ("socket-group", "4294967295"), ("socket-group", "+1"), ("grace", "nan"),
                ("grace", "-1"), ("grace", "1e999"), ("grace", "0x10"), ("grace", " 1"),
                ("grace", "inf"), ("grace", ""), ("max-readahead", "1.5"), ("max-readahead", "-1"),
                ("max-readahead", "0"), ("max-readahead", "1KB"), ("max-readahead", "17179869184G"),
                ("max-readahead", "18446744073709551616"), ("max-sockets", "1e3"),
                ("lua-memory", "+1M")]:
            self.refused(f"got '{value}'", f"--{option}={value}", "--socket", self.path())

    def test_options_of_the_configuration_file(self):
        config = self.folder / "sockd.conf"
        for text in ("grace = 0/0", "grace = 1/0", "grace = -1", "max_readahead = 1.5",
                     "max_readahead = -1", "max_readahead = 1e300", "max_readahead = '1 K'",
                     "socket_mode = 9999", "socket_mode = '0o777'", "socket_group = -1",
                     "socket_group = 2^32 - 1"):
            config.write_text(f"sockd.cfg{{{text}}}\n")
            self.refused(text.split()[0], "--config", str(config), "--socket", self.path())

    def test_check_and_run_name_what_they_cannot_have(self):
        nowhere = str(self.folder / "nowhere")
        closed = self.folder / "closed"
        closed.mkdir()
        self.refused("nowhere", "check", nowhere)
        self.refused("nowhere", "run", nowhere)
        self.refused("no script given", "run")
        if os.getuid() != 0:
            closed.chmod(0)
            self.refused("closed", "check", str(closed))

    def test_output_that_is_lost_is_said(self):
        for word in ("--version", "--help"):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([SOCKD, word], stdout=full, stderr=subprocess.PIPE, text=True,
                                      check=False, timeout=sockd_test.PATIENCE)
            self.assertEqual(done.returncode, 1)
            self.assertIn("standard output: No space left", done.stderr)


if __name__ == "__main__":
    sockd_test.main()
