/* `sockd run`: a loop, the runtime and one script. */
#include "run.h"

#include "config/options.h"
#include "host/process.h"
#include "host/termination.h"
#include "info.h"
#include "loop/closer.h"
#include "loop/loop.h"
#include "net/net.h"
#include "scripts/runtime.h"
#include "util/error.h"
#include "util/log.h"

#include <signal.h>
#include <string.h>

struct run {
    struct loop *loop;
    struct net *net;
    struct runtime *runtime;
    int status; /* what the program ends with */
    bool signalled;
};

static void on_idle(void *context)
{
    struct run *run = context;
    loop_stop(run->loop);
}

/* The script has returned, or failed. The traceback goes out as it is: standard error is the
 * script's own, and its reader a person. */
static void on_ended(void *context, int error, const char *text)
{
    struct run *run = context;
    if (error == 0) {
        runtime_set_idle(run->runtime, on_idle, run);
        return;
    }
    fprintf(stderr, "sockd: %s\n", text);
    run->status = EXIT_FAILURE;
    loop_stop(run->loop);
}

static void on_signal(void *context, int number)
{
    struct run *run = context;
    run->status = 128 + number;
    run->signalled = true;
    loop_stop(run->loop);
}

static int start_runtime(struct run *run, const struct options *options)
{
    struct runtime_config config = {
        .memory = options->lua_memory,
        .cpu = options->handler_cpu,
        .grace = options->grace_c,
        .pattern_steps = options->pattern_steps,
        .jit = options->jit,
        .ffi = true,
        .nonblock = options->nonblock,
    };
    int result = runtime_new(&run->runtime, run->net, &config);
    if (result == 0)
        result = info_open(run->runtime, options, NULL);
    if (result == 0)
        result =
            runtime_run(run->runtime, options->arguments, options->argument_count, on_ended, run);
    return result;
}

static int start(struct run *run, const struct options *options)
{
    struct net_config config = {
        .max_sockets = options->max_sockets,
        .max_readahead = options->max_readahead,
    };
    int result = loop_new(&run->loop);
    if (result == 0)
        result = net_new(&run->net, run->loop, &config);
    if (result == 0)
        result = termination_start(run->loop, on_signal, run);
    return result < 0 ? result : start_runtime(run, options);
}

/* The last of the output. What was lost of it makes the program a failure; a reader that has gone
 * has had enough. */
static void flush(struct run *run)
{
    /* A signal is no time to wait for a reader that stalls. */
    int error = runtime_flush(run->runtime, run->signalled ? 0 : LOOP_NEVER);
    if (error == 0 || error == -EPIPE || run->status != EXIT_SUCCESS)
        return;
    fprintf(stderr, "sockd: standard output: %s\n", strerror(-error));
    run->status = EXIT_FAILURE;
}

/* Whatever of it was started. */
static void take_down(struct run *run)
{
    termination_stop();
    if (run->runtime)
        flush(run);
    runtime_free(run->runtime);
    if (run->net) {
        net_close_all(run->net);
        net_free(run->net);
    }
    (void)closer_finish();
    loop_free(run->loop);
}

int run_script(const struct options *options)
{
    struct run run = {.status = EXIT_SUCCESS};
    process_set_name("sockd-run"); /* to control sockets it is a program as any other */
    int result = start(&run, options);
    if (result == 0)
        result = loop_run(run.loop);
    if (result < 0)
        log_write(LOG_ERROR, "cannot run %s: %s", options->arguments[0], strerror(-result));
    take_down(&run);
    return result < 0 ? EXIT_FAILURE : run.status;
}
