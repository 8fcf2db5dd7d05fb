"""Who may do what: the kernel says who is at the other end, and the daemon's rules hold."""
import os
import pickle
import unittest

import sockd_test

NOBODY = 65534
SOMEBODY = 65533


def as_user(uid, function, *args, groups=()):
    """What the function returns when a process of that user calls it."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        try:
            os.setgroups(groups)
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            result = (True, function(*args))
        except BaseException as error:  # the parent raises it
            result = (False, f"{type(error).__name__}: {error}")
        with os.fdopen(write_end, "wb") as out:
            pickle.dump(result, out)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        fine, result = pickle.load(pipe)
    os.waitpid(child, 0)
    if not fine:
        raise AssertionError(f"as user {uid}: {result}")
    return result


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
class TestRights(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon("--socket-mode", "0666", "--admin-group", 4711,
                                 "--quota-clients", 8)
        self.client = self.keep(self.sockd.client())

    def calls(self, *calls, uid=NOBODY, groups=()):
        """Each is answered with its result, or with the name of its error and whether it was
        sockd's own refusal."""
        def work():
            answers = []
            with self.sockd.client() as client:
                for call in calls:
                    error, result = client.answer(client.request(*call))
                    answers.append((result["name"], result.get("refused")) if error else result)
            return answers
        return as_user(uid, work, groups=groups)

    def refused(self, *call, **who):
        self.assertEqual(self.calls(call, **who), [("EPERM", True)], call)

    def test_hello_says_who_one_is(self):
        (hello,) = self.calls(("sockd.hello", {}))
        self.assertEqual((hello["uid"], hello["admin"]), (NOBODY, False))

    def test_anothers_socket_is_out_of_reach(self):
        handle, peer = self.pair(self.client, name="precious")
        peer.sendall(b"secret\n")
        for call in (("read", handle, "\n"), ("write", handle, b"x"), ("close", handle),
                     ("sockd.info", handle), ("errno", handle), ("peer", handle),
                     ("shutdown", handle), ("nonblock", handle, True), ("linger", handle),
                     ("setsockopt", handle, "socket", "SO_KEEPALIVE", 1), ("recvfrom", handle),
                     ("getsockopt", handle, "socket", "SO_TYPE"), ("iowait", handle, "R", 0),
                     ("sendto", handle, "127.0.0.1", 9, b"x")):
            self.refused(*call)
        self.assertEqual(self.calls(("sockd.list",)), [[]])
        self.assertEqual(self.client.call("read", handle, "\n"), b"secret\n")
        self.client.call("close", handle)

    def test_options_that_lend_the_daemons_rights(self):
        (own,) = self.calls(("socket", "AF_INET", "SOCK_DGRAM", {"name": "own"}))
        for option in (("SO_MARK", 1), (36, 1), ("SO_PRIORITY", 7), ("SO_DEBUG", 1), (9999, 1),
                       ("SO_BINDTODEVICE", "lo"), ("SO_RCVBUFFORCE", 1 << 20)):
            self.refused("setsockopt", "own", "SOL_SOCKET", *option)
        self.refused("setsockopt", "own", "ip", "IP_TRANSPARENT", 1)
        self.refused("getsockopt", "own", "SOL_SOCKET", 77)
        self.assertEqual(self.calls(("setsockopt", "own", "SOL_SOCKET", "SO_PRIORITY", 6),
                                    ("getsockopt", "own", "SOL_SOCKET", "SO_PRIORITY")), [True, 6])
        self.client.call("close", own)

    def test_paths_and_families_of_pairs_and_messages(self):
        self.refused("socketpair", "AF_NETLINK", "SOCK_RAW")
        ((one, two),) = self.calls(("socketpair", "AF_UNIX", "SOCK_DGRAM"))
        self.refused("sendto", one, "unix/", str(self.folder / "s"), b"x")
        for handle in (one, two):
            self.client.call("close", handle)

    def test_names_are_each_users_own(self):
        handle, _ = self.pair(self.client, name="same")
        _, port = self.server()
        (own, found) = self.calls(("tcp_connect", "127.0.0.1", port, {"name": "same"}),
                                  ("sockd.info", "same"))
        self.assertEqual(found["id"], own)
        self.assertNotEqual(own, handle)
        self.assertEqual(self.client.call("sockd.info", f"{NOBODY}:same")["id"], own)
        self.assertEqual(self.client.call("sockd.info", "same")["id"], handle)
        self.client.call("close", own)  # root administrates
        self.client.call("close", handle)

    def test_what_lends_the_daemons_rights_is_the_administrators(self):
        for call in (("sockd.eval", "return 1"), ("tcp_server", "127.0.0.1", 1000),
                     ("tcp_server", "unix/", "/tmp/s"), ("tcp_connect", "unix/", "/tmp/s"),
                     ("tcp_server", "127.0.0.1", 0, "local s = ... s:close()")):
            self.refused(*call)

    def test_a_raw_socket_is_the_administrators(self):
        self.refused("socket", "AF_INET", "SOCK_RAW", "icmp")

    def test_low_ports_and_paths_are_refused_to_bind_and_connect_too(self):
        handle, other = self.calls(("socket", "AF_INET", "SOCK_STREAM", "tcp"),
                                   ("socket", "AF_UNIX", "SOCK_STREAM", 0))
        self.refused("bind", handle, "127.0.0.1", 999)
        self.refused("bind", other, "unix/", "/tmp/s")
        self.refused("sysconnect", other, "unix/", "/tmp/s")
        for each in (handle, other):
            self.client.call("close", each)

    def test_members_of_the_admin_group_administrate(self):
        handle, peer = self.pair(self.client)
        peer.sendall(b"text\n")
        hello, text = self.calls(("sockd.hello", {}), ("read", handle, "\n"), groups=[4711])
        self.assertEqual((hello["admin"], text), (True, b"text\n"))
        self.client.call("close", handle)

    def test_two_users_cannot_touch_each_others(self):
        (handle,) = self.calls(("socket", "AF_INET", "SOCK_STREAM", "tcp"), uid=SOMEBODY)
        self.refused("close", handle)
        self.assertEqual(self.calls(("close", handle), uid=SOMEBODY), [True])

    def test_a_user_at_the_quota_of_clients_hinders_nobody_else(self):
        def flood():
            held, answered = [], 0
            for _ in range(20):
                client = self.sockd.client()
                held.append(client)
                try:
                    answered += client.call("sockd.ping") == "pong"
                except (EOFError, OSError, sockd_test.RpcError):
                    pass
            for client in held:
                client.close()
            return answered
        self.assertEqual(as_user(NOBODY, flood), 8)
        (pong,) = self.calls(("sockd.ping",), uid=SOMEBODY)
        self.assertEqual(pong, "pong")
        with self.sockd.client() as client:
            self.assertEqual(client.call("sockd.ping"), "pong")


@unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
class TestMode(sockd_test.Case):
    def test_the_mode_keeps_others_out(self):
        daemon = self.daemon()
        def knock():
            try:
                daemon.client()
            except PermissionError:
                return "refused"
            return "let in"
        self.assertEqual(as_user(NOBODY, knock), "refused")


if __name__ == "__main__":
    sockd_test.main()
