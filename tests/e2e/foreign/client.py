"""pynvim, unchanged, holds the dialogue of test_foreign.py with sockd, which it takes for a Neovim
without functions.

    client.py SOCKET PORT CLOSED-PORT
"""
import sys

import pynvim

path, port, closed_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
nvim = pynvim.attach("socket", path=path)


def failure(*call):
    """The name of the error that the call ends with."""
    try:
        nvim.request(*call)
    except pynvim.NvimError as error:
        return str(error).partition(":")[0]
    raise AssertionError(f"{call} did not fail")


def cancel_what_waits():
    """Nobody tells the number of a request; only the one that waits can be cancelled."""
    for number in range(100):
        try:
            return nvim.request("sockd.cancel", number)
        except pynvim.NvimError as error:
            if not str(error).startswith("ENOENT"):
                raise
    raise AssertionError("no request waits")


def cancelled(handle):
    """A read that waits while another greenlet of pynvim's cancels it."""
    outcome = []

    def begin():
        nvim.async_call(cancel_what_waits)
        outcome.append(failure("read", handle, "\n"))
        nvim.stop_loop()
    nvim.run_loop(None, None, setup_cb=begin)
    return outcome[0]


def notified(name, enough):
    """The parameters of the notifications of that name until they are enough."""
    found = []
    while not enough(found):
        kind, method, params = nvim.next_message()
        assert kind == "notification", kind
        if method == name:
            found.append(params)
    return found


handle = nvim.request("tcp_connect", "127.0.0.1", port, 5)
print("connected")
print("wrote", nvim.request("write", handle, "question\n"))
print("read", nvim.request("read", handle, "\n", 20).strip())
print(failure("tcp_connect", "127.0.0.1", closed_port))
print(cancelled(handle))
nvim.request("sockd.watch", handle, "close")
nvim.request("sockd.stream", handle, 100)
nvim.request("write", handle, "flow\n", async_=True)
pieces = notified("sockd.data", lambda found: sum(len(params[2]) for params in found) >= 10)
print("streamed", "".join(params[2] for params in pieces))
nvim.request("sockd.stream", handle)
nvim.request("close", handle)
assert notified("sockd.event", bool) == [[handle, "close", {}]]
print("closed")
nvim.close()
