#!/usr/bin/python3
"""A folder is a layer: a file includes its own folder and the layers below it, nothing else.

The table is the one of docs/ARCHITECTURE.md. Run at the top of the tree; prints each include that
climbs, and exits 1 if there is one.
"""
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
    return 1 if found else 0


sys.exit(main())
