/*
 * What scripts may call, with arguments that a script should not give: calls.lua says which. Each
 * call returns, throws or waits; when its sockets are closed and its fibers cancelled nothing is
 * left of an input.
 *
 * The machine stays for a while, since to open it takes longer than an input.
 */
#include "fuzz.h"

#include "binding/binding.h"
#include "binding/embedded.h"
#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "guard.h"
#include "loop/loop.h"
#include "net/net.h"
#include "spin.h"
#include "util/log.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>

enum { RUNS = 1000 }; /* until there is a new machine */

extern const struct embedded embedded_calls[];

static struct loop *loop;
static struct net *net;
static struct binding *binding;
static int function;

struct input {
    const char *data;
    size_t size;
    struct fiber *fiber;
};

/* ---- the machine ---- */

static void on_end(struct fiber *fiber, void *context, int status)
{
    *(bool *)context = true;
    if (status > 0 && !fiber_ended_by_cancel(fiber)) {
        fprintf(stderr, "calls.lua: %s\n", lua_tostring(fiber_state(fiber), -1));
        abort();
    }
    if (status == 0 && lua_isfunction(fiber_state(fiber), -1))
        function = luaL_ref(fiber_state(fiber), LUA_REGISTRYINDEX);
}

static const struct fiber_maker maker = {.ended = on_end};

static int on_load(lua_State *L)
{
    struct input *input = lua_touserdata(L, 1);
    if (luaL_loadbuffer(L, input->data, input->size, embedded_calls->name) != 0)
        return lua_error(L);
    input->fiber = fiber_new(L, 0);
    return 0;
}

static int on_input(lua_State *L)
{
    struct input *input = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, function);
    lua_pushlstring(L, input->data, input->size);
    input->fiber = fiber_new(L, 1);
    return 0;
}

/* Runs the function's fiber as far as it goes without time passing. */
static void run(lua_CFunction make, const void *data, size_t size, bool *ended)
{
    struct input input = {.data = data, .size = size};
    *ended = false;
    MUST(vm_protect(binding_vm(binding), make, &input, NULL) == 0);
    fiber_set_maker(input.fiber, &maker, ended);
    fiber_start(input.fiber);
    for (int i = 0; i < 16 && !*ended; i++)
        spin(loop, net);
}

static void open_machine(void)
{
    struct binding_config config = {.net = net, .memory = (size_t)64 << 20, .service = true};
    bool ended;
    MUST(binding_new(&binding, &config) == 0);
    run(on_load, embedded_calls->text, embedded_calls->size, &ended);
    MUST(ended);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    MUST(nowhere >= 0);
    log_start(nowhere, LOG_ERROR);
    MUST(loop_new(&loop) == 0);
    MUST(net_new(&net, loop, &(struct net_config){.max_sockets = 64, .lookup_threads = 1}) == 0);
    open_machine();
    return 0;
}

static void close_machine(void)
{
    struct net_stats stats;
    binding_free(binding);
    binding = NULL;
    spin(loop, net);
    net_stats(net, &stats);
    MUST(stats.sockets == 0 && stats.operations == 0 && stats.bytes == 0);
}

static void end(void) __attribute__((destructor));

static void end(void)
{
    if (!binding)
        return;
    close_machine();
    net_free(net);
    MUST(loop_busy(loop) == 0);
    loop_free(loop);
}

/* ---- an input ---- */

static void on_each(void *context, struct fiber *fiber)
{
    (void)context;
    if (!fiber_is_dead(fiber))
        fiber_cancel(fiber);
}

static bool at_rest(void)
{
    struct net_stats stats;
    net_stats(net, &stats);
    return binding_busy(binding) == 0 && stats.sockets == 0 && stats.operations == 0;
}

/* Those that are cancelled may make others in their last moments. */
static void settle(void)
{
    for (int i = 0; i < 64 && !at_rest(); i++) {
        fiber_each(binding_vm(binding), on_each, NULL);
        net_close_all(net);
        guard_wait(LOOP_SECOND / 10);
        spin(loop, net);
    }
    MUST(at_rest());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned runs;
    static bool ended; /* beyond this function, should the fiber go on waiting */
    run(on_input, data, size, &ended);
    guard_wait(2 * LOOP_SECOND);
    spin(loop, net);
    settle();
    if (++runs % RUNS == 0) {
        close_machine();
        open_machine();
    }
    return 0;
}
