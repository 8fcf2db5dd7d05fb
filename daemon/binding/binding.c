/*
 * What every module stands on: the binding of a Lua state, what it holds, and when all is quiet. It
 * knows no module; machine.c opens them.
 */
#include "binding/binding_private.h"
#include "net/net.h"

struct binding *binding_of(lua_State *L)
{
    return vm_context(vm_of(L));
}

struct vm *binding_vm(const struct binding *binding)
{
    return binding->vm;
}

struct net *binding_net(const struct binding *binding)
{
    return binding->net;
}

struct sink *binding_sink(const struct binding *binding)
{
    return binding->sink;
}

size_t binding_busy(const struct binding *binding)
{
    return vm_fibers(binding->vm) + binding->server_count;
}

void binding_set_idle(struct binding *binding, void (*idle)(void *context), void *context)
{
    binding->idle = idle;
    binding->idle_context = context;
    binding_check_idle(binding);
}

void binding_set_module(lua_State *L, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_insert(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

/* ---- when all is quiet ---- */

static void binding_on_idle(struct loop_task *task)
{
    struct binding *binding = CONTAINER_OF(task, struct binding, idle_task);
    if (binding->idle != NULL && binding_busy(binding) == 0)
        binding->idle(binding->idle_context);
}

void binding_check_idle(struct binding *binding)
{
    if (binding->idle != NULL && binding_busy(binding) == 0)
        loop_defer(net_loop(binding->net), &binding->idle_task);
}

void binding_init_idle(struct binding *binding)
{
    loop_task_init(&binding->idle_task, binding_on_idle);
}

bool binding_is_attended(const struct binding *binding, uint64_t root)
{
    const struct fiber *fiber = fiber_find(binding->vm, root);
    return fiber != NULL && fiber_is_attended(fiber) && !fiber_is_dead(fiber);
}
