/* Reloads from outside; see reload.h. */
#include "reload.h"

#include "host/service.h"
#include "loop/loop.h"
#include "scripts/runtime.h"
#include "util/error.h"
#include "util/log.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

struct reload {
    struct loop *loop;
    struct runtime *runtime;
    const char *place;
    struct loop_signal *hangup;
    struct loop_task task;
    bool ready, ended;
    bool again; /* asked for while it could not be */
};

/* ---- telling ---- */

static void tell_failure(const struct reload *reload, const char *what, const char *why)
{
    uint64_t generation = runtime_generation(reload->runtime);
    log_write(LOG_ERROR, "%s has failed, generation %" PRIu64 " stays: %s", what, generation, why);
    service_ready("serving %s, generation %" PRIu64 "; %s has failed: %.*s", reload->place,
                  generation, what, (int)strcspn(why, "\n"), why);
}

static void tell_end(const struct reload *reload, const struct runtime_change *change)
{
    if (change->error < 0) {
        tell_failure(reload, change->reload ? "the reload" : "the load", change->text);
        return;
    }
    log_write(LOG_INFO, "generation %" PRIu64 ": %zu %sscripts loaded", change->generation,
              change->count, change->reload ? "" : "more ");
    service_ready("serving %s, generation %" PRIu64, reload->place, change->generation);
}

static void on_change(void *context, const struct runtime_change *change)
{
    struct reload *reload = context;
    if (!reload->ready || reload->ended)
        return;
    if (!change->ended && change->reload)
        service_reloading("loading scripts anew");
    if (!change->ended)
        return;
    tell_end(reload, change);
    if (reload->again)
        loop_defer(reload->loop, &reload->task);
}

/* ---- asking ---- */

static void ask(struct reload *reload)
{
    if (!reload->ready || reload->ended) {
        reload->again = true;
        return;
    }
    int error = runtime_reload(reload->runtime, NULL, NULL);
    reload->again = error == -EALREADY; /* files may have changed since that one read them */
    if (error < 0 && !reload->again)
        tell_failure(reload, "the reload", strerror(-error));
}

static void on_task(struct loop_task *task)
{
    ask(CONTAINER_OF(task, struct reload, task));
}

static void on_hangup(void *context, int number)
{
    log_write(LOG_INFO, "%s: loading scripts anew", strsignal(number));
    ask(context);
}

/* ---- life ---- */

int reload_new(struct reload **out, struct loop *loop, struct runtime *runtime, const char *place)
{
    struct reload *reload = calloc(1, sizeof *reload);
    if (reload == NULL)
        return -ENOMEM;
    reload->loop = loop;
    reload->runtime = runtime;
    reload->place = place;
    loop_task_init(&reload->task, on_task);
    int error = loop_signal_new(loop, SIGHUP, on_hangup, reload, &reload->hangup);
    if (error < 0) {
        free(reload);
        return error;
    }
    runtime_set_watcher(runtime, on_change, reload);
    *out = reload;
    return 0;
}

void reload_free(struct reload *reload)
{
    if (reload == NULL)
        return;
    runtime_set_watcher(reload->runtime, NULL, NULL);
    loop_signal_free(reload->hangup);
    loop_defer_cancel(reload->loop, &reload->task);
    free(reload);
}

void reload_ready(struct reload *reload)
{
    reload->ready = true;
    if (reload->again)
        loop_defer(reload->loop, &reload->task);
}

void reload_end(struct reload *reload)
{
    reload->ended = true;
    loop_defer_cancel(reload->loop, &reload->task);
    runtime_cancel_change(reload->runtime);
}
