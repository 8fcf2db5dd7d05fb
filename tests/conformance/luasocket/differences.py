"""Lines where sockd's emulation may differ: name -> (LuaSocket's, sockd's, why)."""

DIFFERENCES = {
    "module.connect.connect4 to v6": (
        'nil | "connection refused"',
        'nil | "Address family for hostname not supported"',
        "the family that was asked for holds for the address too",
    ),
    "receive.wrong use.letter": (
        "\"bad argument #1 to 'receive' (invalid receive pattern)\"",
        '"does not fail"',
        "'l' and 'a' are taken without the asterisk too, as Lua's own files take them",
    ),
    "select.wrong use.element": (
        '"attempt to index a number value"',
        "\"attempt to index local 'object' (a number value)\"",
        "LuaJIT's own words, which name the variable where there is one",
    ),
}
