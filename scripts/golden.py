#!/usr/bin/python3
"""Keeps protocol/golden/level-N.txt, what each level of the protocol has promised.

    scripts/golden.py [BUILD]              brings the present level's file up to date
    scripts/golden.py --release [BUILD]    marks it as released: from then on it never changes

A file has a line for each method and notification that its level brought. While a level is not
released, its lines may change; this script writes them anew, so that the change shows in the
review. A released one is law: a new method then needs a new level (LIMIT_LEVEL in
protocol/limits.h). Sentences and defaults' wording are not part of the promise.

tests/e2e/test_golden.py compares the files with what a live daemon says of itself.
"""
import sys

import protocol_api

GOLDEN = protocol_api.SOURCE / "protocol" / "golden"
OPEN, RELEASED = "not released", "released"


def method_line(method):
    params = ", ".join(f"{param['name']}{'' if param['required'] else '?'}: {param['type']}"
                       for param in method["params"])
    options = ", ".join(method["options"]) or "none"
    return (f"{method['name']}({params}) -> {method['result']}; caller: {method['caller']}; "
            f"waits: {method['waits']}; options: {options}")


def notification_line(notification):
    fields = ", ".join(f"{field['name']}: {field['type']}" for field in notification["params"])
    return f"notification {notification['name']}({fields}); asked for by {notification['method']}"


def lines(api, level):
    """The lines of what that level brought, in order."""
    found = [method_line(row) for row in api["methods"] if row["level"] == level]
    found += [notification_line(row) for row in api["notifications"] if row["level"] == level]
    return sorted(found)


def path(level):
    return GOLDEN / f"level-{level}.txt"


def read(level):
    """The state of a level and its lines; no file is an open level without lines."""
    if not path(level).exists():
        return OPEN, []
    head, *rest = path(level).read_text().splitlines()
    return head.partition(": ")[2], rest


def write(level, state, text):
    GOLDEN.mkdir(exist_ok=True)
    path(level).write_text("\n".join([f"# protocol level {level}: {state}", *text]) + "\n")


def differences(api):
    """What is not as promised: a list of sentences, empty if all is well."""
    found = []
    for level in range(1, api["level"] + 1):
        state, promised = read(level)
        live = lines(api, level)
        found += [f"level {level} ({state}) has no longer: {line}" for line in promised
                  if line not in live]
        found += [f"level {level} ({state}) does not have: {line}" for line in live
                  if line not in promised]
    return found


def main():
    words = sys.argv[1:]
    release = words[:1] == ["--release"]
    build = words[release:] or ["build"]
    if len(build) > 1 or build[0].startswith("-"):
        sys.exit(__doc__)
    api = protocol_api.of_build(build[0])
    level = api["level"]
    state, _ = read(level)
    if state != RELEASED:
        write(level, RELEASED if release else OPEN, lines(api, level))
    broken = differences(api)
    if broken:
        sys.exit("\n".join(["a released level never changes:", *broken]))


if __name__ == "__main__":
    main()
