"""sockd.trace: what passes through a socket, whoever sends and receives; nothing is taken by it."""
import threading

import sockd_test
from sockd_test import until

ECHO = """
local function echo(s)
    while true do
        local line = s:read("\\n")
        if line == "" or not line then break end
        s:write("you said " .. line)
    end
end
server = require("socket").tcp_server("127.0.0.1", %d, echo)
"""


class TestTrace(sockd_test.Case):
    def start(self, *args):
        self.sockd = self.daemon(*args)
        self.client = self.keep(self.sockd.client())
        self.tracer = self.keep(self.sockd.client())

    def tearDown(self):
        if self.sockd.alive():
            for entry in self.sockd.sockets():
                if entry["handler"] is None:
                    self.client.call("close", entry["id"])
        super().tearDown()

    def shown(self, handle):
        """The next piece: direction, data, how much was lost before."""
        about, direction, moment, data, lost = self.tracer.notification("sockd.trace")
        self.assertEqual(about, handle)
        self.assertGreater(moment, 1.5e9)
        return direction, data, lost

    def test_what_clients_send_and_receive(self):
        self.start()
        handle, peer = self.pair(self.client)
        self.tracer.call("sockd.trace", handle, True)
        self.client.call("write", handle, b"question?")
        self.assertEqual(self.shown(handle), ("out", b"question?", 0))
        peer.sendall(b"answer\nand more")
        self.assertEqual(self.client.call("read", handle, "\n"), b"answer\n")
        self.assertEqual(self.shown(handle), ("in", b"answer\nand more", 0))
        self.assertEqual(self.client.call("sysread", handle), b"and more")
        self.client.call("sockd.stream", handle, 100)
        peer.sendall(b"streamed")
        self.assertEqual(self.client.notification("sockd.data"), [handle, 0, b"streamed"])
        self.assertEqual(self.shown(handle), ("in", b"streamed", 0))
        self.tracer.call("sockd.trace", handle, False)
        self.client.call("write", handle, b"unseen")
        self.tracer.call("sockd.ping")
        self.assertEqual(self.tracer.notifications, [])

    def test_what_a_handler_does(self):
        port = sockd_test.free_port()
        self.sockd = self.daemon("--load", self.script(ECHO % port), settles=False)
        self.client = self.keep(self.sockd.client())
        self.tracer = self.keep(self.sockd.client())
        peer = self.keep(sockd_test.connect(port))
        (entry,) = until(lambda: self.client.call("sockd.list", {"state": "connected"}), "it is there")
        self.tracer.call("sockd.trace", entry["id"], True)
        for word in (b"one", b"two"):
            peer.sendall(word + b"\n")
            self.assertEqual(self.shown(entry["id"]), ("in", word + b"\n", 0))
            self.assertEqual(self.shown(entry["id"]), ("out", b"you said " + word + b"\n", 0))
            self.assertEqual(sockd_test.receive(peer, 13), b"you said " + word + b"\n")

    def test_messages(self):
        self.start()
        handle = self.client.call("socket", "AF_INET", "SOCK_DGRAM")
        self.client.call("bind", handle, "127.0.0.1")
        port = self.client.call("name", handle)["port"]
        self.tracer.call("sockd.trace", handle, True)
        for data in (b"message", b""):
            self.client.call("sendto", handle, "127.0.0.1", port, data)
            self.assertEqual(self.shown(handle), ("out", data, 0))
            self.client.call("recvfrom", handle, 100, "MSG_PEEK")
            self.assertEqual(self.client.call("recvfrom", handle)[0], data)
            self.assertEqual(self.shown(handle), ("in", data, 0))

    def test_all_of_a_large_transfer_in_both_directions(self):
        self.start()
        handle, peer = self.pair(self.client)
        self.tracer.call("sockd.trace", handle, True)
        data = bytes(range(256)) * 4096
        traced = {"in": bytearray(), "out": bytearray()}

        def follow():
            while min(map(len, traced.values())) < len(data):
                direction, part, lost = self.shown(handle)
                self.assertEqual(lost, 0)
                traced[direction] += part

        thread = threading.Thread(target=follow)
        thread.start()
        for _ in range(4):
            quarter = len(data) // 4
            self.client.send([2, "write", [handle, data[:quarter]]])
            self.assertEqual(sockd_test.receive(peer, quarter), data[:quarter])
            peer.sendall(data[:quarter])
            self.assertEqual(self.client.call("read", handle, quarter), data[:quarter])
        thread.join()
        self.assertEqual(traced["in"], data[:quarter] * 4)
        self.assertEqual(traced["out"], data[:quarter] * 4)

    def test_who_does_not_read_loses_and_slows_nobody(self):
        """The transfer goes through; shown and lost bytes together are all of them."""
        self.start()
        handle, peer = self.pair(self.client)
        self.tracer.call("sockd.trace", handle, True)
        total = 64 << 20
        before = self.sockd.rss()
        thread = threading.Thread(target=lambda: peer.sendall(bytes(total)))
        thread.start()
        taken = 0
        while taken < total:
            taken += len(self.client.call("sysread", handle))
        thread.join()
        self.assertLess(self.sockd.rss() - before, 32 << 20)
        shown = lost = 0
        while shown + lost < total:
            direction, data, dropped = self.shown(handle)
            self.assertEqual(direction, "in")
            shown, lost = shown + len(data), lost + dropped
        self.assertEqual(shown + lost, total)
        self.assertGreater(lost, 0)

    def test_hostile_uses(self):
        self.start()
        handle, _ = self.pair(self.client)
        for on in (1, "true", [True], {}):
            self.fails("EINVAL", self.tracer.call, "sockd.trace", handle, on)
        self.fails("EINVAL", self.tracer.call, "sockd.trace", handle)
        self.fails("EBADF", self.tracer.call, "sockd.trace", 1 << 40, True)
        for _ in range(1000):
            self.tracer.send([2, "sockd.trace", [handle, True]], [2, "sockd.trace", [handle, False]])
        self.tracer.call("sockd.trace", handle, True)
        self.tracer.call("sockd.trace", handle, True)
        self.client.call("write", handle, b"once")
        self.assertEqual(self.shown(handle), ("out", b"once", 0))
        self.tracer.call("sockd.ping")
        self.assertEqual(self.tracer.notifications, [])


sockd_test.main()
