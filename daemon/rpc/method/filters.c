/* The filters of sockd.list; see filters.h. */
#include "rpc/method/filters.h"

#include "net/sock.h"
#include "rpc/call.h"
#include "rpc/method/describe.h"
#include "rpc/server.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <string.h>

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

bool filters_match(const struct filters *filters, const struct rpc *rpc, const struct sock *sock)
{
    return (filters->owner < 0 || (uid_t)filters->owner == sock_owner(sock)) &&
           (int64_t)sock_id(sock) > filters->after &&
           same(address_family_name(sock_domain(sock)), &filters->domain) &&
           same(address_type_name(sock_type(sock)), &filters->type) &&
           (!filters->state.data || same(sock_state(sock), &filters->state)) &&
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

int filters_read(struct rpc_call *call, struct view view, struct filters *filters)
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

int filters_own(struct filters *filters)
{
    struct arg_bytes *texts[] = {&filters->name, &filters->domain, &filters->type, &filters->state,
                                 &filters->handler};
    size_t total = 1;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        total += texts[i]->size;
    char *at = filters->own = malloc(total);
    if (!at)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!texts[i]->data)
            continue;
        memcpy(at, texts[i]->data, texts[i]->size);
        texts[i]->data = at;
        at += texts[i]->size;
    }
    return 0;
}

void filters_free(struct filters *filters)
{
    free(STEAL(filters->own));
}
