"""sockctl console: the manual's sessions, and what somebody at a keyboard does."""
import json
import os
import pathlib
import re
import socket
import subprocess
import unittest

import private_network
import sockd_test
from sockd_test import until
from terminal import Terminal

# As the manual prints them; only what sendto returns is its count here, as the manual's text says.
WEB_SESSION = r"""
tarantool> socket = require('socket')
---
...
tarantool> sock = socket.tcp_connect('tarantool.org', 80)
---
...
tarantool> type(sock)
---
- table
...
tarantool> sock:error()
---
- null
...
tarantool> sock:send("HEAD / HTTP/1.0\r\nHost: tarantool.org\r\n\r\n")
---
- 40
...
tarantool> sock:read(17)
---
- HTTP/1.1 302 Move
...
tarantool> sock:close()
---
- true
...
"""

DATAGRAM_SESSION = """
tarantool> socket = require('socket')
---
...
tarantool> sock_1 = socket('AF_INET', 'SOCK_DGRAM', 'udp')
---
...
tarantool> sock_1:bind('127.0.0.1')
---
- true
...
tarantool> sock_2 = socket('AF_INET', 'SOCK_DGRAM', 'udp')
---
...
tarantool> sock_2:sendto('127.0.0.1', sock_1:name().port,'X')
---
- 1
...
tarantool> message = sock_1:recvfrom()
---
...
tarantool> message
---
- X
...
tarantool> sock_1:close()
---
- true
...
tarantool> sock_2:close()
---
- true
...
"""

SERVER = """box.cfg{}
socket = require('socket')
socket.tcp_server('0.0.0.0', 3302, function(s)
    while true do
      local request
      request = s:read("\\n");
      if request == "" or request == nil then
        break
      end
      print(request)
    end
  end)
"""


class Console(sockd_test.Case):
    def run_console(self, text, *args, daemon=None):
        return (daemon or self.sockd).ctl("console", *args, data=text.encode()).decode()

    def answers(self, text):
        """What each statement is answered, without the document's marks."""
        parts = re.findall(r"---\n(.*?)\.\.\.\n", self.run_console(text), re.DOTALL)
        return [part.rstrip("\n") for part in parts]

    def terminal(self, *args, env=None):
        env = dict({"SOCKD_SOCKET": str(self.sockd.path), "TERM": "xterm", "LC_ALL": "C.UTF-8",
                    "XDG_STATE_HOME": str(self.folder / "state")}, **(env or {}))
        return self.stack.enter_context(
            Terminal([sockd_test.BIN / "sockctl", "console", *args], env))


class TestManual(Console):
    def compare(self, session):
        typed = re.findall(r"^tarantool> (.*)$", session, re.MULTILINE)
        shown = re.sub(r"^tarantool> .*\n", "", session, flags=re.MULTILINE).lstrip("\n")
        self.assertEqual(self.run_console("\n".join(typed) + "\n"), shown)

    def test_datagrams_on_localhost(self):
        self.sockd = self.daemon()
        self.compare(DATAGRAM_SESSION)

    def test_datagrams_typed_at_a_terminal(self):
        self.sockd = self.daemon()
        terminal = self.terminal()
        for prompt, answer in re.findall(r"tarantool> (.*)\n(---\n(?:- .*\n)?\.\.\.\n)",
                                         DATAGRAM_SESSION):
            terminal.expect_prompt("sockd> ")
            terminal.type(prompt + "\n")
            terminal.expect("\n" + answer)
        terminal.expect_prompt("sockd> ")
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)

    @unittest.skipUnless(private_network.available(), "only root can have a network of its own")
    def test_a_tcp_client_asks_a_web_server(self):
        self.sockd = self.daemon(wrapper=private_network.wrapper(
            self.folder, "127.0.0.1 localhost\n127.0.0.1 tarantool.org\n"))
        with self.sockd.client() as client:
            web = client.call("sockd.eval", """
                return (require('socket').tcp_server('tarantool.org', 80, function(s)
                    if s:read('\\r\\n\\r\\n') then
                        s:write('HTTP/1.1 302 Moved Temporarily\\r\\n\\r\\n')
                    end
                end))
            """)
            self.compare(WEB_SESSION)
            client.call("close", web)


    @unittest.skipUnless(private_network.available(), "only root can have a network of its own")
    def test_a_server_prints_the_lines_that_socat_ships_at_the_prompt(self):
        self.sockd = self.daemon(
            wrapper=private_network.wrapper(self.folder, "127.0.0.1 localhost\n"))
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        lines = SERVER.splitlines()
        for line, prompt in zip(lines, ["sockd> "] * 2 + ["     > "] * (len(lines) - 3)):
            terminal.type(line + "\n")
            terminal.expect_prompt(prompt)
        terminal.type(lines[-1] + "\n")
        terminal.expect("- fd: ")
        terminal.expect_prompt("sockd> ")
        (self.folder / "tmp.txt").write_text("A\nB\nC\n")
        subprocess.run([*private_network.beside(self.sockd.pid),
                        "socat", "TCP:localhost:3302", self.folder / "tmp.txt"], check=True,
                       timeout=sockd_test.PATIENCE)
        terminal.expect("A\n\n")
        terminal.expect("B\n\n")
        terminal.expect("C\n\n")
        terminal.expect("sockd> ")
        terminal.type("1\n")
        terminal.expect("- 1\n...\n")
        self.assertEqual(self.sockd.output(), b"")
        with self.sockd.client() as client:
            (listener,) = [each["id"] for each in client.call("sockd.list")
                           if each["state"] == "listening"]
            client.call("close", listener)


class TestTarantool(Console):
    """Every statement of a list is answered as Tarantool's own console answers it, byte for byte."""

    @staticmethod
    def listens(path):
        """Whether it does; the path is there before."""
        with socket.socket(socket.AF_UNIX) as console:
            return console.connect_ex(str(path)) == 0

    @staticmethod
    def ask(path, statements):
        answers = []
        with socket.socket(socket.AF_UNIX) as console:
            console.settimeout(sockd_test.PATIENCE)
            console.connect(str(path))
            sockd_test.receive(console, 128)  # its greeting
            for statement in statements:
                console.sendall(statement.encode() + b"\n")
                answer = b""
                while not answer.endswith(b"\n...\n"):
                    answer += console.recv(1 << 16)
                answers.append(answer.decode())
        return answers

    def test_the_answers_are_the_same(self):
        path = self.folder / "tarantool"
        script = self.script(f"require('console').listen('unix/:{path}')")
        tarantool = subprocess.Popen(["tarantool", script], cwd=self.folder,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stack.callback(tarantool.wait)
        self.stack.callback(tarantool.kill)
        until(lambda: self.listens(path), "Tarantool listens")
        statements = pathlib.Path(__file__).with_name("console_statements.txt").read_text()
        statements = statements.splitlines()
        expected = self.ask(path, statements)
        self.sockd = self.daemon()
        shown = self.run_console("\n".join(statements) + "\n")
        answers = re.split(r"(?<=\n\.\.\.\n)(?=---\n)", shown)
        for statement, ours, theirs in zip(statements, answers, expected):
            self.assertEqual(ours, theirs, statement)
        self.assertEqual(len(answers), len(statements))


class TestAnswers(Console):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()

    def test_scalars(self):
        given = {
            "1": "- 1", "nil": "- null", "1, nil": "- 1\n- null", "true": "- true", "1.5": "- 1.5",
            "1e15": "- 1000000000000000", "1e100": "- 1e+100", "1/0": "- inf", "-0": "- 0",
            "2^63": "- 9223372036854775808", "1/3": "- 0.33333333333333", "'text'": "- text",
            "'12'": "- '12'", "'true'": "- 'true'", "'~'": "- '~'", "''": "- ''",
            "' x'": "- ' x'", "'a: b'": "- 'a: b'", "'a:b'": "- a:b", "'- x'": "- '- x'",
            "\"it's\"": "- it's", "'#'": "- '#'", "'a\\tb'": '- "a\\tb"',
            "'HTTP/1.0 200 OK\\r\\n'": '- "HTTP/1.0 200 OK\\r\\n"', "'\\27[31m'": '- "\\e[31m"',
            "'two\\nlines'": "- 'two\n\n  lines'", "'a\\n\\nb'": "- |-\n  a\n\n  b",
            "'\\255\\1'": "- !!binary /wE=", "'\\195\\169'": "- é",
        }
        self.assertEqual(dict(zip(given, self.answers("\n".join(given) + "\n"))), given)

    def test_tables(self):
        given = {
            "{}": "- []", "{1, 2}": "- - 1\n  - 2", "{b = 1, a = {3}}": "- a:\n  - 3\n  b: 1",
            "{{a = 1}, {{2}}}": "- - a: 1\n  - - - 2", "{1, nil, 3}": "- - 1\n  - null\n  - 3",
            "{[1] = 1, [50] = 2}": "- 1: 1\n  50: 2", "{['12'] = 1}": "- '12': 1",
            "(function() local t = {}; t[1] = t; return t end)()": "- &0\n  - *0",
            "setmetatable({1, {a = 2}}, {__serialize = 'seq'})": "- [1, {'a': 2}]",
            "setmetatable({}, {__serialize = function() return {1} end})": "- - 1",
        }
        self.assertEqual(dict(zip(given, self.answers("\n".join(given) + "\n"))), given)

    def test_a_long_string_goes_on_in_the_next_line(self):
        (answer,) = self.answers("string.rep('word ', 40) .. 'end'\n")
        lines = answer.split("\n  ")
        self.assertGreater(len(lines), 2)
        self.assertLess(max(map(len, lines)), 90)
        self.assertEqual(" ".join(lines), "- " + "word " * 40 + "end")

    def test_errors(self):
        self.assertEqual(self.answers("error('boom')\nerror({code = 1})\nerror()\nx.y.z\na b\n"), [
            "- error: boom", "- error:\n    code: 1", "- error: null",
            "- error: '[string \"return x.y.z\"]:1: attempt to index global ''x'' (a nil value)'",
            "- error: '[string \"a b\"]:1: ''='' expected near ''b'''"])

    def test_a_socket_shows_what_it_is(self):
        first, answer = self.answers(
            "s = require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')\ns\n")
        self.assertEqual(first, "")
        self.assertRegex(answer, r"^- fd: \d+\n  id: \d+\n  name:\n    family: AF_INET\n")
        self.assertEqual(self.answers("s:close()\ns\n"), ["- true", "- closed: true"])

    def test_globals_outlive_the_console(self):
        self.run_console("kept = 5\n")
        self.assertEqual(self.answers("kept\n"), ["- 5"])
        self.assertEqual(self.sockd.ctl("eval", "kept"), b"5\n")

    def test_a_statement_of_several_lines(self):
        self.assertEqual(self.answers("function f(a)\n  return a\nend\nf(\n7)\n"), ["", "- 7"])

    def test_what_a_statement_prints_stands_before_its_answer(self):
        self.assertEqual(self.run_console("print('seen', 1) return 2\n"), "seen\t1\n---\n- 2\n...\n")
        self.assertEqual(self.sockd.output(), b"")

    def test_an_incomplete_statement_at_the_end(self):
        done = self.sockd.ctl("console", data=b"for i = 1, 2 do\n", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"within a statement", done.stderr)

    def test_json(self):
        text = "1, nil, 'x'\n{a = {1, 2}}\nerror('boom')\nprint(1)\nfunction() end\n'\\255'\n"
        lines = [json.loads(line) for line in self.run_console(text, "--json").splitlines()]
        self.assertEqual(lines[0], {"values": [1, None, "x"]})
        self.assertEqual(lines[1]["values"], [{"a": [1, 2]}])
        self.assertEqual(lines[2]["error"], "boom")
        self.assertEqual(lines[3], {"output": "1\n", "values": []})
        self.assertTrue(lines[4]["values"][0].startswith("function"))
        self.assertEqual(lines[5]["values"], [{"base64": "/w=="}])

    def test_an_interrupt_ends_a_session_that_no_terminal_has(self):
        process = subprocess.Popen([sockd_test.BIN / "sockctl", "console"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE,
                                   env=dict(os.environ, SOCKD_SOCKET=str(self.sockd.path)))
        self.stack.callback(process.communicate)
        process.stdin.write(b"running = true; require('fiber').sleep(1000)\n")
        process.stdin.flush()
        with self.sockd.client() as client:
            until(lambda: client.call("sockd.eval", "running"), "it runs")
        process.send_signal(2)
        self.assertEqual(process.wait(sockd_test.PATIENCE), 130)


class TestTerminal(Console):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()

    def test_lines_are_continued(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        terminal.type("function f()\n")
        terminal.expect("     > ")
        terminal.type("return 6 * 7 end\n")
        terminal.expect("---\n...\n")
        terminal.expect_prompt("sockd> ")
        terminal.type("f()\n")
        terminal.expect("---\n- 42\n...\n")

    def test_ctrl_c_cancels_what_runs_and_what_is_typed(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        terminal.type("going = true; require('fiber').sleep(1000)\n")
        with self.sockd.client() as client:
            until(lambda: client.call("sockd.eval", "going"), "it runs")
        terminal.type("\x03")
        terminal.expect_prompt("sockd> ")
        terminal.type("this is nothing")
        terminal.expect("nothing")
        terminal.type("\x03")
        terminal.expect_prompt("sockd> ")
        terminal.type("'after'\n")
        terminal.expect("---\n- after\n...\n")
        terminal.expect_prompt("sockd> ")
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(terminal.modes(), terminal.before)

    def test_what_is_printed_meanwhile_appears_above_the_line(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        terminal.type("require('fiber').create(function() require('fiber').sleep(0.05) "
                      "print('later') end) return 1\n")
        terminal.expect("- 1\n...\n")
        terminal.expect_prompt("sockd> ")
        terminal.type("'half")
        terminal.expect("later\n")
        terminal.expect("sockd> 'half")
        terminal.type(" a line'\n")
        terminal.expect("- half a line\n")

    def test_a_statement_that_goes_on_shows_what_it_prints(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        terminal.type("for i = 1, 3 do print('turn', i) require('fiber').sleep(0) end "
                      "require('fiber').sleep(1000)\n")
        terminal.expect_re(r"turn\s+3\n")
        terminal.type("\x03")
        terminal.expect_prompt("sockd> ")

    def test_what_is_printed_when_nobody_is_there_goes_to_the_daemons_output(self):
        self.run_console("function speak() print('to whom') end\n")
        with self.sockd.client() as client:
            until(lambda: client.call("sockd.eval", "speak()") is None and self.sockd.output(),
                  "it is printed")
        self.assertEqual(set(self.sockd.output().splitlines()), {b"to whom"})

    def test_history_is_kept(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        terminal.type("'remembered'\n")
        terminal.expect("- remembered\n")
        terminal.expect_prompt("sockd> ")
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        path = self.folder / "state" / "sockctl" / "history"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        again = self.terminal()
        again.expect_prompt("sockd> ")
        again.type("\x1b[A\n")
        again.expect("- remembered\n")

    def test_names_are_completed(self):
        self.run_console("quite_unique = {field_one = 1, method_two = function() end}\n"
                         "socket = require('socket')\nsock = socket('AF_INET', 'SOCK_STREAM', 0)\n")
        handle = self.sockd.sockets()[0]["id"]
        terminal = self.terminal()
        for typed, shown in [("quite_un\t", "quite_unique"),
                             ("quite_unique.fie\t", "quite_unique.field_one"),
                             ("quite_unique:meth\t", "quite_unique:method_two("),
                             ("x = socket.tcp_conn\t", "x = socket.tcp_connect("),
                             ("sock:getsocko\t", "sock:getsockopt("),
                             ("sockd.socket(\t", f"sockd.socket({handle}")]:
            terminal.expect_prompt("sockd> ")
            terminal.type(typed)
            terminal.expect(shown)
            terminal.type("\x03")
        terminal.expect_prompt("sockd> ")
        terminal.type("quite_unique.\t")
        terminal.expect_re(r"quite_unique\.field_one +quite_unique\.method_two\(")
        terminal.type("\x03")
        self.run_console("sock:close()\n")

    def test_control_characters_of_output_do_nothing(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        terminal.type("print('\\27[31mred') return '\\27]0;title\\7'\n")
        terminal.expect("...\n")
        self.assertIn("red", terminal.raw)
        self.assertNotIn("\x1b[31m", terminal.raw)

    def test_utf_8_can_be_typed(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        terminal.type("'gr\u00fc\u00dfe'\n")
        terminal.expect("- gr\u00fc\u00dfe\n...\n")

    def test_the_daemon_goes_away(self):
        terminal = self.terminal()
        terminal.expect_prompt("sockd> ")
        self.sockd.stop()
        self.assertNotIn("the time is up", self.sockd.log(), "it waited for the console")
        terminal.type("1\n")
        self.assertEqual(terminal.wait(), 3)


sockd_test.main()
