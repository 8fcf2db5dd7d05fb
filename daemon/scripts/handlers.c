/*
 * Handlers of listeners that clients made; the contract is in rpc/hooks.h.
 *
 * A handler given as text becomes a function of Lua (lua/handler.lua) that finds out with its
 * first connection what the text is: something that returns the handler, or the handler's body.
 */
#include "scripts/handlers.h"

#include "binding/server.h"
#include "rpc/hooks.h"
#include "scripts/code.h"
#include "scripts/runtime_private.h"
#include "util/error.h"
#include "util/log.h"

#include <string.h>

struct serve_request {
    struct runtime *runtime;
    const struct rpc_handler *handler;
    struct sock *listener;
    struct rpc_reason *reason;
    int error;
};

static int push_source(lua_State *L, struct serve_request *serve)
{
    const struct rpc_handler *handler = serve->handler;
    bool is_expression;
    lua_getfield(L, LUA_REGISTRYINDEX, "sockd.handler");
    int error = code_compile(L, serve->runtime, handler->text, handler->text_size, "=handler",
                             &is_expression);
    if (error < 0)
        return code_refuse(serve->reason, error, "%s", lua_tostring(L, -1));
    lua_call(L, 1, 1);
    return 0;
}

static int push_handler(lua_State *L, struct serve_request *serve)
{
    const struct rpc_handler *handler = serve->handler;
    if (handler->source)
        return push_source(L, serve);
    return code_push_function(L, serve->runtime, handler->text, handler->text_size, true,
                              serve->reason);
}

static int serve_protected(lua_State *L)
{
    struct serve_request *serve = lua_touserdata(L, 1);
    const struct rpc_handler *handler = serve->handler;
    serve->error = push_handler(L, serve);
    if (serve->error < 0)
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
    serve->error = server_serve(L, serve->listener, lua_tostring(L, -3), lua_tostring(L, -2));
    if (serve->error == 0 && !handler->source)
        server_set_by_name(serve->runtime->binding, serve->listener);
    return 0;
}

/* ---- new scripts ---- */

/* A user's server is no reason to refuse what an administrator loads. */
static bool push_again(lua_State *L, const char *name, void *context)
{
    const struct runtime *runtime = context;
    struct rpc_reason reason = {.text = ""};
    int top = lua_gettop(L);
    if (code_push_function(L, runtime, name, strlen(name), true, &reason) == 0)
        return true;
    lua_settop(L, top);
    log_write(LOG_WARN, "servers go on with the old code of %s: %s", name, reason.text);
    return false;
}

static int renew_protected(lua_State *L)
{
    struct runtime *runtime = lua_touserdata(L, 1);
    server_renew(L, push_again, runtime);
    return 0;
}

void handlers_renew(struct runtime *runtime)
{
    (void)vm_protect(runtime->vm, renew_protected, runtime, NULL);
}

int handlers_serve(struct runtime *runtime, struct sock *listener,
                   const struct rpc_handler *handler, struct rpc_reason *reason)
{
    struct serve_request serve = {runtime, handler, listener, reason, 0};
    int error = vm_protect(runtime->vm, serve_protected, &serve, NULL);
    return error < 0 ? error : serve.error;
}
