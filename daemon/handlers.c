/*
 * What the control server asks of Lua; the contract is in rpc/hooks.h.
 *
 * A handler given as text becomes a function of Lua (lua/handler.lua) that finds out with its
 * first connection what the text is: something that returns the handler, or the handler's body.
 */
#include "handlers.h"

#include "binding/server.h"
#include "binding/value.h"
#include "net/sock.h"
#include "rpc/hooks.h"
#include "runtime_private.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

/* A request on its way into a protected call. */
struct request {
    struct runtime *runtime;
    struct rpc_reason *reason;
    int error;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct request *request, int error,
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(request->reason->text, sizeof request->reason->text, format, arguments);
    va_end(arguments);
    request->error = error;
    return 0;
}

/* ---- handlers by name ---- */

/* Pushes what the dotted name stands for within the table at the top, which it replaces: only
 * what tables themselves hold, nothing inherited. */
static void descend(lua_State *L, const char *name, size_t size)
{
    while (lua_istable(L, -1)) {
        const char *dot = memchr(name, '.', size);
        size_t part = dot != NULL ? (size_t)(dot - name) : size;
        lua_pushlstring(L, name, part);
        lua_rawget(L, -2);
        lua_remove(L, -2);
        if (dot == NULL)
            return;
        name += part + 1;
        size -= part + 1;
    }
    lua_pop(L, 1);
    lua_pushnil(L);
}

/* Pushes it from the first script that defines it, or nil. */
static void push_defined(lua_State *L, const struct runtime *runtime, const char *name, size_t size)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->environments);
    int environments = lua_gettop(L), count = (int)lua_objlen(L, environments);
    lua_pushnil(L);
    for (int i = 1; i <= count && lua_isnil(L, -1); i++) {
        lua_settop(L, environments);
        lua_rawgeti(L, environments, i);
        descend(L, name, size);
    }
    lua_remove(L, environments);
}

static bool is_global(lua_State *L, const char *name, size_t size)
{
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    descend(L, name, size);
    bool found = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return found;
}

/* Replaces a table with `handler` by that function. */
static void unwrap_handler(lua_State *L)
{
    if (!lua_istable(L, -1))
        return;
    lua_getfield(L, -1, "handler");
    lua_remove(L, -2);
}

struct serve_request {
    struct request request;
    const struct rpc_handler *handler;
    struct sock *listener;
};

/* Pushes the function. False when the request is refused. */
static bool push_named(lua_State *L, struct serve_request *serve)
{
    const struct rpc_handler *handler = serve->handler;
    struct request *request = &serve->request;
    int size = (int)handler->text_size;
    push_defined(L, request->runtime, handler->text, handler->text_size);
    bool defined = !lua_isnil(L, -1);
    unwrap_handler(L);
    if (lua_isfunction(L, -1))
        return true;
    if (defined)
        refuse(request, -EINVAL, "%.*s is not a function", size, handler->text);
    else if (is_global(L, handler->text, handler->text_size))
        refuse(request, -EPERM, "%.*s was not defined by a loaded script", size, handler->text);
    else
        refuse(request, -ENOENT, "no loaded script defines %.*s", size, handler->text);
    return false;
}

/* ---- handlers by text ---- */

/* Compiles text as an expression (or a list of them) or as a chunk, in the environment of evals;
 * says which. False, and the message is pushed, if it is neither. */
static bool compile(lua_State *L, const struct runtime *runtime, const char *text, size_t size,
                    const char *name, bool *is_expression)
{
    lua_pushliteral(L, "return ");
    lua_pushlstring(L, text, size);
    lua_concat(L, 2);
    size_t length;
    const char *expression = lua_tolstring(L, -1, &length);
    *is_expression = luaL_loadbufferx(L, expression, length, name, "t") == 0;
    if (!*is_expression) {
        lua_pop(L, 1);
        if (luaL_loadbufferx(L, text, size, name, "t") != 0)
            return false;
    }
    lua_remove(L, -2); /* the text of the expression */
    lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->eval);
    lua_setfenv(L, -2);
    return true;
}

static bool push_source(lua_State *L, struct serve_request *serve)
{
    const struct rpc_handler *handler = serve->handler;
    bool is_expression;
    lua_getfield(L, LUA_REGISTRYINDEX, "sockd.handler");
    if (!compile(L, serve->request.runtime, handler->text, handler->text_size, "=handler",
                 &is_expression)) {
        refuse(&serve->request, -EINVAL, "%s", lua_tostring(L, -1));
        return false;
    }
    lua_call(L, 1, 1);
    return true;
}

static int serve_protected(lua_State *L)
{
    struct serve_request *serve = lua_touserdata(L, 1);
    const struct rpc_handler *handler = serve->handler;
    if (!(handler->source ? push_source(L, serve) : push_named(L, serve)))
        return 0;
    int function = lua_gettop(L);
    if (handler->name != NULL)
        lua_pushlstring(L, handler->name, handler->name_size);
    else
        lua_pushliteral(L, "server");
    if (handler->source)
        lua_pushliteral(L, "source");
    else
        lua_pushlstring(L, handler->text, handler->text_size);
    lua_pushvalue(L, function);
    serve->request.error =
        server_serve(L, serve->listener, lua_tostring(L, -3), lua_tostring(L, -2));
    return 0;
}

static int handlers_serve(void *context, struct sock *listener, const struct rpc_handler *handler,
                          struct rpc_reason *reason)
{
    struct runtime *runtime = context;
    struct serve_request serve = {{runtime, reason, 0}, handler, listener};
    int error = vm_protect(runtime->vm, serve_protected, &serve, NULL);
    return error < 0 ? error : serve.request.error;
}

static const char *handlers_label(void *context, const struct sock *listener)
{
    const struct runtime *runtime = context;
    return server_label(runtime->binding, listener);
}

/* ---- evals ---- */

/* As at a prompt, `sock:name()` answers like `return sock:name()`; but since nobody has asked for
 * its value, one that cannot be sent is no failure. */
struct eval {
    struct runtime *runtime;
    struct rpc_call *call; /* NULL: nobody waits for the outcome any more */
    struct fiber *fiber;
    bool is_expression;
};

/* Results on their way from the fiber to the wire. */
struct outcome {
    struct fiber *fiber;
    msgpack_sbuffer bytes;
    const char *reason; /* why they cannot be sent */
};

static int pack_outcome(lua_State *L)
{
    struct outcome *outcome = lua_touserdata(L, 1);
    lua_State *from = fiber_state(outcome->fiber);
    int count = lua_gettop(from), first = lua_gettop(L) + 1;
    luaL_checkstack(L, count, "too many results");
    lua_xmove(from, L, count);
    msgpack_packer packer;
    msgpack_packer_init(&packer, &outcome->bytes, msgpack_sbuffer_write);
    if (count == 0)
        msgpack_pack_nil(&packer);
    else if (count > 1)
        msgpack_pack_array(&packer, (size_t)count);
    for (int i = 0; i < count && outcome->reason == NULL; i++)
        outcome->reason = value_pack(L, first + i, &outcome->bytes);
    return 0;
}

#define NIL "\xc0" /* of MessagePack */

static void eval_return(struct eval *eval, struct fiber *fiber)
{
    struct outcome outcome = {.fiber = fiber};
    msgpack_sbuffer_init(&outcome.bytes);
    int error = vm_protect(eval->runtime->vm, pack_outcome, &outcome, NULL);
    if (error < 0)
        rpc_call_fail(eval->call, error, NULL, 0);
    else if (outcome.reason != NULL && eval->is_expression)
        rpc_call_return(eval->call, NIL, sizeof NIL - 1);
    else if (outcome.reason != NULL)
        rpc_call_fail(eval->call, -EINVAL, outcome.reason, strlen(outcome.reason));
    else
        rpc_call_return(eval->call, outcome.bytes.data, outcome.bytes.size);
    msgpack_sbuffer_destroy(&outcome.bytes);
}

/* The script's own error: neither the caller's nor the system's. */
static void eval_fail(struct eval *eval, struct fiber *fiber)
{
    CLEANUP(freep) char *text = fiber_error_text(fiber);
    int error = fiber_ended_by_cancel(fiber) ? -ECANCELED : -EREMOTEIO;
    rpc_call_fail(eval->call, error, text, text != NULL ? strlen(text) : 0);
}

static void eval_ended(struct fiber *fiber, void *context, int status)
{
    struct eval *eval = context;
    if (eval->call != NULL && status == 0)
        eval_return(eval, fiber);
    else if (eval->call != NULL && status > 0)
        eval_fail(eval, fiber);
    free(eval);
}

struct eval_request {
    struct request request;
    const char *text;
    size_t text_size;
    const msgpack_object_array *arguments;
    struct fiber *fiber;
    bool is_expression;
};

static int eval_protected(lua_State *L)
{
    struct eval_request *eval = lua_touserdata(L, 1);
    if (!compile(L, eval->request.runtime, eval->text, eval->text_size, "=eval",
                 &eval->is_expression))
        return refuse(&eval->request, -EINVAL, "%s", lua_tostring(L, -1));
    luaL_checkstack(L, (int)eval->arguments->size, "too many arguments");
    for (uint32_t i = 0; i < eval->arguments->size; i++)
        value_push(L, &eval->arguments->ptr[i]);
    eval->fiber = fiber_new(L, (int)eval->arguments->size);
    return 0;
}

static int eval_start(struct runtime *runtime, struct rpc_call *call, struct eval_request *request,
                      void **running)
{
    struct eval *eval = calloc(1, sizeof *eval);
    if (eval == NULL)
        return -ENOMEM;
    int error = vm_protect(runtime->vm, eval_protected, request, NULL);
    if (error == 0)
        error = request->request.error;
    if (error < 0) {
        free(eval);
        return error;
    }
    *eval = (struct eval){runtime, call, request->fiber, request->is_expression};
    fiber_set_name(eval->fiber, "eval", 4);
    fiber_set_ended(eval->fiber, eval_ended, eval);
    fiber_schedule(eval->fiber);
    *running = eval;
    return 0;
}

static int handlers_eval(void *context, struct rpc_call *call, const char *text, size_t text_size,
                         const void *arguments, size_t arguments_size, void **running,
                         struct rpc_reason *reason)
{
    struct runtime *runtime = context;
    struct eval_request request = {{runtime, reason, 0}, text, text_size, NULL, NULL, false};
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    int error = -EINVAL;
    if (msgpack_unpack_next(&unpacked, arguments, arguments_size, NULL) == MSGPACK_UNPACK_SUCCESS &&
        unpacked.data.type == MSGPACK_OBJECT_ARRAY) {
        request.arguments = &unpacked.data.via.array;
        error = eval_start(runtime, call, &request, running);
    }
    msgpack_unpacked_destroy(&unpacked);
    return error;
}

static void handlers_eval_cancel(void *context, void *running)
{
    (void)context;
    struct eval *eval = running;
    eval->call = NULL;
    fiber_cancel(eval->fiber);
}

const struct rpc_hooks handlers_hooks = {
    .serve = handlers_serve,
    .handler_name = handlers_label,
    .eval = handlers_eval,
    .eval_cancel = handlers_eval_cancel,
};
