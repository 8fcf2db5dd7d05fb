/*
 * Socket methods that may wait. Each checks its arguments, starts an operation, and says how the
 * results are pushed.
 */
#include "binding/failure.h"
#include "binding/flags.h"
#include "binding/socket.h"
#include "binding/wait.h"
#include "fiber/fiber.h"
#include "fiber/vm.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

/* What sysread() reads at most when it is not told. */
#define SOCKET_SYSREAD (64 << 10)

/* ---- arguments ---- */

size_t socket_size(lua_State *L, int index, const char *method)
{
    lua_Number limit = luaL_checknumber(L, index);
    if (limit < 0 || isnan(limit))
        failure_throw(L, "socket:%s(): %s can not be %s", method,
                      strcmp(method, "sysread") == 0 ? "size" : "limit",
                      isnan(limit) ? "nan" : "negative");
    return limit < 9e15 ? (size_t)limit : OP_READ_ALL;
}

int socket_take_flags(lua_State *L, int index, struct sock *sock, int *out)
{
    int error = flags_take(L, index, message_flags, out);
    return error < 0 ? sock_fail(sock, error) : 0;
}

static const char *socket_data(lua_State *L, const char *method, size_t *length)
{
    const char *data = lua_tolstring(L, 2, length);
    if (data == NULL)
        failure_throw(L, "Usage: socket:%s(data)", method);
    return data;
}

/* LuaJIT's, which lua.h has no name for. */
enum { TYPE_CDATA = LUA_TTHREAD + 2 };

/* The address that a cdata stands for, by way of lua/socket.lua; NULL if it is a number, and where
 * ffi is not. Beyond half of them all there is no address of ours. */
static void *socket_pointer(lua_State *L, int index)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "sockd.pointer");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return NULL;
    }
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    lua_Number address = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return address < (lua_Number)INT64_MAX ? (void *)(uintptr_t)address : NULL;
}

/* ---- results ---- */

static int socket_push_sent(lua_State *L, struct op *op)
{
    if (op->status < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (lua_Number)op->out.sent);
    return 1;
}

static int socket_push_written(lua_State *L, struct op *op)
{
    if (op->status < 0)
        lua_pushnil(L);
    lua_pushnumber(L, (lua_Number)op->out.sent);
    return op->status < 0 ? 2 : 1;
}

static int socket_push_data(lua_State *L, struct op *op)
{
    if (op->status < 0) {
        lua_pushnil(L);
        return 1;
    }
    vm_push_bytes(L, op->in.data, op->in.length);
    op_consume(op);
    return 1;
}

static int socket_push_received(lua_State *L, struct op *op)
{
    if (op->status < 0) {
        lua_pushliteral(L, "");
        return failure_full(L, op->status);
    }
    vm_push_bytes(L, op->in.data, op->in.length);
    if (op->eof)
        lua_pushliteral(L, "eof");
    op_consume(op);
    return op->eof ? 2 : 1;
}

/* Of sysread(pointer, size): what was read goes there. */
static int socket_push_copied(lua_State *L, struct op *op)
{
    const struct wait *wait = CONTAINER_OF(op, struct wait, op);
    if (op->status < 0) {
        lua_pushnil(L);
        return 1;
    }
    memcpy((void *)(uintptr_t)wait->delimiter.data, op->in.data, op->in.length);
    lua_pushnumber(L, (lua_Number)op->in.length);
    op_consume(op);
    return 1;
}

/* ---- sending ---- */

static int socket_send(lua_State *L)
{
    size_t length;
    struct sock *sock = socket_check(L);
    const char *data = socket_data(L, "send", &length);
    struct wait spare, *wait = wait_begin(L, &spare);
    int flags;
    int error = socket_take_flags(L, 3, sock, &flags);
    if (error < 0)
        return failure_nil(L, error);
    op_send(&wait->op, sock, data, length, flags);
    return wait_run(L, wait, LOOP_NEVER, socket_push_sent);
}

/* What cannot be gathered. */
COLD static int socket_write_now(lua_State *L, struct sock *sock, const void *data, size_t length,
                                 uint64_t deadline)
{
    struct wait spare, *wait = wait_begin(L, &spare);
    op_write(&wait->op, sock, data, length);
    return wait_run(L, wait, deadline, socket_push_written);
}

static int socket_write(lua_State *L)
{
    size_t length;
    struct sock *sock = socket_check_quickly(L);
    const char *data = socket_data(L, "write", &length);
    uint64_t deadline = socket_deadline(L, 3);
    struct fiber *fiber = fiber_current(L);
    if (fiber != NULL && sock_gather(sock, data, length)) {
        lua_pushnumber(L, (lua_Number)length);
        return wait_done_at_once(L, fiber, 1);
    }
    return socket_write_now(L, sock, data, length, deadline);
}

static int socket_syswrite(lua_State *L)
{
    size_t length;
    struct sock *sock = socket_check(L);
    const void *data = lua_type(L, 2) == TYPE_CDATA ? socket_pointer(L, 2) : NULL;
    if (data != NULL && lua_isnumber(L, 3))
        length = socket_size(L, 3, "syswrite");
    else if (data == NULL && lua_type(L, 2) == LUA_TSTRING)
        data = lua_tolstring(L, 2, &length);
    else
        return failure_throw(L,
                             "Usage: socket:syswrite(data) or socket:syswrite(const char *, size)");
    struct wait spare, *wait = wait_begin(L, &spare);
    op_syswrite(&wait->op, sock, data, length);
    return wait_run(L, wait, LOOP_NEVER, socket_push_sent);
}

/* ---- receiving ---- */

static int socket_recv(lua_State *L)
{
    struct sock *sock = socket_check(L);
    size_t size = lua_isnoneornil(L, 2) ? OP_RECV_ANY : socket_size(L, 2, "recv");
    int flags;
    int error = socket_take_flags(L, 3, sock, &flags);
    if (error < 0) {
        lua_pushliteral(L, "");
        return failure_full(L, error);
    }
    struct wait spare, *wait = wait_begin(L, &spare);
    op_recv(&wait->op, sock, size, flags);
    return wait_run(L, wait, LOOP_NEVER, socket_push_received);
}

static int socket_sysread(lua_State *L)
{
    struct sock *sock = socket_check_quickly(L);
    int type = lua_type(L, 2);
    void *pointer = type == TYPE_CDATA ? socket_pointer(L, 2) : NULL;
    size_t size = SOCKET_SYSREAD;
    if (pointer != NULL)
        size = socket_size(L, 3, "sysread");
    else if (type > LUA_TNIL)
        size = socket_size(L, 2, "sysread");
    struct wait spare, *wait = wait_begin(L, &spare);
    wait->delimiter.data = pointer;
    op_sysread(&wait->op, sock, size);
    return wait_run(L, wait, LOOP_NEVER, pointer != NULL ? socket_push_copied : socket_push_data);
}

static int socket_read_usage(lua_State *L)
{
    return failure_throw(L, "Usage: s:read(delimiter|chunk|{delimiter = x, chunk = x}, timeout)");
}

/* A string that must stay where it is. An empty one is found at once. */
static void socket_take_string(lua_State *L, int index, struct read_what *what, struct slice *slice)
{
    slice->data = lua_tolstring(L, index, &slice->length);
    if (slice->length == 0)
        what->limit = 0;
}

/* The same of what may be something else, at the top of the stack. */
static void socket_take_delimiter(lua_State *L, struct read_what *what, struct slice *slice)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        socket_read_usage(L);
    socket_take_string(L, -1, what, slice);
}

static void socket_set_delimiter(struct read_what *what, struct wait *wait)
{
    what->delimiters = &wait->delimiter;
    what->delimiter_count = 1;
}

static void socket_take_delimiters(lua_State *L, struct read_what *what, struct wait *wait)
{
    if (!lua_istable(L, -1)) {
        socket_take_delimiter(L, what, &wait->delimiter);
        socket_set_delimiter(what, wait);
        return;
    }
    /* The strings live in the list, which a careless script may change: keep them. */
    int count = (int)lua_objlen(L, -1), list = lua_gettop(L);
    luaL_checkstack(L, count + 2, "too many delimiters");
    struct slice *slices = lua_newuserdata(L, (size_t)(count + 1) * sizeof *slices);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, list, i + 1);
        socket_take_delimiter(L, what, &slices[i]);
    }
    what->delimiters = slices;
    what->delimiter_count = (uint32_t)count;
}

/* The first of the fields that is there is pushed. */
static bool socket_get_option(lua_State *L, const char *const *names)
{
    for (; *names != NULL; names++) {
        lua_getfield(L, 2, *names);
        if (!lua_isnil(L, -1))
            return true;
        lua_pop(L, 1);
    }
    return false;
}

static void socket_take_options(lua_State *L, struct read_what *what, struct wait *wait)
{
    static const char *const limits[] = {"limit", "chunk", "size", NULL};
    static const char *const delimiters[] = {"delimiter", "line", NULL};
    if (socket_get_option(L, limits)) {
        if (!lua_isnumber(L, -1))
            socket_read_usage(L);
        what->limit = socket_size(L, -1, "read");
    }
    if (socket_get_option(L, delimiters))
        socket_take_delimiters(L, what, wait);
}

static void socket_take_what(lua_State *L, struct read_what *what, struct wait *wait)
{
    switch (lua_type(L, 2)) {
    case LUA_TNUMBER:
        what->limit = socket_size(L, 2, "read");
        break;
    case LUA_TSTRING:
        socket_take_string(L, 2, what, &wait->delimiter);
        socket_set_delimiter(what, wait);
        break;
    case LUA_TTABLE:
        socket_take_options(L, what, wait);
        break;
    default:
        socket_read_usage(L);
    }
}

/* A line that is read ahead, as those of pipelined requests are, needs no start and no clock. */
static bool socket_line_is_ahead(struct wait *wait, struct sock *sock, const struct read_what *what)
{
    return wait_fiber(wait) != NULL && what->delimiters == &wait->delimiter &&
           what->limit == OP_READ_ALL && op_read_ahead(&wait->op, sock, &wait->delimiter);
}

static int socket_read(lua_State *L)
{
    struct sock *sock = socket_check_quickly(L);
    uint64_t deadline = socket_deadline(L, 3);
    struct wait spare, *wait = wait_begin(L, &spare);
    struct read_what what = {.limit = OP_READ_ALL};
    socket_take_what(L, &what, wait);
    if (socket_line_is_ahead(wait, sock, &what))
        return wait_complete(L, wait, socket_push_data);
    op_read(&wait->op, sock, &what);
    return wait_run(L, wait, deadline, socket_push_data);
}

/* ---- connecting ---- */

static int socket_push_connected(lua_State *L, struct op *op)
{
    lua_pushboolean(L, op->status == 0);
    return 1;
}

static int socket_sysconnect(lua_State *L)
{
    struct sock *sock = socket_check(L);
    struct address address;
    int error = socket_parse_address(L, 2, sock, &address);
    if (error < 0)
        return failure_or_true(L, error);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_connect(&wait->op, sock, &address);
    return wait_run(L, wait, LOOP_NEVER, socket_push_connected);
}

static int socket_push_accepted(lua_State *L, struct op *op)
{
    if (op->status < 0) {
        lua_pushnil(L);
        return 1;
    }
    struct socket_handle *handle = socket_push(L);
    socket_push_address(L, op->made.from, NULL);
    socket_adopt(L, handle, op_take_sock(op));
    return 2;
}

static int socket_accept(lua_State *L)
{
    struct sock *sock = socket_check(L);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_accept(&wait->op, sock);
    return wait_run(L, wait, LOOP_NEVER, socket_push_accepted);
}

/* ---- readiness ---- */

static int socket_push_ready(lua_State *L, struct op *op)
{
    lua_pushboolean(L, op->status == 0);
    return 1;
}

static int socket_push_activity(lua_State *L, struct op *op)
{
    static const char *const names[] = {"", "R", "W", "RW"};
    unsigned got = op->status == 0 ? op->ready.got : 0;
    lua_pushstring(L, names[got & (LOOP_READ | LOOP_WRITE)]);
    return 1;
}

static int socket_await(lua_State *L, unsigned want, wait_push_fn *push)
{
    struct sock *sock = socket_check(L);
    uint64_t deadline = socket_deadline(L, 2);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_wait(&wait->op, sock, want);
    return wait_run(L, wait, deadline, push);
}

static int socket_readable(lua_State *L)
{
    return socket_await(L, LOOP_READ, socket_push_ready);
}

static int socket_writable(lua_State *L)
{
    return socket_await(L, LOOP_WRITE, socket_push_ready);
}

static int socket_wait(lua_State *L)
{
    return socket_await(L, LOOP_READ | LOOP_WRITE, socket_push_activity);
}

const luaL_Reg socket_io_methods[] = {
    {"accept", socket_accept},     {"read", socket_read},         {"readable", socket_readable},
    {"recv", socket_recv},         {"send", socket_send},         {"sysconnect", socket_sysconnect},
    {"sysread", socket_sysread},   {"syswrite", socket_syswrite}, {"wait", socket_wait},
    {"writable", socket_writable}, {"write", socket_write},       {NULL, NULL},
};
