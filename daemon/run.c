/* `sockd run`: a loop, a machine and one script. */
#include "run.h"

#include "binding/binding.h"
#include "binding/sink.h"
#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "loop/loop.h"
#include "net/net.h"
#include "options.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"

#include <lauxlib.h>
#include <string.h>

struct run {
    const struct options *options;
    struct loop *loop;
    struct net *net;
    struct binding *binding;
    struct fiber *fiber; /* of the script; NULL when it has ended */
    int status;
};

static int complain(const char *text)
{
    fprintf(stderr, "sockd: %s\n", text ? text : "not enough memory");
    return -EINVAL;
}

/* ---- the script ---- */

/* arg[0] is the script, arg[1] and so on its arguments, which are its `...` too. */
static void set_arguments(lua_State *L, const struct options *options)
{
    lua_createtable(L, options->argument_count, 1);
    for (int i = 0; i < options->argument_count; i++) {
        lua_pushstring(L, options->arguments[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
}

static int make_fiber(lua_State *L)
{
    struct run *run = lua_touserdata(L, 1);
    const struct options *options = run->options;
    set_arguments(L, options);
    if (luaL_loadfilex(L, options->arguments[0], "t") != 0) {
        complain(lua_tostring(L, -1));
        return 0;
    }
    luaL_checkstack(L, options->argument_count, "too many arguments");
    for (int i = 1; i < options->argument_count; i++)
        lua_pushstring(L, options->arguments[i]);
    run->fiber = fiber_new(L, options->argument_count - 1);
    return 0;
}

static void on_ended(struct fiber *fiber, void *context, int status)
{
    struct run *run = context;
    run->fiber = NULL;
    if (status <= 0)
        return;
    CLEANUP(freep) char *text = fiber_error_text(fiber);
    complain(text);
    run->status = EXIT_FAILURE;
    loop_stop(run->loop);
}

static void on_idle(void *context)
{
    struct run *run = context;
    loop_stop(run->loop);
}

static int start_script(struct run *run)
{
    const char *path = run->options->arguments[0];
    int result = vm_protect(binding_vm(run->binding), make_fiber, run, NULL);
    if (result < 0 || !run->fiber)
        return result < 0 ? result : -EINVAL;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    fiber_set_name(run->fiber, name, strnlen(name, FIBER_NAME_MAX));
    fiber_set_ended(run->fiber, on_ended, run);
    fiber_schedule(run->fiber);
    binding_set_idle(run->binding, on_idle, run);
    return 0;
}

/* ---- the layers ---- */

static int start(struct run *run)
{
    const struct options *options = run->options;
    int result = loop_new(&run->loop);
    if (result < 0)
        return result;
    struct net_config net_config = {
        .max_sockets = options->max_sockets,
        .max_readahead = options->max_readahead,
    };
    if ((result = net_new(&run->net, run->loop, &net_config)) < 0)
        return result;
    struct binding_config config = {
        .net = run->net,
        .memory = options->lua_memory,
        .cpu = options->handler_cpu,
        .jit = options->jit,
        .ffi = true,
        .nonblock = options->nonblock,
    };
    result = binding_new(&run->binding, &config);
    return result < 0 ? result : start_script(run);
}

static void take_down(struct run *run)
{
    if (run->binding)
        sink_flush(binding_sink(run->binding));
    binding_free(run->binding);
    if (run->net) {
        net_close_all(run->net);
        net_free(run->net);
    }
    loop_free(run->loop);
}

int run(const struct options *options)
{
    struct run run = {.options = options};
    int result = start(&run);
    if (result == 0 && (result = loop_run(run.loop)) < 0)
        log_write(LOG_ERROR, "the loop has failed: %s", strerror(-result));
    take_down(&run);
    return result < 0 ? EXIT_FAILURE : run.status;
}
