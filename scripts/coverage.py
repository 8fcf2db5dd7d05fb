#!/usr/bin/python3
"""What the tests have reached: adds up gcov's counters and says what was missed.

    scripts/coverage.py BUILD [--missed] [FILE…]

BUILD is a folder that scripts/coverage.sh has built and run the tests in. Prints lines and branches
of each file of daemon/, protocol/ and client/ that is compiled there, the least covered last, and
the sum; with --missed, or for the files that are named, also each line that was never run and each
branch that was never taken. Exits 1 if an entry of scripts/coverage.txt fits nothing.

Not counted are:
  - what is generated, and the generators (gen/, *_gen.c), which run in the build;
  - the branch out of a CHECK or a MAGIC_CHECK that fails, for it cannot happen: whatever was never
    taken in such a statement;
  - what scripts/coverage.txt names, with the reason.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOPS = ("base", "daemon", "protocol", "client")
CHECKS = re.compile(r"^\s*(?:MAGIC_)?CHECK\(")


class Source:
    """A file: how often each line ran, and each branch of it was taken."""

    def __init__(self, path):
        self.path = path
        self.text = (ROOT / path).read_text().splitlines()
        self.lines = collections.Counter()
        self.branches = collections.defaultdict(dict)  # line: {which: count}
        self.functions = {}  # line: name
        self.left_out = set()

    def add(self, data):
        """One translation unit's view of it. Functions of headers are in many."""
        seen = collections.Counter()
        for line in data["lines"]:
            number, function = line["line_number"], line.get("function_name", "")
            self.lines[number] += line["count"]
            self.functions.setdefault(number, function)
            for branch in line["branches"]:
                which = (function, seen[number, function])
                seen[number, function] += 1
                taken = self.branches[number]
                taken[which] = taken.get(which, 0) + branch["count"]

    def statement(self, start):
        """The lines of the statement that begins there."""
        depth = 0
        for number in range(start, len(self.text) + 1):
            depth += self.text[number - 1].count("(") - self.text[number - 1].count(")")
            yield number
            if depth <= 0:
                return

    def drop_checks(self):
        """CHECKs keep their lines and what was taken of their branches."""
        for start, text in enumerate(self.text, 1):
            if not CHECKS.match(text):
                continue
            for number in self.statement(start):
                taken = self.branches.get(number, {})
                for which in [which for which, count in taken.items() if count == 0]:
                    del taken[which]

    def leave_out(self, numbers):
        """What was missed there is not counted. Whether there was any."""
        missed = False
        for number in numbers:
            self.left_out.add(number)
            if number in self.lines and self.lines[number] == 0:
                del self.lines[number]
                missed = True
            taken = self.branches.get(number, {})
            for which in [which for which, count in taken.items() if count == 0]:
                del taken[which]
                missed = True
        return missed

    def sums(self):
        """Lines run, lines, branches taken, branches."""
        taken = [count for line in self.branches.values() for count in line.values()]
        return (sum(1 for count in self.lines.values() if count), len(self.lines),
                sum(1 for count in taken if count), len(taken))

    def missed(self):
        """Each line with something missed: number, what, text."""
        for number, text in enumerate(self.text, 1):
            never = number in self.lines and self.lines[number] == 0
            taken = self.branches.get(number, {})
            untaken = sum(1 for count in taken.values() if count == 0)
            if never:
                yield number, "never run", text
            elif untaken:
                yield number, f"{untaken} of {len(taken)} branches", text


# ---- gcov ----

def objects(build):
    """The names of object files that have counters, relative to the build, and the counters' folders."""
    found = collections.defaultdict(list)
    for user in sorted((build / "counters").iterdir()):
        inside = user / str(build).lstrip("/")
        for file in inside.rglob("*.gcda"):
            found[file.relative_to(inside).with_suffix("")].append(file)
    return found


def every_object(build):
    """Also those that no test has run."""
    found = objects(build)
    for top in TOPS:
        for file in (build / top).rglob("*.gcno"):
            found.setdefault(file.relative_to(build).with_suffix(""), [])
    return {name: files for name, files in found.items() if name.parts[0] in TOPS}


def is_generator(path):
    return "gen" in path.parts or path.stem.endswith("_gen")


def read(build, name, counters, sources, scratch):
    """One object's counters of one user, or none."""
    notes, values = scratch / "unit.gcno", scratch / "unit.gcda"
    for link, target in ((notes, (build / name).with_suffix(name.suffix + ".gcno")), (values, counters)):
        link.unlink(missing_ok=True)
        if target:
            link.symlink_to(target)
    output = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", str(notes)],
                            cwd=scratch, capture_output=True, text=True, check=True).stdout
    for text in output.splitlines():
        data = json.loads(text)
        for file in data["files"]:
            path = (build / data["current_working_directory"] / file["file"]).resolve()
            if not path.is_relative_to(ROOT) or path.is_relative_to(build):
                continue
            path = path.relative_to(ROOT)
            if path.parts[0] in TOPS and not is_generator(path):
                sources.setdefault(path, Source(path)).add(file)


def collect(build):
    sources = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, counters in sorted(every_object(build).items()):
            for file in counters or [None]:
                read(build, name, file, sources, pathlib.Path(folder))
    return sources


# ---- what is left out ----

def entries(path):
    """(number, file, function or None, text, lines, reason) for each of

        FILE FUNCTION() REASON            whatever is missed in the function
        FILE "TEXT" [+N] REASON           … in a line that holds the text, and in the N behind it
    """
    pattern = re.compile(r'^(\S+)\s+(?:(\w+)\(\)|"(.*?)"(?:\s+\+(\d+))?)\s+(\S.*)$')
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = pattern.match(line)
        if not match:
            sys.exit(f"{path}:{number}: not understood: {line}")
        file, function, text, more, reason = match.groups()
        yield number, pathlib.Path(file), function, text, int(more or 0), reason


def fits(source, function, text, more):
    if function:
        return [number for number, name in source.functions.items() if name == function]
    starts = [number for number, line in enumerate(source.text, 1) if text in line]
    return [number for start in starts for number in range(start, start + more + 1)]


def apply(path, sources):
    """Leaves out what the file names; says which entries name nothing."""
    wrong = 0
    for number, file, function, text, more, _ in entries(path):
        lines = fits(sources[file], function, text, more) if file in sources else []
        if not lines:
            print(f"{path.name}:{number}: nothing in {file} is {function or text}", file=sys.stderr)
            wrong += 1
        elif not sources[file].leave_out(lines):
            print(f"{path.name}:{number}: nothing is missed there any more", file=sys.stderr)
    return wrong


# ---- the report ----

def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def print_file(source, name, total):
    lines, of_lines, branches, of_branches = source.sums()
    for place, number in enumerate((lines, of_lines, branches, of_branches)):
        total[place] += number
    print(f"{percent(lines, of_lines):6.1f} %  {lines:5}/{of_lines:<5}"
          f"{percent(branches, of_branches):7.1f} %  {branches:5}/{of_branches:<5}  {name}")


def print_missed(source):
    for number, what, text in source.missed():
        print(f"    {source.path}:{number}: {what}: {text.strip()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--missed", action="store_true")
    options = parser.parse_args()
    sources = collect(options.build)
    for source in sources.values():
        source.drop_checks()
    wrong = apply(ROOT / "scripts" / "coverage.txt", sources)
    total = [0, 0, 0, 0]
    print("   lines                 branches")
    for source in sorted(sources.values(), key=lambda source: -percent(*source.sums()[:2])):
        print_file(source, source.path, total)
        if options.missed or source.path in options.files:
            print_missed(source)
    print(f"{percent(*total[:2]):.1f} % of {total[1]} lines, {percent(*total[2:]):.1f} % of {total[3]} branches")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
