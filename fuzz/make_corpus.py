#!/usr/bin/python3
"""Writes fuzz/corpus/, where the fuzz targets begin.

    SOCKD_BIN=BUILD/bin PYTHONPATH=tests/harness fuzz/make_corpus.py

The requests below become the corpora of `message` and `rpc`; the answers of a real daemon, as they
come, that of `client`. The corpora of `lua`, `pass`, `split` and `pieces` are what a longer run has
found, reduced to what reaches something new (libFuzzer's -merge=1 -set_cover_merge=1
-use_counters=0). An input that crashed something is put into fuzz/corpus/TARGET/ by hand, under the
name of the symptom.
"""
import json
import pathlib
import socket
import tempfile

import msgpack
import sockd_test

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"

# The steps of fuzz_rpc.c.
(CONNECT, SEND, SEND_FD, SHUTDOWN, HANG_UP, SPIN, HEAR, OUTSIDE_SEND, OUTSIDE_RECEIVE, OUTSIDE_CLOSE,
 KNOCK, RETURN, SEND_SPLIT, WAIT) = range(14)

# method, parameters; the stream is 1 as in fuzz/world.h.
REQUESTS = [
    ("sockd.ping", []),
    ("sockd.hello", [{"name": "fuzz", "level": 1, "fds": True}]),
    ("sockd.list", [{"owner": 1000, "most": 10}]),
    ("sockd.info", ["stream"]),
    ("sockd.stats", []),
    ("write", [1, b"bytes\0\xff", 0.5]),
    ("send", [1, b"bytes", ["MSG_DONTWAIT", "MSG_NOSIGNAL"]]),
    ("syswrite", ["stream", "text"]),
    ("recv", [1, 10, "MSG_DONTWAIT"]),
    ("read", [1, {"limit": 10, "delimiter": ["\r\n", "\n"]}, 0]),
    ("read", [1, 3, {"timeout": 0}]),
    ("sysread", [1, None, {"timeout": 0}]),
    ("recvfrom", [1, 100, ["MSG_DONTWAIT"]]),
    ("sendto", [1, "127.0.0.1", 7, b"message"]),
    ("errno", [1]),
    ("error", [1]),
    ("name", [1]),
    ("peer", [1]),
    ("getsockopt", [1, "SOL_SOCKET", "SO_TYPE"]),
    ("getsockopt", [1, "SOL_SOCKET", "SO_PEERCRED"]),
    ("setsockopt", [1, "SOL_SOCKET", "SO_KEEPALIVE", True]),
    ("linger", [1, True, 5]),
    ("nonblock", [1, False]),
    ("readable", [1, 0]),
    ("writable", [1, 0]),
    ("wait", [1, {"timeout": 0.0}]),
    ("iowait", [1, "RW", 0]),
    ("iowait", [1, 3, 0]),
    ("socket", ["AF_INET", "SOCK_STREAM", "tcp", {"name": "made"}]),
    ("bind", ["made", "127.0.0.1", 0]),
    ("listen", ["made", 5]),
    ("accept", ["made", {"timeout": 0, "name": "accepted"}]),
    ("close", ["made"]),
    ("socketpair", ["AF_UNIX", "SOCK_SEQPACKET", 0]),
    ("getaddrinfo", ["127.0.0.1", "7", 1, {"type": "SOCK_STREAM", "flags": ["AI_NUMERICHOST"]}]),
    ("tcp_connect", ["127.0.0.1", 1, 0.5]),
    ("tcp_connect", ["tcp://127.0.0.1:1"]),
    ("tcp_server", ["127.0.0.1", 0, {"handler": "echo", "name": "even"}, 1, {"name": "server"}]),
    ("sysconnect", [1, "127.0.0.1", 1]),
    ("shutdown", [1, "SHUT_WR"]),
    ("sockd.cancel", [3]),
    ("sockd.call", ["return", 1, "two"]),
    ("sockd.eval", ["return ...", 1, [2.5, None], {"k": "v"}]),
    ("sockd.set", [1, {"name": "other", "share": "group", "lifetime": "client", "ttl": 2.5}]),
    ("sockd.watch", [1, ["readable", "writable", "accept", "eof", "error", "close"]]),
    ("sockd.watch", [3, "accept"]),
    ("sockd.watch", [1]),
    ("sockd.stream", [1, 8]),
    ("sockd.credit", [1, 100]),
    ("sockd.trace", [1, True]),
    ("sockd.take", [1]),
    ("sockd.give", [{"name": "given", "lifetime": "client"}]),
    ("sockd.load", ["/nowhere.lua"]),
    ("sockd.reload", []),
    ("nvim_get_api_info", []),
    ("no_such_method", [1]),
]

# What libsockd calls in fuzz_client.c, in that order, with the first of the pair as handle.
CLIENT_CALLS = [
    ("sockd.ping", []), ("read", ["a", 4]), ("recv", ["a", 2]), ("recvfrom", ["a"]),
    ("accept", ["listener"]), ("sockd.list", []), ("write", ["a", b"bytes"]), ("linger", ["a"]),
    ("wait", ["a"]), ("socketpair", ["AF_UNIX", "SOCK_STREAM", 0]), ("sockd.eval", ["return {1, {a = 2}}"]),
]

DECODE = [
    (0, json.dumps({"a": [1, -2.5e3, None, True, "x\u00e4\n"], "b": {"c": []}}).encode()),
    (0, b'[18446744073709551615, -9223372036854775808, 1e999, nan, "\\ud83d\\ude00"]'),
    (0, b" [ [ [ ] ] , { } ] "),
    (1, msgpack.packb({"a": [1, -2.5e3, None, True, "x" * 40], b"b": {"c": []}})),
    (1, msgpack.packb([2 ** 64 - 1, -2 ** 63, 1 << 40, b"x" * 300, list(range(20))])),
    (1, b"\xca\x3f\x80\x00\x00"),
    (1, b"\xc7\x03\x05abc"),
]

# Configuration files.
CONFIG = {
    "every-type": """sockd.cfg {
    socket = "/s", socket_mode = "0660", socket_group = "root", admin_group = 7,
    allow = {"unix", "mark"}, load = "a", jit = true, lua_memory = "1G", handler_cpu = 0.5,
    ["grace"] = 1, log_level = [[debug]], max_sockets = 10 * 10, quota_bytes = 3e6, -- and no more
}""",
    "it-is-lua": """local t = {}
for i, name in ipairs{"a", "b"} do t[i] = ("%s.lua"):format(name:upper():rep(2, "-")) end
sockd.cfg{load = t}
sockd.cfg{grace = math.max(1, select("#", t, t))}""",
    "unknown": "sockd.cfg{\n  --[==[ ]]\n ]==]\n  max_socket = 1}",
    "wrong": "sockd.cfg{grace = {}, load = {'a', x = 1}}",
    "no-end": "while true do sockd.cfg{jit = false} end",
    "no-memory": "local s = 'x' while s do s = s .. s end",
    "of-its-own": "error({table.concat{'a', 1}})",
    "forbidden": "local x = string.dump(require) _G.y = 1",
}


def save(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def step(kind, whom=0, data=None):
    byte = bytes([kind | whom << 4])
    return byte if data is None else byte + len(data).to_bytes(2, "little") + data


def request(number, method, params):
    return sockd_test.Client.pack([0, number, method, params])


def write_message():
    for number, (method, params) in enumerate(REQUESTS):
        save("message", f"{number:02}-{method}", b"\x00" + request(number, method, params))
    save("message", "notification", b"\x03" + sockd_test.Client.pack([2, "close", [1]]))
    save("message", "response", b"\x05" + sockd_test.Client.pack([1, 7, [0, "E: text"], {"errno": 1}]))


def write_rpc():
    """One input a request, from an owner and an administrator; then dialogues."""
    for number, (method, params) in enumerate(REQUESTS):
        data = request(number, method, params)
        save("rpc", f"{number:02}-{method}", b"".join([
            step(CONNECT, 1), step(OUTSIDE_SEND, 0, b"line\r\nmore"), step(SEND, 1, data),
            step(SPIN), step(HEAR, 1), step(CONNECT, 0), step(SEND, 0, data), step(SPIN), step(HEAR, 0)]))
    read = request(1, "read", ["stream", "\n"])
    dialogues = {
        "a-read-waits-and-is-answered": [
            step(CONNECT, 1), step(SEND, 1, read), step(SPIN), step(OUTSIDE_SEND, 0, b"li"), step(SPIN),
            step(OUTSIDE_SEND, 0, b"ne\n"), step(SPIN), step(HEAR, 1)],
        "a-read-is-cancelled": [
            step(CONNECT, 1), step(SEND, 1, read), step(SPIN),
            step(SEND, 1, request(2, "sockd.cancel", [1])), step(SPIN), step(HEAR, 1)],
        "a-stream-and-its-credit": [
            step(CONNECT, 1), step(SEND, 1, request(1, "sockd.stream", ["stream", 4])), step(SPIN),
            step(OUTSIDE_SEND, 0, b"some bytes"), step(SPIN), step(HEAR, 1),
            step(SEND, 1, request(2, "sockd.credit", ["stream", 100])), step(SPIN), step(OUTSIDE_CLOSE, 0),
            step(SPIN), step(HEAR, 1)],
        "a-stream-ends-and-a-reader-goes-on": [
            step(CONNECT, 1), step(SEND, 1, request(1, "sockd.stream", ["stream", 2])),
            step(OUTSIDE_SEND, 0, b"line\n"), step(CONNECT, 2), step(SEND, 2, read), step(SPIN),
            step(SEND, 1, request(2, "sockd.stream", ["stream"])), step(SPIN), step(HEAR, 1), step(HEAR, 2)],
        "a-streaming-client-dies": [
            step(CONNECT, 1), step(SEND, 1, request(1, "sockd.stream", ["stream", 100])), step(SPIN),
            step(OUTSIDE_SEND, 0, b"lost?\n"), step(HANG_UP, 1), step(SPIN), step(CONNECT, 2),
            step(SEND, 2, read), step(SPIN), step(HEAR, 2)],
        "watched-and-traced-until-it-closes": [
            step(CONNECT, 1), step(SEND, 1, request(1, "sockd.watch", ["stream", ["readable", "eof", "close"]])),
            step(SEND, 1, request(2, "sockd.trace", ["stream", True])), step(SPIN),
            step(OUTSIDE_SEND, 0, b"x"), step(SPIN), step(SEND, 1, request(3, "read", ["stream", 1])),
            step(SEND, 1, request(4, "write", ["stream", b"out"])), step(SPIN), step(HEAR, 1),
            step(SEND, 1, request(5, "close", ["stream"])), step(SPIN), step(HEAR, 1)],
        "sockets-of-a-client-that-leaves": [
            step(CONNECT, 1), step(SEND, 1, request(1, "socketpair", [
                "AF_UNIX", "SOCK_STREAM", 0, {"lifetime": "client"}])), step(SPIN),
            step(SEND, 1, request(2, "read", [5, 1])), step(SPIN), step(HANG_UP, 1), step(SPIN)],
        "a-socket-that-nobody-uses": [
            step(CONNECT, 1), step(SEND, 1, request(1, "sockd.set", ["stream", {"ttl": 3}])), step(SPIN),
            step(WAIT, 7), step(SEND, 1, request(2, "errno", ["stream"])), step(SPIN), step(WAIT, 9),
            step(SEND, 1, request(3, "errno", ["stream"])), step(SPIN), step(HEAR, 1)],
        "a-descriptor-is-given": [
            step(CONNECT, 1), step(SEND_FD, 1, request(1, "sockd.give", [{"name": "given"}])), step(SPIN),
            step(SEND, 1, request(2, "write", ["given", b"x"])), step(SPIN), step(HEAR, 1)],
        "a-socket-is-taken": [
            step(CONNECT, 1), step(OUTSIDE_SEND, 0, b"read ahead"), step(SEND, 1, b"".join([
                request(1, "sockd.hello", [{"fds": True}]), request(2, "read", ["stream", 2]),
                request(3, "sockd.take", ["stream"]), request(4, "errno", ["stream"])])), step(SPIN), step(HEAR, 1)],
        "a-read-times-out": [
            step(CONNECT, 1), step(SEND, 1, request(1, "read", ["stream", "\n", 2])), step(SPIN), step(WAIT, 7),
            step(HEAR, 1), step(WAIT, 8), step(HEAR, 1)],
        "a-client-that-does-not-read-is-cut-off": [
            step(CONNECT, 1), step(SEND, 1, request(1, "sockd.api", []) * 60), step(SPIN), step(WAIT, 14),
            step(HEAR, 1)],
        "a-client-dies-in-a-read": [
            step(CONNECT, 1), step(SEND, 1, read), step(SPIN), step(HANG_UP, 1), step(SPIN),
            step(OUTSIDE_SEND, 0, b"line\n"), step(CONNECT, 2), step(SEND, 2, read), step(SPIN), step(HEAR, 2)],
        "two-readers-and-a-close": [
            step(CONNECT, 1), step(CONNECT, 2), step(SEND, 1, read), step(SEND, 2, read), step(SPIN),
            step(SEND, 1, request(9, "close", ["stream"])), step(SPIN), step(HEAR, 1), step(HEAR, 2)],
        "an-accept-waits": [
            step(CONNECT, 1), step(SEND, 1, request(1, "accept", [3, {"name": "a"}])), step(SPIN),
            step(KNOCK), step(SPIN), step(HEAR, 1), step(SEND, 1, request(2, "write", ["a", b"x"])),
            step(SPIN), step(OUTSIDE_CLOSE, 3), step(SEND, 1, request(3, "read", ["a", 1])), step(SPIN),
            step(HEAR, 1)],
        "an-accepted-one-is-given-back": [
            step(CONNECT, 1), step(SEND, 1, request(1, "accept", ["listener"])), step(SPIN), step(KNOCK),
            step(HANG_UP, 1), step(SPIN), step(CONNECT, 2), step(SEND, 2, request(1, "accept", ["listener"])),
            step(SPIN), step(HEAR, 2)],
        "a-write-waits-for-room": [
            step(CONNECT, 1), *[step(SEND, 1, request(n, "write", ["stream", b"x" * 60000])) for n in range(5)],
            step(SPIN), step(HANG_UP, 1), step(SPIN), *[step(OUTSIDE_RECEIVE, 0)] * 5, step(SPIN)],
        "messages-with-boundaries": [
            step(CONNECT, 1), step(OUTSIDE_SEND, 1, b"first"), step(OUTSIDE_SEND, 1, b"second"),
            step(SEND, 1, request(1, "recvfrom", ["message", 3])), step(SPIN),
            step(SEND, 1, request(2, "recv", ["message"])), step(SPIN), step(HEAR, 1)],
        "an-eval-runs": [
            step(CONNECT, 0), step(SEND, 0, request(1, "sockd.eval", ["wait", 1])), step(SPIN), step(RETURN),
            step(SPIN), step(HEAR, 0), step(SEND, 0, request(2, "sockd.eval", ["wait"])), step(SPIN),
            step(SEND, 0, request(3, "sockd.cancel", [2])), step(SPIN), step(HEAR, 0)],
        "someone-elses": [
            step(CONNECT, 1), step(SEND, 1, request(1, "read", [4, 1])), step(CONNECT, 0),
            step(SEND, 0, request(1, "read", ["1001:alien", 1])), step(SPIN), step(OUTSIDE_SEND, 2, b"x"),
            step(SPIN), step(HEAR, 0), step(HEAR, 1)],
        "a-msgid-twice": [step(CONNECT, 1), step(SEND, 1, read + read), step(SPIN), step(HEAR, 1)],
        "no-message": [step(CONNECT, 1), step(SEND, 1, b"\xc1"), step(SPIN), step(HEAR, 1), step(SPIN)],
        "in-single-bytes": [
            step(CONNECT, 1), step(SEND_SPLIT, 1, request(1, "sockd.ping", []) + read), step(OUTSIDE_CLOSE, 0),
            step(SPIN), step(HEAR, 1)],
        "it-sends-no-more": [
            step(CONNECT, 1), step(SEND, 1, read), step(SHUTDOWN, 1), step(SPIN), step(OUTSIDE_SEND, 0, b"\n"),
            step(SPIN), step(HEAR, 1)],
        "a-descriptor-that-nobody-asked-for": [
            step(CONNECT, 1), step(SEND_FD, 1, request(1, "sockd.ping", [])), step(SPIN), step(HEAR, 1)],
        "many-at-once": [
            step(CONNECT, 1), step(SEND, 1, b"".join(request(n, "read", ["stream", 1]) for n in range(40))),
            step(SPIN), step(OUTSIDE_SEND, 0, b"y" * 40), step(SPIN), step(HEAR, 1)],
    }
    for name, steps in dialogues.items():
        save("rpc", name, b"".join(steps))


def until_quiet(sock):
    heard = bytearray()
    sock.settimeout(0.3)
    try:
        while part := sock.recv(1 << 16):
            heard += part
    except TimeoutError:
        pass
    return bytes(heard)


def write_client(daemon):
    """The answers to each of the calls, at the msgid at which libsockd asks it first or later."""
    with daemon.client() as client:
        listening, port = sockd_test.listener()
        client.call("tcp_connect", "127.0.0.1", port, {"name": "a"})
        peer = listening.accept()[0]
        listener, address = client.call("tcp_server", "127.0.0.1", 0, None, {"name": "listener"})
        knocks = [sockd_test.connect(address["port"]) for _ in CLIENT_CALLS]
        session = b""
        for first in range(len(CLIENT_CALLS)):
            peer.sendall(b"0123456789" * 4)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(daemon.path))
                for number in range(len(CLIENT_CALLS)):
                    method, params = CLIENT_CALLS[(first + number) % len(CLIENT_CALLS)]
                    sock.sendall(request(number + 1, method, params))
                session = until_quiet(sock)
            save("client", f"{first:02}-begins-with-{CLIENT_CALLS[first][0]}", bytes([first]) + session)
        for knock in knocks:
            knock.close()
        peer.close()
        listening.close()
    pack = sockd_test.Client.pack
    error = [[0, "ECONNRESET: Connection reset by peer"],
             {"errno": 104, "name": "ECONNRESET", "message": "Connection reset by peer", "sent": 7}]
    taken = {"data": b"ahead", "domain": "AF_INET", "type": "SOCK_STREAM", "protocol": "tcp",
             "address": None, "peer": None, "name": None}
    for choice in range(24):
        save("answers", f"{choice:02}", bytes([choice << 3 | choice % 8]) + b"".join(
            [pack([2, "sockd.data", [1, 0, b"streamed"]])] +
            [pack([1, number, None, [b"bytes", None, 7, taken, True, []][(number + choice) % 6]])
             for number in range(1, 9)]))
    save("client", "taken", b"\x0a" + pack([1, 1, None, True]) + pack([1, 2, None, taken]))
    save("client", "an-error", b"\x06" + pack([1, 1, *error]))
    save("client", "another-answer", b"\x00" + pack([1, 99, None, "pong"]) + pack([1, 1, None, "pong"]))
    save("client", "a-notification", b"\x00" + pack([2, "sockd.event", [1, "close", {}]]) + pack([1, 1, None, "x"]))
    save("client", "no-message", b"\x00\xc1")
    save("client", "an-answer-to-nobody", b"\x00" + pack([1, None, [0, "E: x"], {"errno": 74, "name": "EBADMSG"}]))


# The steps of fuzz_async.c.
(SUBMIT, CANCEL, PROCESS, SEND_RAW, ANSWER, DRAIN, END, RECONNECT, DISCONNECT) = range(9)
TAKE, GIVE, READ, OTHER = range(4)
FAILURE, SUCCESS, FAILURE_FD, SUCCESS_FD = range(4)


def write_async():
    """What a callback does follows the answer: whether it takes a descriptor, then a step."""
    sequences = {
        # The numbers of requests begin with 1; the first take says hello before.
        "a-socket-is-taken": [SUBMIT, TAKE, ANSWER, 1, SUCCESS, ANSWER, 2, SUCCESS_FD, 1, PROCESS],
        "and-left": [SUBMIT, TAKE, ANSWER, 1, SUCCESS, ANSWER, 2, SUCCESS_FD, 0, PROCESS],
        "a-socket-is-given": [SUBMIT, GIVE, SUBMIT, READ, SUBMIT, GIVE, DRAIN, ANSWER, 1, SUCCESS, 0, PROCESS],
        "answered-backwards": [SUBMIT, READ, SUBMIT, OTHER, ANSWER, 2, SUCCESS, 0, PROCESS,
                               ANSWER, 1, FAILURE, 0, PROCESS],
        "a-callback-submits": [SUBMIT, READ, ANSWER, 1, SUCCESS, 0, SUBMIT, OTHER, ANSWER, 2, SUCCESS, 0, PROCESS],
        "a-callback-cancels": [SUBMIT, READ, SUBMIT, READ, ANSWER, 1, FAILURE, 0, CANCEL, 1, ANSWER, 2, FAILURE],
        "a-callback-disconnects": [SUBMIT, READ, SUBMIT, READ, ANSWER, 2, SUCCESS, 0, DISCONNECT, 0],
        "the-daemon-hangs-up": [SUBMIT, READ, SUBMIT, TAKE, END, 0, SUBMIT, READ, RECONNECT, 0, SUBMIT, READ,
                                ANSWER, 4, SUCCESS, 0],
        "a-notification": [SEND_RAW, 1, 5, 0, 0x93, 2, 0xa1, 0x78, 0x90, DISCONNECT, 0],
    }
    for name, sequence in sequences.items():
        save("async", name, bytes(sequence))


def write_decode():
    for number, (kind, text) in enumerate(DECODE):
        save("decode", f"{('json', 'msgpack')[kind]}-{number}", bytes([kind]) + text)


def write_config():
    for name, text in CONFIG.items():
        save("config", name, text.encode())


def main():
    with tempfile.TemporaryDirectory() as folder:
        daemon = sockd_test.Daemon(pathlib.Path(folder))
        try:
            write_client(daemon)
        finally:
            daemon.stop()
            daemon.discard()
    write_message()
    write_rpc()
    write_async()
    write_decode()
    write_config()


if __name__ == "__main__":
    main()
