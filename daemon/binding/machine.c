/*
 * The roof of the modules: opens them in a machine of their own, the functions in C first, then the
 * Lua side of them (lua/, built into the program), which gets the internals as its argument.
 */
#include "binding/adoptable.h"
#include "binding/binding_private.h"
#include "binding/brood.h"
#include "binding/channel.h"
#include "binding/cond.h"
#include "binding/data/cdata.h"
#include "binding/data/json.h"
#include "binding/data/serial.h"
#include "binding/embedded.h"
#include "binding/extension.h"
#include "binding/print.h"
#include "binding/server.h"
#include "binding/sink.h"
#include "binding/source.h"
#include "binding/stack.h"
#include "binding/wait.h"
#include "net/net.h"
#include "util/error.h"
#include "util/log.h"

#include <lauxlib.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

/* Steps of a pattern: some 50 milliseconds. */
#define BINDING_PATTERN_STEPS 10000000

/* ---- what lua/ is told ---- */

static int binding_in_fiber(lua_State *L)
{
    const struct fiber *fiber = fiber_current(L);
    lua_pushboolean(L, fiber != NULL && fiber_state(fiber) == L);
    return 1;
}

static int binding_may_yield(lua_State *L)
{
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

/* stay(...): true and what the coroutine goes on with, which are the last of the arguments; or
 * false. */
static int binding_stay(lua_State *L)
{
    int results = fiber_stay(L);
    lua_pushboolean(L, results >= 0);
    lua_insert(L, lua_gettop(L) - (results > 0 ? results : 0));
    return results > 0 ? results + 1 : 1;
}

/* debugged(whether): the script has a debug hook of its own, and nobody is preempted. */
static int binding_debugged(lua_State *L)
{
    vm_set_debugged(vm_of(L), lua_toboolean(L, 1));
    return 0;
}

static int binding_hook_throws(lua_State *L)
{
    lua_pushboolean(L, fiber_hook_throws(L));
    return 1;
}

/* export(name, fn): C finds the function in the registry under that name. */
static int binding_export(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_setfield(L, LUA_REGISTRYINDEX, luaL_checkstring(L, 1));
    return 0;
}

/* exit([code]) of a script that is the program: what it printed goes out, and the files of its unix
 * listeners go away. */
static int binding_exit(lua_State *L)
{
    struct binding *binding = binding_of(L);
    int code = EXIT_SUCCESS;
    if (lua_isboolean(L, 1))
        code = lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
    else
        code = (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
    sink_flush(binding->sink, LOOP_NEVER);
    net_close_all(binding->net);
    exit(code);
}

static void binding_set_flag(lua_State *L, int internals, const char *name, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, internals, name);
}

static void binding_set_integer(lua_State *L, int internals, const char *name, int number)
{
    lua_pushinteger(L, number);
    lua_setfield(L, internals, name);
}

static void binding_describe(lua_State *L, const struct binding *binding, int internals)
{
    binding_set_flag(L, internals, "jit", vm_has_jit(binding->vm));
    binding_set_flag(L, internals, "ffi", binding->ffi);
    binding_set_flag(L, internals, "service", binding->service);
    binding_set_integer(L, internals, "SOCK_STREAM", SOCK_STREAM);
    binding_set_integer(L, internals, "AI_PASSIVE", AI_PASSIVE);
    lua_pushlightuserdata(L, binding->vm);
    lua_setfield(L, internals, "wait_mark");
    lua_pushcfunction(L, wait_finish);
    lua_setfield(L, internals, "finish");
    fiber_push_preempted(L);
    lua_setfield(L, internals, "preempted");
    lua_pushcfunction(L, binding_in_fiber);
    lua_setfield(L, internals, "in_fiber");
    lua_pushcfunction(L, binding_may_yield);
    lua_setfield(L, internals, "may_yield");
    lua_pushcfunction(L, binding_stay);
    lua_setfield(L, internals, "stay");
    lua_pushcfunction(L, binding_debugged);
    lua_setfield(L, internals, "debugged");
    lua_pushcfunction(L, binding_hook_throws);
    lua_setfield(L, internals, "hook_throws");
    lua_pushcfunction(L, binding_exit);
    lua_setfield(L, internals, "exit");
    lua_pushcfunction(L, binding_export);
    lua_setfield(L, internals, "export");
}

/* ---- opening ---- */

static void binding_run_embedded(lua_State *L, int internals)
{
    for (const struct embedded *chunk = embedded_lua; chunk->name != NULL; chunk++) {
        if (luaL_loadbufferx(L, (const char *)chunk->text, chunk->size, chunk->name, "t") != 0)
            lua_error(L);
        lua_pushvalue(L, internals);
        lua_call(L, 1, 0);
    }
}

static int binding_open(lua_State *L)
{
    struct binding *binding = lua_touserdata(L, 1);
    lua_newtable(L);
    int internals = lua_gettop(L);
    binding_describe(L, binding, internals);
    socket_open(L, binding, internals);
    server_open(L, internals);
    fiber_module_open(L, binding, internals);
    log_module_open(L, internals);
    errno_module_open(L);
    cdata_open(L, binding);
    serial_open(L, binding);
    json_open(L, internals);
    msgpack_open(L);
    clock_module_open(L, internals);
    channel_open(L, internals);
    cond_open(L, internals);
    sockd_module_open(L);
    string_module_open(L, internals);
    table_module_open(L, internals);
    source_open(L, internals);
    luasocket_open(L, internals);
    print_open(L);
    extension_open(L, internals);
    binding_run_embedded(L, internals);
    return 0;
}

static void binding_fiber_ended(struct vm *vm)
{
    binding_check_idle(vm_context(vm));
}

/* What the fiber has written goes out. */
static void binding_fiber_paused(struct vm *vm)
{
    const struct binding *binding = vm_context(vm);
    net_flush(binding->net);
}

static void binding_release_fiber(void *extra)
{
    wait_release(extra);
    brood_release(fiber_of_extra(extra));
}

static int binding_start(struct binding *binding, const struct binding_config *config)
{
    struct vm_config vm_config = {
        .memory = config->memory,
        .cpu = config->cpu,
        .grace = config->grace,
        .jit = config->jit,
        .extra = wait_size(),
        .release = binding_release_fiber,
        .ended = binding_fiber_ended,
        .paused = binding_fiber_paused,
        .context = binding,
    };
    struct loop *loop = net_loop(binding->net);
    int error = sink_new(&binding->sink, loop, STDOUT_FILENO, print_drained, binding);
    if (error == 0 && config->service) {
        sink_own(binding->sink);
        error = stdio_init(&binding->stdio, loop, binding->sink);
    }
    if (error == 0)
        error = vm_new(&binding->vm, loop, &vm_config);
    return error < 0 ? error : vm_protect(binding->vm, binding_open, binding, NULL);
}

/* ---- life ---- */

int binding_new(struct binding **out, const struct binding_config *config)
{
    struct binding *binding = calloc(1, sizeof *binding);
    if (binding == NULL)
        return -ENOMEM;
    binding->net = config->net;
    binding->ffi = config->ffi;
    binding->nonblock = config->nonblock;
    binding->service = config->service;
    binding->pattern_steps =
        (int64_t)(config->pattern_steps > 0 ? config->pattern_steps : BINDING_PATTERN_STEPS);
    binding->inherited = config->inherited;
    binding->accounts = config->accounts;
    list_init(&binding->servers);
    list_init(&binding->tallies);
    list_init(&binding->print_waiters);
    binding_init_idle(binding);
    origin_init(binding);
    stack_init(binding);
    brood_init(binding);
    int error = binding_start(binding, config);
    if (error < 0) {
        binding_free(binding);
        return error;
    }
    *out = binding;
    return 0;
}

void binding_free(struct binding *binding)
{
    if (binding == NULL)
        return;
    binding->idle = NULL;
    origin_deinit(binding);
    brood_deinit(binding);
    server_stop_all(binding);
    hash_deinit(&binding->serves);
    vm_free(binding->vm);
    stdio_deinit(&binding->stdio);
    sink_free(binding->sink);
    adoptable_deinit(binding);
    loop_defer_cancel(net_loop(binding->net), &binding->idle_task);
    free(binding);
}

int binding_flush(struct binding *binding, uint64_t deadline)
{
    stdio_flush(&binding->stdio);
    return sink_flush(binding->sink, deadline);
}
