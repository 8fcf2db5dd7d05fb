"""Who may call what: every method of the table for each kind of caller, under real uids, on sockets that
are private and on those that are shared; and the daemon's own rights, which are for administrators.

A method without a line here makes the test fail.
"""
import os
import select
import shutil
import socket
import subprocess
import unittest

import sockd_test

MEMBERS, ADMINS = 4712, 4711
OWNER, MEMBER, OTHER, ROOT, ADMIN = "owner", "member", "other", "root", "admin"

# setpriv(1)'s options for each caller. The owner is no member of the group that the socket is for.
CALLERS = {
    OWNER: (61001, ()),
    MEMBER: (61002, (MEMBERS,)),
    OTHER: (61003, ()),
    ROOT: (0, ()),
    ADMIN: (61004, (ADMINS,)),
}
EVERYBODY = set(CALLERS)
ADMINISTRATORS = {ROOT, ADMIN}

# Connects as whoever it is and hands the connection over: the daemon goes by who has connected.
CONNECT = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
socket.send_fds(socket.socket(fileno=int(sys.argv[2])), [b"."], [connection.fileno()])
"""

# ---- the methods ----

ANYONE, OF_A_HANDLE, ADMINISTRATOR = "anyone", "owner", "administrator"

# Each method: whom the table says it is for, and a call that is all right, of the handle h.
METHODS = {
    "socket": (ANYONE, lambda h: ("AF_INET", "SOCK_STREAM", 0)),
    "socketpair": (ANYONE, lambda h: ("AF_UNIX", "SOCK_STREAM", 0)),
    "tcp_connect": (ANYONE, lambda h: ("127.0.0.1", 1, 1)),
    "tcp_server": (ANYONE, lambda h: ("127.0.0.1", 0)),
    "sysconnect": (OF_A_HANDLE, lambda h: (h, "127.0.0.1", 1, {"timeout": 0})),
    "bind": (OF_A_HANDLE, lambda h: (h, "127.0.0.1", 0)),
    "listen": (OF_A_HANDLE, lambda h: (h, 1)),
    "accept": (OF_A_HANDLE, lambda h: (h, {"timeout": 0})),
    "getaddrinfo": (ANYONE, lambda h: ("127.0.0.1", 80)),
    "send": (OF_A_HANDLE, lambda h: (h, b"x", None, {"timeout": 0})),
    "write": (OF_A_HANDLE, lambda h: (h, b"x", 0)),
    "syswrite": (OF_A_HANDLE, lambda h: (h, b"x", {"timeout": 0})),
    "recv": (OF_A_HANDLE, lambda h: (h, 1, None, {"timeout": 0})),
    "read": (OF_A_HANDLE, lambda h: (h, 1, 0)),
    "sysread": (OF_A_HANDLE, lambda h: (h, 1, {"timeout": 0})),
    "sendto": (OF_A_HANDLE, lambda h: (h, "127.0.0.1", 9, b"x", None, {"timeout": 0})),
    "recvfrom": (OF_A_HANDLE, lambda h: (h, 1, None, {"timeout": 0})),
    "shutdown": (OF_A_HANDLE, lambda h: (h,)),
    "close": (OF_A_HANDLE, lambda h: (h,)),
    "errno": (OF_A_HANDLE, lambda h: (h,)),
    "error": (OF_A_HANDLE, lambda h: (h,)),
    "setsockopt": (OF_A_HANDLE, lambda h: (h, "SOL_SOCKET", "SO_KEEPALIVE", 1)),
    "getsockopt": (OF_A_HANDLE, lambda h: (h, "SOL_SOCKET", "SO_TYPE")),
    "linger": (OF_A_HANDLE, lambda h: (h, True, 1)),
    "nonblock": (OF_A_HANDLE, lambda h: (h, True)),
    "readable": (OF_A_HANDLE, lambda h: (h, 0)),
    "writable": (OF_A_HANDLE, lambda h: (h, 0)),
    "wait": (OF_A_HANDLE, lambda h: (h, 0)),
    "iowait": (OF_A_HANDLE, lambda h: (h, "R", 0)),
    "name": (OF_A_HANDLE, lambda h: (h,)),
    "peer": (OF_A_HANDLE, lambda h: (h,)),
    "sockd.hello": (ANYONE, lambda h: ({"fds": True},)),
    "sockd.ping": (ANYONE, lambda h: ()),
    "sockd.api": (ANYONE, lambda h: ()),
    "sockd.list": (ANYONE, lambda h: ()),
    "sockd.info": (OF_A_HANDLE, lambda h: (h,)),
    "sockd.set": (OF_A_HANDLE, lambda h: (h, {"ttl": 60})),
    "sockd.watch": (OF_A_HANDLE, lambda h: (h, "eof")),
    "sockd.stream": (OF_A_HANDLE, lambda h: (h, 1)),
    "sockd.credit": (OF_A_HANDLE, lambda h: (h, 1)),
    "sockd.trace": (OF_A_HANDLE, lambda h: (h, True)),
    "sockd.take": (OF_A_HANDLE, lambda h: (h,)),
    "sockd.taken": (ANYONE, lambda h: (4711,)),
    "sockd.give": (ANYONE, lambda h: ()),
    "sockd.stats": (ANYONE, lambda h: ()),
    "sockd.cancel": (ANYONE, lambda h: (4711,)),
    "sockd.call": (ANYONE, lambda h: ("no_such_function",)),
    "sockd.eval": (ADMINISTRATOR, lambda h: ("return 1",)),
    "sockd.load": (ADMINISTRATOR, lambda h: ("/nonexistent.lua",)),
    "sockd.reload": (ADMINISTRATOR, lambda h: ()),
    "nvim_get_api_info": (ANYONE, lambda h: ()),
}

ALLOWED = {
    (ANYONE, False): EVERYBODY,
    (ANYONE, True): EVERYBODY,
    (OF_A_HANDLE, False): ADMINISTRATORS | {OWNER},
    (OF_A_HANDLE, True): ADMINISTRATORS | {OWNER, MEMBER},
    (ADMINISTRATOR, False): ADMINISTRATORS,
    (ADMINISTRATOR, True): ADMINISTRATORS,
}

# ---- the daemon's own rights ----

TCP = ("AF_INET", "SOCK_STREAM", "tcp")
UNIX = ("AF_UNIX", "SOCK_STREAM", 0)


def option(*params):
    return TCP, lambda h: ("setsockopt", h, *params)


# What may be called for each, on a socket of the caller's own of that kind (or without one).
RIGHTS = {
    "a unix path to connect to": (None, lambda h: ("tcp_connect", "unix/", "/nonexistent")),
    "a unix path in a URL": (None, lambda h: ("tcp_connect", "unix/:/nonexistent")),
    "a unix path to listen at": (None, lambda h: ("tcp_server", "unix/", "/nonexistent/s")),
    "a unix path of sysconnect": (UNIX, lambda h: ("sysconnect", h, "unix/", "/nonexistent")),
    "a unix path of bind": (UNIX, lambda h: ("bind", h, "unix/", "/nonexistent/s")),
    "a unix path of sendto": (("AF_UNIX", "SOCK_DGRAM", 0),
                              lambda h: ("sendto", h, "unix/", "/nonexistent", b"x")),
    "a port below 1024 of bind": (TCP, lambda h: ("bind", h, "127.0.0.1", 997)),
    "a port below 1024 of a server": (None, lambda h: ("tcp_server", "127.0.0.1", 998)),
    "a raw socket": (None, lambda h: ("socket", "AF_INET", "SOCK_RAW", "icmp")),
    "a netlink socket": (None, lambda h: ("socket", "AF_NETLINK", "SOCK_DGRAM", 0)),
    "a packet socket": (None, lambda h: ("socket", "AF_PACKET", "SOCK_DGRAM", 0)),
    "SO_MARK": option("SOL_SOCKET", "SO_MARK", 1),
    "SO_BINDTODEVICE": option("SOL_SOCKET", "SO_BINDTODEVICE", "lo"),
    "SO_RCVBUFFORCE": option("SOL_SOCKET", "SO_RCVBUFFORCE", 65536),
    "SO_SNDBUFFORCE": option("SOL_SOCKET", "SO_SNDBUFFORCE", 65536),
    "SO_DEBUG": option("SOL_SOCKET", "SO_DEBUG", 1),
    "a high SO_PRIORITY": option("SOL_SOCKET", "SO_PRIORITY", 7),
    "IP_TRANSPARENT": option("ip", "IP_TRANSPARENT", 1),
    "a congestion control that is not for all": option("tcp", "TCP_CONGESTION", "none_such"),
    "an option of an unknown number": option("SOL_SOCKET", 9999, 1),
    "source text of a handler": (None, lambda h: ("tcp_server", "127.0.0.1", 0, "local s = ...")),
    "eval": (None, lambda h: ("sockd.eval", "return 1")),
    "load": (None, lambda h: ("sockd.load", "/nonexistent.lua")),
    "reload": (None, lambda h: ("sockd.reload",)),
}

# The same kinds of calls that lend nothing, which everybody may make.
FREE = {
    "a port from 1024 on": (TCP, lambda h: ("bind", h, "127.0.0.1", 0)),
    "a low SO_PRIORITY": option("SOL_SOCKET", "SO_PRIORITY", 6),
    "SO_RCVBUF": option("SOL_SOCKET", "SO_RCVBUF", 65536),
    "a datagram socket": (None, lambda h: ("socket", "AF_INET6", "SOCK_DGRAM", 0)),
    "a pair of unix sockets": (None, lambda h: ("socketpair", *UNIX)),
}


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
@unittest.skipUnless(shutil.which("setpriv"), "setpriv(1) is not installed")
class TestPermissions(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--socket-mode", "0666", "--socket-group", MEMBERS, "--admin-group",
                                 ADMINS)
        self.clients = {name: self.keep(self.connect(*who)) for name, who in CALLERS.items()}
        for client in self.clients.values():
            client.call("sockd.hello", {"fds": True})

    def connect(self, uid, groups):
        """A client whose connection a process of that user has made."""
        ours, theirs = socket.socketpair()
        group_option = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
        with ours, theirs:
            subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", group_option,
                            "/usr/bin/python3", "-IS", "-c", CONNECT, self.sockd.path,
                            str(theirs.fileno())],
                           check=True, pass_fds=[theirs.fileno()], timeout=sockd_test.PATIENCE)
            _, (fd,), _, _ = socket.recv_fds(ours, 1, 1)
        client = self.sockd.client()
        client.sock.close()
        client.sock = socket.socket(fileno=fd)
        client.sock.settimeout(sockd_test.PATIENCE)
        return client

    def outcome(self, caller, method, *params):
        """"refused" if sockd's own rules said no, else what came of it."""
        client = self.clients[caller]
        error, result = client.answer(client.request(method, *params))
        while select.select([self.sockd.notify], [], [], 0)[0]:
            self.sockd.told()  # of reloads; the kernel keeps few of these
        if error is None:
            return "done"
        return "refused" if (result["name"], result.get("refused")) == ("EPERM", True) else "failed"

    def clear(self):
        """Nothing that a call has made stays for the next one."""
        root = self.clients[ROOT]
        for entry in root.call("sockd.list"):
            root.call("close", entry["id"])

    def test_the_callers_are_who_they_should_be(self):
        told = {name: client.call("sockd.hello") for name, client in self.clients.items()}
        self.assertEqual({name: (hello["uid"], hello["admin"]) for name, hello in told.items()},
                         {name: (uid, name in ADMINISTRATORS) for name, (uid, _) in CALLERS.items()})

    def test_every_method_has_its_line(self):
        rows = {row["name"]: row for row in self.clients[ROOT].call("sockd.api")["methods"]}
        self.assertEqual(set(METHODS) ^ set(rows), set())
        for name, (caller, _) in METHODS.items():
            self.assertEqual(rows[name]["caller"], caller, name)
            takes_handle = any(param["type"] == "handle" for param in rows[name]["params"])
            self.assertEqual(takes_handle, caller == OF_A_HANDLE, name)

    def test_every_cell(self):
        """A pair of sockets of the owner's is made for each: some calls end what they are given."""
        owner = self.clients[OWNER]
        for name, (kind, params) in METHODS.items():
            for shared in (False, True):
                for caller in CALLERS:
                    handle, _ = owner.call("socketpair", *UNIX, {"share": "group" if shared else "none"})
                    outcome = self.outcome(caller, name, *params(handle))
                    with self.subTest(method=name, shared=shared, caller=caller):
                        self.assertEqual(outcome == "refused",
                                         caller not in ALLOWED[kind, shared], outcome)
            self.clear()

    def test_a_refused_call_has_done_nothing(self):
        owner = self.clients[OWNER]
        handle, other = owner.call("socketpair", *UNIX)
        owner.call("write", other, b"text")
        before = owner.call("sockd.info", handle)
        for name, (kind, params) in METHODS.items():
            if kind == OF_A_HANDLE:
                self.assertEqual(self.outcome(OTHER, name, *params(handle)), "refused", name)
        after = owner.call("sockd.info", handle)
        self.assertEqual({**before, "used": 0}, {**after, "used": 0})
        self.assertEqual(owner.call("read", handle, 4), b"text")
        self.clear()

    def test_a_list_shows_what_one_may_use(self):
        owner = self.clients[OWNER]
        private = owner.call("socket", *TCP)
        shared = owner.call("socket", *TCP, {"share": "group"})
        seen = {name: {entry["id"] for entry in client.call("sockd.list")}
                for name, client in self.clients.items()}
        self.assertEqual(seen, {OWNER: {private, shared}, ROOT: {private, shared},
                                ADMIN: {private, shared}, MEMBER: {shared}, OTHER: set()})
        self.clear()

    def check_rights(self, table, allowed):
        for what, (kind, call) in table.items():
            for caller in CALLERS:
                own = self.clients[caller].call("socket", *kind) if kind else None
                outcome = self.outcome(caller, *call(own))
                with self.subTest(what=what, caller=caller):
                    self.assertEqual(outcome == "refused", caller not in allowed, outcome)
                self.clear()

    def test_the_daemons_own_rights_are_for_administrators(self):
        self.check_rights(RIGHTS, ADMINISTRATORS)

    def test_what_lends_nothing_is_for_everybody(self):
        self.check_rights(FREE, EVERYBODY)

    def test_a_shared_socket_of_an_administrator_lends_no_rights(self):
        """A member may use it, but only as far as a member may."""
        for what, (kind, call) in RIGHTS.items():
            if kind:
                handle = self.clients[ROOT].call("socket", *kind, {"share": "group"})
                with self.subTest(what=what):
                    self.assertEqual(self.outcome(MEMBER, *call(handle)), "refused")
                self.clear()

    def test_functions_of_the_library_are_nobodys(self):
        for caller in CALLERS:
            self.assertEqual(self.outcome(caller, "sockd.call", "os.execute", "true"), "refused")


if __name__ == "__main__":
    sockd_test.main()
