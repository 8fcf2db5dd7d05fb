"""Busy is not runaway: who serves without a pause burns many times the budget and goes on."""
import pathlib
import subprocess

import sockd_test
from sockd_test import until

PROGRAMS = sockd_test.SOURCE / "tests" / "conformance" / "luasocket" / "programs"
BUDGET = 0.3  # seconds of processor time
ENOUGH = 5 * BUDGET
CLIENTS = 30

SCRIPT = """
-- Reads within a coroutine of its own.
function lines(c)
    local function read()
        while true do
            local line = c:read('\\n')
            if line == nil or line == '' then return end
            coroutine.yield(line)
        end
    end
    for line in coroutine.wrap(read) do c:write('1 ' .. line) end
end

local fiber = require('fiber')
local socket = require('socket')
local copas = require('copas')

-- The same server as programs/copas_server.lua, which ends by itself. Returns its port.
local goes_on = true
function copas_start()
    local listener = assert(socket.bind('127.0.0.1', 0))
    copas.addserver(listener, function(client)
        client = copas.wrap(client)
        while true do
            local line = client:receive()
            if not line then return end
            client:send(('%d %s\\n'):format(#line, line:sub(1, 20)))
        end
    end)
    fiber.create(function()
        while goes_on do copas.step(0.1) end
        listener:close()
    end)
    return tonumber((select(2, listener:getsockname())))
end

function copas_stop() goes_on = false end
"""


def cpu(pid):
    """Seconds of processor time of the main thread."""
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def flood(socks, lines):
    """Each has asked once more than it has been answered when this begins, and when it ends."""
    for sock in socks:
        sock.sendall(b"x\n" * lines)
    for sock in socks:
        yield sockd_test.receive(sock, 4 * lines)


class TestBusy(sockd_test.Case):
    def keep_busy(self, pid, port, clients, lines):
        socks = [self.keep(sockd_test.connect(port)) for _ in range(clients)]
        for sock in socks:
            sock.sendall(b"x\n" * lines)
        began = cpu(pid)
        while cpu(pid) - began < ENOUGH:
            for answer in flood(socks, lines):
                self.assertEqual(answer, b"1 x\n" * lines)
        for sock in socks:
            self.assertEqual(sockd_test.receive(sock, 4 * lines), b"1 x\n" * lines)
            sock.close()

    def serve(self):
        sockd = self.daemon("--load", self.script(SCRIPT), "--handler-cpu", BUDGET)
        return sockd, self.keep(sockd.client())

    def test_a_copas_server_that_is_run(self):
        process = subprocess.Popen(
            [sockd_test.BIN / "sockd", "run", "--cpu", str(BUDGET), PROGRAMS / "copas_server.lua"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        port = int(process.stdout.readline())
        self.keep_busy(process.pid, port, CLIENTS, 200)
        with sockd_test.connect(port) as last:
            last.sendall(b"quit\n")
            self.assertEqual(sockd_test.receive(last, 4), b"bye\n")
        self.assertEqual(process.wait(sockd_test.PATIENCE), 0)

    def test_a_copas_server_within_a_service(self):
        sockd, client = self.serve()
        port = client.call("sockd.call", "copas_start")
        self.keep_busy(sockd.pid, port, CLIENTS, 200)
        client.call("sockd.call", "copas_stop")
        until(lambda: not client.call("sockd.list"), "the sockets close")
        self.assertNotIn("too long", sockd.log())

    def test_a_handler_that_reads_in_an_iterator(self):
        sockd, client = self.serve()
        handle, address = client.call("tcp_server", "127.0.0.1", 0, "lines")
        self.keep_busy(sockd.pid, address["port"], 1, 5000)
        client.call("close", handle)
        until(lambda: not client.call("sockd.list"), "the sockets close")
        self.assertNotIn("too long", sockd.log())


sockd_test.main()
