/* The methods that show sockets: sockd.list and sockd.info. */
#include "net/net.h"
#include "net/sock.h"
#include "rpc/describe.h"
#include "rpc/method.h"
#include "rpc/server.h"
#include "util/error.h"

#include <string.h>

/* ---- sockd.info ---- */

static int put_one(struct rpc_call *call, struct writer *writer)
{
    describe(writer, call->rpc, call->answer.map.of);
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
           (!filters->handler.data || same(describe_handler(rpc, sock), &filters->handler));
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
        describe(listing->writer, call->rpc, sock);
}

static int put_list(struct rpc_call *call, struct writer *writer)
{
    struct listing listing = {.call = call};
    struct rpc *rpc = call->rpc;
    (void)read_filters(call, call->answer.map.filters, &listing.filters);
    int result = net_each(rpc->net, list_one, &listing);
    if (result < 0)
        return result;
    if (listing.count > LIMIT_ELEMENTS / DESCRIBE_VALUES - 1)
        return -EMSGSIZE;
    writer_array(writer, listing.count);
    listing.count = 0;
    listing.writer = writer;
    return net_each(rpc->net, list_one, &listing);
}

int method_sockd_list(struct rpc_call *call, const struct args *args)
{
    struct filters filters;
    call->answer.map.put = put_list;
    call->answer.map.filters =
        args->arg[0].kind == ARG_VALUE ? args->arg[0].list.value : view_of("", 0);
    return read_filters(call, call->answer.map.filters, &filters);
}
