/*
 * Channels: queues of values between fibers; see lua/channel.lua for what waits.
 *
 * A value that is put goes to the fiber that has waited longest to get one, or into the channel if
 * it has room; else whoever puts it waits with it. A fiber that waits is told what came of it in a
 * userdata, its wait, which stands in the channel's queue: so it keeps its place when something
 * else wakes the fiber, and what it was given when it is cancelled afterwards.
 *
 * All values are in one table, the channel's environment: those in the channel by their slot, those
 * of waits by the wait's address. It also keeps the channel alive, since waits have it as theirs.
 */
#include "binding/channel.h"

#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/sync.h"
#include "util/list.h"

#include <lauxlib.h>

static const struct sync_type channel_type = {"fiber.channel"};
static const struct sync_type channel_wait_type = {"fiber.channel.wait"};

struct channel {
    int size, count;
    int first; /* slot of the oldest, from 0 */
    bool closed;
    struct list readers, writers; /* of waits */
};

struct channel_wait {
    struct list link;
    uint64_t fiber, deadline;
    bool writes;
    bool ended;   /* it is known what came of it */
    bool success; /* the value was handed over */
};

/* ---- values ---- */

/* Keeps the value on top of the stack, which is popped, in a slot of the channel at `index`. */
static void channel_store(lua_State *L, int index, int slot)
{
    lua_getfenv(L, index);
    lua_insert(L, -2);
    lua_rawseti(L, -2, slot + 1);
    lua_pop(L, 1);
}

/* Pushes it, and forgets it. */
static void channel_take(lua_State *L, int index, int slot)
{
    lua_getfenv(L, index);
    lua_rawgeti(L, -1, slot + 1);
    lua_pushnil(L);
    lua_rawseti(L, -3, slot + 1);
    lua_remove(L, -2);
}

/* The same for the value of a wait. */
static void channel_store_for(lua_State *L, int index, const struct channel_wait *wait)
{
    lua_getfenv(L, index);
    lua_pushlightuserdata(L, (void *)(uintptr_t)wait);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

static void channel_take_from(lua_State *L, int index, const struct channel_wait *wait)
{
    lua_getfenv(L, index);
    lua_pushlightuserdata(L, (void *)(uintptr_t)wait);
    lua_rawget(L, -2);
    lua_pushlightuserdata(L, (void *)(uintptr_t)wait);
    lua_pushnil(L);
    lua_rawset(L, -4);
    lua_remove(L, -2);
}

/* ---- waits ---- */

/* Its fiber learns of it when its turn comes. */
static void channel_end_wait(lua_State *L, struct channel_wait *wait, bool success)
{
    list_unlink(&wait->link);
    wait->ended = true;
    wait->success = success;
    struct fiber *fiber = fiber_find(vm_of(L), wait->fiber);
    if (fiber != NULL)
        fiber_wakeup(fiber);
}

/* The first of a queue whose fiber still lives. */
static struct channel_wait *channel_first(lua_State *L, struct list *queue)
{
    for (struct list *link; (link = list_first(queue)) != NULL; list_unlink(link)) {
        struct channel_wait *wait = CONTAINER_OF(link, struct channel_wait, link);
        if (fiber_find(vm_of(L), wait->fiber) != NULL)
            return wait;
    }
    return NULL;
}

/* A wait at the end of the queue, on top of the stack; NULL if there is no time to wait, or nobody
 * can here. */
static struct channel_wait *channel_wait_new(lua_State *L, struct list *queue, uint64_t deadline)
{
    fiber_test_cancel(L);
    if (deadline <= loop_now())
        return NULL;
    if (!fiber_may_wait(L))
        failure_throw(L, "cannot wait here: called from within a C function");
    struct channel_wait *wait = sync_new(L, &channel_wait_type, sizeof *wait);
    list_init(&wait->link);
    lua_getfenv(L, 1);
    lua_setfenv(L, -2);
    wait->fiber = fiber_id(fiber_current(L));
    wait->deadline = deadline;
    list_append(queue, &wait->link);
    return wait;
}

/* Of one whose fiber was stopped by an error before it had the result. */
static int channel_wait_gc(lua_State *L)
{
    list_unlink(&((struct channel_wait *)lua_touserdata(L, 1))->link);
    return 0;
}

/* park(wait): until it may have ended. */
static int channel_park(lua_State *L)
{
    const struct channel_wait *wait = sync_check(L, &channel_wait_type, "park(wait)");
    return wait->ended ? 0 : fiber_wait_in(L, NULL, wait->deadline);
}

/* settle(wait): false, or true and the result of the call that waits. */
static int channel_settle(lua_State *L)
{
    struct channel_wait *wait = sync_check(L, &channel_wait_type, "settle(wait)");
    lua_settop(L, 1);
    if (!wait->ended) {
        bool late = wait->deadline <= loop_now();
        if (late || fiber_is_cancelled(fiber_current(L))) {
            list_unlink(&wait->link);
            channel_take_from(L, 1, wait);
            fiber_test_cancel(L);
        }
        wait->ended = late;
    }
    lua_pushboolean(L, wait->ended);
    if (wait->writes)
        lua_pushboolean(L, wait->success);
    else
        channel_take_from(L, 1, wait);
    return 2;
}

/* ---- methods ---- */

static const char channel_put_usage[] = "channel:put(var [, timeout])";
static const char channel_get_usage[] = "channel:get([timeout])";

static int channel_slot(const struct channel *channel, int index)
{
    return (int)(((int64_t)channel->first + index) % channel->size);
}

/* Into the channel, or to who waits for it; the value is argument 2. */
static bool channel_try_put(lua_State *L, struct channel *channel)
{
    struct channel_wait *reader = channel_first(L, &channel->readers);
    if (reader == NULL && channel->count == channel->size)
        return false;
    lua_pushvalue(L, 2);
    if (reader != NULL) {
        channel_store_for(L, 1, reader);
        channel_end_wait(L, reader, true);
    } else {
        channel_store(L, 1, channel_slot(channel, channel->count));
        channel->count++;
    }
    return true;
}

/* put(channel, value[, timeout]): whether it went, or a wait. */
static int channel_put(lua_State *L)
{
    struct channel *channel = sync_check(L, &channel_type, channel_put_usage);
    if (lua_gettop(L) < 2)
        return failure_throw(L, "usage: %s", channel_put_usage);
    uint64_t deadline = sync_deadline(L, 3, channel_put_usage);
    bool done = !channel->closed && channel_try_put(L, channel);
    if (done || channel->closed) {
        lua_pushboolean(L, done);
        return 1;
    }
    struct channel_wait *wait = channel_wait_new(L, &channel->writers, deadline);
    if (wait == NULL) {
        lua_pushboolean(L, false);
        return 1;
    }
    wait->writes = true;
    lua_pushvalue(L, 2);
    channel_store_for(L, 1, wait);
    return 1;
}

/* The oldest value, pushed. There is room then for what the first writer waits with. */
static void channel_pop(lua_State *L, struct channel *channel)
{
    channel_take(L, 1, channel->first);
    channel->first = channel_slot(channel, 1);
    channel->count--;
    struct channel_wait *writer = channel_first(L, &channel->writers);
    if (writer == NULL)
        return;
    channel_take_from(L, 1, writer);
    channel_store(L, 1, channel_slot(channel, channel->count));
    channel->count++;
    channel_end_wait(L, writer, true);
}

static bool channel_try_get(lua_State *L, struct channel *channel)
{
    if (channel->count > 0) {
        channel_pop(L, channel);
        return true;
    }
    struct channel_wait *writer = channel_first(L, &channel->writers);
    if (writer == NULL)
        return false;
    channel_take_from(L, 1, writer);
    channel_end_wait(L, writer, true);
    return true;
}

/* get(channel[, timeout]): true and the value, nil if there is none; or false and a wait. */
static int channel_get(lua_State *L)
{
    struct channel *channel = sync_check(L, &channel_type, channel_get_usage);
    uint64_t deadline = sync_deadline(L, 2, channel_get_usage);
    lua_settop(L, 1);
    lua_pushboolean(L, true);
    if (channel_try_get(L, channel))
        return 2;
    if (!channel->closed && channel_wait_new(L, &channel->readers, deadline) != NULL) {
        lua_pushboolean(L, false);
        lua_replace(L, 2);
    } else {
        lua_pushnil(L);
    }
    return 2;
}

/* What is in it is gone, and nobody waits any longer. */
static int channel_close(lua_State *L)
{
    struct channel *channel = sync_check(L, &channel_type, "channel:close()");
    channel->closed = true;
    for (; channel->count > 0; channel->count--) {
        channel_take(L, 1, channel->first);
        lua_pop(L, 1);
        channel->first = channel_slot(channel, 1);
    }
    for (struct channel_wait *wait; (wait = channel_first(L, &channel->writers)) != NULL;) {
        channel_take_from(L, 1, wait);
        lua_pop(L, 1);
        channel_end_wait(L, wait, false);
    }
    for (struct channel_wait *wait; (wait = channel_first(L, &channel->readers)) != NULL;)
        channel_end_wait(L, wait, false);
    return 0;
}

static int channel_is_closed(lua_State *L)
{
    const struct channel *channel = sync_check(L, &channel_type, "channel:is_closed()");
    lua_pushboolean(L, channel->closed);
    return 1;
}

static int channel_is_full(lua_State *L)
{
    const struct channel *channel = sync_check(L, &channel_type, "channel:is_full()");
    lua_pushboolean(L, channel->count == channel->size);
    return 1;
}

static int channel_is_empty(lua_State *L)
{
    const struct channel *channel = sync_check(L, &channel_type, "channel:is_empty()");
    lua_pushboolean(L, channel->count == 0);
    return 1;
}

static int channel_size(lua_State *L)
{
    const struct channel *channel = sync_check(L, &channel_type, "channel:size()");
    lua_pushinteger(L, channel->size);
    return 1;
}

static int channel_count(lua_State *L)
{
    const struct channel *channel = sync_check(L, &channel_type, "channel:count()");
    lua_pushinteger(L, channel->count);
    return 1;
}

static int channel_has_readers(lua_State *L)
{
    struct channel *channel = sync_check(L, &channel_type, "channel:has_readers()");
    lua_pushboolean(L, channel_first(L, &channel->readers) != NULL);
    return 1;
}

static int channel_has_writers(lua_State *L)
{
    struct channel *channel = sync_check(L, &channel_type, "channel:has_writers()");
    lua_pushboolean(L, channel_first(L, &channel->writers) != NULL);
    return 1;
}

static int channel_tostring(lua_State *L)
{
    const struct channel *channel = sync_check(L, &channel_type, "tostring(channel)");
    if (channel->closed)
        lua_pushliteral(L, "channel: closed");
    else
        lua_pushfstring(L, "channel: %d", channel->count);
    return 1;
}

/* ---- opening ---- */

/* channel([size]) */
static int channel_new(lua_State *L)
{
    if (!lua_isnoneornil(L, 1) && !lua_isnumber(L, 1))
        return failure_throw(L, "fiber.channel(size): bad arguments");
    lua_Number size = lua_tonumber(L, 1);
    if (size < 0)
        return failure_throw(L, "fiber.channel(size): negative size");
    struct channel *channel = sync_new(L, &channel_type, sizeof *channel);
    channel->size = size < INT32_MAX ? (int)size : INT32_MAX;
    list_init(&channel->readers);
    list_init(&channel->writers);
    lua_newtable(L);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "channel");
    lua_setfenv(L, -2);
    return 1;
}

void channel_open(lua_State *L, int internals)
{
    static const luaL_Reg methods[] = {
        {"close", channel_close},
        {"count", channel_count},
        {"get", channel_get},
        {"has_readers", channel_has_readers},
        {"has_writers", channel_has_writers},
        {"is_closed", channel_is_closed},
        {"is_empty", channel_is_empty},
        {"is_full", channel_is_full},
        {"put", channel_put},
        {"size", channel_size},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__tostring", channel_tostring}, {NULL, NULL}};
    static const luaL_Reg waiting[] = {
        {"park", channel_park},
        {"settle", channel_settle},
        {NULL, NULL},
    };
    static const luaL_Reg wait_metamethods[] = {{"__gc", channel_wait_gc}, {NULL, NULL}};
    sync_define(L, &channel_wait_type, waiting, wait_metamethods);
    sync_define(L, &channel_type, methods, metamethods);
    lua_setfield(L, -2, "methods");
    lua_pushcfunction(L, channel_new);
    lua_setfield(L, -2, "new");
    lua_setfield(L, internals, "channel");
}
