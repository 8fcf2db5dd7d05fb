"""The installed tree, and what systemd says to the units in it. No systemd is started."""
import os
import pathlib
import re
import subprocess
import unittest

import sockd_test

BUILD = pathlib.Path(os.environ["SOCKD_BUILD"])


class TestInstalled(sockd_test.Case):
    """Below a root of the test's own."""

    def setUp(self):
        super().setUp()
        self.root = self.folder / "root"
        subprocess.run(["cmake", "--install", BUILD], check=True,
                       env=dict(os.environ, DESTDIR=str(self.root)), stdout=subprocess.DEVNULL)

    def find(self, name):
        found = [path for path in self.root.rglob(name)]
        self.assertEqual(len(found), 1, f"{name}: {found}")
        return found[0]

    def tool(self, *command):
        return subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=sockd_test.PATIENCE, cwd=self.folder)

    def configuration(self, folder):
        return next(p for p in self.root.rglob("sockd.conf") if p.parent.name == folder)

    def test_everything_has_its_place(self):
        """Under the prefix, whichever it is."""
        files = [str(path) for path in self.root.rglob("*")]
        for place in ("bin/sockd", "bin/sockctl", "lib/systemd/system/sockd.service",
                      "lib/systemd/system/sockd.socket", "lib/sysusers.d/sockd.conf",
                      "lib/tmpfiles.d/sockd.conf", "etc/sockd/handlers", "etc/sockd/sockd.lua",
                      "share/man/man8/sockd.8", "share/man/man5/sockd.lua.5",
                      "share/man/man7/sockd-handlers.7", "include/sockd/client.h"):
            self.assertEqual(len([file for file in files if file.endswith("/" + place)]), 1, place)

    def test_nothing_installed_knows_where_it_was_built(self):
        for path in self.root.rglob("*"):
            if path.is_file() and path.suffix in (".service", ".socket", ".conf", ".pc", ".cmake",
                                                  ".h", ".lua"):
                self.assertNotIn(str(BUILD), path.read_text(), path)

    def test_the_configuration_that_is_installed_changes_nothing(self):
        found = next(path for path in self.root.rglob("sockd.lua") if path.parent.name == "sockd"
                     and "etc" in path.parts)
        done = self.tool(sockd_test.BIN / "sockd", "check", found)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        told = []
        for options in ((), ("--config", found)):
            with self.daemon(*options).client() as client:
                cfg = client.call("sockd.eval", """
                    local cfg = sockd.info.cfg
                    cfg.socket = nil -- each has its own
                    return cfg""")
            told.append(cfg)
        self.assertGreater(len(told[0]), 10)
        self.assertEqual(*told)

    def test_the_service_uses_it(self):
        service = self.find("sockd.service").read_text()
        path = re.search(r"--config (/\S+)", service).group(1)
        self.assertTrue((self.root / path.lstrip("/")).is_file(), path)

    def units(self):
        """Copies of the units, whose program exists."""
        folder = self.folder / "units"
        folder.mkdir()
        service = self.find("sockd.service").read_text()
        self.assertRegex(service, r"(?m)^ExecStart=/\S+/bin/sockd \\$")
        service = re.sub(r"(Exec\w+)=/\S+/bin/", rf"\1={sockd_test.BIN}/", service)
        (folder / "sockd.service").write_text(service)
        (folder / "sockd.socket").write_text(self.find("sockd.socket").read_text())
        return folder

    def test_systemd_understands_the_units(self):
        folder = self.units()
        done = self.tool("systemd-analyze", "verify", "--man=no", str(folder / "sockd.service"),
                         str(folder / "sockd.socket"))
        said = [line for line in done.stderr.splitlines() if "sockd" in line]
        self.assertEqual((done.returncode, said), (0, []), done.stderr)

    def test_the_service_is_confined(self):
        folder = self.units()
        done = self.tool("systemd-analyze", "security", "--offline=true", "--threshold=14",
                         "--no-pager", str(folder / "sockd.service"))
        score = re.search(r"Overall exposure level for sockd.service: ([\d.]+)", done.stdout)
        self.assertIsNotNone(score, done.stdout + done.stderr)
        self.assertLessEqual(float(score.group(1)), 1.4)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_reload_tells_how_it_went(self):
        """What ExecReload= says, run by hand: systemctl reload fails when the scripts do."""
        command = re.search(r"(?m)^ExecReload=/\S+/bin/sockctl (.+)$",
                            self.find("sockd.service").read_text()).group(1).split()
        script = self.script("")
        sockd = self.daemon("--load", script)
        self.assertEqual(sockd.ctl(*command), f"{script}\n".encode())
        script.write_text("error('on purpose')")
        done = sockd.ctl(*command, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"on purpose", done.stderr)

    def test_the_user_is_made(self):
        sysusers = self.configuration("sysusers.d")
        (self.root / "etc").mkdir(exist_ok=True)
        done = self.tool("systemd-sysusers", f"--root={self.root}", str(sysusers))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex((self.root / "etc/passwd").read_text(), r"(?m)^sockd:x:\d+:\d+:.*nologin$")
        self.assertRegex((self.root / "etc/group").read_text(), r"(?m)^sockd:x:\d+:")

    @unittest.skipIf(os.geteuid() != 0, "only root can give the folder to its user")
    def test_the_folder_of_the_socket_is_made(self):
        self.test_the_user_is_made()
        done = self.tool("systemd-tmpfiles", "--create", f"--root={self.root}",
                         str(self.configuration("tmpfiles.d")))
        self.assertEqual(done.returncode, 0, done.stderr)
        status = (self.root / "run/sockd").stat()
        self.assertEqual(status.st_mode & 0o7777, 0o755)
        self.assertNotEqual(status.st_uid, 0)


sockd_test.main()
