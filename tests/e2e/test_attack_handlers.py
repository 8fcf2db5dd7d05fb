"""Bad handlers, one of each kind: the short form of scripts/attack.sh handlers."""
import subprocess
import unittest

import sockd_test


class TestAttack(unittest.TestCase):
    """What is allowed here is generous, in the daemon's own processor time."""

    def attack(self, *arguments):
        done = subprocess.run([sockd_test.SOURCE / "scripts" / "attack.sh", "--build",
                               sockd_test.BIN.parent, "handlers", "--slowest", "100", "--longest",
                               "1000", *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_bad_handlers_end_and_leave_nothing(self):
        self.attack("--short")

    def test_ten_at_once(self):
        self.attack("--connections", "10", "while", "xpcall-handler-of-the-stop", "fibers-spin",
                    "fiber-yield")


sockd_test.main()
