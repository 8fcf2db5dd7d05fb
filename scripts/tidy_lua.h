/* For clang-tidy alone: what Lua's headers do not say, that these functions do not return. */
#include <luajit-2.1/lauxlib.h>

__attribute__((analyzer_noreturn)) int luaL_error(lua_State *L, const char *format, ...);
__attribute__((analyzer_noreturn)) int luaL_argerror(lua_State *L, int argument, const char *text);
__attribute__((analyzer_noreturn)) int lua_error(lua_State *L);
