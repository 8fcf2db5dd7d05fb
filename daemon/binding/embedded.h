/*
 * The Lua side of the modules, as text within the program; made from lua/ by the build.
 */
#pragma once

#include <stddef.h>

struct embedded {
    const char *name; /* of the chunk; NULL ends the list */
    const unsigned char *text;
    size_t size;
};

extern const struct embedded embedded_lua[];

/* lua/check.lua alone, which is no module. */
extern const struct embedded embedded_check[];

/* lua/tarantool/, whose modules are loaded when a script requires them. */
extern const struct embedded embedded_tarantool[];
