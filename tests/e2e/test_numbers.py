"""Numbers and addresses at and beyond every edge: each is refused under the same name on every
face, with a sentence that says which argument is wrong; and the right ones beside them work.
"""
import os
import socket
import unittest

import sockd_test

sockd_test.preload_sanitizer()

import faces  # noqa: E402

LOCAL = "127.0.0.1"
NAN, INFINITY = float("nan"), float("inf")

# Ports as numbers, and as text; libsockd has only the former.
WRONG_NUMBERS = [-1, 65536, 85616, 2**31 - 1, -2**31 + 1]
WRONG_TEXTS = ["", "65536", "85616", "99999999999999999999", "+80", "-1", "-0", " 80", "80 ", "80\n",
               "1.5", "8 0", "\u0663"]
WRONG_HOSTS = ["::1::", "[::1", "::1]", "[127.0.0.1]", "[]", "fe80::1%", "fe80::1%4294967297",
               "fe80::1%no-such-if", "127.1", "0x7f.1", "010.0.0.1", "2130706433"]
IPV6 = ["::1", "[::1]", "[::1%1]", "::1%lo"]


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


class Cases:
    def setUp(self):
        super().setUp()
        self.sockd = self.daemon(settles=False)
        self.root = self.keep(self.sockd.client())
        self.face = self.keep(self.FACE(self.sockd, faces.table(self.root)))
        self.made = []

    def refused(self, name, method, *args, about="", **options):
        with self.assertRaises(faces.Failure, msg=f"{method}{args}{options}") as caught:
            self.face.call(method, *args, **options)
        failure = caught.exception
        self.assertEqual(failure.name, name, f"{method}{args}{options}: {failure}")
        self.assertTrue(failure.sentence, f"{method}{args}")
        if self.face.name == "shell" and "no option" in failure.sentence:
            return  # -1 looks like one
        if self.face.name != "lua" or method in ("tcp_connect", "tcp_server"):
            self.assertIn(about, failure.sentence, f"{method}{args}")

    def udp(self, family="AF_INET"):
        return self.face.call("socket", family, "SOCK_DGRAM", "udp")

    def tcp(self):
        return self.face.call("socket", "AF_INET", "SOCK_STREAM", "tcp")

    # ---- ports ----

    def test_a_port_that_is_none_reaches_nobody(self):
        texts = [] if self.face.name == "c" else WRONG_TEXTS
        handle = self.udp()
        for port in WRONG_NUMBERS + texts:
            self.refused("EINVAL", "tcp_connect", LOCAL, port, about="port")
            self.refused("EINVAL", "tcp_server", LOCAL, port, about="port")
            self.refused("EINVAL", "bind", handle, LOCAL, port, about="port")
            self.refused("EINVAL", "sysconnect", handle, LOCAL, port, about="port")
            self.refused("EINVAL", "sendto", handle, LOCAL, port, b"x", about="port")
        for port in texts + ([] if self.face.name == "c" else WRONG_NUMBERS):
            self.refused("EINVAL", "getaddrinfo", LOCAL, port)

    def test_zeros_in_front_of_a_port_change_nothing(self):
        if self.face.name == "c":
            return
        _, port = self.server()
        handle = self.face.call("tcp_connect", LOCAL, f"{port:010}")
        self.assertEqual(self.face.call("peer", handle)["port"], port)

    def test_the_port_of_a_url_is_checked_too(self):
        if self.face.name == "c":
            return
        for port in ("85616", "65536", "+80", "-1", " 80", "80 "):
            self.refused("EINVAL", "tcp_connect", f"tcp://{LOCAL}:{port}", about="port")
            self.refused("EINVAL", "tcp_connect", f"[::1]:{port}", about="port")
        for url in ("localhost", "::1:80", "[localhost]:80", "udp://localhost:80", ""):
            self.refused("EINVAL", "tcp_connect", url, about="host")

    # ---- hosts ----

    def test_a_host_that_is_no_address_is_none_for_every_call(self):
        handle = self.udp()
        for host in WRONG_HOSTS:
            self.refused("EINVAL", "tcp_connect", host, 80, about="host")
            self.refused("EINVAL", "tcp_server", host, 0, about="host")
            self.refused("EINVAL", "bind", handle, host, 0, about="host")
            self.refused("EINVAL", "sysconnect", handle, host, 80, about="host")
            self.refused("EINVAL", "sendto", handle, host, 80, b"x", about="host")
            self.refused("EINVAL", "getaddrinfo", host, 80)

    @unittest.skipUnless(has_ipv6(), "there is no IPv6 here")
    def test_brackets_and_scopes_are_a_host_for_every_call(self):
        for host in IPV6:
            listener, address = self.face.call("tcp_server", host, 0)
            port = address["port"]
            self.face.call("tcp_connect", host, port)
            handle = self.udp("AF_INET6")
            self.face.call("bind", handle, host, 0)
            self.face.call("sendto", handle, host, self.face.call("name", handle)["port"], b"x")
            self.face.call("sysconnect", self.udp("AF_INET6"), host, port)
            self.face.call("getaddrinfo", host, port)
            self.face.call("close", listener)

    def test_a_name_may_have_107_bytes(self):
        name = f"@{os.getpid()}-{self.face.name}-".ljust(108, "a")
        self.face.call("tcp_server", "unix/", name)
        handle = self.face.call("tcp_connect", "unix/", name)
        self.assertEqual(self.face.call("peer", handle)["port"], name)
        self.refused("ENOBUFS", "tcp_server", "unix/", name + "a")
        self.refused("ENOBUFS", "tcp_server", "unix/", "/" + "a" * 107)

    def test_a_zero_byte_ends_no_text(self):
        if self.face.name in ("c", "shell"):
            return  # they cannot carry one
        handle = self.udp()
        for method in ("tcp_connect", "tcp_server"):
            self.refused("EINVAL", method, LOCAL + "\0x", 80, about="host")
            self.refused("EINVAL", method, LOCAL, "80\0x", about="port")
            self.refused("EINVAL", method, "unix/", "/run/x\0y")
        self.refused("EINVAL", "bind", handle, LOCAL + "\0x", 0)
        self.refused("EINVAL", "getaddrinfo", LOCAL + "\0x", 80)
        self.refused("EINVAL", "socket", "AF_INET\0x", "SOCK_STREAM", "tcp")
        self.refused("EPROTOTYPE", "setsockopt", handle, "SOL_SOCKET\0x", "SO_RCVBUF", 1)

    # ---- other numbers ----

    def test_linger_has_no_negative_seconds(self):
        handle = self.tcp()
        self.refused("EINVAL", "linger", handle, True, -1, about="timeout")
        self.assertEqual(self.face.call("linger", handle)[0], False)
        self.assertEqual(self.face.call("linger", handle, True, 7), [True, 7])

    def test_a_backlog_is_an_int(self):
        for backlog in (2**31, -2**31 - 1, 2**53, 2**62) if self.face.name != "c" else ():
            handle = self.tcp()
            self.face.call("bind", handle, LOCAL, 0)
            self.refused("EINVAL", "listen", handle, backlog, about="backlog")

    def test_a_timeout_is_a_number(self):
        _, port = self.server()
        handle = self.face.call("tcp_connect", LOCAL, port)
        self.refused("EINVAL", "read", handle, "\n", NAN, about="timeout")
        for timeout in (-1.0, -INFINITY, 0.0):
            with self.assertRaises(faces.Failure) as caught:
                self.face.call("read", handle, "\n", timeout)
            self.assertEqual(caught.exception.name, "ETIMEDOUT")


def add_cases():
    for face in faces.FACES:
        name = f"{face.name.title()}Numbers"
        globals()[name] = type(name, (Cases, sockd_test.Case), {"FACE": face})


add_cases()


class Sentences(sockd_test.Case):
    """What a complaint says was there does not deny itself."""

    def test_a_complaint_says_what_is_wrong(self):
        sockd = self.daemon()
        client = self.keep(sockd.client())
        for params, said in [
                (("read", 1, "\n", NAN), "expected a number of seconds, got nan"),
                (("read", 1, ""), "got an empty string"),
                (("read", 1, {"delimiter": ["a", ""]}), "got an array with an empty string"),
                (("read", 1, {"delimiter": []}), "got an empty array"),
                (("read", 1, -1), "got -1"),
                (("close", 0), "got 0"),
                (("close", 2**64 - 1), "got 18446744073709551615"),
                (("close", "7"), 'got "7"'),
                (("close", " 7"), 'got " 7"'),
                (("close", 1.5), "got the number 1.5"),
                (("tcp_connect", "a\0b", 1), "got a string with a zero byte"),
                (("tcp_connect", LOCAL, 65536), "got 65536")]:
            self.assertIn(said, self.fails("EINVAL", client.call, *params).message)

    def test_sockctl_names_the_word(self):
        sockd = self.daemon()
        for words, culprit in [
                (("close", "-1"), "-1"), (("close", "+7"), "+7"), (("close", " 7"), " 7"),
                (("close", "18446744073709551617"), "18446744073709551617"),
                (("take", "+7", "--exec", "true"), "+7"), (("take", "0", "--exec", "true"), "0"),
                (("give", "-1"), "-1"), (("give", "0x0"), "0x0"), (("give", "4294967296"), "4294967296"),
                (("give", "0", "--ttl", "nan"), "nan"), (("stream", "1", "1.5"), "1.5"),
                (("stream", "1", "-1"), "-1"), (("read", "1", "1", "--timeout", "nan"), "nan"),
                (("read", "1", "1", "--timeout", "0x10"), "0x10"), (("stats", "--timeout", " 1"), " 1"),
                (("top", "--count", "1.5"), "1.5"), (("top", "--interval", "inf"), "inf")]:
            done = sockd.ctl(*words, check=False)
            self.assertEqual(done.returncode, 2, (words, done))
            error = done.stderr if isinstance(done.stderr, str) else done.stderr.decode()
            self.assertIn(culprit, error.splitlines()[0], words)


if __name__ == "__main__":
    sockd_test.main()
