/* The C stack, by the addresses of frames; see stack.h. */
#include "binding/stack.h"

#include "binding/binding_private.h"

#include <lauxlib.h>
#include <sys/resource.h>

/* Bytes that may be used where the process has as many twice over. */
#define STACK_MOST ((size_t)2 << 20)

static uintptr_t stack_here(void)
{
    return (uintptr_t)__builtin_frame_address(0);
}

void stack_init(struct binding *binding)
{
    struct rlimit limit;
    size_t most = STACK_MOST;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur / 2 < most)
        most = limit.rlim_cur / 2;
    binding->stack_floor = stack_here() - most;
}

void stack_check(lua_State *L)
{
    if (stack_here() < binding_of(L)->stack_floor)
        luaL_error(L, "C stack overflow");
}
