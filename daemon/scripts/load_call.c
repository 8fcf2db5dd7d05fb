/* sockd.load and sockd.reload; see load_call.h. */
#include "scripts/load_call.h"

#include "protocol/limits.h"
#include "protocol/writer.h"
#include "rpc/hooks.h"
#include "scripts/code.h"
#include "scripts/hooks.h"
#include "scripts/runtime.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/list.h"

#include <string.h>

struct load_call {
    struct hook_run run; /* first */
    struct runtime *runtime;
    struct rpc_call *call; /* NULL: nobody waits for the outcome any more */
};

/* The paths. */
static void answer(struct rpc_call *call, const struct runtime_change *change)
{
    struct writer writer;
    writer_init_heap(&writer, LIMIT_MESSAGE);
    writer_array(&writer, (uint32_t)change->count);
    for (size_t i = 0; i < change->count; i++)
        writer_outside(&writer, change->files[i]);
    if (writer.error == 0)
        rpc_call_return(call, writer.data, writer.size);
    else
        rpc_call_fail(call, writer.error, NULL, 0);
    writer_free_heap(&writer);
}

static void on_changed(void *context, const struct runtime_change *change)
{
    struct load_call *waiting = context;
    if (waiting->call != NULL && change->error < 0)
        rpc_call_fail(waiting->call, change->error, change->text, strlen(change->text));
    else if (waiting->call != NULL)
        answer(waiting->call, change);
    free(waiting);
}

static void cancel(struct hook_run *run)
{
    struct load_call *waiting = CONTAINER_OF(run, struct load_call, run);
    waiting->call = NULL;
    runtime_cancel_change(waiting->runtime);
}

static int begin(struct load_call *waiting, const struct rpc_run *run)
{
    if (run->kind == RPC_RUN_RELOAD)
        return runtime_reload(waiting->runtime, on_changed, waiting);
    CLEANUP(freep) char *path = strndup(run->text, run->text_size);
    if (path == NULL)
        return -ENOMEM;
    if (strlen(path) != run->text_size)
        return -EINVAL;
    return runtime_load(waiting->runtime, path, on_changed, waiting);
}

static int explain(struct rpc_reason *reason, int error, const struct rpc_run *run)
{
    if (error == -EALREADY)
        return code_refuse(reason, error, "scripts are being loaded already");
    if (error == -EEXIST)
        return code_refuse(reason, error, "%.*s is loaded already; sockd.reload loads it anew",
                           (int)run->text_size, run->text);
    return error;
}

int load_call_begin(struct runtime *runtime, struct rpc_call *call, const struct rpc_run *run,
                    void **running, struct rpc_reason *reason)
{
    struct load_call *waiting = calloc(1, sizeof *waiting);
    if (waiting == NULL)
        return -ENOMEM;
    *waiting = (struct load_call){.run = {cancel}, .runtime = runtime, .call = call};
    int error = begin(waiting, run);
    if (error < 0) {
        free(waiting);
        return explain(reason, error, run);
    }
    *running = waiting;
    return 0;
}
