"""The control socket as a foreign client sees it: raw MessagePack-RPC by python3-msgpack."""
import os
import random
import signal
import socket
import threading

import sockd_test
from sockd_test import until


class TestCalls(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())

    def test_a_conversation(self):
        handle, peer = self.pair(self.client)
        self.assertIsInstance(handle, int)
        self.assertEqual(self.client.call("write", handle, b"question\n"), 9)
        self.assertEqual(sockd_test.receive(peer, 9), b"question\n")
        peer.sendall(b"answer\nrest")
        self.assertEqual(self.client.call("read", handle, "\n"), b"answer\n")
        self.assertEqual(self.client.call("recv", handle, 4), [b"rest", None])
        peer.close()
        self.assertEqual(self.client.call("recv", handle, 4), [b"", "eof"])
        self.assertIs(self.client.call("close", handle), True)
        self.fails("EBADF", self.client.call, "read", handle, 1)

    def test_a_server_and_a_client_of_it(self):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0)
        self.assertEqual((address["host"], address["family"]), ("127.0.0.1", "AF_INET"))
        accept = self.client.request("accept", handle)
        peer = self.keep(sockd_test.connect(address["port"]))
        connection, source = self.client.result(accept)
        self.assertEqual(source["port"], peer.getsockname()[1])
        self.assertEqual(self.client.call("peer", connection)["port"], source["port"])
        self.assertEqual(self.client.call("name", connection)["port"], address["port"])
        for each in (connection, handle):
            self.client.call("close", each)

    def test_the_calls_of_a_server_one_by_one(self):
        handle = self.client.call("socket", "AF_INET", "SOCK_STREAM", "tcp")
        self.assertIs(self.client.call("bind", handle, "127.0.0.1"), True)
        self.assertIs(self.client.call("listen", handle, 10), True)
        port = self.client.call("name", handle)["port"]
        other = self.client.call("socket", "AF_INET", "SOCK_STREAM", "tcp")
        self.assertIs(self.client.call("sysconnect", other, "127.0.0.1", port), True)
        connection, _ = self.client.call("accept", handle)
        self.assertEqual(self.client.call("syswrite", other, b"abc"), 3)
        self.assertEqual(self.client.call("sysread", connection), b"abc")
        self.assertEqual(self.client.call("send", connection, b"defg"), 4)
        self.assertIs(self.client.call("readable", other), True)
        self.assertIn(self.client.call("wait", other), ("RW", "R"))
        self.assertIs(self.client.call("writable", other), True)
        self.assertEqual(self.client.call("recv", other), [b"defg", None])
        self.assertIs(self.client.call("shutdown", other, 1), True)
        self.assertEqual(self.client.call("sysread", connection), b"")
        for each in (connection, other, handle):
            self.client.call("close", each)

    def test_a_unix_socket(self):
        path = str(self.folder / "s")
        server, address = self.client.call("tcp_server", "unix/", path)
        self.assertEqual((address["host"], address["port"]), ("unix/", path))
        handle = self.client.call("tcp_connect", "unix/", path)
        connection, _ = self.client.call("accept", server)
        self.client.call("write", handle, b"x" * 100)
        self.assertEqual(self.client.call("read", connection, 100), b"x" * 100)
        for each in (connection, handle, server):
            self.client.call("close", each)
        self.assertFalse(os.path.lexists(path))

    def test_a_name_is_looked_up(self):
        _, port = self.server()
        handle = self.client.call("tcp_connect", "localhost", port, 10)
        self.client.call("close", handle)
        error = self.fails("EAI_NONAME", self.client.call, "tcp_connect",
                           "no such host.invalid", port, 20)
        self.assertIsInstance(error.message, str)

    def test_errors_have_the_shape_that_every_client_takes(self):
        port = sockd_test.free_port()
        error, detail = self.client.answer(self.client.request("tcp_connect", "127.0.0.1", port))
        self.assertEqual(error, [0, "ECONNREFUSED: Connection refused"])
        self.assertEqual((detail["errno"], detail["name"]), (111, "ECONNREFUSED"))
        self.assertEqual(detail["message"], "Connection refused")
        self.fails("ENOSYS", self.client.call, "no_such_method")
        self.fails("EBADF", self.client.call, "close", 123456789)
        error = self.fails("EINVAL", self.client.call, "read", 1, 2, 3, 4, 5, 6)
        error = self.fails("EINVAL", self.client.call, "tcp_connect", "127.0.0.1", "x", "soon")
        self.assertIn("timeout", error.error[1])

    def test_a_socket_has_its_last_error(self):
        handle, peer = self.pair(self.client)
        self.assertEqual(self.client.call("errno", handle), 0)
        self.assertIsNone(self.client.call("error", handle))
        self.fails("ETIMEDOUT", self.client.call, "read", handle, 5, 0)
        self.assertEqual(self.client.call("errno", handle), 110)
        self.assertEqual(self.client.call("error", handle), "Connection timed out")
        peer.close()
        self.client.call("close", handle)

    def test_non_blocking_is_a_matter_of_the_socket(self):
        handle, peer = self.pair(self.client)
        self.assertIs(self.client.call("nonblock", handle), False)
        self.assertIs(self.client.call("nonblock", handle, True), True)
        self.fails("EAGAIN", self.client.call, "sysread", handle, 5)
        self.assertIs(self.client.call("readable", handle, 0), False)
        peer.sendall(b"now")
        self.assertIs(self.client.call("readable", handle), True)
        self.assertEqual(self.client.call("sysread", handle, 5), b"now")
        self.client.call("close", handle)

    def test_hello_and_api_and_list_and_info(self):
        hello = self.client.call("sockd.hello", {"name": "test"})
        self.assertEqual(hello["uid"], os.getuid())
        self.assertIs(hello["admin"], True)
        names = [method["name"] for method in self.client.call("sockd.api")["methods"]]
        self.assertIn("tcp_connect", names)
        handle, peer = self.pair(self.client, name="mine")
        peer.sendall(b"ahead")
        self.client.call("readable", handle)
        (entry,) = self.client.call("sockd.list")
        self.assertEqual((entry["id"], entry["name"], entry["owner"]),
                         (handle, "mine", os.getuid()))
        self.assertEqual(entry["state"], "connected")
        self.assertEqual(self.client.call("sockd.info", "mine")["id"], handle)
        self.assertEqual(self.client.call("read", "mine", 5), b"ahead")
        self.client.call("close", "mine")

    def test_a_write_beyond_the_kernels_buffers_is_answered_when_all_of_it_is_out(self):
        handle, peer = self.pair(self.client)
        data = random.Random(1).randbytes(10 << 20)
        write = self.client.request("write", handle, data)
        self.client.call("sockd.ping")
        self.assertFalse(self.client.has(write))
        self.assertEqual(sockd_test.receive(peer, len(data)), data)
        self.assertEqual(self.client.result(write), len(data))
        self.client.call("close", handle)


class TestPipeline(sockd_test.Case):
    def test_a_thousand_requests_are_each_answered_once(self):
        """Some wait for data, some fail, some are cancelled, some are prompt."""
        daemon = self.daemon()
        client = self.keep(daemon.client())
        pairs = [self.pair(client) for _ in range(50)]
        refused = sockd_test.free_port()
        expected, cancel = {}, []
        rng = random.Random(2)
        for number in range(1000):
            handle, _ = pairs[number % 50]
            kind = rng.choice(["read", "ping", "refused", "unknown", "cancelled", "late"])
            if kind == "read":
                expected[client.request("read", handle, 4)] = b"data"
            elif kind == "ping":
                expected[client.request("sockd.ping")] = "pong"
            elif kind == "refused":
                expected[client.request("tcp_connect", "127.0.0.1", refused)] = "ECONNREFUSED"
            elif kind == "unknown":
                expected[client.request("nothing")] = "ENOSYS"
            elif kind == "late":
                # behind the readers; must not take what is theirs
                expected[client.request("writable", handle)] = True
            else:
                msgid = client.request("read", handle, 1 << 20)
                cancel.append(msgid)
                expected[msgid] = "ECANCELED"
        for msgid in cancel:
            expected[client.request("sockd.cancel", msgid)] = True
        client.call("sockd.ping")
        for number, (_, peer) in enumerate(pairs):
            peer.sendall(b"data" * 30)
        for msgid, value in expected.items():
            error, result = client.answer(msgid)
            self.assertEqual(result["name"] if error else result, value, msgid)
        self.assertEqual(client.answers, {})
        for handle, _ in pairs:
            client.call("close", handle)

    def test_a_request_that_waits_delays_no_other(self):
        daemon = self.daemon()
        client = self.keep(daemon.client())
        handle, peer = self.pair(client)
        read = client.request("read", handle, "\n")
        for _ in range(100):
            self.assertEqual(client.call("sockd.ping"), "pong")
        self.assertFalse(client.has(read))
        peer.sendall(b"\n")
        self.assertEqual(client.result(read), b"\n")
        client.call("close", handle)

    def test_a_client_that_reads_no_answers_is_not_read_any_more(self):
        """And loses nothing: when it reads again, all is there."""
        daemon = self.daemon()
        client = self.keep(daemon.client())
        message = client.pack([0, 7, "sockd.api", []])
        size = len(message) * 20000
        stopped = threading.Event()

        def flood():
            sent = 0
            client.sock.settimeout(3)
            try:
                while sent < size:
                    # A msgid in flight must not be used again: number them.
                    number = sent // len(message)
                    client.sock.sendall(client.pack([0, 10000 + number, "sockd.api", []]))
                    sent += len(message)
            except TimeoutError:
                stopped.set()

        flood()
        self.assertTrue(stopped.is_set(), "the daemon takes in whatever comes")
        limit = (400 if sockd_test.SANITIZED else 64) << 20
        self.assertLess(daemon.rss(), limit)
        with daemon.client() as other:
            self.assertEqual(other.call("sockd.ping"), "pong")


class TestLeaving(sockd_test.Case):
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon()
        self.client = self.keep(self.sockd.client())

    def test_sockets_live_on_when_their_client_goes(self):
        handle, peer = self.pair(self.client)
        self.client.close()
        peer.sendall(b"later\n")
        with self.sockd.client() as other:
            self.assertEqual(other.call("read", handle, "\n"), b"later\n")
            other.call("close", handle)

    def test_a_client_killed_during_a_read_leaves_the_bytes_to_the_next_reader(self):
        handle, peer = self.pair(self.client)
        victim = os.fork()
        if victim == 0:
            with self.sockd.client() as doomed:
                doomed.request("read", handle, "\n")
                signal.pause()
        until(lambda: self.client.waiting(handle) == 1, "the victim waits")
        peer.sendall(b"half a li")
        until(lambda: self.client.call("sockd.info", handle)["read_ahead"] == 9, "it has arrived")
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        until(lambda: self.client.waiting(handle) == 0, "the victim's read is gone")
        peer.sendall(b"ne\n")
        self.assertEqual(self.client.call("read", handle, "\n"), b"half a line\n")
        self.client.call("close", handle)

    def test_bytes_for_a_client_that_has_gone_meanwhile_are_not_lost(self):
        """The answer is made, but cannot be handed over: whoever reads next gets the bytes."""
        handle, peer = self.pair(self.client)
        for round_number in range(50):
            other = self.sockd.client()
            other.request("read", handle, "\n")
            until(lambda: self.client.waiting(handle) == 1, "the other waits")
            line = b"line %d\n" % round_number
            # In one go for the daemon: data and the end of the client.
            os.kill(self.sockd.pid, signal.SIGSTOP)
            peer.sendall(line)
            other.close()
            os.kill(self.sockd.pid, signal.SIGCONT)
            self.assertEqual(self.client.call("read", handle, "\n", 20), line)
        self.client.call("close", handle)

    def test_a_client_may_shut_down_its_writing_side_and_still_be_answered(self):
        handle, peer = self.pair(self.client)
        with self.sockd.client() as other:
            read = other.request("read", handle, "\n")
            other.sock.shutdown(socket.SHUT_WR)
            until(lambda: self.client.waiting(handle) == 1, "the other waits")
            peer.sendall(b"answer\n")
            self.assertEqual(other.result(read), b"answer\n")
            self.assertFalse(other.feed())
        self.client.call("close", handle)

    def test_what_arrived_whole_is_carried_out(self):
        handle, peer = self.pair(self.client)
        other = self.sockd.client()
        other.send(*[[2, "write", [handle, b"%03d\n" % number]] for number in range(200)])
        other.close()
        self.assertEqual(sockd_test.receive(peer, 800), b"".join(b"%03d\n" % n for n in range(200)))
        self.client.call("close", handle)

    def test_a_socket_that_nobody_heard_of_is_closed(self):
        listening, port = self.server(backlog=0)
        os.kill(self.sockd.pid, signal.SIGSTOP)
        other = self.sockd.client()
        other.request("tcp_connect", "127.0.0.1", port)
        other.close()
        os.kill(self.sockd.pid, signal.SIGCONT)
        # settle() at the end of the test finds no socket

    def test_a_connection_that_nobody_heard_of_goes_to_the_next_accept(self):
        handle, address = self.client.call("tcp_server", "127.0.0.1", 0)
        other = self.sockd.client()
        other.request("accept", handle)
        until(lambda: self.client.waiting(handle) == 1, "the other waits")
        os.kill(self.sockd.pid, signal.SIGSTOP)
        peer = self.keep(sockd_test.connect(address["port"]))
        other.close()
        os.kill(self.sockd.pid, signal.SIGCONT)
        connection, source = self.client.call("accept", handle, {"timeout": 20})
        self.assertEqual(source["port"], peer.getsockname()[1])
        for each in (connection, handle):
            self.client.call("close", each)

    def test_closing_wakes_who_waits(self):
        handle, peer = self.pair(self.client)
        waits = [self.client.request("read", handle, "\n"), self.client.request("recv", handle, 10),
                 self.client.request("readable", handle)]
        with self.sockd.client() as other:
            until(lambda: other.waiting(handle) == 3, "all wait")
            other.call("close", handle)
        for wait in waits:
            self.fails("EBADF", self.client.result, wait)


sockd_test.main()
