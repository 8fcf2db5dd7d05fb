/*
 * Accept loops for handlers in Lua; see server.h.
 *
 * A connection's fiber owns the reference to it until the handler is done, and then shuts it down
 * and closes it, whatever became of the handler's object.
 */
#include "binding/server.h"

#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/listening.h"
#include "binding/socket.h"
#include "binding/tally.h"
#include "net/net.h"
#include "net/server.h"
#include "net/sock.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/quota.h"
#include "util/slab.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SERVING_MAGIC = 0x73727667 };

/* Lives until its listener closes or it is stopped, and then as long as connections of its own. */
struct serving {
    unsigned magic;
    size_t references;
    int handler;     /* in the registry */
    bool shows_peer; /* the handler has a second parameter */
    bool by_name;    /* the label is the name of the handler, to be looked up again */
    struct binding *binding;
    struct server *server;
    struct sock *listener; /* the server holds the reference */
    struct list link;
    struct hash_node by_id; /* of the listener */
    struct tally *tally;
    struct quota_user *account; /* of the listener's owner, or NULL: nobody counts */
    struct quota_waiter room;   /* while the owner has as many fibers as it may */
    uint64_t origin;            /* of the handler */
    char *name, *label;
};

static void serving_unref(struct serving *serving)
{
    MAGIC_CHECK(serving, SERVING_MAGIC);
    if (--serving->references > 0)
        return;
    if (serving->tally != NULL)
        tally_put(serving->tally);
    quota_user_put(serving->account);
    free(serving->name);
    free(serving->label);
    serving->magic = 0;
    free(serving);
}

static void serving_end(struct serving *serving)
{
    struct binding *binding = serving->binding;
    luaL_unref(vm_main(binding->vm), LUA_REGISTRYINDEX, serving->handler);
    list_unlink(&serving->link);
    hash_remove(&binding->serves, &serving->by_id);
    list_unlink(&serving->room.link);
    binding->server_count--;
    serving_unref(serving);
    binding_check_idle(binding);
}

/* ---- a connection ---- */

/* What its fiber owns. The owner of the listener is charged for the fiber. */
struct visit {
    struct sock *connection;
    struct serving *serving;
    uint8_t peer[]; /* its address, packed */
};

struct arrival {
    struct serving *serving;
    struct sock *connection;
    const struct address *from;
    struct fiber *fiber;
};

static int serving_make_fiber(lua_State *L)
{
    struct arrival *arrival = lua_touserdata(L, 1);
    bool shows_peer = arrival->serving->shows_peer;
    lua_rawgeti(L, LUA_REGISTRYINDEX, arrival->serving->handler);
    socket_push_held(L, arrival->connection);
    if (shows_peer)
        socket_push_address(L, arrival->from, NULL);
    arrival->fiber = fiber_new(L, shows_peer ? 2 : 1);
    return 0;
}

/* "server/127.0.0.1:51706" */
static size_t visit_name(void *context, char name[FIBER_NAME_MAX + 1])
{
    const struct visit *visit = context;
    char text[ADDRESS_STRING_MAX];
    struct address peer;
    address_unpack(&peer, visit->peer);
    int length = snprintf(name, FIBER_NAME_MAX + 1, "%s/%s", visit->serving->name,
                          socket_address_text(&peer, text));
    return length < FIBER_NAME_MAX ? (size_t)length : FIBER_NAME_MAX;
}

static void serving_ended(struct fiber *fiber, void *context, int status);

static const struct fiber_maker serving_maker = {.ended = serving_ended, .name = visit_name};

const struct sock *server_connection(const struct fiber *fiber)
{
    const struct visit *visit = fiber_maker_context(fiber, &serving_maker);
    return visit != NULL ? visit->connection : NULL;
}

void server_describe(struct fiber *fiber, char peer[ADDRESS_STRING_MAX], struct log_about *about)
{
    const struct sock *connection = server_connection(fiber);
    *about = (struct log_about){
        .handler = fiber_name(fiber), .has_uid = true, .uid = fiber_owner(fiber)};
    if (connection == NULL)
        return;
    /* Not by sock_peer, whose failure would be the socket's errno. */
    struct sockaddr_storage found;
    struct address address;
    socklen_t length = sizeof found;
    about->socket = sock_id(connection);
    if (getpeername(sock_fd(connection), (struct sockaddr *)&found, &length) < 0)
        return;
    address_set(&address, (struct sockaddr *)&found, length);
    about->peer = socket_address_text(&address, peer);
}

static void serving_log_error(struct fiber *fiber)
{
    char peer[ADDRESS_STRING_MAX];
    struct log_about about;
    CLEANUP(freep) char *text = fiber_error_text(fiber);
    server_describe(fiber, peer, &about);
    if (text != NULL)
        log_text_about(LOG_ERROR, &about, text, strlen(text));
}

static void serving_release_charge(struct serving *serving)
{
    if (serving->account != NULL)
        quota_release(serving->account, QUOTA_FIBERS, 1);
}

static void visit_free(struct visit *visit)
{
    struct slabs *slabs = net_slabs(visit->serving->binding->net);
    visit->serving->tally->connections--;
    serving_release_charge(visit->serving);
    serving_unref(visit->serving);
    sock_unref(visit->connection);
    slabs_give(slabs, visit, sizeof *visit + address_size_of_packed(visit->peer));
}

static void serving_ended(struct fiber *fiber, void *context, int status)
{
    struct visit *visit = context;
    if (status != FIBER_ABANDONED)
        origin_unattended(vm_context(fiber_vm(fiber)), fiber);
    if (status > 0 && !fiber_ended_by_cancel(fiber)) {
        visit->serving->tally->failed++;
        serving_log_error(fiber);
    }
    if (sock_is_open(visit->connection) && !sock_is_unshared(visit->connection))
        sock_shutdown(visit->connection, SHUT_RDWR);
    sock_close(visit->connection);
    visit_free(visit);
}

static void serving_complain(const struct serving *serving, const struct sock *connection)
{
    struct log_about about = {.socket = sock_id(connection), .handler = serving->name};
    log_write_about(LOG_ERROR, &about, "%s: a connection is refused for want of memory",
                    serving->name);
}

/* Takes the charge and the connection over. NULL: no memory. */
static struct visit *visit_new(const struct arrival *arrival)
{
    struct serving *serving = arrival->serving;
    const struct address *from = arrival->from;
    struct visit *visit =
        slabs_take(net_slabs(serving->binding->net), sizeof *visit + address_packed_size(from));
    if (visit == NULL) {
        serving_release_charge(serving);
        sock_unref(arrival->connection);
        return NULL;
    }
    visit->connection = arrival->connection;
    visit->serving = serving;
    address_pack(from, visit->peer);
    serving->references++;
    serving->tally->connections++;
    serving->tally->ever++;
    return visit;
}

static void serving_begin(struct serving *serving, struct arrival *arrival)
{
    struct visit *visit = visit_new(arrival);
    if (visit == NULL)
        return;
    if (vm_protect(serving->binding->vm, serving_make_fiber, arrival, NULL) < 0) {
        serving_complain(serving, arrival->connection);
        visit_free(visit);
        return;
    }
    fiber_set_owner(arrival->fiber, sock_owner(arrival->connection));
    fiber_set_origin(arrival->fiber, serving->origin);
    fiber_set_attended(arrival->fiber);
    fiber_set_maker(arrival->fiber, &serving_maker, visit);
    fiber_start(arrival->fiber);
}

static void serving_on_room(struct quota_waiter *room)
{
    server_resume(CONTAINER_OF(room, struct serving, room)->server);
}

/* The owner has as many fibers as it may: this connection and those behind it wait in the queue. */
static void serving_rest(struct serving *serving, struct sock *connection)
{
    sock_unaccept(serving->listener, connection);
    quota_wait(serving->account, QUOTA_FIBERS, &serving->room);
    server_pause(serving->server);
}

static void serving_connection(void *context, struct sock *connection, const struct address *from)
{
    struct serving *serving = context;
    MAGIC_CHECK(serving, SERVING_MAGIC);
    struct arrival arrival = {serving, connection, from, NULL};
    if (serving->account != NULL && quota_charge(serving->account, QUOTA_FIBERS, 1) < 0)
        serving_rest(serving, connection);
    else
        serving_begin(serving, &arrival);
}

static void serving_closed(void *context)
{
    struct serving *serving = context;
    MAGIC_CHECK(serving, SERVING_MAGIC);
    serving_end(serving);
}

/* ---- the loop ---- */

static bool serving_open(struct serving *serving, const char *name, const char *label)
{
    struct binding *binding = serving->binding;
    serving->name = strdup(name);
    serving->label = strdup(label);
    serving->tally = tally_get(binding, label);
    if (binding->accounts != NULL)
        serving->account = quota_user_get(binding->accounts, sock_owner(serving->listener));
    return serving->name != NULL && serving->label != NULL && serving->tally != NULL &&
           (binding->accounts == NULL || serving->account != NULL);
}

/* Whether the handler on top of the stack can tell that it gets a second argument. */
static bool serving_shows_peer(lua_State *L)
{
    if (!lua_isfunction(L, -1) || lua_iscfunction(L, -1))
        return true;
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding_of(L)->get_info);
    lua_pushvalue(L, -2);
    lua_pushliteral(L, "u");
    lua_call(L, 2, 1);
    lua_getfield(L, -1, "nparams");
    lua_getfield(L, -2, "isvararg");
    bool shows = lua_tointeger(L, -2) > 1 || lua_toboolean(L, -1);
    lua_pop(L, 3);
    return shows;
}

/* Consumes the reference to the handler. NULL: no memory. */
static struct serving *serving_new(struct binding *binding, struct sock *listener, int handler,
                                   const char *name, const char *label)
{
    struct serving *serving = calloc(1, sizeof *serving);
    if (serving == NULL) {
        luaL_unref(vm_main(binding->vm), LUA_REGISTRYINDEX, handler);
        return NULL;
    }
    serving->magic = SERVING_MAGIC;
    serving->references = 1;
    serving->binding = binding;
    serving->listener = listener;
    serving->handler = handler;
    serving->room.fn = serving_on_room;
    list_init(&serving->room.link);
    uint64_t hash = hash_number(sock_id(listener));
    if (hash_add(&binding->serves, &serving->by_id, hash) < 0) {
        luaL_unref(vm_main(binding->vm), LUA_REGISTRYINDEX, handler);
        free(serving);
        return NULL;
    }
    list_append(&binding->servers, &serving->link);
    binding->server_count++;
    if (serving_open(serving, name, label))
        return serving;
    serving_end(serving);
    return NULL;
}

int server_serve(lua_State *L, struct sock *listener, const char *name, const char *label)
{
    static const struct server_callbacks callbacks = {serving_connection, serving_closed};
    luaL_checkstack(L, 5, NULL);
    bool shows_peer = serving_shows_peer(L);
    int handler = luaL_ref(L, LUA_REGISTRYINDEX);
    struct serving *serving = serving_new(binding_of(L), listener, handler, name, label);
    if (serving == NULL)
        return -ENOMEM;
    serving->shows_peer = shows_peer;
    serving->origin = fiber_current(L) != NULL ? fiber_origin(fiber_current(L)) : 0;
    int error = server_start(listener, &callbacks, serving, &serving->server);
    if (error < 0)
        serving_end(serving);
    return error;
}

/* ---- handlers by name ---- */

static struct serving *serving_find(const struct binding *binding, const struct sock *listener)
{
    uint64_t hash = hash_number(sock_id(listener));
    for (struct hash_node *node = hash_first(&binding->serves, hash); node;
         node = hash_next(node)) {
        struct serving *serving = CONTAINER_OF(node, struct serving, by_id);
        if (serving->listener == listener)
            return serving;
    }
    return NULL;
}

void server_set_by_name(struct binding *binding, const struct sock *listener)
{
    struct serving *serving = serving_find(binding, listener);
    serving->by_name = true;
    serving->origin = origin_present(binding);
}

void server_renew(lua_State *L, bool (*push)(lua_State *L, const char *name, void *context),
                  void *context)
{
    struct binding *binding = binding_of(L);
    LIST_FOREACH_SAFE (link, &binding->servers) {
        struct serving *serving = CONTAINER_OF(link, struct serving, link);
        if (!serving->by_name || !push(L, serving->label, context))
            continue;
        serving->shows_peer = serving_shows_peer(L);
        lua_rawseti(L, LUA_REGISTRYINDEX, serving->handler);
        serving->origin = origin_present(binding);
    }
}

const char *server_label(const struct binding *binding, const struct sock *listener)
{
    const struct serving *serving =
        sock_is_listener(listener) ? serving_find(binding, listener) : NULL;
    return serving != NULL ? serving->label : NULL;
}

void server_stop_all(struct binding *binding)
{
    while (!list_empty(&binding->servers)) {
        struct serving *serving = CONTAINER_OF(binding->servers.next, struct serving, link);
        server_stop(serving->server);
        serving_end(serving);
    }
}

/* serve(listener, handler, name): nil; or the sentence of what went wrong */
static int server_lua_serve(lua_State *L)
{
    struct sock *listener = socket_check(L);
    const char *name = luaL_checkstring(L, 3);
    listening_enlist(L, listener);
    lua_pushvalue(L, 2);
    int error = failure_note(L, server_serve(L, listener, name, name));
    if (error < 0)
        failure_push_text(L, error);
    else
        lua_pushnil(L);
    return 1;
}

/* claim(host, port): the listener there of the scripts that are being replaced, or nil */
static int server_lua_claim(lua_State *L)
{
    const char *host = socket_text(L, 1), *port = socket_port(L, 2);
    struct fiber *fiber = fiber_current(L);
    struct socket_handle *handle = socket_push(L);
    struct address address;
    struct sock *heir;
    if (fiber != NULL && address_parse(&address, AF_UNSPEC, host, port) == 0 &&
        listening_claim(fiber, &address, &heir))
        socket_adopt(L, handle, heir);
    else
        lua_pushnil(L);
    return 1;
}

/* enlist(listener): one that the running script made */
static int server_lua_enlist(lua_State *L)
{
    listening_enlist(L, socket_check(L));
    return 0;
}

void server_open(lua_State *L, int internals)
{
    lua_getglobal(L, "debug");
    lua_getfield(L, -1, "getinfo");
    binding_of(L)->get_info = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pop(L, 1);
    lua_pushcfunction(L, server_lua_serve);
    lua_setfield(L, internals, "serve");
    lua_pushcfunction(L, server_lua_claim);
    lua_setfield(L, internals, "claim");
    lua_pushcfunction(L, server_lua_enlist);
    lua_setfield(L, internals, "enlist");
}
