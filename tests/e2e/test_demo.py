"""scripts/run.sh: what a newcomer runs first."""
import os
import signal
import subprocess

import sockd_test
from sockd_test import until


class TestDemo(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.env = dict(os.environ, TMPDIR=str(self.folder), SOCKD_BUILD=os.environ["SOCKD_BUILD"],
                        ASAN_OPTIONS=f"log_path={self.folder}/sanitizer")
        self.command = [sockd_test.SOURCE / "scripts" / "run.sh"]

    def tearDown(self):
        self.assertEqual(list(self.folder.iterdir()), [], "something was left")
        super().tearDown()

    def test_the_demonstration_serves_a_connection_and_ends(self):
        done = subprocess.run([*self.command, "--demo"], env=self.env, capture_output=True,
                              text=True, check=False, timeout=2 * sockd_test.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("\nhello, world\n", done.stdout)

    def test_ctrl_c_ends_it_cleanly(self):
        process = subprocess.Popen(self.command, env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            lines = iter(process.stdout.readline, "")
            self.assertTrue(any("sockctl --help" in line for line in lines))
            children = subprocess.run(["pgrep", "-P", str(process.pid)], text=True, check=False,
                                      capture_output=True).stdout.split()
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=sockd_test.PATIENCE)
            self.assertEqual(process.returncode, 0)
            for child in children:
                until(lambda: not os.path.exists(f"/proc/{child}"), "its children are gone")
        finally:
            process.kill()
            process.communicate()


sockd_test.main()
