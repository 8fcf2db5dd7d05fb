"""The daemon's identity: it never acts as itself towards something that trusts it for who it is."""
import contextlib
import os
import socket
import subprocess
import unittest

import msgpack
import sockd_test
from sockd_test import PATIENCE, RpcError
from test_rights import NOBODY


@contextlib.contextmanager
def as_nobody():
    """What connects meanwhile is, to the other side, a process of that user."""
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


class Identity(sockd_test.Case):

    def setUp(self):
        super().setUp()
        self.served = self.daemon("--allow", "unix")
        self.witness = self.folder / "witness"
        self.client = self.keep(self.served.client())

    def evil(self):
        """A request that would leave a witness if an administrator sent it."""
        return msgpack.packb([0, 1, "sockd.eval", [f"io.open({str(self.witness)!r}, 'w'):close()"]])

    def roads(self, path):
        """Paths that lead to the same socket: itself, links, and by way of /proc."""
        links = self.folder / f"links{len(list(self.folder.iterdir()))}"
        links.mkdir()
        (links / "symbolic").symlink_to(path)
        (links / "chain").symlink_to(links / "symbolic")
        os.link(path, links / "hard")
        return [path, links / "symbolic", links / "chain", links / "hard",
                f"{path.parent}/../{path.parent.name}/./{path.name}", f"/proc/self/root{path}"]

    def refused(self, *call):
        with self.assertRaises(RpcError) as caught:
            handle = self.client.call(*call)
            if call[0] == "tcp_connect":  # show what could have been done
                self.client.call("write", handle, self.evil(), 1)
                self.client.call("read", handle, 1, 1)
        self.assertEqual(caught.exception.name, "EPERM", caught.exception)
        self.assertIn("does not connect to control sockets", caught.exception.message)
        self.assertTrue(caught.exception.detail.get("refused"))

    def prove_unharmed(self):
        self.assertEqual(self.client.call("sockd.ping"), "pong")
        self.assertFalse(self.witness.exists(), "the daemon has obeyed itself")

    def refused_everywhere(self, path):
        for road in self.roads(path):
            self.refused("tcp_connect", "unix/", str(road))
            self.refused("tcp_connect", f"unix/:{road}")
            handle = self.client.call("socket", "AF_UNIX", "SOCK_STREAM", 0)
            self.refused("sysconnect", handle, "unix/", str(road))
            self.client.call("close", handle)
        self.prove_unharmed()


class TestControlSockets(Identity):

    def test_that_its_own_control_socket_is_out_of_reach(self):
        self.refused_everywhere(self.served.path)

    def test_that_another_instances_control_socket_is_out_of_reach(self):
        other = self.daemon()
        for road in self.roads(other.path):
            if str(road).endswith("hard"):
                continue  # known to the other side only, which the next test is about
            self.refused("tcp_connect", "unix/", str(road))
        self.prove_unharmed()

    def test_that_no_daemon_is_an_administrator_to_another(self):
        other = self.daemon()
        alias = self.folder / "alias"
        os.link(other.path, alias)  # no lock file lies beside it
        handle = self.client.call("tcp_connect", "unix/", str(alias))
        self.client.call("write", handle, self.evil(), PATIENCE)
        self.client.call("readable", handle, PATIENCE)
        unpacker = msgpack.Unpacker()
        unpacker.feed(self.client.call("sysread", handle, 4096))
        _, _, error, detail = next(iter(unpacker))
        self.assertEqual(detail["name"], "EPERM")
        self.assertIn("for administrators", error[1])
        self.client.call("close", handle)
        self.prove_unharmed()

    def test_that_a_program_by_sockd_run_is_a_client_as_any_other(self):
        script = self.script(f"""
            local socket, msgpack = require('socket'), require('msgpack')
            local s = assert(socket.tcp_connect('unix/', {str(self.served.path)!r}))
            s:write(msgpack.encode({{0, 1, 'sockd.eval', {{'return 6 * 7'}}}}))
            local answer = msgpack.decode(s:sysread(4096))
            print(answer[4])
        """)
        self.assertEqual(sockd_test.run_script(script).stdout.strip(), b"42")

    def test_that_handlers_cannot_reach_it_either(self):
        script = f"""
            local socket, errno = require('socket'), require('errno')
            local results = {{}}
            for _, place in ipairs({{{{'unix/', {str(self.served.path)!r}}}}}) do
                local s = socket.tcp_connect(unpack(place))
                results[#results + 1] = s == nil and errno.strerror() or 'connected'
                s = socket('AF_UNIX', 'SOCK_STREAM', 0)
                local ok = s:sysconnect(unpack(place))
                results[#results + 1] = not ok and s:error() or 'connected'
                s:close()
            end
            return unpack(results)
        """
        self.assertEqual(self.client.call("sockd.eval", script),
                         ["Operation not permitted", "Operation not permitted"])

    def test_that_a_socket_renamed_over_a_harmless_one_is_still_known(self):
        """What is asked about is what is connected to: exchanging a link all the time helps nobody."""
        harmless = self.keep(socket.socket(socket.AF_UNIX))
        harmless.bind(str(self.folder / "harmless"))
        harmless.listen(1000)
        road, spare = self.folder / "road", self.folder / "spare"
        targets = [self.folder / "harmless", self.served.path]
        reached = 0
        for i in range(200):
            spare.symlink_to(targets[i % 2])
            request = self.client.request("tcp_connect", "unix/", str(road))
            os.rename(spare, road)
            try:
                handle = self.client.result(request)
            except RpcError as error:
                self.assertIn(error.name, ("EPERM", "ENOENT"))
                continue
            reached += 1
            peer = self.client.call("peer", handle)
            self.assertEqual(peer["port"], str(self.folder / "harmless"))
            self.client.call("close", handle)
        self.assertGreater(reached, 0)


class TestManager(Identity):
    """The service manager's notify socket: the harness is the manager."""

    def test_that_nobody_speaks_to_the_manager_in_its_name(self):
        manager = self.served.folder / "notify"
        for road in self.roads(manager):
            handle = self.client.call("socket", "AF_UNIX", "SOCK_DGRAM", 0)
            self.refused("sendto", handle, "unix/", str(road), b"STOPPING=1")
            self.refused("sysconnect", handle, "unix/", str(road))
            self.client.call("close", handle)
        self.served.notify.setblocking(False)
        self.assertRaises(BlockingIOError, self.served.notify.recv, 100)

    def test_that_an_abstract_manager_is_known_too(self):
        name = f"sockd-test-{os.getpid()}-{self.folder.name}"
        relay = self.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        relay.bind("\0" + name)
        relay.settimeout(PATIENCE)
        path = self.folder / "abstract.sock"
        process = subprocess.Popen([sockd_test.BIN / "sockd", "--socket", path],
                                   stderr=subprocess.DEVNULL,
                                   env=dict(os.environ, NOTIFY_SOCKET="@" + name))
        try:
            while b"READY=1" not in relay.recv(4096):
                pass
            with sockd_test.Client(path) as self.client:
                handle = self.client.call("socket", "AF_UNIX", "SOCK_DGRAM", 0)
                self.refused("sendto", handle, "unix/", "@" + name, b"STOPPING=1")
                self.refused("sysconnect", handle, "unix/", "@" + name)
                # an ending or a beginning more is another name
                for other in name + "x", name[:-1]:
                    with self.assertRaises(RpcError) as caught:
                        self.client.call("sendto", handle, "unix/", "@" + other, b"x")
                    self.assertEqual(caught.exception.name, "ECONNREFUSED")
        finally:
            process.terminate()
            process.wait(PATIENCE)

    def test_that_other_unix_sockets_are_reached_as_before(self):
        path = self.folder / "other"
        peer = self.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        peer.bind(str(path))
        peer.settimeout(PATIENCE)
        handle = self.client.call("socket", "AF_UNIX", "SOCK_DGRAM", 0)
        self.client.call("sendto", handle, "unix/", str(path), b"hello")
        self.assertEqual(peer.recv(100), b"hello")
        self.client.call("sysconnect", handle, "unix/", str(path))
        self.client.call("send", handle, b"again")
        self.assertEqual(peer.recv(100), b"again")
        self.client.call("close", handle)
        for missing in self.folder / "missing", self.folder / "no" / "folder":
            with self.assertRaises(RpcError) as caught:
                self.client.call("tcp_connect", "unix/", str(missing))
            self.assertEqual(caught.exception.name, "ENOENT")


class TestDescriptors(Identity):

    def test_that_scripts_get_none_of_the_daemons_own(self):
        """Every descriptor of the process, from a script: only sockets that sockd knows come back."""
        self.client.call("sockd.ping")
        own = sorted(map(int, self.served.descriptors()))
        self.assertGreater(len(own), 5)
        for fd in own + [max(own) + 1, -1, 2 ** 31, 2 ** 40]:
            result = self.client.call("sockd.eval", f"""
                local s = require('socket').from_fd({fd})
                return s == nil and require('errno').strerror() or 'a socket'
            """)
            self.assertEqual(result, "Operation not permitted", fd)
        self.assertEqual(self.client.call("sockd.list"), [])

    def test_that_what_a_script_lets_go_it_can_take_again(self):
        self.assertEqual(self.client.call("sockd.eval", """
            local socket = require('socket')
            local a, b = socket.socketpair('AF_UNIX', 'SOCK_STREAM', 0)
            local fd = a:fd()
            a:detach()
            local again = socket.from_fd(fd)
            b:write('x')
            local got = again:read(1)
            again:close()
            b:close()
            return got, socket.from_fd(fd) == nil
        """), ["x", True])

    def test_that_what_the_daemon_was_started_with_is_a_scripts_to_use(self):
        mine, given = socket.socketpair()
        with mine, given:
            daemon = self.daemon(pass_fds=(given.fileno(),))
            with daemon.client() as client:
                client.call("sockd.eval", f"""
                    local s = require('socket').from_fd({given.fileno()})
                    s:write('from the script')
                    s:detach()
                """)
            self.assertEqual(mine.recv(100), b"from the script")


@unittest.skipIf(os.geteuid() != 0, "becomes another user, which only root may")
class TestAnotherUser(Identity):

    def setUp(self):
        super().setUp()
        os.chmod(self.served.path, 0o666)
        with as_nobody():
            self.client = self.keep(self.served.client())

    def give(self, thing):
        self.client.last += 1
        request = self.client.pack([0, self.client.last, "sockd.give", [{}]])
        socket.send_fds(self.client.sock, [request], [thing.fileno()])
        return self.client.result(self.client.last)

    def test_that_it_gets_nowhere_through_the_daemon(self):
        self.assertFalse(self.client.call("sockd.hello", {})["admin"])
        with self.served.client() as root:
            self.assertTrue(root.call("sockd.hello", {})["admin"])
        os.chmod(self.folder, 0o777)
        self.refused_everywhere(self.served.path)

    def test_that_it_gives_no_datagram_socket_that_it_could_point_elsewhere(self):
        for mine, given in (socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
                            socket.socketpair(socket.AF_UNIX, socket.SOCK_RAW)):
            with mine, given:
                failure = self.fails("EPERM", self.give, given)
                self.assertIn("only administrators may give unix datagram sockets",
                              failure.message)


@unittest.skipIf(os.geteuid() != 0, "becomes another user, which only root may")
class TestAnotherUserWithoutPrivilege(sockd_test.Case):

    def test_that_it_makes_nobody_listen_in_the_daemons_name(self):
        served = self.daemon("--socket-mode", "0666")
        given = self.keep(socket.socket(socket.AF_UNIX))
        given.bind("\0" + self.folder.name)
        with as_nobody():
            client = self.keep(served.client())
        client.last += 1
        socket.send_fds(client.sock, [client.pack([0, client.last, "sockd.give", [{}]])],
                        [given.fileno()])
        handle = client.result(client.last)
        self.fails("EPERM", client.call, "listen", handle, 5)
        client.call("close", handle)


sockd_test.main()
