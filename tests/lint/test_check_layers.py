#!/usr/bin/python3
"""scripts/check_layers.py finds an include that climbs, and a ring of files, in a copy of the tree."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOCKD_SOURCE"])


class Copy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        for top in ("base", "protocol", "client", "daemon"):
            shutil.copytree(SOURCE / top, self.tree / top)

    def check(self):
        return subprocess.run(["/usr/bin/python3", str(SOURCE / "scripts" / "check_layers.py")],
                              cwd=self.tree, capture_output=True, text=True)

    def add(self, path, text):
        with open(self.tree / path, "a") as file:
            file.write(text)

    def test_the_tree_itself_is_clean(self):
        result = self.check()
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)

    def test_two_files_that_call_each_other_are_a_ring(self):
        self.add("daemon/util/one.c", "int one(int n)\n{\n    return n > 0 ? two(n - 1) : 0;\n}\n")
        self.add("daemon/util/two.c", "int two(int n)\n{\n    return one(n);\n}\n")
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn("a ring of files: daemon/util/one.c daemon/util/two.c\n", result.stdout)
        self.assertIn("  daemon/util/one.c -> daemon/util/two.c: two\n", result.stdout)

    def test_a_function_that_is_handed_on_ties_as_a_call_does(self):
        self.add("daemon/util/one.c", "int one(int n)\n{\n    return later(two, n);\n}\n")
        self.add("daemon/util/two.c", "int two(int n)\n{\n    return one(n);\n}\n")
        self.assertIn("daemon/util/one.c -> daemon/util/two.c: two\n", self.check().stdout)

    def test_a_third_file_may_close_the_ring(self):
        self.add("daemon/util/one.c", "int one(void)\n{\n    return two();\n}\n")
        self.add("daemon/util/two.c", "int two(void)\n{\n    return three();\n}\n")
        self.add("daemon/util/three.c", "int three(void)\n{\n    return one();\n}\n")
        self.assertIn("a ring of files: daemon/util/one.c daemon/util/three.c daemon/util/two.c\n",
                      self.check().stdout)

    def test_a_ring_that_grows_is_accepted_no_more(self):
        self.add("daemon/fiber/more.c", "int more(void)\n{\n    fiber_end();\n}\n")
        self.add("daemon/fiber/fiber.c", "int fiber_and_more(void)\n{\n    return more();\n}\n")
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn("daemon/fiber/fiber.c daemon/fiber/more.c daemon/fiber/schedule.c\n",
                      result.stdout)

    def test_a_comment_a_text_and_a_member_tie_nothing(self):
        self.add("daemon/util/one.c",
                 "/* two() */\nint one(struct x *x)\n{\n    return say(\"two()\") + x->two();\n}\n")
        self.add("daemon/util/two.c", "int two(void)\n{\n    return one();\n}\n")
        self.assertEqual(self.check().returncode, 0)

    def test_an_include_that_climbs_is_told(self):
        self.add("daemon/util/list.h", '#include "net/net.h"\n')
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn("net/net.h is not below daemon/util", result.stdout)


unittest.main()
