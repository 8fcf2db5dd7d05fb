"""Connections that end with an error behind their last bytes, which arrive in one event."""
import os
import signal
import socket
import struct

import sockd_test


class TestHangUp(sockd_test.Case):
    def test_client_that_hangs_up_with_answers_unread_is_noticed(self):
        daemon = self.daemon()
        rest = daemon.fds_at_start
        client = daemon.client()
        client.request("sockd.ping")
        sockd_test.until(lambda: client.sock.recv(1, socket.MSG_PEEK), "an answer")
        with Stopped(daemon):
            client.send([2, "sockd.ping", []])
            client.close()
        sockd_test.until(lambda: daemon.fds() == rest, "the client's descriptor closed")

    def test_reader_hears_of_a_reset_that_came_with_the_last_bytes(self):
        daemon = self.daemon()
        listener, port = sockd_test.listener()
        with daemon.client() as client, listener:
            handle = client.call("tcp_connect", "127.0.0.1", port)
            peer = listener.accept()[0]
            first = client.request("read", handle, 3)
            peer.sendall(b"one")
            self.assertEqual(client.result(first), b"one")
            second = client.request("read", handle, 100)
            sockd_test.until(lambda: client.waiting(handle) == 1, "the reader to wait")
            with Stopped(daemon):
                peer.sendall(b"two")
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.close()
            with self.assertRaises(sockd_test.RpcError) as caught:
                client.result(second)
            self.assertEqual(caught.exception.name, "ECONNRESET")
            self.assertEqual(client.call("read", handle, 100), b"two")
            self.assertEqual(client.call("read", handle, 100), b"")
            client.call("close", handle)


class Stopped:
    """While the daemon stands still, what happens to its sockets becomes one event."""

    def __init__(self, daemon):
        self.pid = daemon.pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        sockd_test.until(lambda: self.state() == "T", "the daemon to stand still")

    def __exit__(self, *unused):
        os.kill(self.pid, signal.SIGCONT)

    def state(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0]


sockd_test.main()
