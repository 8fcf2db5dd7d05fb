"""Scripts in generations: what a reload takes over, ends, leaves alone, and undoes."""
import contextlib
import os
import signal
import socket
import threading
import time

import sockd_test
from sockd_test import until

VERSION = """
local socket = require('socket')
local function serve(c)
    while true do
        local line = c:read('\\n')
        if line == nil or line == '' then return end
        c:write('VERSION ' .. line)
    end
end
"""


class Reloads(sockd_test.Case):
    """Daemons whose script is written anew."""

    def setUp(self):
        super().setUp()
        self.scripts = self.folder / "scripts"
        self.scripts.mkdir()
        self.daemons_by_name = {}
        self.port = sockd_test.free_port()

    def write(self, version, more="", name="main.lua"):
        text = VERSION.replace("VERSION", version) + more
        new = self.folder / "new"  # a script that is half written would be loaded as it is
        new.write_text(text.replace("PORT", str(self.port)))
        new.replace(self.scripts / name)

    def serving(self, version, more=""):
        self.write(version, "socket.tcp_server('127.0.0.1', PORT, serve)\n" + more)

    def start(self, *args):
        self.sockd = self.daemon("--load", self.scripts, "--grace", 0, *args, settles=False)
        self.client = self.keep(self.sockd.client())
        return self.sockd

    def reload(self):
        return self.client.call("sockd.reload")

    def broken(self, name="EREMOTEIO"):
        """A reload that fails, and changes no socket."""
        before = self.sockets()
        error = self.fails(name, self.reload)
        until(lambda: self.sockets() == before, lambda: f"{self.sockets()} is {before}")
        return error

    def sockets(self):
        return sorted(entry["id"] for entry in self.client.call("sockd.list"))

    def listeners(self):
        return sorted(int(entry["address"].rpartition(":")[2])
                      for entry in self.client.call("sockd.list", {"state": "listening"}))

    def eval(self, text, *args):
        return self.client.call("sockd.eval", text, *args)

    def ask(self, question=b"x\n", port=None, sock=None):
        if sock is None:
            with sockd_test.connect(port or self.port) as sock:
                return self.ask(question, sock=sock)
        sock.sendall(question)
        return sock.makefile("rb").readline()


class TestReload(Reloads):
    def test_new_connections_get_the_new_code_and_old_ones_keep_theirs(self):
        self.serving("one")
        self.start()
        old = self.keep(sockd_test.connect(self.port))
        self.assertEqual(self.ask(sock=old), b"one x\n")
        self.serving("two")
        self.assertEqual(self.reload(), [str(self.scripts / "main.lua")])
        self.assertEqual(self.ask(), b"two x\n")
        self.assertEqual(self.ask(sock=old), b"one x\n")
        self.serving("three")
        self.reload()
        self.assertEqual(self.ask(), b"three x\n")
        self.assertEqual(self.ask(sock=old), b"one x\n")
        old.close()

    def test_a_listener_changes_hands_with_its_queue(self):
        """While the new generation gets ready the old one serves."""
        self.serving("one")
        self.start()
        self.serving("two", "require('fiber').sleep(0.2) _G.ready = true")
        request = self.client.request("sockd.reload")
        answers = []
        while not self.client.has(request):
            answers.append(self.ask())
        self.client.result(request)
        self.assertEqual(answers[0], b"one x\n")
        self.assertEqual(answers, sorted(answers), "one after the other")
        self.assertEqual(self.ask(), b"two x\n")

    def test_unix_paths_ports_of_the_kernels_choice_and_the_longer_forms(self):
        path = self.folder / "unix.sock"
        more = f"""
            _G.port = select(2, socket.tcp_server('127.0.0.1', 0, serve)).port
            socket.tcp_server('unix/', '{path}', {{handler = serve}})
            local l = socket.tcp_server_create('127.0.0.1', PORT, function(s)
                s:setsockopt('SOL_SOCKET', 'SO_REUSEADDR', true)
                return 77
            end)
            require('fiber').create(socket.tcp_server_loop, l, serve)
        """
        self.write("one", more)
        self.start()
        port = self.eval("return port")
        self.write("two", more)
        self.reload()
        self.assertEqual(self.eval("return port"), port)
        self.assertEqual(self.ask(port=port), b"two x\n")
        self.assertEqual(self.ask(), b"two x\n")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(sockd_test.PATIENCE)
            sock.connect(str(path))
            self.assertEqual(self.ask(sock=sock), b"two x\n")
        self.write("three")
        self.reload()
        self.assertEqual(self.listeners(), [])
        self.assertFalse(os.path.lexists(path))

    def test_what_nobody_claims_closes_and_what_is_new_opens(self):
        other = sockd_test.free_port()
        self.serving("one")
        self.start()
        self.write("two", f"socket.tcp_server('127.0.0.1', {other}, serve)")
        self.reload()
        self.assertEqual(self.listeners(), [other])
        with self.assertRaises(ConnectionRefusedError):
            sockd_test.connect(self.port)
        self.assertEqual(self.ask(port=other), b"two x\n")

    def test_fibers_without_a_connection_end_and_those_of_one_go_with_it(self):
        more = """
            local fiber = require('fiber')
            _G.ticks = _G.ticks or {}
            local function count(name)
                while true do
                    _G.ticks[name] = (_G.ticks[name] or 0) + 1
                    fiber.sleep(0.001)
                end
            end
            fiber.create(count, 'VERSION background')
            function helped(c)
                fiber.create(count, 'VERSION helper')
                c:read('\\n')
            end
            socket.tcp_server('127.0.0.1', PORT, helped)
        """
        self.write("one", more.replace("VERSION", "one"))
        self.start()
        old = self.keep(sockd_test.connect(self.port))
        self.moves("one helper")
        self.moves("one background")
        self.write("two", more.replace("VERSION", "two"))
        self.reload()
        self.moves("two background")
        self.stands("one background")
        self.moves("one helper")
        old.close()
        self.stands("one helper")

    def ticks(self, name):
        return self.eval("return ticks[...] or 0", name)

    def moves(self, name):
        before = self.ticks(name)
        until(lambda: self.ticks(name) > before, f"{name} runs")

    def stands(self, name):
        def has_stopped():
            before = self.ticks(name)
            self.eval("require('fiber').sleep(0.05)")
            return self.ticks(name) == before
        until(has_stopped, f"{name} has ended")

    def test_a_listener_that_a_connection_made_for_itself_goes_with_it(self):
        """As FTP does for its data."""
        self.write("one", """
            socket.tcp_server('127.0.0.1', PORT, function(c)
                local data, address = socket.tcp_server('127.0.0.1', 0, serve)
                c:write(address.port .. '\\n')
                c:read('\\n')
            end)
        """)
        self.start()
        old = self.keep(sockd_test.connect(self.port))
        port = int(old.makefile("rb").readline())
        self.serving("two")
        self.reload()
        self.assertEqual(self.ask(port=port), b"one x\n")
        self.assertEqual(self.ask(), b"two x\n")
        old.close()
        until(lambda: self.listeners() == [self.port], "it has closed")

    def test_servers_that_clients_made_get_the_new_code_by_name(self):
        self.write("one", "function named(c) serve(c) end")
        self.start()
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0, "named")
        port = address["port"]
        old = self.keep(sockd_test.connect(port))
        self.assertEqual(self.ask(sock=old), b"one x\n")
        self.write("two", "function named(c) serve(c) end")
        self.reload()
        self.assertEqual(self.ask(port=port), b"two x\n")
        self.assertEqual(self.ask(sock=old), b"one x\n")
        self.write("three")
        self.reload()
        self.assertEqual(self.ask(port=port), b"two x\n")
        self.assertIn("old code of named", self.sockd.log())
        self.client.call("close", handle)

    def test_modules_are_loaded_anew_and_come_back_when_it_fails(self):
        module = self.scripts / "module"
        module.mkdir()
        self.write("one", f"package.path = '{module}/?.lua;' .. package.path\n"
                          "function answer() return require('answer') end\nanswer()")
        (module / "answer.lua").write_text("return 1")
        self.start()
        self.assertEqual(self.client.call("sockd.call", "answer"), 1)
        (module / "answer.lua").write_text("return 2")
        self.assertEqual(self.client.call("sockd.call", "answer"), 1)
        self.reload()
        self.assertEqual(self.client.call("sockd.call", "answer"), 2)
        (module / "answer.lua").write_text("return 3 +")
        self.assertIn("answer.lua", self.broken().message)
        self.assertEqual(self.client.call("sockd.call", "answer"), 2)

    def test_scripts_come_and_go_with_their_files(self):
        self.write("one", "function first() return 1 end")
        self.start()
        self.write("one", "function second() return 2 end", "more.lua")
        (self.scripts / "main.lua").unlink()
        self.assertEqual(self.reload(), [str(self.scripts / "more.lua")])
        self.assertEqual(self.client.call("sockd.call", "second"), 2)
        self.fails("ENOENT", self.client.call, "sockd.call", "first")


class Broken(Reloads):
    """What is wrong with a version changes nothing."""

    LOAD_TIMEOUT = 30

    def setUp(self):
        super().setUp()
        self.serving("one", "function version() return 'one' end")
        self.start("--handler-cpu", 0.2, "--load-timeout", self.LOAD_TIMEOUT, "--lua-memory", "16M")
        self.old = self.keep(sockd_test.connect(self.port))
        self.ask(sock=self.old)

    def tearDown(self):
        if not self.failed():
            self.assertEqual(self.ask(), b"one x\n")
            self.assertEqual(self.ask(sock=self.old), b"one x\n")
            self.assertEqual(self.client.call("sockd.call", "version"), "one")
            self.serving("good")
            self.reload()
            self.assertEqual(self.ask(), b"good x\n")
        super().tearDown()


class TestBrokenAndSlow(Broken):
    LOAD_TIMEOUT = 0.3

    def test_one_that_waits_for_ever(self):
        self.serving("two", "require('fiber').sleep(3600)")
        self.assertIn("not ready within 0.3 s", self.broken("ETIMEDOUT").message)


class TestBroken(Broken):
    def test_text_that_is_no_lua(self):
        self.write("two", "this is no Lua")
        self.assertIn("main.lua:", self.broken().message)
        self.assertIn("generation 1 stays", self.sockd.log())

    def test_an_error_after_listeners_were_taken_over_and_made(self):
        self.serving("two", f"""
            socket.tcp_server('127.0.0.1', {sockd_test.free_port()}, serve)
            require('fiber').create(function()
                while true do require('fiber').sleep(0.001) _G.alive = require('fiber').clock() end
            end)
            function version() return 'two' end
            require('fiber').sleep(0.01)
            error('on purpose')
        """)
        error = self.broken()
        self.assertIn("on purpose", error.message)
        self.assertIn("traceback", error.message)
        until(lambda: self.eval("local a = alive require('fiber').sleep(0.05) return a == alive"),
              "its fiber has ended")

    def test_one_that_closes_what_it_took_over(self):
        self.write("two", "socket.tcp_server('127.0.0.1', PORT, serve):close() error('on purpose')")
        self.broken()

    def test_an_error_in_one_of_several(self):
        self.serving("two")
        self.write("two", "error('on purpose')", "zzz.lua")
        self.broken()
        (self.scripts / "zzz.lua").unlink()

    def test_one_that_takes_an_address_twice(self):
        self.serving("two", "assert(socket.tcp_server('127.0.0.1', PORT, serve))")
        self.assertIn("Address already in use", self.broken().message)

    def test_one_that_never_waits(self):
        self.serving("two", "while true do end")
        self.assertIn("ran too long", self.broken().message)

    def test_one_that_takes_all_memory(self):
        self.serving("two", "local t = {} while true do t[#t + 1] = ('x'):rep(2 ^ 20) .. #t end")
        self.assertIn("memory", self.broken().message)

    def test_a_folder_that_is_gone(self):
        hidden = self.folder / "hidden"
        self.scripts.rename(hidden)
        self.broken()
        hidden.rename(self.scripts)

    def test_a_cancelled_reload(self):
        self.serving("two", "require('fiber').sleep(3600)")
        before = self.sockets()
        request = self.client.request("sockd.reload")
        self.fails("EALREADY", self.reload)
        self.fails("EALREADY", self.client.call, "sockd.load", str(self.script("")))
        self.client.call("sockd.cancel", request)
        self.fails("ECANCELED", self.client.result, request)
        self.assertEqual(self.sockets(), before)
        with self.sockd.client() as other:
            other.request("sockd.reload")
            until(lambda: self.sockets() != before, "it has begun")
        until(lambda: self.sockets() == before, "it was undone with its client")


class TestLoad(Reloads):
    def setUp(self):
        super().setUp()
        self.write("one", "function first() return 1 end")
        self.start()

    def load(self, path):
        return self.client.call("sockd.load", str(path))

    def test_a_script_is_added_and_stays(self):
        path = self.script("function second() return 2 end")
        self.assertEqual(self.load(path), [str(path)])
        for name, number in (("first", 1), ("second", 2)):
            self.assertEqual(self.client.call("sockd.call", name), number)
        self.fails("EEXIST", self.load, path)
        self.fails("EEXIST", self.load, f"{path.parent}/./{path.name}")
        path.write_text("function second() return 3 end")
        self.assertEqual(self.reload(), [str(self.scripts / "main.lua"), str(path)])
        self.assertEqual(self.client.call("sockd.call", "second"), 3)

    def test_a_folder_adds_what_is_new_in_it(self):
        self.write("one", "", "new.lua")
        self.assertEqual(self.load(self.scripts), [str(self.scripts / "new.lua")])
        self.fails("EEXIST", self.load, self.scripts)
        self.assertEqual(len(self.reload()), 2)

    def test_a_bad_one_changes_nothing(self):
        path = self.script("require('socket').tcp_server('127.0.0.1', 0, print) error('on purpose')")
        self.assertIn("on purpose", self.fails("EREMOTEIO", self.load, path).message)
        self.assertEqual(self.sockets(), [])
        self.fails("EREMOTEIO", self.load, "/none/such.lua")
        self.fails("EINVAL", self.load, "a\0b")
        self.assertEqual(len(self.reload()), 1)

    def test_a_load_leaves_listeners_alone(self):
        port = sockd_test.free_port()
        self.load(self.script(f"require('socket').tcp_server('127.0.0.1', {port}, print)"))
        path = self.script("assert(require('socket').tcp_server('127.0.0.1', %d, print))" % port,
                           "twice.lua")
        self.assertIn("in use", self.fails("EREMOTEIO", self.load, path).message)
        self.assertEqual(self.listeners(), [port])


class TestSignals(Reloads):
    def setUp(self):
        super().setUp()
        self.serving("one")
        self.start()

    def hang_up(self):
        self.sockd.process.send_signal(signal.SIGHUP)

    def test_the_service_manager_hears_of_it(self):
        self.serving("two")
        self.hang_up()
        begun = self.sockd.told()
        self.assertEqual(begun["RELOADING"], "1")
        self.assertGreater(int(begun["MONOTONIC_USEC"]), 0)
        done = self.sockd.told()
        self.assertEqual(done["READY"], "1")
        self.assertIn("generation 2", done["STATUS"])
        self.assertEqual(self.ask(), b"two x\n")

    def test_a_failure_is_told_and_logged(self):
        self.write("two", "error('on purpose')")
        self.hang_up()
        self.assertEqual(self.sockd.told()["RELOADING"], "1")
        done = self.sockd.told()
        self.assertEqual(done["READY"], "1")
        self.assertRegex(done["STATUS"], "generation 1; the reload has failed: .*on purpose$")
        self.assertIn("traceback", self.sockd.log())
        self.assertEqual(self.ask(), b"one x\n")

    def test_a_signal_during_a_reload_is_obeyed_after_it(self):
        self.serving("two", "_G.begun = true while not _G.go do require('fiber').sleep(0.001) end")
        self.hang_up()
        until(lambda: self.eval("return begun"), "the second version is being loaded")
        self.serving("three")
        self.hang_up()
        until(lambda: self.sockd.log().count("Hangup") == 2, "the signal is there")
        self.assertEqual(self.ask(), b"one x\n")
        self.eval("_G.go = true")
        until(lambda: self.ask() == b"three x\n", "the last version serves")

    def test_the_end_during_a_reload(self):
        self.serving("two", "require('fiber').sleep(3600)")
        request = self.client.request("sockd.reload")
        self.assertEqual(self.sockd.told()["RELOADING"], "1")
        self.sockd.process.send_signal(signal.SIGTERM)
        self.fails("ECANCELED", self.client.result, request)
        self.assertEqual(self.sockd.process.wait(sockd_test.PATIENCE), 0)


class Visitor(threading.Thread):
    """Connects again and again, some at a time, asks each which version serves it, and hangs up."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.ending = threading.Event()
        self.versions = []  # in order of the connections
        self.problem = None

    def burst(self, size=8):
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(sockd_test.connect(self.port)) for _ in range(size)]
            for sock in socks:
                sock.sendall(b"x\n")
            for sock in socks:
                answer = sock.makefile("rb").readline()
                if not answer:
                    raise EOFError("a connection ended without an answer")
                self.versions.append(int(answer.split()[0]))

    def run(self):
        try:
            while not self.ending.is_set():
                self.burst()
        except Exception as problem:  # told by the test
            self.problem = problem


class TestUnderLoad(Reloads):
    """Connections all the time while scripts are reloaded fifty times, every third one broken."""

    BROKEN = ("error('on purpose')", "this is no Lua", "socket.tcp_server('127.0.0.1', PORT, serve)"
              " error('on purpose')", "require('fiber').create(error, 'x') local x = nil + 1")

    def visit(self, visitor, more):
        """Waits for so many more connections; they come all the time."""
        wanted = len(visitor.versions) + more
        until(lambda: visitor.problem or len(visitor.versions) >= wanted, "more connections")
        self.assertIsNone(visitor.problem)

    def test_nobody_is_refused_and_everybody_keeps_his_code(self):
        self.serving("0")
        self.start()
        visitor = Visitor(self.port)
        self.addCleanup(visitor.ending.set)
        visitor.start()
        began, version, old = time.monotonic(), 0, {}
        for number in range(1, 51):
            self.visit(visitor, 20)
            old[version] = self.keep(sockd_test.connect(self.port))
            self.assertEqual(self.ask(sock=old[version]), b"%d x\n" % version)
            if number % 3 == 0:
                self.write(str(number), self.BROKEN[number % len(self.BROKEN)])
                self.fails("EREMOTEIO", self.reload)
            else:
                self.serving(str(number))
                self.reload()
                version = number
        self.visit(visitor, 20)
        visitor.ending.set()
        visitor.join(sockd_test.PATIENCE)
        self.assertIsNone(visitor.problem)
        rate = len(visitor.versions) / (time.monotonic() - began)
        print(f"{rate:.0f} connections a second, {len(visitor.versions)} in all")
        good = {number for number in range(51) if number % 3 != 0 or number == 0}
        self.assertLessEqual(set(visitor.versions), good)
        self.assertEqual(visitor.versions[-1], 50)
        self.assertEqual(visitor.versions, sorted(visitor.versions), "in order of the queue")
        for number, sock in old.items():
            self.assertEqual(self.ask(sock=sock), b"%d x\n" % number)


class TestMemory(Reloads):
    def test_fifty_generations_leave_nothing_behind(self):
        more = """
            big = ('x'):rep(1024 * 1024) .. tostring({})
            local fiber = require('fiber')
            fiber.create(function() while true do fiber.sleep(3600) end end)
            local kept = {}
            function version(c) kept[#kept + 1] = big return serve(c) end
        """
        self.serving("one", more)
        self.start()
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0, "version")
        first = self.memory()
        for _ in range(50):
            self.assertEqual(self.ask(), b"one x\n")
            self.assertEqual(self.ask(port=address["port"]), b"one x\n")
            self.reload()
        until(lambda: self.memory() < first + 200 * 1024, lambda: f"{self.memory()} is {first}")
        self.assertEqual(self.eval("local n = 0 for _ in pairs(require('fiber').info()) do n = n + 1"
                                   " end return n"), 2)
        self.client.call("close", handle)

    def memory(self):
        return self.eval("collectgarbage() collectgarbage() return collectgarbage('count') * 1024")


sockd_test.main()
