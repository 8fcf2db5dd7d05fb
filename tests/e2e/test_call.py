"""sockd.call: functions that a loaded script defined."""
import os

import sockd_test
from sockd_test import until

SCRIPT = """
local socket = require('socket')
local fiber = require('fiber')

function echo(...) return ... end

math = {}
function math.add(a, b) return a + b end

function fail() error('on purpose') end

function burn() while true do end end

started, stopped = 0, 0
function wait()
    started = started + 1
    local ok, problem = pcall(fiber.sleep, 3600)
    stopped = stopped + 1
    error(problem, 0)
end

function counts() return started, stopped end

function make() return socket('AF_INET', 'SOCK_STREAM', 'tcp') end

function same(id) return sockd.socket(id):id() == id end

no_function = 5
"""


class TestCall(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--load", self.script(SCRIPT), "--handler-cpu", 0.3)
        self.client = self.keep(self.sockd.client())

    def call(self, name, *args):
        return self.client.call("sockd.call", name, *args)

    def test_results_come_as_they_are(self):
        self.assertEqual(self.call("math.add", 1, 2), 3)
        self.assertIsNone(self.call("echo"))
        self.assertEqual(self.call("echo", 1, None, "x"), [1, None, "x"])
        self.assertEqual(self.call("echo", {"a": [1, 2]}), {"a": [1, 2]})
        self.assertEqual(self.call("echo", b"\x00\xff"), b"\x00\xff")

    def test_a_socket_is_its_handle(self):
        handle = self.call("make")
        self.assertIsInstance(handle, int)
        self.assertTrue(self.call("same", handle))
        self.assertEqual(self.client.call("sockd.info", handle)["owner"], os.getuid())
        self.client.call("close", handle)

    def test_only_what_scripts_defined(self):
        for name in ("os.execute", "print", "string.rep", "_G.print", "require"):
            self.assertTrue(self.fails("EPERM", self.call, name).detail["refused"], name)
        self.fails("ENOENT", self.call, "nothing")
        self.fails("ENOENT", self.call, "math.nothing")
        self.fails("ENOENT", self.call, "")
        self.fails("EINVAL", self.call, "no_function")
        self.fails("EINVAL", self.call, "math")
        self.fails("EINVAL", self.client.call, "sockd.call")

    def test_an_error_is_reported_with_its_place(self):
        error = self.fails("EREMOTEIO", self.call, "fail")
        self.assertIn("script.lua:10: on purpose", error.message)
        self.assertIn("traceback", error.message)
        self.assertIn("ran too long", self.fails("EREMOTEIO", self.call, "burn").message)

    def test_a_call_that_is_cancelled_ends(self):
        request = self.client.request("sockd.call", "wait")
        until(lambda: self.call("counts") == [1, 0], "it waits")
        self.client.call("sockd.cancel", request)
        self.fails("ECANCELED", self.client.result, request)
        until(lambda: self.call("counts") == [1, 1], "its fiber has ended")

    def test_a_call_ends_with_its_client(self):
        with self.sockd.client() as other:
            other.request("sockd.call", "wait")
            until(lambda: self.call("counts") == [1, 0], "it waits")
        until(lambda: self.call("counts") == [1, 1], "its fiber has ended")


sockd_test.main()
