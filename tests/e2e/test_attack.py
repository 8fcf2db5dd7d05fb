"""Hostile clients for a moment each: the short form of scripts/attack.sh."""
import subprocess
import unittest

import sockd_test


class TestAttack(unittest.TestCase):
    def test_hostile_clients_take_nothing_that_others_need(self):
        done = subprocess.run([sockd_test.SOURCE / "scripts" / "attack.sh", "--build",
                               sockd_test.BIN.parent, "clients", "--short"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


sockd_test.main()
