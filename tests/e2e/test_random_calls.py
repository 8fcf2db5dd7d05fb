"""Calls of everything that can be called, with arguments by chance: nothing crashes, and no failure
comes without a name and a sentence.

    SOCKD_RANDOM_SECONDS=300 SOCKD_RANDOM_SEED=7 ctest --test-dir build -R e2e.random_calls

scripts/random_calls.sh does so for minutes. A run says its seed.
"""
import os
import random
import time

import sockd_test

SECONDS = float(os.environ.get("SOCKD_RANDOM_SECONDS", "5"))
SEED = int(os.environ.get("SOCKD_RANDOM_SEED", "0")) or random.randrange(1, 2**31)

NUMBERS = [0, 1, 2, 3, -1, 80, 255, 256, 65535, 65536, 85616, 2**31 - 1, 2**31, -2**31, -2**31 - 1,
           2**32 - 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -2**63]
REALS = [0.0, -0.0, 0.5, 1.5, -1.0, 1e300, 5e-324, float("nan"), float("inf"), float("-inf")]
TEXTS = ["", "0", "1", "80", "+80", "-1", " 1", "1 ", "65536", "99999999999999999999", "a\0b", "\n", "a\nb",
         "::1", "[::1]", "[::1", "127.0.0.1", "127.1", "unix/", "/nowhere/x", "@" + "a" * 107,
         "tcp://127.0.0.1:85616", "AF_INET", "AF_INET6", "AF_UNIX", "SOCK_STREAM", "SOCK_DGRAM", "tcp", "udp",
         "SOL_SOCKET", "SO_REUSEADDR", "SO_RCVTIMEO", "MSG_PEEK", "R", "RW", "name", "x" * 300,
         "return 1", "error({})", "error('why')", "\u0663", b"\xff", b"\0", b"bytes"]

# These end or change what the others are tried on.
LEFT_OUT = {"sockd.reload"}


class Maker:
    """Values by chance."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.handles = [1]

    def value(self, depth=0):
        kind = self.random.randrange(12 if depth < 2 else 8)
        if kind < 3:
            return self.random.choice(NUMBERS)
        if kind < 4:
            return self.random.choice(REALS)
        if kind < 7:
            return self.random.choice(TEXTS)
        if kind < 8:
            return self.random.choice([None, True, False])
        if kind < 10:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        keys = ["timeout", "name", "ttl", "share", "lifetime", "limit", "delimiter", "handler", "x", 5]
        return {self.random.choice(keys): self.value(depth + 1)
                for _ in range(self.random.randrange(3))}

    def fitting(self, kind):
        """A value that may well be right for a parameter of that type."""
        choose = self.random.choice
        return {
            "handle": lambda: choose(self.handles), "host": lambda: choose(["127.0.0.1", "::1", 0, "unix/"]),
            "port": lambda: choose([0, "0", "http"]), "service": lambda: choose([0, "80"]),
            "symbol": lambda: choose(["AF_INET", "SOCK_STREAM", "SOCK_DGRAM", "tcp", "SOL_SOCKET", 0, 1, 2]),
            "flags": lambda: choose(["MSG_PEEK", 0, []]), "bytes": lambda: choose([b"", b"x", b"y" * 70000]),
            "what": lambda: choose([1, "\n", {"limit": 5, "delimiter": "\n"}]), "bool": lambda: choose([True, False]),
            "int": lambda: choose(NUMBERS[:8]), "size": lambda: choose([0, 1, 4096]),
            "amount": lambda: choose([0, 1, 2**20]), "timeout": lambda: choose([0, 0.01]),
            "events": lambda: choose(["R", "W", "RW", 1, 3]), "str": lambda: choose(["return 1", "x"]),
        }.get(kind, self.value)()

    def call(self, row):
        """Its parameters; a call that would wait gets an end."""
        params = [self.fitting(param["type"]) if self.random.random() < 0.7 else self.value()
                  for param in row["params"]]
        if self.random.random() < 0.1:
            params = params[:self.random.randrange(len(params) + 1)]
        if self.random.random() < 0.1:
            params.append(self.value())
        if row["waits"] != "never":
            params.append({"timeout": self.random.choice([0, 0.01])})
        return params


class RandomCalls(sockd_test.Case):
    def check(self, row, params, error):
        """A failure is an array or a map of name, number and sentence."""
        said = f"seed {SEED}: {row['name']}{params!r:.400}: {error}"
        self.assertTrue(error.name, said)
        self.assertTrue(error.message, said)
        self.assertGreater(error.number, 0, said)

    def one(self, client, maker, row):
        params = maker.call(row)
        try:
            result = client.call(row["name"], *params)
        except sockd_test.RpcError as error:
            self.check(row, params, error)
            return
        if row["result"].startswith("id"):
            made = result if isinstance(result, list) else [result]
            maker.handles = (maker.handles + [each for each in made if isinstance(each, int)])[-20:]

    def test_rpc_answers_everything(self):
        print(f"seed {SEED}", flush=True)
        sockd = self.daemon("--handler-cpu", "1", settles=False)
        client = self.keep(sockd.client())
        rows = [row for row in client.call("sockd.api")["methods"] if row["name"] not in LEFT_OUT]
        maker = Maker(SEED)
        deadline, calls = time.monotonic() + SECONDS, 0
        while time.monotonic() < deadline:
            self.one(client, maker, maker.random.choice(rows))
            calls += 1
        self.assertGreater(calls, 100, "hardly anything was tried")
        self.assertEqual(self.keep(sockd.client()).call("sockd.ping") is not None, True)

    def test_lua_survives_everything_and_says_why_it_refuses(self):
        calls = sockd_test.SOURCE / "fuzz" / "calls.lua"
        script = self.script(f"""
            local run = dofile('{calls}')
            local fiber = require('fiber')
            math.randomseed({SEED})
            local stop, count = fiber.clock() + {SECONDS}, 0
            local errno, wrong = require('errno'), nil
            -- A call that is refused says so: by an error with a text, or by nil or false with an
            -- errno that has a sentence.
            local refuses = {{bind = true, getsockopt = true, linger = true, listen = true,
                             name = true, peer = true, setsockopt = true, shutdown = true,
                             sysconnect = true, send = true, syswrite = true, write = true}}
            local function heard(name, kind, object, ok, result)
                local number = errno()
                local what
                if not ok and (result == nil or result == '') then
                    what = 'throws nothing'
                elseif not ok and type(result) == 'string' and
                    (result:find("got a number", 1, true) or result:find('?', 1, true) == 1) then
                    what = 'throws ' .. result
                elseif ok and kind == 'socket' and refuses[name] and
                    (result == nil or (result == false and name ~= 'linger')) and
                    (number == 0 or errno.strerror(number) == '') then
                    what = 'has failed without an errno'
                end
                wrong = wrong or what and ('%s of %s %s'):format(name, kind, what)
            end
            -- A call may cancel any fiber, its own included; so there are several, each for one input.
            local function again()
                if wrong then
                    io.stderr:write('wrong: ', wrong, '\\n')
                    os.exit(1)
                end
                if fiber.clock() > stop then
                    io.stderr:write('inputs ', count, '\\n')
                    os.exit(0)
                end
                local bytes = {{}}
                for i = 1, math.random(300) do bytes[i] = string.char(math.random(0, 255)) end
                count = count + 1
                fiber.new(again)
                pcall(run, table.concat(bytes), heard)
            end
            for _ = 1, 4 do
                fiber.new(again)
            end
        """)
        done = sockd_test.run_script(script, timeout=SECONDS + sockd_test.PATIENCE)
        self.assertEqual(done.returncode, 0, (SEED, done.stderr[-2000:]))
        self.assertIn(b"inputs ", done.stderr)


if __name__ == "__main__":
    sockd_test.main()
