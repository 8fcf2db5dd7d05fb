/* The daemon's life and death.
 *
 * Starting: what may be refused comes first (the control socket's path, the scripts), the control
 * socket is served and READY said when all of it is there.
 *
 * Ending: with the first signal nothing new is accepted; clients get the answers that they wait
 * for and handlers finish, for --grace seconds; then the loop stops and whatever still lives is
 * cut off. A second signal stops the loop at once. Taking down closes every socket, and ends with
 * the proof that loop and process hold nothing any more.
 */
#include "serve.h"

#include "config/options.h"
#include "config/quotas.h"
#include "host/control.h"
#include "host/door.h"
#include "host/process.h"
#include "host/reach.h"
#include "host/service.h"
#include "host/termination.h"
#include "info.h"
#include "loop/closer.h"
#include "loop/guard.h"
#include "loop/loop.h"
#include "net/net.h"
#include "net/sock.h"
#include "reload.h"
#include "rpc/access.h"
#include "rpc/rpc.h"
#include "scripts/culprit.h"
#include "scripts/hooks.h"
#include "scripts/runtime.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/list.h"
#include "util/log.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

/* How long to wait at the end for a reader of standard output that stalls, in seconds. */
#define FLUSH 0.5

struct server {
    const struct options *options;
    struct loop *loop;
    struct control *control;
    struct net *net;
    struct quota *accounts;
    struct runtime *runtime;
    struct rpc *rpc;
    struct service *service;
    struct door *door; /* while serving */
    struct reload *reload;
    struct loop_timer grace; /* while ending */
    struct loop_timer lines; /* while there are lines left out of the log, to be counted */
    int result;              /* why the loop ended: 0 or a negative error */
    bool serving;            /* READY was said */
    bool ending;
    bool drained, idle; /* while ending: no clients are left, no fibers */
    bool stuck; /* at the end: threads still have descriptors, in getaddrinfo(3) or close(2) */
};

static int fail(const char *what, int error)
{
    log_write(LOG_ERROR, "cannot start: %s: %s", what, strerror(-error));
    return error;
}

/* ---- the log ---- */

static void on_lines(struct loop_timer *timer);

/* Lines are being left out of the log: their number follows. */
static void on_suppressed(void *context)
{
    struct server *server = context;
    if (!loop_timer_runs(&server->lines))
        (void)loop_timer_start(server->loop, &server->lines, loop_deadline(1), on_lines);
}

static void on_lines(struct loop_timer *timer)
{
    struct server *server = CONTAINER_OF(timer, struct server, lines);
    if (log_tell_suppressed(false))
        on_suppressed(server);
}

static int start_log(struct server *server)
{
    size_t most = server->options->handler_log;
    log_hold(most < UINT_MAX ? (unsigned)most : UINT_MAX, on_suppressed, server);
    return 0;
}

static void end_log(struct server *server)
{
    log_tell_suppressed(true);
    log_hold(0, NULL, NULL);
    loop_timer_stop(server->loop, &server->lines);
}

/* ---- the end ---- */

static void end_if_quiet(struct server *server)
{
    if (server->drained && server->idle)
        loop_stop(server->loop);
}

static void on_drained(void *context)
{
    struct server *server = context;
    server->drained = true;
    end_if_quiet(server);
}

static void on_idle(void *context)
{
    struct server *server = context;
    server->idle = true;
    end_if_quiet(server);
}

static void on_grace_over(struct loop_timer *timer)
{
    struct server *server = CONTAINER_OF(timer, struct server, grace);
    log_write(LOG_INFO, "the time is up: %zu fibers are cut short", runtime_busy(server->runtime));
    loop_stop(server->loop);
}

static void on_signal(void *context, int number)
{
    struct server *server = context;
    if (server->ending || !server->serving) {
        log_write(LOG_INFO, "%s: leaving at once", strsignal(number));
        server->ending = true;
        loop_stop(server->loop);
        return;
    }
    server->ending = true;
    uint64_t deadline = loop_deadline(server->options->grace);
    log_write(LOG_INFO, "%s: leaving within %g s", strsignal(number), server->options->grace);
    service_stopping("letting clients and handlers finish for %g s", server->options->grace);
    reload_end(server->reload);
    door_free(server->door);
    server->door = NULL;
    net_close_listeners(server->net);
    runtime_stopping(server->runtime);
    rpc_drain(server->rpc, deadline, on_drained, server);
    runtime_set_idle(server->runtime, on_idle, server);
    if (loop_timer_start(server->loop, &server->grace, deadline, on_grace_over) < 0)
        loop_stop(server->loop);
}

/* ---- the beginning ---- */

static int start_control(struct server *server)
{
    const struct options *options = server->options;
    struct control_config config = {
        .path = options->socket_path,
        .state = options->state_dir,
        .has_mode = options->has_socket_mode,
        .has_group = options->has_socket_group,
        .mode = options->socket_mode,
        .group = options->socket_group,
    };
    CLEANUP(close_fdp) int passed = service_listen_fd();
    if (passed < 0 && passed != -ENOENT)
        return passed;
    if (passed >= 0)
        process_adopt(passed);
    int result = control_open(&server->control, &config, passed);
    if (result == 0)
        passed = -1; /* consumed */
    return result;
}

/* The last sockets that there are. */
static bool may_use_reserve(const void *context, uid_t owner)
{
    const struct server *server = context;
    return server->accounts && quota_trusts(server->accounts, owner);
}

static int start_net(struct server *server)
{
    struct net_config config = {
        .max_sockets = server->options->max_sockets,
        .max_readahead = server->options->max_readahead,
        .first_id = control_first_id(server->control),
        .reserve_ids = control_reserve_ids,
        .may_reach = reach_check,
        .context = server->control,
        .may_use_reserve = may_use_reserve,
        .reserve_context = server,
    };
    int result = net_new(&server->net, server->loop, &config);
    return result < 0 ? fail("sockets", result) : 0;
}

static int start_accounts(struct server *server)
{
    struct quota_limits limits = server->options->quota;
    struct net_stats stats;
    net_stats(server->net, &stats);
    quotas_fill(&limits, &stats);
    int result = quota_new(&server->accounts, &limits);
    return result < 0 ? fail("accounts", result) : 0;
}

static int start_lua(struct server *server)
{
    const struct options *options = server->options;
    struct runtime_config config = {
        .memory = options->lua_memory,
        .cpu = options->handler_cpu,
        .grace = options->grace_c,
        .pattern_steps = options->pattern_steps,
        .jit = options->jit,
        .ffi = options->ffi,
        .nonblock = options->nonblock,
        .load_timeout = options->load_timeout,
        .accounts = server->accounts,
        .service = true,
    };
    int result = runtime_new(&server->runtime, server->net, &config);
    if (result == 0)
        result = info_open(server->runtime, options, control_path(server->control));
    return result < 0 ? fail("Lua", result) : 0;
}

static int start_rpc(struct server *server)
{
    struct rpc_config config = {
        .version = SOCKD_VERSION,
        .has_admin_group = server->options->has_admin_group,
        .admin_group = server->options->admin_group,
        .allow = server->options->allow,
        .accounts = server->accounts,
    };
    int result = rpc_new(&server->rpc, server->net, &config, &runtime_hooks, server->runtime);
    return result < 0 ? fail("control server", result) : 0;
}

static int start_signals(struct server *server)
{
    int result = termination_start(server->loop, on_signal, server);
    if (result == 0 && control_made(server->control))
        termination_set_file(control_path(server->control));
    return result < 0 ? fail("signals", result) : 0;
}

/* Scripts may take their time at the start, and so may the end: it watches while clients are
 * served. */
static int start_guard(struct server *server)
{
    (void)server;
    int result = guard_start();
    return result < 0 ? fail("the watchdog's thread", result) : 0;
}

/* From here on clients are served. */
static int open_door(struct server *server)
{
    int fd = control_take_fd(server->control);
    int result = rpc_listen(server->rpc, fd);
    if (result < 0) {
        close(fd);
        return fail("control server", result);
    }
    result = door_new(&server->door, server->loop, server->control, server->rpc);
    if (result < 0)
        return fail("control server", result);
    result = service_start(&server->service, server->loop);
    if (result < 0)
        return fail("watchdog", result);
    const char *path = control_path(server->control);
    log_write(LOG_INFO, "sockd %s serves %s", SOCKD_VERSION, path);
    service_ready("serving %s, generation %" PRIu64, path, runtime_generation(server->runtime));
    server->serving = true;
    guard_watch(server->options->hang, culprit_describe, server->runtime);
    reload_ready(server->reload);
    return 0;
}

/* All that --load names is loaded, or is not. */
static void on_loaded(void *context, const struct runtime_change *change)
{
    struct server *server = context;
    if (server->ending)
        return;
    if (change->error < 0)
        log_text(LOG_ERROR, change->text);
    server->result = change->error < 0 ? change->error : open_door(server);
    if (server->result < 0)
        loop_stop(server->loop);
}

/* The first generation. A script that never returns keeps the daemon from being ready; behind the
 * last one the door is opened. */
static int start_scripts(struct server *server)
{
    const struct options *options = server->options;
    int result = runtime_set_scripts(server->runtime, options->load, options->load_count);
    if (result == 0)
        result = reload_new(&server->reload, server->loop, server->runtime,
                            control_path(server->control));
    if (result == 0)
        result = runtime_reload(server->runtime, on_loaded, server);
    return result < 0 ? fail("scripts", result) : 0;
}

static int start(struct server *server)
{
    static int (*const steps[])(struct server *) = {start_log,      start_control, start_net,
                                                    start_accounts, start_lua,     start_rpc,
                                                    start_signals,  start_guard,   start_scripts};
    int result = loop_new(&server->loop);
    if (result < 0)
        return fail("loop", result);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == 0; i++)
        result = steps[i](server);
    return result;
}

/* Whatever of it was started. */
static void take_down(struct server *server)
{
    if (!server->loop)
        return;
    guard_stop();
    process_leave();
    termination_stop();
    door_free(server->door);
    service_free(server->service);
    loop_timer_stop(server->loop, &server->grace);
    if (server->rpc)
        rpc_free(server->rpc);
    reload_free(server->reload);
    if (server->runtime)
        (void)runtime_flush(server->runtime, loop_deadline(FLUSH));
    runtime_free(server->runtime);
    quota_free(server->accounts);
    if (server->net) {
        struct net_stats stats;
        net_close_all(server->net);
        net_stats(server->net, &stats);
        server->stuck = stats.lookups > 0;
        net_free(server->net);
    }
    if (!closer_finish())
        server->stuck = true;
    control_close(server->control);
    end_log(server);
    loop_free(server->loop); /* proves that it is empty */
}

int serve(const struct options *options)
{
    struct server server = {.options = options};
    process_keep(log_own());
    process_set_name(ACCESS_DAEMON_NAME);
    int result = start(&server);
    if (result == 0 && (result = loop_run(server.loop)) < 0)
        log_write(LOG_ERROR, "the loop has failed: %s", strerror(-result));
    if (result == 0)
        result = server.result;
    take_down(&server);
    if (!server.stuck)
        process_check_descriptors();
    if (result == 0)
        log_write(LOG_INFO, "sockd has ended");
    return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
