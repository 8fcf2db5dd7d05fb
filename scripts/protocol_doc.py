#!/usr/bin/python3
"""Writes docs/PROTOCOL.md and man/sockd-protocol.7.scd, from the method table and protocol/doc/.

    scripts/protocol_doc.py [BUILD]            writes them
    scripts/protocol_doc.py --check [BUILD]    says whether they are up to date

protocol/doc/frame.md is the document with words in capitals where tables go; protocol/doc/methods.md
has notes and examples for single methods. Everything else comes from the table.
"""
import ctypes
import re
import sys

import protocol_api

DOC = protocol_api.SOURCE / "protocol" / "doc"
REFERENCE = protocol_api.SOURCE / "docs" / "PROTOCOL.md"
MANUAL = protocol_api.SOURCE / "man" / "sockd-protocol.7.scd"

LIMITS = {
    "message": "bytes in one message", "data": "bytes of data in one request or answer",
    "depth": "arrays and maps within one another, the message's own array included",
    "elements": "values in one message, containers and keys included",
    "delimiters": "delimiters of one `read`", "name": "bytes in the name of a socket",
}


def notes():
    """Method to what methods.md says about it."""
    parts = re.split(r"^## (.*)\n", (DOC / "methods.md").read_text(), flags=re.M)[1:]
    return dict(zip(parts[::2], (text.strip() for text in parts[1::2])))


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def words(mapping):
    return table(["name", "what"], [[f"`{name}`", text] for name, text in mapping.items()])


def heading(name, params):
    required = [param["name"] for param in params if param["required"]]
    optional = [f"[{param['name']}{', …' if param['type'] == 'rest' else ''}]"
                for param in params if not param["required"]]
    return f"`{name}({', '.join(required + optional)})`"


def method_section(method, results, note):
    lines = [f"### {heading(method['name'], method['params'])}", "", method["doc"] + ".", ""]
    if method["params"]:
        rows = [[f"`{param['name']}`", f"`{param['type']}`", param.get("default", "required")]
                for param in method["params"]]
        lines += [table(["parameter", "type", "when left out"], rows), ""]
    facts = [f"*Result:* `{method['result']}`, {results[method['result']]}.",
             f"*Caller:* {method['caller']}.", f"*Waits:* {method['waits']}."]
    if method["options"]:
        facts.append("*Options:* " + ", ".join(f"`{name}`" for name in method["options"]) + ".")
    if method["level"] > 1:
        facts.append(f"*Level:* {method['level']}.")
    lines += [" ".join(facts), ""]
    if note:
        lines += [note, ""]
    return "\n".join(lines)


def notification_section(row):
    fields = [{"name": field["name"], "required": True, "type": ""} for field in row["params"]]
    rows = [[f"`{field['name']}`", field["type"], field["doc"]] for field in row["params"]]
    return "\n".join([f"### {heading(row['name'], fields)}", "", f"{row['doc']}.", "",
                      table(["parameter", "type", "what"], rows), "",
                      f"Asked for by `{row['method']}`.", ""])


def error_names():
    """Of errno, as glibc calls them; and of getaddrinfo(3), as protocol/errname.c has them."""
    name_of = ctypes.CDLL(None).strerrorname_np
    name_of.restype = ctypes.c_char_p
    plain = sorted(name.decode() for name in map(name_of, range(1, 256)) if name)
    source = (protocol_api.SOURCE / "protocol" / "errname.c").read_text()
    eai = re.findall(r'\{"(EAI_\w+)", EAI_\w+, "(.*)"\}', source)
    return ", ".join(f"`{name}`" for name in plain), table(
        ["name", "what"], [[f"`{name}`", text] for name, text in eai])


def render(api):
    frame = (DOC / "frame.md").read_text()
    note = notes()
    errors, eai = error_names()
    limits = table(["limit", "of", "at present"],
                   [[f"`{name}`", LIMITS[name], f"{value}"] for name, value in api["limits"].items()])
    fill = {
        "LIMITS": limits, "ERRNAMES": errors, "EAINAMES": eai, "TYPES": words(api["types"]),
        "OPTIONS": words(api["options"]), "RESULTS": words(api["results"]),
        "METHODS": "\n".join(method_section(row, api["results"], note.get(row["name"]))
                             for row in api["methods"]).rstrip(),
        "NOTIFICATIONS": "\n".join(map(notification_section, api["notifications"])).rstrip(),
    }
    frame = frame.replace("NAMELIMIT", str(api["limits"]["name"])).replace("LEVEL", str(api["level"]))
    for word, text in fill.items():
        frame, count = re.subn(rf"^{word}$", lambda _: text, frame, flags=re.M)
        if count != 1:
            sys.exit(f"frame.md has {word} {count} times")
    unknown = set(note) - {row["name"] for row in api["methods"]}
    if unknown:
        sys.exit(f"methods.md speaks of what the table does not have: {', '.join(sorted(unknown))}")
    return frame


# ---- the same as a manual page ----

def inline(text):
    """Markdown within a line as scdoc: code is bold, links are their text."""
    out = []
    for index, part in enumerate(re.split(r"`([^`]+)`", text)):
        if index % 2:
            out.append("*" + re.sub(r"([\\*_])", r"\\\1", part) + "*")
            continue
        part = re.sub(r"\[([^]]+)\]\(#[^)]*\)", r"\1", part)
        part = re.sub(r"\[([^]]+)\]\((http[^)]*)\)", r"\1, \2", part)
        bold = re.split(r"\*\*([^*]+)\*\*", part)
        for place, piece in enumerate(bold):
            if place % 2:
                out.append("*" + piece + "*")
                continue
            piece = re.sub(r"\*([^*]+)\*", "\x01\\1\x01", piece)
            piece = re.sub(r"([\\_])", r"\\\1", piece)
            out.append(piece.replace("\x01", "_"))
    return "".join(out)


def scdoc_table(lines):
    """Cells that follow one another: scdoc has a line for each. No head: its cells speak."""
    rows = [re.split(r"(?<!\\) \| ", line.strip().strip("|").strip()) for line in lines]
    out = []
    for number, row in enumerate(rows[:1] + rows[2:]):
        for column, cell in enumerate(row):
            mark = ("[[" if number == 0 else "|[") if column == 0 else ":["
            out.append(f"{mark} {inline(cell)}")
    return out


def scdoc_heading(level, title):
    return f"# {title.upper()}" if level == "##" else f"## {title}"


def scdoc(text):
    out, pending, code = [], [], False
    for line in text.splitlines()[2:] + [""]:
        if pending and not line.startswith("|"):
            out += scdoc_table(pending)
            pending = []
        if line.startswith("```"):
            code = not code
            out.append(line)
        elif code:
            out.append(line.replace("\\", "\\\\"))
        elif line.startswith("|"):
            pending.append(line)
        elif line.startswith("#"):
            out.append(scdoc_heading(*line.replace("`", "").split(" ", 1)))
        else:
            out.append(inline(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out))


def manual(text):
    return ('sockd-protocol(7) "sockd" "sockd"\n\n# NAME\n\n'
            "sockd-protocol - the protocol of sockd's control socket\n\n# DESCRIPTION\n\n"
            + scdoc(text).strip() + "\n\n# SEE ALSO\n\n*sockd*(8), *sockd-handlers*(7), *sockctl*(1), *unix*(7)\n")


def main():
    arguments = sys.argv[1:]
    check = arguments[:1] == ["--check"]
    build = arguments[check:] or ["build"]
    if len(build) > 1 or build[0].startswith("-"):
        sys.exit(__doc__)
    text = render(protocol_api.of_build(build[0]))
    for path, content in ((REFERENCE, text), (MANUAL, manual(text))):
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        elif not path.exists() or path.read_text() != content:
            sys.exit(f"{path} is not up to date: run scripts/protocol_doc.py BUILD")


if __name__ == "__main__":
    main()
