#!/usr/bin/python3
"""A folder is a layer: a file includes its own folder and the layers below it, nothing else. And
files that use each other's functions stand above each other too: they form no ring.

The table is the one of docs/ARCHITECTURE.md. Run at the top of the tree; prints each include that
climbs, each ring that is not accepted below, with what ties it, and each accepted one that is no
ring any more. Exits 1 if there is any of these.
"""
import collections
import pathlib
import re
import sys

TOPS = ("base", "protocol", "client", "daemon")

# Folder, and the layers that its files may include; itself is understood.
LAYERS = {
    "base": [],
    "protocol": [],
    "client": ["protocol"],
    "client/ctl": ["base", "client", "protocol"],
    "client/examples": [],
    "client/gen": ["protocol"],
    "daemon/util": ["base"],
    "daemon/loop": ["base", "util"],
    "daemon/net/name": ["base", "util", "loop"],
    "daemon/net": ["base", "util", "loop", "net/name"],
    "daemon/fiber": ["base", "util", "loop"],
    "daemon/binding/data": ["base", "util", "fiber", "binding"],
    "daemon/binding": ["base", "util", "loop", "net", "fiber", "binding/data"],
    "daemon/rpc/method": ["base", "util", "loop", "net", "protocol", "rpc"],
    "daemon/rpc": ["base", "util", "loop", "net", "protocol", "rpc/method"],
    "daemon/config": ["base", "util", "net", "rpc"],
    "daemon/host": ["base", "util", "loop", "net", "rpc"],
    "daemon/scripts": ["base", "util", "loop", "net", "fiber", "binding", "rpc", "protocol", "host"],
    "daemon": ["base", "util", "loop", "net", "fiber", "binding", "rpc", "protocol", "config", "host",
               "scripts"],
}

# Libraries that only these folders may know.
LIBRARIES = {
    r"event2?/|event\.h": ["daemon/loop", "client/examples"],
    r"msgpack": ["protocol", "client", "client/ctl", "daemon/rpc", "daemon/rpc/method",
                "daemon/binding", "daemon/binding/data"],
    r"luajit\.h|lua\.h|lualib\.h|lauxlib\.h": ["daemon/fiber", "daemon/binding",
                                             "daemon/binding/data", "daemon/config",
                                             "daemon/scripts", "daemon"],
    r"systemd/": ["daemon/host"],
    r"jansson\.h": ["client/ctl"],
    r"sockd/": ["client", "client/ctl", "client/examples"],
}

# Rings of files that are accepted, each with its reason.
RINGS = [
    ("""daemon/fiber/memory_collect.c daemon/fiber/protect.c""",
     "a protected call makes room first, and garbage is collected in a protected call"),
    ("""daemon/fiber/fiber.c daemon/fiber/schedule.c""",
     "a run that is over ends its fiber, whose end wakes those that wait for it"),
    ("""daemon/loop/loop_direct.c daemon/loop/loop_doubt.c daemon/loop/loop_io.c""",
     "three ways of one registration: each falls back on another when the kernel has no memory"),
    ("""client/core.c client/notify.c""",
     "a notification is delivered from within the connection, which its callback may end"),
    # To go when a socket has two halves, one for its input and one for its output.
    ("""daemon/net/gather.c daemon/net/op.c daemon/net/op_write.c daemon/net/option.c
        daemon/net/sock.c daemon/net/sock_calls.c daemon/net/sock_linger.c
        daemon/net/sock_watch.c""",
     "whatever enters the kernel for a socket flushes it first, and a flush is an operation on it"),
]

# Folders whose files may form one ring among themselves yet.
OPEN_FOLDERS = {
    "client/ctl": "verbs find each other in the table of verbs, to complete and to explain a line",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def layer_of(path):
    """The longest folder of the table that the file is in."""
    folders = [str(parent) for parent in path.parents]
    return next((folder for folder in folders if folder in LAYERS), None)


def wrong_own(layer, name):
    """Why a file of the layer may not include "name", or None."""
    if "/" not in name:
        # One that is nowhere in the tree is made by the layer's own build.
        elsewhere = [path for top in TOPS for path in pathlib.Path(top).rglob(name)]
        here = pathlib.Path(layer, name).exists() or not elsewhere
        return None if here else "is not in this folder"
    included = name.rsplit("/", 1)[0]
    own = [layer, layer.removeprefix("daemon/"), layer.removeprefix("client/")]
    if included in own or included in LAYERS[layer]:
        return None
    return f"is not below {layer}"


def wrong_library(layer, name):
    """Why a file of the layer may not include <name>, or None."""
    for pattern, folders in LIBRARIES.items():
        if re.match(pattern, name) and layer not in folders:
            return "belongs to " + ", ".join(folders)
    return None


# ---- rings ----

NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|__attribute__\(\(.*?\)\)',
                   re.DOTALL)
FUNCTION = re.compile(r"^([A-Za-z_][\w \t*]*?[ *])(\w+)\(([^;{}]*)\)\s*\n\{", re.MULTILINE)
VARIABLE = re.compile(r"^([A-Za-z_][\w \t*]*?[ *])(\w+)(?:\[[^\]]*\])* = ", re.MULTILINE)
# Called, or handed on: no member, and no declaration.
USED = re.compile(r"(?<![\w.>#])(\w+)\s*\(|(?<=[(,={&?:!])\s*&?(\w+)\s*(?=[),;}:\[])")
# A variable or a parameter of that name.
LOCAL = re.compile(r"(?:\b(?!return\b|else\b|case\b|sizeof\b)\w+\s+\**|\*)(\w+)\s*[=;,)\[]")
INLINE = re.compile(r"^static inline [^;{}]*?\b(\w+)\([^;{}]*\)\s*\n\{(.*?)\n\}", re.MULTILINE | re.DOTALL)


def names_used(text):
    called, handed = ({name for name in names if name} for names in zip(*USED.findall(text) or [("", "")]))
    return called | handed - set(LOCAL.findall(text))


def read_inline():
    """What the functions in headers use, by their names."""
    found = {}
    for path in (path for top in TOPS for path in pathlib.Path(top).rglob("*.h")):
        for name, body in INLINE.findall(NOISE.sub(" ", path.read_text())):
            found[name] = names_used(body)
    return found


def read_uses():
    """For each .c in the tree: the names that it shows to others, and all that it uses."""
    shown, uses, inline = {}, {}, read_inline()
    for path in sorted(path for top in TOPS for path in pathlib.Path(top).rglob("*.c")):
        text = NOISE.sub(" ", path.read_text())
        defined = FUNCTION.findall(text) + [found + ("",) for found in VARIABLE.findall(text)]
        hidden = {name for kind, name, _ in defined if "static" in kind.split()}
        shown[str(path)] = {name for _, name, _ in defined} - hidden
        used = names_used(text)
        for name in used & inline.keys():
            used = used | inline[name]
        uses[str(path)] = used - hidden - shown[str(path)]
    return shown, uses


def read_ties():
    """Who uses what of whom: {file: {file: names}}. Names that several programs have tell nothing."""
    shown, uses = read_uses()
    count = collections.Counter(name for names in shown.values() for name in names)
    owner = {name: path for path, names in shown.items() for name in names if count[name] == 1}
    ties = {path: collections.defaultdict(set) for path in shown}
    for path, names in uses.items():
        for name in names & owner.keys():
            ties[path][owner[name]].add(name)
    return ties


def reached_from(ties, start):
    """All files that it comes to, one use after the other."""
    reached, new = set(), [start]
    while new:
        for path in ties[new.pop()]:
            if path not in reached:
                reached.add(path)
                new.append(path)
    return reached


def find_rings(ties):
    """The largest sets of files that all come to each other."""
    reached = {path: reached_from(ties, path) for path in ties}
    rings = []
    for path in sorted(ties):
        if path in reached[path] and not any(path in ring for ring in rings):
            rings.append({other for other in reached[path] if path in reached[other]})
    return rings


def describe_ring(ring, ties):
    print("a ring of files: " + " ".join(sorted(ring)))
    for path in sorted(ring):
        for other in sorted(ring & ties[path].keys()):
            print(f"  {path} -> {other}: " + " ".join(sorted(ties[path][other])))


def check_rings():
    """How many there are that are not accepted, or are accepted for nothing."""
    ties = read_ties()
    rings = find_rings(ties)
    accepted = [set(files.split()) for files, _ in RINGS]
    bad = [ring for ring in rings if ring not in accepted
           and {str(pathlib.Path(path).parent) for path in ring} - OPEN_FOLDERS.keys()]
    for ring in bad:
        describe_ring(ring, ties)
    stale = [ring for ring in accepted if ring not in rings]
    for ring in stale:
        print("accepted, but no ring any more: " + " ".join(sorted(ring)))
    return len(bad) + len(stale)


def main():
    found = 0
    files = [path for top in TOPS for path in pathlib.Path(top).rglob("*.[ch]")]
    for path in sorted(files):
        layer = layer_of(path)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            own, library = match.groups()
            why = wrong_own(layer, own) if own else wrong_library(layer, library)
            if why:
                print(f"{path}:{number}: {own or library} {why}")
                found += 1
    found += check_rings()
    return 1 if found else 0


sys.exit(main())
