"""sockd check: what it finds, what it leaves alone, and that it runs nothing."""
import os
import subprocess

import sockd_test


class TestCheck(sockd_test.Case):
    def check(self, *args):
        """Its status, and its lines without the folder in front."""
        done = subprocess.run([str(sockd_test.BIN / "sockd"), "check", *map(str, args)], text=True,
                              capture_output=True, timeout=sockd_test.PATIENCE, check=False,
                              cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.replace(f"{self.folder}/", "").splitlines()

    def finds(self, text, *expected):
        lines = [f"script.lua:{line}" for line in expected]
        self.assertEqual(self.check(self.script(text)), (1 if lines else 0, lines), text)

    def test_what_comes_with_sockd_and_its_tests_is_clean(self):
        self.assertEqual(self.check(sockd_test.SOURCE / "lua/handlers"), (0, []))
        self.assertEqual(self.check(sockd_test.SOURCE / "tests/lua"), (0, []))

    def test_syntax(self):
        self.finds("local x = 1\nlocal y =\n", "3: unexpected symbol near '<eof>'")
        self.finds("if x then", "1: 'end' expected near '<eof>'")
        self.finds("\x1bLJ\x02", " attempt to load chunk with wrong mode")

    def test_names_that_are_nowhere(self):
        self.finds("local fiber = require('fiber')\n\nfunction serve(s)\n"
                   "    fibr.create(print, s)\nend\n",
                   "4: undefined global 'fibr'; did you mean 'fiber'?")
        self.finds("local function f()\n  return function() return cuont end\nend\nlocal count = f()",
                   "2: undefined global 'cuont'; did you mean 'count'?")
        self.finds("xyzzy()\nxyzzy()", "1: undefined global 'xyzzy'", "2: undefined global 'xyzzy'")

    def test_fields_that_modules_do_not_have(self):
        self.finds("print(string.formt('x'), sockd.inf)\nprint(math.pi, os.exit, table.unpack)",
                   "1: undefined field 'string.formt'; did you mean 'string.format'?",
                   "1: undefined field 'sockd.inf'; did you mean 'sockd.info'?",
                   "2: undefined field 'table.unpack'")

    def test_names_that_are_somewhere(self):
        self.finds("""
            counter = (counter or 0) + 1
            function one() return two() end
            function two() return counter end
            _G.shared = 1
            print(shared, _G.anything, arg)
            function string.trim(s) return s end
            string.upcase = string.upper
            print(string.trim(' '), string.upcase(''), ('x'):whatever())
            local unpack = table.unpack or unpack
            if optional then optional.use(unpack) end
            print(goto_ == nil, sockd.info.pid)
            for i = 1, 2 do local fields = {print = i} print(fields.nothing) end
            """)

    def test_nothing_is_run(self):
        mark = self.folder / "mark"
        for text in (f"os.execute('touch {mark}')", f"io.open('{mark}', 'w')", "while true do end",
                     "setmetatable(_G, {__index = error})", "error('run')"):
            self.finds(text)
        self.assertFalse(mark.exists())

    def test_hostile_texts_end(self):
        for text in ("(" * 100000, "x = " + "{" * 100000, "local " + ",".join(
                f"a{i}" for i in range(1000)) + " = 1", "-- \x1b[2J\n\x1b[2J", "x = '" + "y" * 10**6):
            status, lines = self.check(self.script(text))
            self.assertEqual((status, len(lines)), (1, 1), text[:50])
            self.assertNotIn("\x1b", lines[0])

    def test_configuration_files_are_read_as_the_daemon_reads_them(self):
        config = self.script("sockd.cfg {\n  grace = 'x',\n}\n", name="sockd.lua")
        self.assertEqual(self.check(config), (1, [
            "sockd.lua:2: grace: expected a number of seconds, 0 or more, got 'x'"]))
        config.write_text("sockd.cfg { grace = 1 }")
        self.assertEqual(self.check("--config", config, config), (0, []))
        config.write_text("-- nothing yet")
        self.assertEqual(self.check("--config", config), (0, []))
        config.write_text("while true do sockd.cfg{} end")
        self.assertEqual(self.check(config), (1, ["sockd.lua:1: it computes for too long"]))

    def test_files_and_folders(self):
        self.script("a()", name="a.lua")
        self.script("b()", name="b.lua")
        self.script("c(", name="c.txt")
        self.assertEqual(self.check(self.folder, self.folder / "none.lua"), (1, [
            "a.lua:1: undefined global 'a'", "b.lua:1: undefined global 'b'",
            "none.lua: No such file or directory"]))
        os.mkfifo(self.folder / "pipe")
        self.assertEqual(self.check(self.folder / "pipe"), (1, ["pipe: Invalid argument"]))


sockd_test.main()
