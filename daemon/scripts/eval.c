/*
 * Evals and calls; see call.h.
 *
 * The fiber of one may outlive the interest in it: then nobody is told how it ended.
 */
#include "scripts/eval.h"

#include "binding/origin.h"
#include "binding/value.h"
#include "rpc/hooks.h"
#include "scripts/code.h"
#include "scripts/hooks.h"
#include "scripts/runtime_private.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/quota.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

struct running {
    struct hook_run run; /* first */
    struct runtime *runtime;
    struct rpc_call *call; /* NULL: nobody waits for the outcome any more */
    struct fiber *fiber;
    struct quota_user *account; /* charged for it, or NULL */

    /* As at a prompt, `sock:name()` answers like `return sock:name()`; but since nobody has asked
     * for its value, one that cannot be sent is no failure. */
    bool is_expression;
};

/* ---- the account ---- */

static int running_charge(struct running *running, struct quota *accounts, uid_t owner)
{
    if (accounts == NULL)
        return 0;
    struct quota_user *account = quota_user_get(accounts, owner);
    if (account == NULL)
        return -ENOMEM;
    int error = quota_charge(account, QUOTA_FIBERS, 1);
    if (error < 0)
        quota_user_put(account);
    else
        running->account = account;
    return error;
}

static void running_free(struct running *running)
{
    if (running->account != NULL)
        quota_release(running->account, QUOTA_FIBERS, 1);
    quota_user_put(running->account);
    free(running);
}

/* ---- the end ---- */

/* Results on their way from the fiber to the wire. */
struct outcome {
    struct fiber *fiber;
    msgpack_sbuffer bytes;
    const char *reason; /* why they cannot be sent */
    int error;          /* -ENOMEM */
};

/* No results are nil, several are an array. */
static int pack_head(msgpack_packer *packer, int count)
{
    if (count == 1)
        return 0;
    int failed = count == 0 ? msgpack_pack_nil(packer) : msgpack_pack_array(packer, (size_t)count);
    return failed != 0 ? -ENOMEM : 0;
}

static int pack_outcome(lua_State *L)
{
    struct outcome *outcome = lua_touserdata(L, 1);
    lua_State *from = fiber_state(outcome->fiber);
    int count = lua_gettop(from), first = lua_gettop(L) + 1;
    luaL_checkstack(L, count, "too many results");
    lua_xmove(from, L, count);
    msgpack_packer packer;
    msgpack_packer_init(&packer, &outcome->bytes, msgpack_sbuffer_write);
    outcome->error = pack_head(&packer, count);
    for (int i = 0; i < count && outcome->error == 0 && outcome->reason == NULL; i++)
        outcome->reason = value_pack(L, first + i, &outcome->bytes);
    if (value_is_no_memory(outcome->reason))
        outcome->error = -ENOMEM;
    return 0;
}

#define NIL "\xc0" /* of MessagePack */

static void run_return(struct running *running, struct fiber *fiber)
{
    struct outcome outcome = {.fiber = fiber};
    msgpack_sbuffer_init(&outcome.bytes);
    int error = vm_protect(running->runtime->vm, pack_outcome, &outcome, NULL);
    if (error < 0)
        rpc_call_fail(running->call, error, NULL, 0);
    else if (outcome.error < 0)
        rpc_call_fail(running->call, outcome.error, NULL, 0);
    else if (outcome.reason != NULL && running->is_expression)
        rpc_call_return(running->call, NIL, sizeof NIL - 1);
    else if (outcome.reason != NULL)
        rpc_call_fail(running->call, -EINVAL, outcome.reason, strlen(outcome.reason));
    else
        rpc_call_return(running->call, outcome.bytes.data, outcome.bytes.size);
    msgpack_sbuffer_destroy(&outcome.bytes);
}

/* The script's own error: neither the caller's nor the system's. */
static void run_fail(struct running *running, struct fiber *fiber)
{
    CLEANUP(freep) char *text = fiber_error_text(fiber);
    int error = fiber_ended_by_cancel(fiber) ? -ECANCELED : -EREMOTEIO;
    rpc_call_fail(running->call, error, text, text != NULL ? strlen(text) : 0);
}

static void run_ended(struct fiber *fiber, void *context, int status)
{
    struct running *running = context;
    if (status != FIBER_ABANDONED)
        origin_unattended(running->runtime->binding, fiber);
    if (running->call != NULL && status == 0)
        run_return(running, fiber);
    else if (running->call != NULL && status > 0)
        run_fail(running, fiber);
    running_free(running);
}

static const struct fiber_maker run_maker = {.ended = run_ended};

static void run_cancel(struct hook_run *run)
{
    struct running *running = CONTAINER_OF(run, struct running, run);
    running->call = NULL;
    fiber_cancel(running->fiber);
}

/* ---- beginning ---- */

/* A run on its way into a protected call. */
struct request {
    struct runtime *runtime;
    const struct rpc_run *run;
    const msgpack_object_array *arguments;
    struct rpc_reason *reason;
    int error;
    struct fiber *fiber;
    bool is_expression;
};

static int push_function(lua_State *L, struct request *request)
{
    const struct rpc_run *run = request->run;
    if (run->kind == RPC_RUN_CALL)
        return code_push_function(L, request->runtime, run->text, run->text_size, false,
                                  request->reason);
    int error = code_compile(L, request->runtime, run->text, run->text_size, "=eval",
                             &request->is_expression);
    return error < 0 ? code_refuse(request->reason, error, "%s", lua_tostring(L, -1)) : 0;
}

static int begin_protected(lua_State *L)
{
    struct request *request = lua_touserdata(L, 1);
    request->error = push_function(L, request);
    if (request->error < 0)
        return 0;
    int count = (int)request->arguments->size;
    luaL_checkstack(L, count, "too many arguments");
    for (int i = 0; i < count; i++)
        value_push(L, &request->arguments->ptr[i]);
    request->fiber = fiber_new(L, count);
    return 0;
}

static void name_fiber(struct fiber *fiber, const struct rpc_run *run)
{
    char name[FIBER_NAME_MAX + 1];
    size_t most = sizeof name - 1;
    int size = run->text_size < most ? (int)run->text_size : (int)most;
    int length = run->kind == RPC_RUN_CALL
                     ? snprintf(name, sizeof name, "call/%.*s", size, run->text)
                     : snprintf(name, sizeof name, "eval");
    fiber_set_name(fiber, name, (size_t)length < most ? (size_t)length : most);
}

static int make_fiber(struct request *request)
{
    int error = vm_protect(request->runtime->vm, begin_protected, request, NULL);
    return error < 0 ? error : request->error;
}

static void start(struct running *running, const struct rpc_run *run)
{
    struct fiber *fiber = running->fiber;
    name_fiber(fiber, run);
    fiber_set_owner(fiber, run->owner);
    fiber_set_attended(fiber);
    if (run->kind == RPC_RUN_CALL)
        fiber_set_origin(fiber, origin_present(running->runtime->binding));
    fiber_set_maker(fiber, &run_maker, running);
    fiber_schedule(fiber);
}

static int begin(struct request *request, struct rpc_call *call, void **out)
{
    const struct rpc_run *run = request->run;
    struct running *running = calloc(1, sizeof *running);
    if (running == NULL)
        return -ENOMEM;
    running->run.cancel = run_cancel;
    running->runtime = request->runtime;
    running->call = call;
    int error = running_charge(running, request->runtime->accounts, run->owner);
    if (error == -EDQUOT)
        code_refuse(request->reason, error, "you have as many fibers as you may");
    if (error == 0)
        error = make_fiber(request);
    if (error < 0) {
        running_free(running);
        return error;
    }
    running->fiber = request->fiber;
    running->is_expression = request->is_expression;
    start(running, run);
    *out = running;
    return 0;
}

int call_begin(struct runtime *runtime, struct rpc_call *call, const struct rpc_run *run,
               void **running, struct rpc_reason *reason)
{
    struct request request = {.runtime = runtime, .run = run, .reason = reason};
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    msgpack_unpack_return result =
        msgpack_unpack_next(&unpacked, run->arguments, run->arguments_size, NULL);
    int error = result == MSGPACK_UNPACK_NOMEM_ERROR ? -ENOMEM : -EINVAL;
    if (result == MSGPACK_UNPACK_SUCCESS && unpacked.data.type == MSGPACK_OBJECT_ARRAY) {
        request.arguments = &unpacked.data.via.array;
        error = begin(&request, call, running);
    }
    msgpack_unpacked_destroy(&unpacked);
    return error;
}
