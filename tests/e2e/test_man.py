"""The manual pages: as they are rendered, and against the program that they describe."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import sockd_test

MAN = pathlib.Path(os.environ["SOCKD_BUILD"]) / "man"
PAGES = ("sockctl.1", "sockd.8", "sockd.lua.5", "sockd-handlers.7")


def run(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                          timeout=sockd_test.PATIENCE, **more)


@unittest.skipUnless(shutil.which("man"), "without man nothing can be rendered")
class TestMan(sockd_test.Case):
    def render(self, page):
        environment = dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="1000", MAN_KEEP_FORMATTING="",
                           MANPAGER="cat")
        done = run("man", "--warnings", "--nh", "--nj", "-l", MAN / page, env=environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""), page)
        return re.sub(".\b", "", done.stdout)

    def test_they_are_rendered_without_a_warning(self):
        for page in PAGES:
            text = self.render(page)
            for section in ("NAME", "DESCRIPTION", "SEE ALSO"):
                self.assertIn(f"\n{section}\n", text, page)
            self.assertNotRegex(text, r"@\w+@", page)

    def help(self):
        """The sections of --help: {heading: options}."""
        sections, heading = {}, None
        for line in run(sockd_test.BIN / "sockd", "--help").stdout.splitlines():
            option = re.match(r"  (--[a-z-]+(?: [A-Z|]+)?)", line)
            if option and heading:
                sections[heading].append(option.group(1))
            elif line.startswith("Of ") and line.endswith(":"):
                heading = line
                sections[heading] = []
        return sections

    def test_the_options_are_those_of_help(self):
        text = self.render("sockd.8")
        found = re.findall(r"(?m)^       (--[a-z-]+(?: [A-Z|]+)?)$", text)
        expected = [option for options in self.help().values() for option in options]
        self.assertGreater(len(found), 15)
        self.assertEqual(sorted(found), sorted(expected))

    def test_every_command_of_sockctl_and_every_option_is_there(self):
        text = self.render("sockctl.1")
        usage = run(sockd_test.BIN / "sockctl", "--help").stdout
        commands = re.findall(r"(?m)^  ([a-z][\w.-]*)", usage[:usage.index("Options of every")])
        self.assertGreater(len(commands), 50)
        for command in commands:
            self.assertRegex(text, rf"(?m)^       {command.removeprefix('sockd.')}( |$)")
            options = run(sockd_test.BIN / "sockctl", command, "--help").stdout
            for option in re.findall(r"(?m)^  (?:-\w,  )?(--[\w-]+)", options):
                self.assertIn(option, text, command)

    def test_which_options_the_commands_know(self):
        text = self.render("sockd.8")
        sections = self.help()
        for command in ("run", "check"):
            known = re.search(rf"sockd {command} knows ([^;.]*)[;.]", text).group(1)
            expected = [option.split()[0] for heading, options in sections.items()
                        for option in options if heading == "Of all:" or f" {command}" in heading]
            self.assertEqual(sorted(re.findall(r"--[a-z-]+", known)), sorted(expected), command)

    def test_the_file_has_the_options_that_a_file_may_set(self):
        found = re.findall(r"(?m)^       ([a-z_]+) = ", self.render("sockd.lua.5"))
        expected = [option.split()[0][2:].replace("-", "_") for options in self.help().values()
                    for option in options]
        for name in ("config", "cpu", "help", "version"):
            expected.remove(name)
        self.assertEqual(sorted(found), sorted(expected))

    def test_every_privilege_is_explained(self):
        text = self.render("sockd.8")
        explained = text[text.index("\nPRIVILEGES\n"):text.index("\nLOGGING\n")]
        with self.daemon().client() as client:
            for name in client.call("sockd.hello")["allowed"]:
                self.assertRegex(explained, rf"(?m)^       (\w+, )*{name}(, \w+)*$")

    def test_the_examples_have_no_mistake(self):
        checked = 0
        for page in PAGES:
            source = (sockd_test.SOURCE / "man" / f"{page}.scd").read_text()
            for number, example in enumerate(re.findall(r"(?ms)^```\n(.*?)^```$", source)):
                if re.match(r"[$#] ", example):
                    continue  # of the shell
                script = self.script(example.replace("\\\\", "\\"), name=f"{page}.{number}.lua")
                done = run(sockd_test.BIN / "sockd", "check", script)
                self.assertEqual((done.returncode, done.stdout), (0, ""), example)
                checked += 1
        self.assertGreater(checked, 3)


sockd_test.main()
