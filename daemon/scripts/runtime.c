/*
 * The Lua runtime; see runtime.h. Scripts are loaded in generation.c, what the control server asks
 * for is in hooks.c.
 */
#include "scripts/runtime_private.h"

#include "host/process.h"
#include "net/net.h"
#include "scripts/environment.h"
#include "scripts/load.h"
#include "util/error.h"

#include <lauxlib.h>

/* Seconds that a reload may take. */
#define LOAD_TIMEOUT 30.0

static int runtime_open(lua_State *L)
{
    struct runtime *runtime = lua_touserdata(L, 1);
    lua_newtable(L);
    runtime->environments = luaL_ref(L, LUA_REGISTRYINDEX);
    environment_push_of_evals(L, runtime->environments);
    runtime->eval = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int runtime_start(struct runtime *runtime, const struct runtime_config *config)
{
    struct binding_config binding_config = {
        .net = runtime->net,
        .memory = config->memory,
        .cpu = config->cpu,
        .grace = config->grace,
        .pattern_steps = config->pattern_steps,
        .jit = config->jit,
        .ffi = config->ffi,
        .nonblock = config->nonblock,
        .service = config->service,
        .inherited = process_is_inherited,
        .accounts = config->accounts,
    };
    int error = binding_new(&runtime->binding, &binding_config);
    if (error < 0)
        return error;
    runtime->vm = binding_vm(runtime->binding);
    return vm_protect(runtime->vm, runtime_open, runtime, NULL);
}

int runtime_new(struct runtime **out, struct net *net, const struct runtime_config *config)
{
    struct runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL)
        return -ENOMEM;
    runtime->net = net;
    runtime->loop = net_loop(net);
    runtime->accounts = config->accounts;
    runtime->load_timeout =
        (uint64_t)((config->load_timeout > 0 ? config->load_timeout : LOAD_TIMEOUT) * 1e9);
    list_init(&runtime->loads);
    int error = runtime_start(runtime, config);
    if (error < 0) {
        runtime_free(runtime);
        return error;
    }
    *out = runtime;
    return 0;
}

void runtime_free(struct runtime *runtime)
{
    if (runtime == NULL)
        return;
    generation_stop(runtime);
    binding_free(runtime->binding);
    load_abandon_all(runtime);
    generation_deinit(runtime);
    scripts_deinit(&runtime->program);
    free(runtime);
}

int runtime_run(struct runtime *runtime, char **arguments, int count,
                void (*done)(void *context, int error, const char *text), void *context)
{
    struct load_request request = {
        .scripts = &runtime->program,
        .arguments = arguments,
        .argument_count = count,
        .done = done,
        .context = context,
    };
    struct load *load;
    int error = scripts_add(&runtime->program, arguments[0]);
    return error < 0 ? error : load_begin(runtime, &request, &load);
}

size_t runtime_busy(const struct runtime *runtime)
{
    return binding_busy(runtime->binding);
}

void runtime_set_idle(struct runtime *runtime, void (*idle)(void *context), void *context)
{
    binding_set_idle(runtime->binding, idle, context);
}

static int runtime_tell(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "sockd.stopping");
    lua_call(L, 0, 0);
    return 0;
}

void runtime_stopping(struct runtime *runtime)
{
    (void)vm_protect(runtime->vm, runtime_tell, NULL, NULL); /* a failure is logged */
}

int runtime_flush(struct runtime *runtime, uint64_t deadline)
{
    return binding_flush(runtime->binding, deadline);
}
