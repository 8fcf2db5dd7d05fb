/* The methods that get and set options of sockets, with values of natural types: setsockopt,
 * getsockopt, linger. */
#include "net/option.h"

#include "net/sock.h"
#include "protocol/limits.h"
#include "rpc/access.h"
#include "rpc/method/method.h"
#include "rpc/method/symbols.h"
#include "util/error.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- which option ---- */

static int unknown_option(struct rpc_call *call, const struct arg_bytes *name)
{
    int length = name->size < 40 ? (int)name->size : 40;
    for (int i = 0; i < length; i++)
        if (name->data[i] < 0x20 || name->data[i] > 0x7e)
            length = 0;
    return call_fail(call, -ENOPROTOOPT, "%s: name: that level has no option \"%.*s\"",
                     call->method->name, length, name->data);
}

/* A number that the table does not know is an integer option. What it lends, and what asking for it
 * does (SO_PEERPIDFD opens a descriptor), is not known either. */
static int find_by_number(struct rpc_call *call, int level, int64_t number, struct option *out)
{
    const struct option *known = option_find_number(level, (int)number);
    if (!known && !call->who.admin)
        return call_refuse(call, -EPERM,
                           "%s: only administrators may use options that sockd has no name for",
                           call->method->name);
    *out = known ? *known : (struct option){"", level, (int)number, OPTION_INTEGER, true, false};
    return 0;
}

/* The option of the arguments level and name. */
static int take_option(struct rpc_call *call, const struct args *args, struct option *out)
{
    const struct arg *name = &args->arg[2];
    char text[64];
    int level = symbol_level(&args->arg[1]);
    if (level < 0)
        return method_bad_symbol(call, level, "level", "SOL_SOCKET, IPPROTO_TCP or its like");
    if (name->kind == ARG_INTEGER)
        return find_by_number(call, level, name->integer, out);
    const struct option *known =
        symbol_text(&name->bytes, text, sizeof text) ? option_find(level, text) : NULL;
    if (!known)
        return unknown_option(call, &name->bytes);
    *out = *known;
    return 0;
}

/* ---- values from arguments ---- */

static bool read_whole(struct view view, int64_t *out)
{
    double number;
    bool truth;
    if (view_bool(&view, &truth)) {
        *out = truth;
        return true;
    }
    if (view_int(&view, out))
        return true;
    if (!view_double(&view, &number) || number != floor(number) || fabs(number) > UINT32_MAX)
        return false;
    *out = (int64_t)number;
    return true;
}

static bool read_text(struct view *view, char out[64])
{
    struct arg_bytes bytes = {0};
    return view_bytes(view, &bytes.data, &bytes.size) && symbol_text(&bytes, out, 64);
}

/* A group alone, or [address, interface]. */
static bool read_group(struct view view, struct option_value *out)
{
    uint32_t count;
    if (!view_array(&view, &count))
        return read_text(&view, out->group.address);
    return (count == 1 || count == 2) && read_text(&view, out->group.address) &&
           (count == 1 || read_text(&view, out->group.interface));
}

/* What the value should have been; NULL if it is right. */
static const char *read_value(struct view view, const struct option *option,
                              struct option_value *out)
{
    *out = (struct option_value){0};
    switch (option->type) {
    case OPTION_INTEGER:
    case OPTION_INTERFACE:
        return read_whole(view, &out->integer) ? NULL : "an integer or a boolean";
    case OPTION_SECONDS:
        return view_double(&view, &out->seconds) ? NULL : "a number of seconds";
    case OPTION_TEXT:
        return read_text(&view, out->text) ? NULL : "a name of less than 64 bytes";
    case OPTION_GROUP:
        return read_group(view, out) ? NULL : "an address, or an array [address, interface]";
    case OPTION_CREDENTIALS:
    case OPTION_TCP_INFO:
    case OPTION_LINGER:
        break;
    }
    return "nothing: it is read only";
}

/* ---- values to answers ---- */

static void put_number(struct writer *writer, const char *key, uint64_t number)
{
    writer_text(writer, key);
    writer_uint(writer, number);
}

static void put_credentials(struct writer *writer, const struct ucred *credentials)
{
    writer_map(writer, 3);
    writer_text(writer, "pid");
    writer_int(writer, credentials->pid);
    put_number(writer, "uid", credentials->uid);
    put_number(writer, "gid", credentials->gid);
}

static void put_tcp_info(struct writer *writer, const struct tcp_info *info)
{
#define FIELD(name)                        \
    {                                      \
#name, (uint64_t)info->tcpi_##name \
    }
    const struct {
        const char *name;
        uint64_t number;
    } fields[] = {
        FIELD(state),         FIELD(ca_state),
        FIELD(retransmits),   FIELD(probes),
        FIELD(backoff),       FIELD(options),
        FIELD(snd_wscale),    FIELD(rcv_wscale),
        FIELD(rto),           FIELD(ato),
        FIELD(snd_mss),       FIELD(rcv_mss),
        FIELD(unacked),       FIELD(sacked),
        FIELD(lost),          FIELD(retrans),
        FIELD(fackets),       FIELD(last_data_sent),
        FIELD(last_ack_sent), FIELD(last_data_recv),
        FIELD(last_ack_recv), FIELD(pmtu),
        FIELD(rcv_ssthresh),  FIELD(rtt),
        FIELD(rttvar),        FIELD(snd_ssthresh),
        FIELD(snd_cwnd),      FIELD(advmss),
        FIELD(reordering),    FIELD(rcv_rtt),
        FIELD(rcv_space),     FIELD(total_retrans),
        FIELD(pacing_rate),   FIELD(max_pacing_rate),
        FIELD(bytes_acked),   FIELD(bytes_received),
        FIELD(segs_out),      FIELD(segs_in),
        FIELD(notsent_bytes), FIELD(min_rtt),
        FIELD(data_segs_in),  FIELD(data_segs_out),
        FIELD(delivery_rate), FIELD(bytes_sent),
        FIELD(bytes_retrans),
    };
#undef FIELD
    writer_map(writer, sizeof fields / sizeof fields[0]);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        /* the kernel's "no limit" is beyond what every client can read */
        uint64_t number = fields[i].number;
        put_number(writer, fields[i].name, number < INT64_MAX ? number : INT64_MAX);
    }
}

static void put_value(struct writer *writer, const struct option *option,
                      const struct option_value *value)
{
    switch (option->type) {
    case OPTION_INTEGER:
    case OPTION_INTERFACE:
        writer_int(writer, value->integer);
        break;
    case OPTION_SECONDS:
        writer_double(writer, value->seconds);
        break;
    case OPTION_TEXT:
        writer_outside(writer, value->text);
        break;
    case OPTION_CREDENTIALS:
        put_credentials(writer, &value->credentials);
        break;
    case OPTION_TCP_INFO:
        put_tcp_info(writer, &value->tcp_info);
        break;
    case OPTION_LINGER:
    case OPTION_GROUP:
        writer_nil(writer);
        break;
    }
}

/* ---- methods ---- */

/* The socket and the option of the arguments h, level and name. */
static int sock_and_option(struct rpc_call *call, const struct args *args, struct sock **sock,
                           struct option *option)
{
    *option = (struct option){.name = ""};
    int result = method_sock(call, &args->arg[0], sock);
    if (result != 0)
        return result;
    result = take_option(call, args, option);
    if (result == 0 && option->type == OPTION_LINGER)
        return call_fail(call, -EINVAL, "%s: name: SO_LINGER is for linger(h)", call->method->name);
    return result;
}

int method_setsockopt(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    struct option option;
    struct option_value value;
    int result = sock_and_option(call, args, &sock, &option);
    if (result != 0)
        return result;
    if (!option.writable)
        return call_fail(call, -EINVAL, "setsockopt: name: %s is read only", option.name);
    const char *expected = read_value(args->arg[3].list.value, &option, &value);
    if (expected)
        return call_fail(call, -EINVAL, "setsockopt: value: expected %s", expected);
    const char *refused = access_to_option(&call->who, &option, &value);
    if (refused)
        return call_refuse(call, -EPERM, "setsockopt: %s: %s", option.name, refused);
    return sock_set_option(sock, &option, &value);
}

int method_getsockopt(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    struct option option;
    struct option_value value;
    int result = sock_and_option(call, args, &sock, &option);
    if (result != 0)
        return result;
    if (option.type == OPTION_GROUP)
        return call_fail(call, -EINVAL, "getsockopt: name: %s can only be set", option.name);
    result = sock_get_option(sock, &option, &value);
    if (result < 0)
        return result;
    struct writer writer; /* the value is gone when the answer is written */
    writer_init_heap(&writer, LIMIT_MESSAGE);
    put_value(&writer, &option, &value);
    return method_keep(call, &writer);
}

int method_linger(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    const struct arg *active = &args->arg[1], *timeout = &args->arg[2];
    int result = method_sock(call, &args->arg[0], &sock);
    if (result == 0 && timeout->kind == ARG_INTEGER && timeout->integer < 0)
        return call_fail(call, -EINVAL,
                         "linger: timeout: expected seconds, 0 or more, got %" PRId64,
                         timeout->integer);
    if (result == 0 && active->kind == ARG_BOOLEAN)
        result = sock_set_linger(sock, active->boolean,
                                 timeout->kind == ARG_INTEGER ? (int)timeout->integer : 0);
    if (result < 0)
        return result;
    return sock_get_linger(sock, &call->answer.linger.active, &call->answer.linger.seconds);
}
