"""--allow: single privileges of administrators, opened to everybody."""
import os
import subprocess
import unittest

import sockd_test

NOBODY = 65534

# What --allow NAME opens: the calls that nobody may otherwise make, each after the socket that it
# needs, which is named s.
TCP = ("socket", "AF_INET", "SOCK_STREAM", "tcp", {"name": "s"})
OPENED = {
    "eval": [("sockd.eval", "return 1")],
    "load": [("sockd.load", "/nonexistent.lua")],
    "reload": [("sockd.reload",)],
    "source": [("tcp_server", "127.0.0.1", 0, "local s = ... s:close()")],
    "unix": [("tcp_connect", "unix/", "/nonexistent")],
    "ports": [TCP, ("bind", "s", "127.0.0.1", 999)],
    "raw": [("socket", "AF_INET", "SOCK_RAW", "icmp")],
    "domains": [("socketpair", "AF_NETLINK", "SOCK_DGRAM")],
    "mark": [TCP, ("setsockopt", "s", "SOL_SOCKET", "SO_MARK", 1)],
    "device": [TCP, ("setsockopt", "s", "SOL_SOCKET", "SO_BINDTODEVICE", "lo")],
    "buffers": [TCP, ("setsockopt", "s", "SOL_SOCKET", "SO_RCVBUFFORCE", 65536)],
    "transparent": [TCP, ("setsockopt", "s", "ip", "IP_TRANSPARENT", 1)],
    "options": [TCP, ("setsockopt", "s", "SOL_SOCKET", "SO_PRIORITY", 7)],
}


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
class TestAllow(sockd_test.Case):
    def nobody(self, daemon):
        """A client whose connection was made by nobody: the kernel remembers who connected."""
        os.seteuid(NOBODY)
        try:
            return self.keep(daemon.client())
        finally:
            os.seteuid(0)

    def refused(self, client, calls):
        """Whether the last call is sockd's own refusal."""
        *before, call = calls
        for each in before:
            client.call(*each)
        error, result = client.answer(client.request(*call))
        for socket in client.call("sockd.list"):
            client.call("close", socket["id"])
        return error is not None and (result["name"], result.get("refused")) == ("EPERM", True)

    def known(self, client):
        """Names of privileges whose calls this daemon has."""
        methods = {method["name"] for method in client.call("sockd.api")["methods"]}
        return [name for name, calls in OPENED.items() if calls[-1][0] in methods]

    def test_each_opens_itself_and_nothing_else(self):
        allowed = ("eval", "source", "unix", "ports", "mark", "buffers")
        daemon = self.daemon("--socket-mode", "0666", *[f"--allow={name}" for name in allowed])
        client = self.nobody(daemon)
        hello = client.call("sockd.hello")
        self.assertEqual((hello["admin"], tuple(hello["allowed"])), (False, allowed))
        for name in self.known(client):
            self.assertEqual(self.refused(client, OPENED[name]), name not in allowed, name)

    def test_the_others_and_none(self):
        allowed = ("load", "reload", "raw", "domains", "device", "transparent", "options")
        daemon = self.daemon("--socket-mode", "0666", *[f"--allow={name}" for name in allowed])
        client = self.nobody(daemon)
        for name in self.known(client):
            self.assertEqual(self.refused(client, OPENED[name]), name not in allowed, name)

    def test_without_it_nothing_is_open_and_administrators_have_all(self):
        daemon = self.daemon("--socket-mode", "0666")
        client = self.nobody(daemon)
        self.assertEqual(client.call("sockd.hello")["allowed"], [])
        for name in self.known(client):
            self.assertTrue(self.refused(client, OPENED[name]), name)
        with daemon.client() as root:
            self.assertEqual(root.call("sockd.hello")["allowed"], list(OPENED))

    def test_other_peoples_sockets_are_no_privilege(self):
        daemon = self.daemon("--socket-mode", "0666", *[f"--allow={name}" for name in OPENED])
        with daemon.client() as root:
            handle, _ = self.pair(root)
            self.fails("EPERM", self.nobody(daemon).call, "close", handle)
            root.call("close", handle)


class TestUnknown(sockd_test.Case):
    def test_an_unknown_name_is_answered_with_the_list(self):
        done = subprocess.run([str(sockd_test.BIN / "sockd"), "--allow", "root"], text=True,
                              capture_output=True, timeout=sockd_test.PATIENCE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, "sockd: --allow: expected one of " + ", ".join(OPENED) +
                         ", got 'root'\n")


sockd_test.main()
