/*
 * The module `errno`: the calling fiber's last error, the constants, their sentences.
 */
#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/number.h"
#include "util/error.h"

#include <lauxlib.h>
#include <string.h>

/* errno([new]): the last error, after setting it if a new one was given. */
static int errno_call(lua_State *L)
{
    struct fiber *fiber = fiber_current(L);
    int error = fiber != NULL ? fiber_errno(fiber) : 0;
    if (fiber != NULL && !lua_isnoneornil(L, 2))
        fiber_set_errno(fiber, number_clip(luaL_checknumber(L, 2)));
    lua_pushinteger(L, error);
    return 1;
}

/* strerror([number]) */
static int errno_strerror(lua_State *L)
{
    const struct fiber *fiber = fiber_current(L);
    lua_Integer last = fiber != NULL ? fiber_errno(fiber) : 0;
    char text[128];
    lua_pushstring(L, strerror_r(number_opt_int(L, 1, last), text, sizeof text));
    return 1;
}

static int errno_refuse(lua_State *L)
{
    return failure_throw(L, "Can't create new errno constants");
}

/* Every E… constant that the C library has a name for. */
static void errno_set_constants(lua_State *L)
{
    enum { ERRNO_MAX = 4095 };
    for (int number = 1; number <= ERRNO_MAX; number++) {
        const char *name = strerrorname_np(number);
        if (name == NULL)
            continue;
        lua_pushinteger(L, number);
        lua_setfield(L, -2, name);
    }
}

static void errno_set_aliases(lua_State *L)
{
    static const struct {
        const char *name;
        int number;
    } aliases[] = {{"EWOULDBLOCK", EWOULDBLOCK}, {"EDEADLOCK", EDEADLOCK}, {"ENOTSUP", ENOTSUP}};
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        lua_pushinteger(L, aliases[i].number);
        lua_setfield(L, -2, aliases[i].name);
    }
}

void errno_module_open(lua_State *L)
{
    lua_newtable(L); /* the module */
    lua_pushcfunction(L, errno_strerror);
    lua_setfield(L, -2, "strerror");
    lua_newtable(L); /* its metatable */
    lua_pushcfunction(L, errno_call);
    lua_setfield(L, -2, "__call");
    lua_newtable(L); /* the constants, which pairs() of the module does not list */
    errno_set_constants(L);
    errno_set_aliases(L);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, errno_refuse);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    binding_set_module(L, "errno");
}
