/* The methods that show sockets: sockd.list and sockd.info. */
#include "net/net.h"
#include "net/sock.h"
#include "rpc/method.h"
#include "rpc/server.h"
#include "util/error.h"

#include <inttypes.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

/* Pairs of the map that describes a socket, and a bound of the values in it. */
#define INFO_PAIRS  20
#define INFO_VALUES (2 * INFO_PAIRS + 1)

/* ---- what is known about a socket ---- */

static const char *info_handler(const struct rpc *rpc, const struct sock *sock)
{
    return rpc->hooks.handler_name ? rpc->hooks.handler_name(rpc->hook_context, sock) : NULL;
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
    writer_text(writer, key);
    writer_text(writer, text);
}

/* Bytes that are not terminated; nil if there are none. */
static void put_bytes(struct writer *writer, const char *key, const struct arg_bytes *bytes)
{
    writer_text(writer, key);
    if (bytes->size > 0)
        writer_str(writer, bytes->data, bytes->size);
    else
        writer_nil(writer);
}

static void put_number(struct writer *writer, const char *key, int64_t number)
{
    writer_text(writer, key);
    writer_int(writer, number);
}

static void put_address(struct writer *writer, const char *key, const struct address *address)
{
    char text[ADDRESS_STRING_MAX];
    put_text(writer, key, address ? address_string(address, text) : NULL);
}

/* Both without touching the socket's last error, which is its users'. */
static void put_addresses(struct writer *writer, const struct sock *sock)
{
    struct sockaddr_storage raw;
    struct address address;
    socklen_t length = sizeof raw;
    bool known = getsockname(sock_fd(sock), (struct sockaddr *)&raw, &length) == 0;
    if (known)
        address_set(&address, (struct sockaddr *)&raw, length);
    put_address(writer, "address", known ? &address : NULL);
    length = sizeof raw;
    known = getpeername(sock_fd(sock), (struct sockaddr *)&raw, &length) == 0;
    if (known)
        address_set(&address, (struct sockaddr *)&raw, length);
    put_address(writer, "peer", known ? &address : NULL);
}

/* What the kernel has and the other side has not taken yet. */
static int64_t info_unsent(const struct sock *sock)
{
    int bytes = 0;
    if (sock_is_listener(sock) || ioctl(sock_fd(sock), SIOCOUTQ, &bytes) < 0)
        return 0;
    return bytes;
}

static void put_counters(struct writer *writer, const struct sock *sock)
{
    struct sock_counters counters;
    sock_counters(sock, &counters);
    put_number(writer, "read_ahead", (int64_t)counters.read_ahead);
    put_number(writer, "unsent", info_unsent(sock));
    put_number(writer, "waiting", counters.waiting);
    put_number(writer, "bytes_in", (int64_t)counters.bytes_in);
    put_number(writer, "bytes_out", (int64_t)counters.bytes_out);
    put_number(writer, "created", counters.created);
    put_number(writer, "used", counters.used);
}

static void put_ttl(struct writer *writer, double ttl)
{
    writer_text(writer, "ttl");
    if (ttl > 0)
        writer_number(writer, ttl);
    else
        writer_nil(writer);
}

static void put_info(struct writer *writer, const struct rpc *rpc, const struct sock *sock)
{
    char protocol[16];
    struct arg_settings settings = handles_settings(&rpc->handles, sock_id(sock));
    writer_map(writer, INFO_PAIRS);
    put_number(writer, "id", (int64_t)sock_id(sock));
    put_bytes(writer, "name", &settings.name);
    put_number(writer, "owner", sock_owner(sock));
    put_text(writer, "domain", address_family_name(sock_domain(sock)));
    put_text(writer, "type", address_type_name(sock_type(sock)));
    put_text(writer, "protocol", address_protocol_name(sock_protocol(sock), protocol));
    put_text(writer, "state", sock_state(sock));
    put_addresses(writer, sock);
    put_counters(writer, sock);
    put_text(writer, "handler", info_handler(rpc, sock));
    put_text(writer, "share", settings.shared ? "group" : "none");
    put_text(writer, "lifetime", settings.tied ? "client" : "daemon");
    put_ttl(writer, settings.ttl);
}

/* ---- sockd.info ---- */

static int put_one(struct rpc_call *call, struct writer *writer)
{
    put_info(writer, call->rpc, call->answer.map.of);
    return 0;
}

int method_sockd_info(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    call->answer.map.put = put_one;
    call->answer.map.of = sock;
    return 0;
}

/* ---- sockd.list ---- */

/* The filters by which a list can be narrowed; absent ones match everything. */
struct filters {
    int64_t owner, after, most; /* -1: absent */
    struct arg_bytes name, domain, type, state, handler;
};

static bool same(const char *text, const struct arg_bytes *wanted)
{
    return !wanted->data ||
           (text && strlen(text) == wanted->size && memcmp(text, wanted->data, wanted->size) == 0);
}

static bool is_named(const struct rpc *rpc, const struct sock *sock, const struct arg_bytes *wanted)
{
    struct arg_bytes name = handles_settings(&rpc->handles, sock_id(sock)).name;
    return name.size == wanted->size && name.size > 0 &&
           memcmp(name.data, wanted->data, name.size) == 0;
}

static bool matches(const struct filters *filters, const struct rpc *rpc, const struct sock *sock)
{
    return (filters->owner < 0 || (uid_t)filters->owner == sock_owner(sock)) &&
           (int64_t)sock_id(sock) > filters->after &&
           same(address_family_name(sock_domain(sock)), &filters->domain) &&
           same(address_type_name(sock_type(sock)), &filters->type) &&
           same(sock_state(sock), &filters->state) &&
           (!filters->name.data || is_named(rpc, sock, &filters->name)) &&
           (!filters->handler.data || same(info_handler(rpc, sock), &filters->handler));
}

static bool read_filter(struct filters *filters, const char *key, size_t size, struct view *view)
{
    const struct {
        const char *key;
        struct arg_bytes *text;
        int64_t *number;
    } known[] = {
        {"owner", NULL, &filters->owner},   {"after", NULL, &filters->after},
        {"most", NULL, &filters->most},     {"name", &filters->name, NULL},
        {"domain", &filters->domain, NULL}, {"type", &filters->type, NULL},
        {"state", &filters->state, NULL},   {"handler", &filters->handler, NULL},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].key) != size || memcmp(known[i].key, key, size) != 0)
            continue;
        return known[i].text ? view_str(view, &known[i].text->data, &known[i].text->size)
                             : view_int(view, known[i].number) && *known[i].number >= 0;
    }
    return false;
}

static int read_filters(struct rpc_call *call, struct view view, struct filters *filters)
{
    *filters = (struct filters){.owner = -1, .after = -1, .most = -1};
    uint32_t pairs = 0;
    (void)view_map(&view, &pairs);
    for (uint32_t i = 0; i < pairs; i++) {
        const char *key = NULL;
        size_t size = 0;
        if (!view_str(&view, &key, &size) || !read_filter(filters, key, size, &view))
            return call_fail(
                call, -EINVAL,
                "sockd.list: filters: expected name, domain, type, state or handler as "
                "text, owner, after or most as a number");
    }
    return 0;
}

/* The list is walked twice: MessagePack wants to know the length first. */
struct listing {
    const struct rpc_call *call;
    struct writer *writer; /* NULL: only count */
    struct filters filters;
    uint32_t count;
};

static void list_one(void *context, struct sock *sock)
{
    struct listing *listing = context;
    const struct rpc_call *call = listing->call;
    int64_t most = listing->filters.most;
    if (!method_may_use(call, sock) || (most >= 0 && listing->count >= most) ||
        !matches(&listing->filters, call->rpc, sock))
        return;
    listing->count++;
    if (listing->writer)
        put_info(listing->writer, call->rpc, sock);
}

static int put_list(struct rpc_call *call, struct writer *writer)
{
    struct listing listing = {.call = call};
    struct rpc *rpc = call->rpc;
    (void)read_filters(call, call->answer.map.filters, &listing.filters);
    net_each(rpc->net, list_one, &listing);
    if (listing.count > LIMIT_ELEMENTS / INFO_VALUES - 1)
        return -EMSGSIZE;
    writer_array(writer, listing.count);
    listing.count = 0;
    listing.writer = writer;
    net_each(rpc->net, list_one, &listing);
    return 0;
}

int method_sockd_list(struct rpc_call *call, const struct args *args)
{
    struct filters filters;
    call->answer.map.put = put_list;
    call->answer.map.filters =
        args->arg[0].kind == ARG_VALUE ? args->arg[0].list.value : view_of("", 0);
    return read_filters(call, call->answer.map.filters, &filters);
}
