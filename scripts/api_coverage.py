#!/usr/bin/python3
"""Says for every call of the Lua API where it is implemented, documented and tested.

    SOCKD_BIN=build/bin scripts/api_coverage.py [--all]

The list is that of the annotations in lua/meta/, compared with what a running sockd has and with
what Tarantool's module `socket` has. Prints the numbers and what is missing, with --all every call;
fails if anything is missing.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import lua_api  # noqa: E402

SOURCE = lua_api.SOURCE
BIN = pathlib.Path(os.environ.get("SOCKD_BIN", SOURCE / "build" / "bin"))
LIST = SOURCE / "scripts" / "api_list.lua"

# Where the calls of a module or class are implemented and tested: patterns of paths.
IMPLEMENTED = {
    "tcp_object": ["lua/luasocket*.lua", "daemon/binding/luasocket*.c"],
    "udp_object": ["lua/luasocket*.lua", "daemon/binding/luasocket*.c"],
    "socket_object": ["daemon/binding/socket*.c", "lua/*.lua"],
    "uuid_object": ["lua/tarantool/uuid.lua"],
    "digest": ["lua/tarantool/digest.lua"],
    "yaml": ["lua/tarantool/yaml.lua", "daemon/binding/data/serial*.c"],
    "fiber_object": ["daemon/binding/fiber*.c", "lua/fiber*.lua"],
    "fiber_channel": ["daemon/binding/*.c", "lua/*.lua"],
    "fiber_cond": ["daemon/binding/*.c", "lua/*.lua"],
}
TESTED = {
    "tcp_object": ["tests/conformance/luasocket/**/*.lua", "tests/lua/*.lua"],
    "udp_object": ["tests/conformance/luasocket/**/*.lua", "tests/lua/*.lua"],
    "fiber_object": ["tests/conformance/cases/fiber.lua", "tests/lua/*.lua"],
    "fiber_channel": ["tests/conformance/cases/channel.lua"],
    "fiber_cond": ["tests/conformance/cases/cond.lua"],
    "socket.dns": ["tests/conformance/luasocket/**/*.lua", "tests/lua/*.lua"],
}
EVERYWHERE = ["tests/conformance/cases/*.lua", "tests/conformance/luasocket/**/*.lua", "tests/lua/*.lua"]

# Of Tarantool's module, what is no part of an API.
NOT_CALLS = {"socket.internal"}


def run_list(command):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([*command, str(LIST)], capture_output=True, text=True, timeout=60,
                             cwd=folder, stdin=subprocess.DEVNULL, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"{command}: {run.stdout}{run.stderr}")
    return set(run.stdout.split())


class Files:
    """Files by pattern, read once."""

    def __init__(self):
        self.texts = {}

    def find(self, patterns):
        for pattern in patterns:
            for path in sorted(SOURCE.glob(pattern)):
                if path not in self.texts:
                    self.texts[path] = path.read_text(errors="replace")
                yield path, self.texts[path]


def implementation_patterns(name):
    """How a call may be written down where it is defined, the clearest first."""
    word = re.escape(name)
    return [rf'\{{"{word}", *\w+\}}', rf"function [\w.]*[.:]{word}\(", rf"\.{word} = ",
            rf"\b{word} = ", rf'"{word}"', rf"'{word}'"]


class Report:
    def __init__(self):
        self.files = Files()
        self.calls = {item.name: item for item in lua_api.functions()}
        self.live = run_list([str(BIN / "sockd"), "run"])
        self.tarantool = {name for name in run_list(["tarantool"])
                          if name.startswith(("socket.", "socket_object:", "tcp_object:"))} - NOT_CALLS
        self.reference = lua_api.REFERENCE.read_text().splitlines()

    def implemented(self, item):
        if item.name not in self.live:
            return None
        owner, name = item.owner, re.split("[.:]", item.name)[-1]
        module = "luasocket" if item.module == "luasocket" else item.module
        patterns = IMPLEMENTED.get(owner, [f"daemon/binding/**/{module}*.c", f"lua/{module}*.lua",
                                           "daemon/binding/**/*.c", "lua/*.lua", "lua/tarantool/*.lua"])
        # Clocks that count in integers, and hashes in hexadecimal digits, are made beside the others.
        beside = name.removesuffix("64").removesuffix("_hex")
        for expression in implementation_patterns(name) + implementation_patterns(beside):
            for path, text in self.files.find(patterns):
                found = re.search(expression, text)
                if found:
                    line = text.count("\n", 0, found.start()) + 1
                    return f"{path.relative_to(SOURCE)}:{line}"
        return None

    def documented(self, item):
        heading = f"#### `{item.signature()}`"
        if heading not in self.reference:
            return None
        return f"{lua_api.REFERENCE.relative_to(SOURCE)}:{self.reference.index(heading) + 1}"

    def tested(self, item):
        owner, name = item.owner, re.split("[.:]", item.name)[-1]
        if name == "__call":
            expression = rf"\b{owner}\("
        elif ":" in item.name:
            expression = rf"[:.]{name}\b|'{name}'"
        else:
            expression = rf"\b{owner.split('.')[-1]}\.{name}\b|'{name}'"
        return sum(len(re.findall(expression, text))
                   for _, text in self.files.find(TESTED.get(owner, EVERYWHERE)))

    def rows(self):
        for item in self.calls.values():
            yield item, self.implemented(item), self.documented(item), self.tested(item)

    def holes(self):
        found = []
        for item, implemented, documented, tested in self.rows():
            for what, there in (("implemented", implemented), ("documented", documented),
                                ("tested", tested)):
                if not there:
                    found.append(f"{item.name} is not {what}")
        found += [f"{name} is not described in lua/meta" for name in sorted(self.live - set(self.calls))]
        found += [f"{name} of Tarantool is missing" for name in sorted(self.tarantool - self.live)]
        return found

    def summary(self):
        rows = list(self.rows())
        return (f"{len(rows)} calls: {sum(bool(row[1]) for row in rows)} implemented, "
                f"{sum(bool(row[2]) for row in rows)} documented, {sum(bool(row[3]) for row in rows)} tested; "
                f"{len(self.tarantool & self.live)} of {len(self.tarantool)} of Tarantool's")


def main():
    report = Report()
    if sys.argv[1:] == ["--all"]:
        for item, implemented, documented, tested in report.rows():
            print(f"{item.name:32} {implemented or '-':40} {documented or '-':26} {tested:4}")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    holes = report.holes()
    for hole in holes:
        print(hole)
    print(report.summary())
    sys.exit(bool(holes))


if __name__ == "__main__":
    main()
