"""The page that a sweep shares with a program under test; its layout is faults.h's.

    page = Page(folder / "page")
    subprocess.Popen(command, env=page.environment())
    page.count(["memory", "calls"])           # from now on calls are counted
    page.fail(call("accept4"), errno.EMFILE, 1, 1)   # the first accept4 from now on fails
    page.off()
"""
import bisect
import mmap
import os
import pathlib
import re
import struct
import subprocess

import sockd_test

LIBRARY = pathlib.Path(os.environ.get("SOCKD_FAULTS_LIBRARY",
                                      sockd_test.BIN.parent / "tests" / "sweep" / "libsockd_faults.so"))
# A daemon whose Lua meets faults (lua_faults.c).
LUA_PROGRAM = pathlib.Path(os.environ.get("SOCKD_SWEEP_LUA", sockd_test.BIN / "sweep_lua"))
ALLOCATE, LUA_BLOCK, LUA_LIMIT = 511, 510, 509
FOREVER = (1 << 64) - 1

OFF, COUNT, FAIL = range(3)

# Where things are in struct faults.
CALL, SPARED_COUNT, SEEN, FAILED, BASE, COUNTS, FRAMES, DEATH_FRAMES, SPARED, SIZE = (
    4, 12, 32, 4128, 4136, 4144, 4160, 4352, 4544, 5568)
FRAMES_MAX = 24

NUMBERS = {name: int(number) for name, number in re.findall(
    r"#define __NR_(\w+) (\d+)", pathlib.Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h").read_text())}
OTHERS = {ALLOCATE: "malloc", LUA_BLOCK: "lua_block", LUA_LIMIT: "lua_limit"}
NAMES = {number: name for name, number in NUMBERS.items()} | OTHERS


def call(name):
    return {other: number for number, other in OTHERS.items()}.get(name) or NUMBERS[name]


class Symbols:
    """The functions of the program: who it was, and where those are who are spared."""

    def __init__(self, program):
        self.program = str(program)
        lines = subprocess.run(["nm", "-S", "--defined-only", self.program], capture_output=True,
                               text=True, check=True).stdout.splitlines()
        parts = [line.split() for line in lines]
        self.functions = sorted((int(part[0], 16), int(part[1], 16), part[3]) for part in parts
                                if len(part) == 4 and part[2] in "tT")

    def ranges(self, pattern):
        return [(begin, begin + size) for begin, size, name in self.functions
                if re.fullmatch(pattern, name)]

    def at(self, offset):
        """The function's name, or None if it is not the program's."""
        i = bisect.bisect_right(self.functions, (offset, 1 << 62, "")) - 1
        if i < 0 or offset >= self.functions[i][0] + max(self.functions[i][1], 1):
            return None
        return self.functions[i][2]


class Page:
    def __init__(self, path):
        self.path = str(path)
        with open(self.path, "wb") as file:
            file.truncate(mmap.PAGESIZE * 2)
        fd = os.open(self.path, os.O_RDWR)
        self.map = mmap.mmap(fd, mmap.PAGESIZE * 2)
        os.close(fd)

    def environment(self, base=None):
        env = dict(os.environ if base is None else base, SOCKD_FAULTS=self.path)
        env["LD_PRELOAD"] = str(LIBRARY)
        if sockd_test.SANITIZED:
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return env

    def get(self, kind, at):
        return struct.unpack_from(kind, self.map, at)[0]

    def set(self, at, kind, *values):
        struct.pack_into(kind, self.map, at, *values)

    def spare(self, ranges):
        ranges = ranges[:64]
        for i, (begin, end) in enumerate(ranges):
            self.set(SPARED + 16 * i, "<QQ", begin, end)
        self.set(SPARED_COUNT, "<I", len(ranges))

    def clear(self):
        self.map[SEEN:FAILED + 8] = bytes(FAILED + 8 - SEEN)
        self.map[COUNTS:COUNTS + 12] = bytes(12)

    def off(self):
        self.map[1] = OFF
        self.map[0] = 0

    def count(self, kinds):
        """Without the dispatch, for memory alone, the program runs undisturbed."""
        self.clear()
        self.map[1] = COUNT
        self.map[0] = int("calls" in kinds)

    def fail(self, number, error, first, last, trace=True):
        self.clear()
        self.set(CALL, "<ii", number, error)
        self.set(16, "<QQ", first, last)
        self.map[2] = int(trace)
        self.map[1] = FAIL
        self.map[0] = int(number not in OTHERS)

    @property
    def dispatches(self):
        """Whether the kernel lets us see system calls."""
        return self.map[3] == 1

    def seen(self):
        counts = struct.unpack_from("<512Q", self.map, SEEN)
        return {number: count for number, count in enumerate(counts) if count}

    def failed(self):
        return self.get("<Q", FAILED)

    def death(self):
        """The signal that killed the program, if it did."""
        return self.get("<i", COUNTS + 8)

    def stack(self, symbols, at, count_at):
        base = self.get("<Q", BASE)
        frames = struct.unpack_from(f"<{min(self.get('<I', count_at), FRAMES_MAX)}Q", self.map, at)
        names = [symbols.at(frame - base) for frame in frames]
        return [name for name in names if name]

    def culprit(self, symbols):
        """Whose call was the first to fail: the program's functions, the innermost first."""
        return self.stack(symbols, FRAMES, COUNTS)

    def death_stack(self, symbols):
        return self.stack(symbols, DEATH_FRAMES, COUNTS + 4)
