"""Neovim as a foreign client of the control socket: it speaks MessagePack-RPC and knows no sockd."""
import subprocess
import threading

import sockd_test

CLIENT = """
local path, port, refused = ...
local channel = vim.fn.sockconnect('pipe', path, { rpc = true })
assert(channel > 0, 'cannot connect')

local handle = vim.rpcrequest(channel, 'tcp_connect', '127.0.0.1', port)
assert(vim.rpcrequest(channel, 'write', handle, 'question\\n') == 9)
assert(vim.rpcrequest(channel, 'read', handle, '\\n', 20) == 'answer\\n')
assert(vim.rpcrequest(channel, 'peer', handle).port == port)

local fine, message = pcall(vim.rpcrequest, channel, 'tcp_connect', '127.0.0.1', refused)
assert(not fine)
assert(tostring(message):find('ECONNREFUSED: Connection refused', 1, true), message)

local fine, message = pcall(vim.rpcrequest, channel, 'read', 999999, 1)
assert(not fine and tostring(message):find('EBADF', 1, true), message)

assert(vim.rpcrequest(channel, 'close', handle) == true)
assert(vim.rpcrequest(channel, 'sockd.ping') == 'pong')
vim.fn.chanclose(channel)
"""


class TestNeovim(sockd_test.Case):
    def test_a_dialogue(self):
        daemon = self.daemon()
        listening, port = self.server()

        def serve():
            with listening.accept()[0] as connection:
                if sockd_test.receive(connection, 9) == b"question\n":
                    connection.sendall(b"answer\n")
                connection.recv(1)
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        path = self.script(CLIENT, "client.lua")
        call = f"loadfile('{path}')('{daemon.path}', {port}, {sockd_test.free_port()})"
        # A failing call prints its error and makes nvim end with status 1.
        done = subprocess.run(["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n",
                               "-c", f"lua local ok, why = pcall(function() {call} end) "
                               "if not ok then io.stderr:write(tostring(why)) vim.cmd('cquit') end",
                               "-c", "qall!"], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=sockd_test.PATIENCE)
        self.assertEqual((done.returncode, done.stderr.strip()), (0, ""))
        server.join(sockd_test.PATIENCE)


sockd_test.main()
