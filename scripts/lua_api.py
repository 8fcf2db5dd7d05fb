#!/usr/bin/python3
"""Writes docs/lua-api.md from the annotations in lua/meta/.

    scripts/lua_api.py            writes it
    scripts/lua_api.py --check    says whether it is up to date

The annotations are the one description of the Lua API: editors read them (LuaCATS), the reference
is made from them, the tests run their examples, and scripts/api_coverage.py compares them with the
program.
"""
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[1]
META = SOURCE / "lua" / "meta"
REFERENCE = SOURCE / "docs" / "lua-api.md"

# The order of the reference: file, heading.
MODULES = [
    ("socket", "socket"), ("fiber", "fiber"), ("errno", "errno"), ("log", "log"), ("clock", "clock"),
    ("json", "json"), ("msgpack", "msgpack"), ("box", "box"), ("sockd", "sockd"),
    ("luasocket", "LuaSocket"), ("tarantool", "tarantool"), ("uri", "uri"),
    ("uuid", "uuid"), ("digest", "digest"), ("yaml", "yaml"),
]
# What an object of a class is called where it is used.
OBJECTS = {
    "socket_object": "sock", "fiber_object": "object", "fiber_channel": "channel",
    "fiber_cond": "cond", "tcp_object": "tcp", "udp_object": "udp", "uuid_object": "id",
}
HEADINGS = {
    "sockd_info": "`sockd.info`",
    "socket_object": "Methods of a socket", "fiber_object": "Methods of a fiber",
    "fiber_channel": "Methods of a channel", "fiber_cond": "Methods of a condition variable",
    "tcp_object": "Methods of a TCP object", "udp_object": "Methods of a UDP object",
    "uuid_object": "Methods of a uuid",
    "socket.dns": "socket.dns", "socket.address": "Addresses",
}

INTRODUCTION = """\
# The Lua API

What scripts and handlers can call. Everything of Tarantool's is as Tarantool has it, but for what
[tarantool.md](tarantool.md) lists.

The examples run as they are, after

    local socket, fiber, errno, log = require('socket'), require('fiber'), require('errno'), require('log')
    local clock, json, msgpack = require('clock'), require('json'), require('msgpack')

and `-->` stands before what they print: arguments of `print` with a space between, line ends as `\\n`,
`...` for what may vary, and errors without the place that is in front of them. A `?` behind a type
means that nil is possible.

This file is made by `scripts/lua_api.py` from the annotations in `lua/meta/`, which editors that
know LuaCATS read as well.
"""


class Item:
    """A class or a function, with what is said about it."""

    def __init__(self, module, name, line):
        self.module, self.name, self.line = module, name, line
        self.text, self.examples = [], []
        self.fields, self.params, self.returns = [], [], []
        self.is_class = False

    @property
    def owner(self):
        return re.split(r"[:.](?=[^:.]+$)", self.name)[0]

    @property
    def call(self):
        """As it is written in a program, without arguments."""
        name = self.name.removesuffix(".__call")
        owner, colon, method = name.partition(":")
        return f"{OBJECTS.get(owner, owner)}{colon}{method}"

    def signature(self):
        """With its arguments: what may be left out stands in brackets."""
        required = [index for index, param in enumerate(self.params)
                    if not param[1] and param[0] != "..."]
        last = required[-1] if required else -1
        front = [f"[{name}]" if optional else name for name, optional, *_ in self.params[:last + 1]]
        text = ", ".join(front).replace("], ", ", ]")
        for name, *_ in self.params[last + 1:]:
            text += f"[, {name}" if text else f"[{name}"
        return f"{self.call}({text}{']' * (len(self.params) - last - 1)})"


def split_type(text):
    """A type, which may hold spaces within brackets, and what follows it."""
    depth = 0
    for index, char in enumerate(text):
        if char in "{<(":
            depth += 1
        elif char in "}>)":
            depth -= 1
        elif char == " " and depth == 0 and not text[:index].endswith((":", ",")):
            return text[:index], text[index + 1:].strip()
    return text, ""


class Parser:
    def __init__(self, module):
        self.module = module
        self.items = []
        self.forget()

    def forget(self):
        self.pending = Item(self.module, "", 0)
        self.example = None

    def comment(self, text):
        text = text.removeprefix(" ")
        if self.example is not None:
            if text == "```":
                self.pending.examples.append("\n".join(self.example))
                self.example = None
            else:
                self.example.append(text)
        elif text == "```lua":
            self.example = []
        elif text.startswith("@"):
            self.annotation(*text[1:].partition(" ")[::2])
        else:
            self.pending.text.append(text)

    def annotation(self, kind, rest):
        if kind == "class":
            self.pending.name, self.pending.is_class = rest.split()[0], True
        elif kind == "field" and not rest.startswith("["):
            name, rest = rest.split(" ", 1)
            self.pending.fields.append((name.rstrip("?"), name.endswith("?"), *split_type(rest)))
        elif kind == "param":
            name, rest = rest.split(" ", 1)
            self.pending.params.append((name.rstrip("?"), name.endswith("?"), *split_type(rest)))
        elif kind == "return":
            of_type, rest = split_type(rest)
            name, _, description = rest.partition(" ")
            self.pending.returns.append((name, of_type, description))
        elif kind not in ("meta", "field", "overload"):
            raise ValueError(f"unknown annotation @{kind}")

    def parse(self, text):
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith("---"):
                self.comment(line[3:])
                if self.pending.is_class and line.startswith("---@class"):
                    self.pending.line = number
                continue
            if self.pending.is_class:
                self.items.append(self.pending)
            function = re.match(r"function ([\w.:]+)\((.*)\) end", line)
            if function:
                self.function(number, *function.groups())
            self.forget()
        return self.items

    def function(self, number, name, arguments):
        item = self.pending
        item.name, item.line = name, number
        named = [param[0] for param in item.params]
        if named != [argument.strip() for argument in arguments.split(",") if argument.strip()]:
            raise ValueError(f"{self.module}: the parameters of {name} are not those described")
        self.items.append(item)


def items():
    """Everything that is described, in the order of the reference."""
    for module, _ in MODULES:
        yield from Parser(module).parse((META / f"{module}.lua").read_text())


def functions():
    return [item for item in items() if not item.is_class]


def paragraphs(lines):
    text = "\n".join(lines).strip("\n")
    return text + "\n" if text else ""


def describe(name, of_type, text, optional=False):
    label = "…" if name == "..." else name
    kind = f"`{of_type}`" + (", optional" if optional else "")
    return f"- `{label}` ({kind})" + (f": {text}" if text else "") + "\n"


def render_function(item, level):
    out = [f"{'#' * level} `{item.signature()}`\n\n", paragraphs(item.text)]
    if item.params:
        out.append("\nArguments:\n\n")
        out += [describe(name, of_type, text, optional) for name, optional, of_type, text in item.params]
    if item.returns:
        out.append("\nReturns:\n\n")
        out += [describe(name, of_type, text) for name, of_type, text in item.returns]
    for example in item.examples:
        out.append(f"\n```lua\n{example}\n```\n")
    return "".join(out)


def render_class(item, level, heading):
    out = [f"{'#' * level} {heading}\n"]
    if item.text:
        out.append("\n" + paragraphs(item.text))
    if item.fields:
        out.append("\nFields:\n\n")
        out += [describe(name, of_type, text, optional) for name, optional, of_type, text in item.fields]
    return "".join(out)


def render():
    everything = list(items())
    out = [INTRODUCTION, "\n## Contents\n\n"]
    for module, heading in MODULES:
        calls = [item for item in everything if item.module == module and not item.is_class]
        links = ", ".join(f"`{item.call}`" for item in calls)
        out.append(f"- [{heading}](#{heading.lower()}): {links}\n")
    for module, heading in MODULES:
        for item in everything:
            if item.module != module:
                continue
            if not item.is_class:
                out.append("\n" + render_function(item, 4))
            elif item.name in HEADINGS:
                out.append("\n" + render_class(item, 3, HEADINGS[item.name]))
            else:
                out.append("\n" + render_class(item, 2, heading))
    return "".join(out)


def main():
    text = render()
    if sys.argv[1:] == ["--check"]:
        if not REFERENCE.exists() or REFERENCE.read_text() != text:
            sys.exit(f"{REFERENCE} is not up to date: run scripts/lua_api.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        REFERENCE.write_text(text)


if __name__ == "__main__":
    main()
