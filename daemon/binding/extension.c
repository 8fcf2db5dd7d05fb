/* The modules of lua/tarantool/, on demand; see extension.h. */
#include "binding/extension.h"

#include "binding/embedded.h"

#include <lauxlib.h>
#include <string.h>

/* The functions in C that a module has beneath its Lua; some have several lists. */
static const struct {
    const char *name;
    const luaL_Reg *functions;
} extension_parts[] = {
    {"tarantool", extension_tarantool}, {"digest", extension_digest},
    {"uuid", extension_digest},         {"yaml", extension_digest},
    {"yaml", extension_yaml},           {"yaml_text", extension_digest},
};

static void extension_push_parts(lua_State *L, const char *name)
{
    lua_newtable(L);
    for (size_t i = 0; i < sizeof extension_parts / sizeof extension_parts[0]; i++)
        if (strcmp(extension_parts[i].name, name) == 0)
            luaL_register(L, NULL, extension_parts[i].functions);
}

static const struct embedded *extension_find(const char *name)
{
    static const char front[] = "=sockd/tarantool/";
    size_t length = strlen(name);
    for (const struct embedded *chunk = embedded_tarantool; chunk->name != NULL; chunk++) {
        const char *own = chunk->name + sizeof front - 1;
        if (strncmp(own, name, length) == 0 && strcmp(own + length, ".lua") == 0)
            return chunk;
    }
    return NULL;
}

/* extension(name): the function that is the module's text, and a table of what it has in C. */
static int extension_load(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct embedded *chunk = extension_find(name);
    if (chunk == NULL)
        return 0;
    if (luaL_loadbufferx(L, (const char *)chunk->text, chunk->size, chunk->name, "t") != 0)
        return lua_error(L);
    extension_push_parts(L, name);
    return 2;
}

void extension_open(lua_State *L, int internals)
{
    lua_pushcfunction(L, extension_load);
    lua_setfield(L, internals, "extension");
}
