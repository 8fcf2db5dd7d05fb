/* What the tests of the binding share; see binding_fixture.h. */
#include "binding_fixture.h"

#include "harness/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct loop *loop;
struct net *net;
struct binding *binding;

static int fds;

void fixture_up(void)
{
    struct net_config net_config = {.lookup_threads = 1};
    struct binding_config config = {0};
    fds = harness_fd_count();
    cr_assert_eq(loop_new(&loop), 0);
    cr_assert_eq(net_new(&net, loop, &net_config), 0);
    fixture_configure(&config);
}

void fixture_configure(const struct binding_config *config)
{
    struct binding_config with_net = *config;
    with_net.net = net;
    /* Under a sanitizer on a busy machine a long text takes longer than a service's budget. */
    if (with_net.cpu <= 0)
        with_net.cpu = 120;
    binding_free(binding);
    cr_assert_eq(binding_new(&binding, &with_net), 0);
}

void fixture_down(void)
{
    struct net_stats stats;
    binding_free(binding);
    net_stats(net, &stats);
    cr_expect_eq(stats.sockets, 0, "%zu sockets are left", stats.sockets);
    cr_expect_eq(stats.operations, 0);
    net_free(net);
    cr_expect_eq(loop_busy(loop), 0, "%zu things are left", loop_busy(loop));
    loop_free(loop);
    cr_expect_leq(harness_fd_settle(fds), fds);
}

/* ---- chunks ---- */

static char text[8192];

static void fixture_ended(struct fiber *fiber, void *context, int status)
{
    lua_State *L = fiber_state(fiber);
    (void)context;
    if (status == FIBER_ABANDONED)
        return;
    snprintf(text, sizeof text, "%s", status != 0 ? "error: " : "");
    for (int i = status != 0 ? lua_gettop(L) : 1; i <= lua_gettop(L); i++) {
        const char *value = lua_isnil(L, i)       ? "nil"
                            : lua_isboolean(L, i) ? lua_toboolean(L, i) ? "true" : "false"
                                                  : lua_tostring(L, i);
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%s", status == 0 && i > 1 ? " " : "",
                 value != NULL ? value : luaL_typename(L, i));
    }
}

static const struct fiber_maker fixture_maker = {.ended = fixture_ended};

struct order {
    const char *code;
    struct fiber *fiber;
};

static int fixture_make(lua_State *L)
{
    struct order *order = lua_touserdata(L, 1);
    if (luaL_loadbuffer(L, order->code, strlen(order->code), "=test") != 0)
        return lua_error(L);
    order->fiber = fiber_new(L, 0);
    return 0;
}

uint64_t fixture_start(const char *code)
{
    struct order order = {code, NULL};
    snprintf(text, sizeof text, "(it has not ended)");
    cr_assert_eq(vm_protect(binding_vm(binding), fixture_make, &order, NULL), 0);
    uint64_t id = fiber_id(order.fiber);
    fiber_set_maker(order.fiber, &fixture_maker, NULL);
    fiber_start(order.fiber);
    return id;
}

const char *fixture_lua(const char *code)
{
    fixture_start(code);
    fixture_run();
    return text;
}

/* ---- the loop ---- */

struct runner {
    struct loop_task task;
    int rounds;
    bool idle_too;
};

static void fixture_round(struct loop_task *task)
{
    struct runner *runner = CONTAINER_OF(task, struct runner, task);
    if ((binding_busy(binding) == 0 && !runner->idle_too) || runner->rounds == 0) {
        loop_stop(loop);
        return;
    }
    runner->rounds--;
    loop_defer(loop, task);
}

void fixture_run_rounds(int rounds)
{
    struct runner runner = {.rounds = rounds};
    loop_task_init(&runner.task, fixture_round);
    loop_defer(loop, &runner.task);
    cr_assert_eq(loop_run(loop), 0);
}

void fixture_run(void)
{
    fixture_run_rounds(-1);
}

void fixture_turn(void)
{
    struct runner runner = {.rounds = 1, .idle_too = true};
    loop_task_init(&runner.task, fixture_round);
    loop_defer(loop, &runner.task);
    cr_assert_eq(loop_run(loop), 0);
}

static int fixture_set(lua_State *L)
{
    lua_register(L, "fn", *(lua_CFunction *)lua_touserdata(L, 1));
    return 0;
}

void fixture_define(lua_CFunction fn)
{
    cr_assert_eq(vm_protect(binding_vm(binding), fixture_set, &fn, NULL), 0);
}

/* ---- what is written ---- */

static int saved[2], captured = -1;

void fixture_capture(void)
{
    captured = memfd_create("captured", MFD_CLOEXEC);
    cr_assert_geq(captured, 0);
    for (int i = 0; i < 2; i++) {
        saved[i] = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 3);
        cr_assert_geq(dup2(captured, STDOUT_FILENO + i), 0);
    }
}

const char *fixture_captured(void)
{
    static char bytes[65536];
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], STDOUT_FILENO + i);
        close(saved[i]);
    }
    ssize_t length = pread(captured, bytes, sizeof bytes - 1, 0);
    close(captured);
    cr_assert_geq(length, 0);
    bytes[length] = '\0';
    return bytes;
}
