/* For clang-tidy alone: what the headers cannot say of functions whose callers write
 * `return luaL_error(…)`, that they do not return. */
#include <luajit-2.1/lauxlib.h>

__attribute__((analyzer_noreturn)) int luaL_error(lua_State *L, const char *format, ...);
__attribute__((analyzer_noreturn)) int luaL_argerror(lua_State *L, int argument, const char *text);
__attribute__((analyzer_noreturn)) int lua_error(lua_State *L);

/* Of this tree. */
__attribute__((analyzer_noreturn)) int failure_throw(lua_State *L, const char *format, ...);
