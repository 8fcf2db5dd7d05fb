/*
 * The operation behind tcp_server: look the host up and listen on the first of its addresses that
 * binds. The operation's deadline bounds the look-up.
 */
#include "net/net_private.h"

#include <netdb.h>
#include <string.h>

struct listen_work {
    struct net *net;
    struct op *op;
    uid_t owner;
    int backlog;
    int error;              /* what is wrong already: known at the start */
    bool has_address;       /* a unix path */
    struct address address; /* of it */
    struct op resolve;
    bool resolving;
    op_inherit_fn *inherit;
    void *inherit_context;
};

static int listen_on(struct listen_work *work, const struct address *address)
{
    struct sock **made = &work->op->made.sock;
    if (work->inherit != NULL && work->inherit(work->inherit_context, address, made))
        return 0;
    return sock_new_listener(work->net, address, work->backlog, work->owner, made);
}

/* Listens on the first address that binds. 0, or the last error. */
static int listen_on_first(struct listen_work *work, const struct addrinfo *list)
{
    int error = error_from_eai(EAI_NODATA);
    for (; list != NULL; list = list->ai_next) {
        struct address address;
        address_set(&address, list->ai_addr, list->ai_addrlen);
        error = listen_on(work, &address);
        if (error == 0)
            break;
    }
    return error;
}

static int listen_resolved(struct listen_work *work)
{
    int status = work->resolve.status;
    work->resolving = false;
    if (status == 0)
        status = listen_on_first(work, work->resolve.found.list);
    op_finish(&work->resolve);
    return status;
}

static void listen_on_resolved(struct op *op)
{
    struct listen_work *work = CONTAINER_OF(op, struct listen_work, resolve);
    int result = listen_resolved(work);
    op_complete(work->op, result);
}

static int listen_step(struct op *op)
{
    struct listen_work *work = op->made.work;
    if (work == NULL)
        return op_end(op, -ENOMEM);
    if (work->error < 0)
        return op_end(op, work->error);
    if (work->has_address)
        return op_end(op, listen_on(work, &work->address));
    work->resolving = true;
    op_set_payer(&work->resolve, op->made.payer);
    if (op_start(&work->resolve, LOOP_NEVER, listen_on_resolved) == OP_WAIT)
        return OP_WAIT;
    return op_end(op, listen_resolved(work));
}

static void listen_release(struct op *op)
{
    struct listen_work *work = op->made.work;
    if (work != NULL && (work->resolving || work->resolve.magic != 0))
        op_abort(&work->resolve);
    free(work);
    op->made.work = NULL;
    sock_unref(op->made.sock);
    op->made.sock = NULL;
}

static struct net *listen_net(const struct op *op)
{
    return ((struct listen_work *)op->made.work)->net;
}

static const struct op_class tcp_listen_class = {
    .name = "tcp_server",
    .queue = OP_QUEUE_NONE,
    .always_waits = true,
    .net = listen_net,
    .step = listen_step,
    .release = listen_release,
};

void op_tcp_listen(struct op *op, struct net *net, uid_t owner, const char *host, const char *port,
                   int backlog)
{
    op_init(op, &tcp_listen_class, NULL);
    struct listen_work *work = calloc(1, sizeof(*work));
    if (work == NULL)
        return;
    op->made.work = work;
    work->net = net;
    work->op = op;
    work->owner = owner;
    work->backlog = backlog;
    if (host != NULL && strcmp(host, ADDRESS_UNIX) == 0) {
        work->has_address = true;
        work->error = address_parse(&work->address, AF_UNIX, host, port);
        return;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    op_resolve(&work->resolve, net, host, port != NULL ? port : "0", &hints);
}

void op_tcp_listen_inherit(struct op *op, op_inherit_fn *inherit, void *context)
{
    struct listen_work *work = op->made.work;
    if (work == NULL)
        return;
    work->inherit = inherit;
    work->inherit_context = context;
}
