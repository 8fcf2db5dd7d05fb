/*
 * Calls that the hooks carry out; see call.h and hooks.h.
 *
 * Such a call is parked before the hooks see it, so that they may end it from within.
 */
#include "rpc/call.h"

#include "protocol/scan.h"
#include "rpc/server.h"
#include "util/error.h"

#include <limits.h>

int call_run(struct rpc_call *call, const struct rpc_run *run)
{
    struct rpc *rpc = call->rpc;
    struct rpc_reason reason = {.text = ""};
    void *running = NULL;
    int result = call_park(call);
    if (result < 0)
        return result;
    call->hooked = true;
    rpc->starting = call;
    result = rpc->hooks.run(rpc->hook_context, call, run, &running, &reason);
    bool over = rpc->starting != call;
    rpc->starting = NULL;
    if (result == 0 && !over)
        call->running = running;
    if (result == 0)
        return CALL_OVER;
    CHECK(!over);
    call->hooked = false;
    return call_explain(call, result, &reason);
}

int call_explain(struct rpc_call *call, int error, const struct rpc_reason *reason)
{
    call->error.refused = reason->refused;
    return reason->text[0] ? call_fail(call, error, "%s", reason->text) : error;
}

static void call_end_run(struct rpc_call *call, int result)
{
    MAGIC_CHECK(call, CALL_MAGIC);
    CHECK(call->hooked);
    call->hooked = false;
    if (call->rpc->starting == call)
        call->rpc->starting = NULL;
    call_finish(call, result);
}

/* The value goes two containers deep into the answer, and must not make it unreadable. */
static int call_check_value(const void *value, size_t size)
{
    struct scan_limits limits = scan_default_limits;
    struct scan scan;
    limits.message = LIMIT_DATA;
    limits.depth--;
    scan_init(&scan, &limits);
    if (size > limits.message)
        return -EMSGSIZE;
    enum scan_verdict verdict = scan_step(&scan, value, size);
    if (verdict == SCAN_BAD)
        return -EMSGSIZE;
    return verdict == SCAN_WHOLE && scan.size == size ? 0 : -EBADMSG;
}

void rpc_call_return(struct rpc_call *call, const void *value, size_t size)
{
    MAGIC_CHECK(call, CALL_MAGIC);
    int result = call_check_value(value, size);
    call->answer.value.data = value;
    call->answer.value.size = size;
    if (result == -EMSGSIZE)
        call_refuse(call, result, "what it returned is too large or too deep for an answer");
    call_end_run(call, result);
}

void rpc_call_fail(struct rpc_call *call, int error, const char *text, size_t size)
{
    MAGIC_CHECK(call, CALL_MAGIC);
    if (text)
        call_fail(call, error, "%.*s", size < INT_MAX ? (int)size : INT_MAX, text);
    call_end_run(call, error);
}
