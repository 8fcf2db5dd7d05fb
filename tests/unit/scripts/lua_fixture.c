/* What the tests of the runtime share; see lua_fixture.h. */
#include "lua_fixture.h"

#include "harness/harness.h"

#include <limits.h>
#include <stdio.h>

struct loop *loop;
struct net *net;
struct runtime *runtime;

static char folder[PATH_MAX];
static int fds;

void fixture_up(void)
{
    struct net_config net_config = {.lookup_threads = 1};
    struct runtime_config config = {.service = true};
    fds = harness_fd_count();
    cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
    cr_assert_eq(loop_new(&loop), 0);
    cr_assert_eq(net_new(&net, loop, &net_config), 0);
    cr_assert_eq(runtime_new(&runtime, net, &config), 0);
}

void fixture_down(void)
{
    struct net_stats stats;
    runtime_free(runtime);
    net_stats(net, &stats);
    cr_expect_eq(stats.sockets, 0, "%zu sockets are left", stats.sockets);
    net_free(net);
    cr_expect_eq(loop_busy(loop), 0, "%zu things are left", loop_busy(loop));
    loop_free(loop);
    cr_assert_eq(harness_tempdir_free(folder), 0);
    cr_expect_leq(harness_fd_settle(fds), fds);
}

const char *fixture_folder(void)
{
    return folder;
}

const char *fixture_file(const char *name, const char *text)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static char outcome[4096];

static void fixture_loaded(void *context, const struct runtime_change *change)
{
    cr_assert_eq(context, &outcome);
    cr_assert(change->ended);
    snprintf(outcome, sizeof outcome, "%s", change->error < 0 ? change->text : "");
    loop_stop(loop);
}

const char *fixture_load(const char *path)
{
    snprintf(outcome, sizeof outcome, "(still loading)");
    cr_assert_eq(runtime_load(runtime, path, fixture_loaded, &outcome), 0);
    cr_assert_str_eq(outcome, "(still loading)", "not from within the call");
    cr_assert_eq(loop_run(loop), 0);
    return outcome;
}

struct watch {
    struct loop_task task;
    bool (*holds)(void);
};

static void fixture_watch(struct loop_task *task)
{
    struct watch *watch = CONTAINER_OF(task, struct watch, task);
    if (watch->holds())
        loop_stop(loop);
    else
        loop_defer(loop, task);
}

void fixture_run_until(bool (*holds)(void))
{
    struct watch watch = {.holds = holds};
    loop_task_init(&watch.task, fixture_watch);
    loop_defer(loop, &watch.task);
    cr_assert_eq(loop_run(loop), 0);
}
