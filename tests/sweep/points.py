"""The points of a sweep, and the table of what came of them."""
import collections
import dataclasses
import errno

import faults
import plausible


# A call is interrupted many times in a row, but not for ever.
INTERRUPTIONS = 20


# The kinds of those that are no system calls.
KINDS = {faults.ALLOCATE: "memory", faults.LUA_BLOCK: "lua", faults.LUA_LIMIT: "lua"}


@dataclasses.dataclass(frozen=True)
class Point:
    """The calls from `first` to `last` of that number fail with that error."""
    number: int
    error: int
    first: int
    last: int

    @property
    def persistent(self):
        return self.last != self.first

    @property
    def kind(self):
        return KINDS.get(self.number, "calls")

    def __str__(self):
        many = "+" if self.persistent else ""
        return f"{faults.NAMES.get(self.number, self.number)}:{errno.errorcode[self.error]}:{self.first}{many}"


def parse(text):
    """A point as it is printed."""
    name, error, when = text.split(":")
    first = int(when.rstrip("+"))
    return Point(faults.call(name), getattr(errno, error), first,
                 faults.FOREVER if when.endswith("+") else first)


def plan(seen, kinds, most):
    """The points for calls that were counted: the first ones of each, at most `most`, each once by
    itself and once with all that follow."""
    for number, count in sorted(seen.items()):
        if number in KINDS:
            if KINDS[number] not in kinds:
                continue
            names, limit = ["ENOMEM"], count if most is None else most
        else:
            if "calls" not in kinds:
                continue
            names, limit = plausible.errors(faults.NAMES.get(number, "")), 3 if most is None else most
        for name in names:
            for first in range(1, min(count, limit) + 1):
                yield Point(number, getattr(errno, name), first, first)
                yield Point(number, getattr(errno, name), first,
                            first + INTERRUPTIONS if name == "EINTR" else faults.FOREVER)


FAULTS = ("death", "leak", "stuck", "wrong", "no ping", "spin")
FATES = ("tried", "not met", "fine", "refused", "dropped", "late") + FAULTS


class Table:
    """For each scenario how many points came to what."""

    def __init__(self):
        self.rows = collections.defaultdict(collections.Counter)
        self.found = collections.defaultdict(list)

    def note(self, scenario, point, fate, about=""):
        self.rows[scenario]["tried"] += 1
        self.rows[scenario][fate] += 1
        if fate in FAULTS:
            self.found[(fate, about)].append((scenario, point))

    @property
    def faults(self):
        return sum(row[fate] for row in self.rows.values() for fate in FAULTS)

    def total(self):
        total = collections.Counter()
        for row in self.rows.values():
            total.update(row)
        return total

    def print(self, title, every=True):
        print(f"\n{title}")
        rows = list(self.rows.items()) if every else []
        width = max([len(name) for name, _ in rows] + [5])
        print(f"{'':{width}}  " + "  ".join(f"{fate:>7}" for fate in FATES))
        for name, row in [*rows, ("all", self.total())]:
            print(f"{name:{width}}  " + "  ".join(f"{row[fate] or '-':>7}" for fate in FATES))
        for (fate, about), places in sorted(self.found.items(), key=lambda item: -len(item[1])):
            print(f"{len(places):5} × {fate}: {about}")
            for scenario, point in places[:3]:
                print(f"        {scenario} {point}")
