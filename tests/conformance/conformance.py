"""Runs the cases of cases/*.lua under Tarantool and under sockd, and compares.

    conformance.py show TOPIC…             differences that differences.txt does not list
    conformance.py accept ROW CASE…        lists them: cases or patterns, as reason the ROW of
                                           docs/tarantool.md
    conformance.py refresh TOPIC…          writes down anew what listed cases come to, and drops
                                           those that differ no more

sockd runs twice: with --nonblock, where a script for Tarantool should see no difference, and
without. The program is that of $SOCKD_BIN. What the two say is compared as text (canon.lua), so
that a difference that changes is noticed like one that is new.
"""
import fnmatch
import os
import pathlib
import re
import selectors
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BIN = pathlib.Path(os.environ.get("SOCKD_BIN", SOURCE / "build" / "bin"))
TABLE = HERE / "differences.txt"
DOCUMENT = SOURCE / "docs" / "tarantool.md"

# A case gives up after 5 seconds (run.lua); a process that says nothing for longer does not run.
SILENCE = 30

PEERS = {
    "tarantool": ["tarantool"],
    "nonblock": [str(BIN / "sockd"), "run", "--nonblock"],
    "blocking": [str(BIN / "sockd"), "run"],
}
MODES = ("nonblock", "blocking")


def topics():
    return sorted(path.stem for path in (HERE / "cases").glob("*.lua"))


class Run:
    """One process that runs cases until it has done all, or ends before."""

    def __init__(self, peer, topic, after):
        self.results = {}
        self.folder = tempfile.TemporaryDirectory(prefix="conformance-")
        self.log = tempfile.TemporaryFile()
        command = [*PEERS[peer], str(HERE / "run.lua"), str(HERE / "cases" / f"{topic}.lua"),
                   self.folder.name, *([after] if after else [])]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.log, cwd=self.folder.name)
        try:
            self.collect()
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.folder.cleanup()

    def collect(self):
        selector = selectors.DefaultSelector()
        selector.register(self.process.stdout, selectors.EVENT_READ)
        pending = b""
        with selector:
            while selector.select(SILENCE):
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    self.process.wait(SILENCE)
                    break
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    name, _, result = line.decode("utf-8", "replace").partition("\t")
                    self.results[name] = result

    def error(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace").strip()[-2000:]


def run_topic(peer, topic):
    """What each case of a topic comes to, by its name. A case that ends the process, or stops it,
    has that as its result, and the rest runs in a new process."""
    names = case_names(topic) if peer != "tarantool" else None
    results, after = {}, None
    while True:
        run = Run(peer, topic, after)
        results.update(run.results)
        if run.process.returncode == 0:
            return results
        if names is None:
            raise AssertionError(f"tarantool ended in {topic} after {list(results)[-1:]}: {run.error()}")
        missing = [name for name in names if name not in results]
        if not missing:
            return results
        if not results:
            raise AssertionError(f"{peer} runs no case of {topic}: {run.error()}")
        results[missing[0]] = f"ends the process with {run.process.returncode}: {run.error()[-300:]}"
        after = missing[0]


_tarantool = {}


def run_tarantool(topic):
    if topic not in _tarantool:
        _tarantool[topic] = run_topic("tarantool", topic)
    return _tarantool[topic]


def case_names(topic):
    return list(run_tarantool(topic))


class Difference:
    """A case that comes to something else: under which row, in which mode (None: in both)."""

    def __init__(self, row, case, mode, tarantool="", sockd=""):
        self.row, self.case, self.mode = row, case, mode
        self.tarantool, self.sockd = tarantool, sockd

    def covers(self, mode):
        return self.mode is None or self.mode == mode

    def title(self):
        return self.case + (f" ({self.mode})" if self.mode else "")

    def text(self):
        return f"{self.title()}\n    tarantool  {self.tarantool}\n    sockd      {self.sockd}\n"


class Table:
    """The accepted differences, as differences.txt lists them."""

    HEAD = re.compile(r"^([a-z_0-9]+\.\S+)(?: \((nonblock|blocking)\))?$")

    def __init__(self, path=TABLE):
        self.path = path
        self.preface, self.reasons, self.differences = [], {}, []
        row = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("== "):
                row = line[3:].strip()
                if row in self.reasons:
                    raise ValueError(f"{path.name}:{number}: a second section {row}")
                self.reasons[row] = []
            elif row is None:
                self.preface.append(line)
            elif line.startswith("# "):
                self.reasons[row].append(line[2:])
            elif line.startswith("    tarantool  "):
                self.differences[-1].tarantool = line[len("    tarantool  "):]
            elif line.startswith("    sockd      "):
                self.differences[-1].sockd = line[len("    sockd      "):]
            elif line.strip():
                head = self.HEAD.match(line)
                if not head:
                    raise ValueError(f"{path.name}:{number}: {line}")
                self.differences.append(Difference(row, *head.groups()))

    def find(self, case, mode):
        found = [d for d in self.differences if d.case == case and d.covers(mode)]
        if len(found) > 1:
            raise ValueError(f"{case} ({mode}) is listed twice")
        return found[0] if found else None

    def of_topic(self, topic):
        return [d for d in self.differences if d.case.startswith(topic + ".")]

    def write(self):
        lines = ["\n".join(self.preface).rstrip() + "\n"]
        for row, reason in self.reasons.items():
            lines.append(f"\n== {row}\n" + "".join(f"# {line}\n" for line in reason))
            chosen = [d for d in self.differences if d.row == row]
            lines.extend(d.text() for d in sorted(chosen, key=Difference.title))
        self.path.write_text("".join(lines))


def rows_of_document():
    """The names of the departures that the document describes."""
    return re.findall(r"^\| `([a-z0-9-]+)` \|", DOCUMENT.read_text(), re.M)


def differences(topic, mode):
    """Case, Tarantool's result and sockd's of all that differ."""
    expected, found = run_tarantool(topic), run_topic(mode, topic)
    for case, result in expected.items():
        other = found.get(case, "does not run")
        if other != result:
            yield case, result, other
    for case in found.keys() - expected.keys():
        yield case, "does not run", found[case]


def show(table, chosen):
    count = 0
    for topic in chosen or topics():
        unlisted = {}
        for mode in MODES:
            for case, tarantool, sockd in differences(topic, mode):
                known = table.find(case, mode)
                if not known or (known.tarantool, known.sockd) != (tarantool, sockd):
                    unlisted.setdefault((case, tarantool, sockd), []).append(mode)
        for (case, tarantool, sockd), modes in unlisted.items():
            count += 1
            mode = modes[0] if len(modes) == 1 else None
            print(Difference("", case, mode, tarantool, sockd).text(), end="")
    print(f"{count} differences are not listed")


def accept(table, row, patterns):
    table.reasons.setdefault(row, ["TODO: the reason"])
    for topic in sorted({pattern.split(".")[0] for pattern in patterns}):
        found = {mode: {case: (t, s) for case, t, s in differences(topic, mode)} for mode in MODES}
        for case in {case for mode in MODES for case in found[mode]}:
            if not any(fnmatch.fnmatch(case, pattern) for pattern in patterns):
                continue
            results = {mode: found[mode].get(case) for mode in MODES if not table.find(case, mode)}
            if len(set(results.values())) == 1 and len(results) == len(MODES):
                table.differences.append(Difference(row, case, None, *results["blocking"]))
                continue
            for mode, result in results.items():
                if result:
                    table.differences.append(Difference(row, case, mode, *result))
    table.write()


def refresh(table, chosen):
    for topic in chosen or topics():
        found = {mode: {case: (t, s) for case, t, s in differences(topic, mode)} for mode in MODES}
        listed = table.of_topic(topic)
        table.differences = [d for d in table.differences if d not in listed]
        rows = {d.case: d.row for d in listed}
        for case, row in rows.items():
            results = {mode: found[mode].get(case) for mode in MODES}
            if results["nonblock"] == results["blocking"]:
                results = {None: results["blocking"]}
            for mode, result in results.items():
                if result and (mode is None or any(d.covers(mode) for d in listed if d.case == case)):
                    table.differences.append(Difference(row, case, mode, *result))
    table.write()


def main():
    verb, *rest = sys.argv[1:] or ["show"]
    table = Table()
    started = time.monotonic()
    if verb == "show":
        show(table, rest)
    elif verb == "accept":
        accept(table, rest[0], rest[1:])
    elif verb == "refresh":
        refresh(table, rest)
    else:
        sys.exit(__doc__)
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
