/*
 * Methods of sockets that get and set options, with values of natural types.
 */
#include "net/option.h"

#include "binding/failure.h"
#include "binding/number.h"
#include "binding/socket.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* ---- which option ---- */

/* A name of a level or its number; -EPROTOTYPE, -EINVAL, -ENOPROTOOPT for a number of none. */
static int option_take_level(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TNUMBER) {
        int number = number_to_int(L, 2);
        return number >= 0 ? number : -ENOPROTOOPT;
    }
    if (lua_type(L, 2) != LUA_TSTRING)
        return -EINVAL;
    const char *name = socket_text(L, 2);
    int level = name != NULL ? option_level(name) : -1;
    return level >= 0 ? level : -EPROTOTYPE;
}

/*
 * The option of arguments 2 and 3, which may be `spare`: a number that the table does not know is
 * an integer option. Throws for an unknown name. A result.
 */
static int option_take(lua_State *L, struct sock *sock, struct option *spare,
                       const struct option **out)
{
    int level = option_take_level(L);
    if (level < 0) {
        sock_fail(sock, level);
        return level;
    }
    if (lua_type(L, 3) == LUA_TNUMBER) {
        int number = number_to_int(L, 3);
        *spare = (struct option){"", level, number, OPTION_INTEGER, true, false};
        *out = option_find_number(level, number);
        if (*out == NULL)
            *out = spare;
        return 0;
    }
    if (lua_type(L, 3) != LUA_TSTRING)
        return failure_throw(L, "Unknown socket option name: %s",
                             lua_isnoneornil(L, 3) ? "nil" : luaL_typename(L, 3));
    const char *name = socket_text(L, 3);
    *out = name != NULL ? option_find(level, name) : NULL;
    if (*out == NULL)
        return failure_throw(L, "Unknown socket option name: %s", lua_tostring(L, 3));
    return 0;
}

/* ---- values ---- */

static int option_expected(lua_State *L, const struct option *option, const char *what)
{
    return failure_throw(L, "setsockopt: %s: expected %s, got %s", option->name, what,
                         luaL_typename(L, 4));
}

static void option_copy_text(lua_State *L, int index, char out[64])
{
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    if (text == NULL || length > 63 || memchr(text, 0, length) != NULL)
        failure_throw(L, "setsockopt: expected a name of less than 64 bytes");
    memcpy(out, text, length + 1);
}

/* A group alone, or {address, interface}. */
static void option_take_group(lua_State *L, const struct option *option, struct option_value *value)
{
    if (lua_type(L, 4) == LUA_TSTRING) {
        option_copy_text(L, 4, value->group.address);
        return;
    }
    if (!lua_istable(L, 4))
        option_expected(L, option, "an address or {address, interface}");
    lua_rawgeti(L, 4, 1);
    option_copy_text(L, -1, value->group.address);
    lua_rawgeti(L, 4, 2);
    if (!lua_isnil(L, -1))
        option_copy_text(L, -1, value->group.interface);
    lua_pop(L, 2);
}

/* The options are C's int, signed or not; set_integer refuses what is beyond, which what is not
 * whole counts as. */
static int64_t option_take_integer(lua_State *L)
{
    lua_Number number = lua_tonumber(L, 4);
    bool fits = fabs(number) <= UINT32_MAX && number == floor(number);
    return fits ? (int64_t)number : INT64_MAX;
}

static void option_take_value(lua_State *L, const struct option *option, struct option_value *value)
{
    *value = (struct option_value){0};
    switch (option->type) {
    case OPTION_INTEGER:
    case OPTION_INTERFACE:
        if (lua_type(L, 4) == LUA_TBOOLEAN)
            value->integer = lua_toboolean(L, 4);
        else if (lua_isnumber(L, 4))
            value->integer = option_take_integer(L);
        else
            option_expected(L, option, "a number or a boolean");
        break;
    case OPTION_SECONDS:
        if (!lua_isnumber(L, 4))
            option_expected(L, option, "seconds");
        value->seconds = lua_tonumber(L, 4);
        break;
    case OPTION_TEXT:
        if (!lua_isstring(L, 4))
            option_expected(L, option, "a string");
        option_copy_text(L, 4, value->text);
        break;
    case OPTION_GROUP:
        option_take_group(L, option, value);
        break;
    case OPTION_CREDENTIALS:
    case OPTION_TCP_INFO:
    case OPTION_LINGER:
        break;
    }
}

static void option_set_field(lua_State *L, const char *name, double number)
{
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

static void option_push_credentials(lua_State *L, const struct ucred *credentials)
{
    lua_createtable(L, 0, 3);
    option_set_field(L, "pid", credentials->pid);
    option_set_field(L, "uid", credentials->uid);
    option_set_field(L, "gid", credentials->gid);
}

static void option_push_tcp_info(lua_State *L, const struct tcp_info *info)
{
#define FIELD(name) option_set_field(L, #name, (double)info->tcpi_##name)
    lua_createtable(L, 0, 32);
    FIELD(state), FIELD(ca_state), FIELD(retransmits), FIELD(probes), FIELD(backoff);
    FIELD(options), FIELD(snd_wscale), FIELD(rcv_wscale), FIELD(rto), FIELD(ato);
    FIELD(snd_mss), FIELD(rcv_mss), FIELD(unacked), FIELD(sacked), FIELD(lost);
    FIELD(retrans), FIELD(fackets), FIELD(last_data_sent), FIELD(last_ack_sent);
    FIELD(last_data_recv), FIELD(last_ack_recv), FIELD(pmtu), FIELD(rcv_ssthresh), FIELD(rtt);
    FIELD(rttvar), FIELD(snd_ssthresh), FIELD(snd_cwnd), FIELD(advmss), FIELD(reordering);
    FIELD(rcv_rtt), FIELD(rcv_space), FIELD(total_retrans), FIELD(pacing_rate);
    FIELD(max_pacing_rate), FIELD(bytes_acked), FIELD(bytes_received), FIELD(segs_out);
    FIELD(segs_in), FIELD(notsent_bytes), FIELD(min_rtt), FIELD(data_segs_in);
    FIELD(data_segs_out), FIELD(delivery_rate), FIELD(bytes_sent), FIELD(bytes_retrans);
#undef FIELD
}

static void option_push_value(lua_State *L, const struct option *option,
                              const struct option_value *value)
{
    switch (option->type) {
    case OPTION_INTEGER:
    case OPTION_INTERFACE:
        lua_pushnumber(L, (lua_Number)value->integer);
        break;
    case OPTION_SECONDS:
        lua_pushnumber(L, value->seconds);
        break;
    case OPTION_TEXT:
        lua_pushstring(L, value->text);
        break;
    case OPTION_CREDENTIALS:
        option_push_credentials(L, &value->credentials);
        break;
    case OPTION_TCP_INFO:
        option_push_tcp_info(L, &value->tcp_info);
        break;
    case OPTION_LINGER:
    case OPTION_GROUP:
        lua_pushnil(L);
        break;
    }
}

/* ---- methods ---- */

/* sock:setsockopt(level, name, value) */
static int socket_setsockopt(lua_State *L)
{
    struct sock *sock = socket_check(L);
    struct option spare;
    const struct option *option;
    int error = option_take(L, sock, &spare, &option);
    if (error < 0)
        return failure_or_true(L, error);
    if (!option->writable)
        return failure_throw(L, "Socket option %s is read only", option->name);
    struct option_value value;
    option_take_value(L, option, &value);
    return failure_or_true(L, sock_set_option(sock, option, &value));
}

/* sock:getsockopt(level, name) */
static int socket_getsockopt(lua_State *L)
{
    struct sock *sock = socket_check(L);
    struct option spare;
    const struct option *option;
    int error = option_take(L, sock, &spare, &option);
    if (error < 0)
        return failure_nil(L, error);
    if (option->type == OPTION_LINGER)
        return failure_throw(L, "Use s:linger()");
    struct option_value value;
    error = sock_get_option(sock, option, &value);
    if (error < 0)
        return failure_nil(L, error);
    failure_note(L, 0);
    option_push_value(L, option, &value);
    return 1;
}

/* sock:linger([active[, timeout]]) */
static int socket_linger(lua_State *L)
{
    struct sock *sock = socket_check(L);
    bool active;
    int seconds;
    int error;
    if (lua_isnoneornil(L, 2)) {
        error = sock_get_linger(sock, &active, &seconds);
    } else {
        active = lua_type(L, 2) == LUA_TNUMBER ? lua_tonumber(L, 2) != 0 : lua_toboolean(L, 2);
        lua_Number wanted = luaL_optnumber(L, 3, 0);
        seconds = wanted >= 0 && wanted <= INT_MAX ? (int)wanted : -1; /* none, which is refused */
        error = sock_set_linger(sock, active, seconds);
    }
    if (error < 0)
        return failure_nil(L, error);
    failure_note(L, 0);
    lua_pushboolean(L, active);
    lua_pushinteger(L, seconds);
    return 2;
}

const luaL_Reg socket_option_methods[] = {
    {"getsockopt", socket_getsockopt},
    {"linger", socket_linger},
    {"setsockopt", socket_setsockopt},
    {NULL, NULL},
};

/* ---- the table of options, for socket.internal ---- */

static int option_kind(const struct option *option)
{
    switch (option->type) {
    case OPTION_TEXT:
        return 2;
    case OPTION_LINGER:
    case OPTION_TCP_INFO:
        return 0;
    default:
        return 1;
    }
}

/* Pushes {[level] = {[name] = {type =, iname =, rw =}}}, the shape that Tarantool's has. */
void socket_push_options(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; i < options_count; i++) {
        const struct option *option = &options_all[i];
        lua_rawgeti(L, -1, option->level);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_newtable(L);
            lua_pushvalue(L, -1);
            lua_rawseti(L, -3, option->level);
        }
        lua_createtable(L, 0, 3);
        option_set_field(L, "type", option_kind(option));
        option_set_field(L, "iname", option->number);
        lua_pushboolean(L, option->writable);
        lua_setfield(L, -2, "rw");
        lua_setfield(L, -2, option->name);
        lua_pop(L, 1);
    }
}
