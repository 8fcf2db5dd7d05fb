"""Completion of sockctl's command lines, by real shells."""
import os
import shlex
import signal
import subprocess

import sockd_test
from terminal import Terminal

FOLDER = sockd_test.SOURCE / "completions"

# What bash does when somebody presses the key: the words, split as it splits them, and the function.
BASH = r"""
source "$1"
COMP_LINE=$2
COMP_POINT=${#COMP_LINE}
read -ra parts <<<"${COMP_LINE//=/ = }"
COMP_WORDS=("${parts[@]}")
[[ $COMP_LINE == *[\ ] || $COMP_LINE == *= ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_sockctl
for word in "${COMPREPLY[@]}"; do printf '%s\n' "$word"; done
"""


class TestCompletion(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())
        self.handle, _ = self.pair(self.client, name="connection_one")
        self.stack.callback(self.client.call, "close", self.handle)
        self.env = dict(os.environ, SOCKD_SOCKET=str(self.sockd.path), HOME=str(self.folder),
                        PATH=f"{sockd_test.BIN}:{os.environ['PATH']}")
        (self.folder / "some-file").touch()

    def run_shell(self, *command):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False,
                              timeout=sockd_test.PATIENCE, cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout.splitlines()

    def bash(self, line):
        return self.run_shell("bash", "-c", BASH, "bash", FOLDER / "sockctl.bash", line)

    def fish(self, line):
        script = f"source {FOLDER}/sockctl.fish; complete -C {shlex.quote(line)}"
        return [each.split("\t")[0] for each in self.run_shell("fish", "-N", "-c", script)]

    def test_bash_and_fish(self):
        handles = [str(self.handle), "connection_one"]
        for shell in self.bash, self.fish:
            with self.subTest(shell=shell.__name__):
                commands = shell("sockctl ")
                for name in "attach", "ls", "connect", "read", "setsockopt", "cancel", "ping":
                    self.assertIn(name, commands)
                self.assertNotIn("__complete", commands)
                self.assertEqual(shell("sockctl atta"), ["attach"])
                self.assertEqual(sorted(shell("sockctl attach ")), sorted(handles))
                self.assertEqual(shell("sockctl read conn"), ["connection_one"])
                self.assertEqual(sorted(shell("sockctl tap --hex ")), sorted(handles))
                self.assertEqual(shell("sockctl ls --wat"), ["--watch"])
                self.assertIn("--name=", shell("sockctl connect --"))
                self.assertEqual(shell("sockctl shutdown connection_one R"), ["R", "RW"])
                self.assertEqual(shell("sockctl socket AF_INET6 SOCK_D"), ["SOCK_DGRAM"])
                self.assertIn("sockd.stats", shell("sockctl call sockd.s"))
                self.assertEqual(shell("sockctl nonsense "), [])

    def test_values_of_options(self):
        self.assertEqual(self.bash("sockctl attach --eof k"), ["keep"])
        self.assertEqual(self.bash("sockctl attach --eof=k"), ["keep"])
        self.assertEqual(self.bash("sockctl attach --eof="), ["shutdown", "close", "keep"])
        self.assertEqual(self.fish("sockctl attach --eof=k"), ["--eof=keep"])
        self.assertEqual(self.fish("sockctl attach --eof k"), ["keep"])
        self.assertIn("some-file", self.bash("sockctl --socket "))
        self.assertIn("some-file", self.fish("sockctl --socket "))

    def test_another_daemon_and_none(self):
        self.assertEqual(self.bash("sockctl --socket /no/where attach "), [])
        self.env.pop("SOCKD_SOCKET")
        self.assertIn("connection_one", self.bash(f"sockctl --socket {self.sockd.path} attach "))

    def zsh(self, line, shown):
        """zsh completes only at a terminal."""
        (self.folder / ".zshrc").write_text(
            f"unsetopt PROMPT_SP; PS1='ready> '; fpath=({FOLDER} $fpath)\n"
            "autoload -U compinit; compinit -u -D\n")
        env = dict(self.env, TERM="dumb", ZDOTDIR=str(self.folder))
        with Terminal(["zsh", "-d", "-i"], env, size=(60, 200), end=signal.SIGHUP) as shell:
            shell.expect_prompt("ready> ")
            shell.type(line + "\t")
            shell.expect(shown)

    def test_zsh(self):
        self.zsh("sockctl atta", "sockctl attach")
        self.zsh("sockctl attach conn", "sockctl attach connection_one")
        self.zsh("sockctl attach --eof=k", "--eof=keep")
        self.zsh("sockctl ls --wa", "--watch")


sockd_test.main()
