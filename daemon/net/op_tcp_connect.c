/*
 * The operation behind tcp_connect: look the name up, then race connections to its addresses
 * (RFC 8305). IPv6 and IPv4 take turns, each attempt has a short head start over the next, and
 * one that fails lets the next begin at once. The operation's own deadline covers everything.
 */
#include "net/net_private.h"
#include "net/target.h"

#include <netdb.h>
#include <string.h>

/* RFC 8305, section 5: the recommended delay between attempts. */
#define CONNECTOR_HEAD_START (LOOP_SECOND / 4)

enum { CONNECTOR_MAX = 32 /* addresses of one name that are tried */ };

struct connector;

struct attempt {
    struct connector *connector;
    struct op op;
    bool running;
};

struct connector {
    struct net *net;
    struct op *op; /* the operation that all this is for */
    uid_t owner;
    int error; /* what is wrong already: known at the start */
    struct target target;
    struct op resolve;
    bool resolving;
    struct loop_timer head_start;
    size_t count, next, running;
    struct address addresses[CONNECTOR_MAX];
    struct attempt *attempts[CONNECTOR_MAX];
    int last_error;
};

/* ---- the addresses ---- */

static void connector_add(struct connector *connector, const struct addrinfo *entry)
{
    if (connector->count < CONNECTOR_MAX)
        address_set(&connector->addresses[connector->count++], entry->ai_addr, entry->ai_addrlen);
}

static const struct addrinfo *next_of_family(const struct addrinfo *entry, int family, bool same)
{
    while (entry != NULL && (entry->ai_family == family) != same)
        entry = entry->ai_next;
    return entry;
}

/* The resolver's order, but so that the two families take turns. */
static void connector_interleave(struct connector *connector, const struct addrinfo *list)
{
    if (list == NULL)
        return;
    int first = list->ai_family;
    const struct addrinfo *same = list, *other = next_of_family(list, first, false);
    while (same != NULL || other != NULL) {
        if (same != NULL) {
            connector_add(connector, same);
            same = next_of_family(same->ai_next, first, true);
        }
        if (other != NULL) {
            connector_add(connector, other);
            other = next_of_family(other->ai_next, first, false);
        }
    }
}

/* ---- the attempts ---- */

static int connector_advance(struct connector *connector);

static void attempt_free(struct attempt *attempt)
{
    if (attempt == NULL)
        return;
    if (attempt->running)
        op_abort(&attempt->op);
    free(attempt);
}

/*
 * Whether a connection has itself as its peer: where nobody listens at a port that the kernel also
 * gives to connections, it may have given this one the very port that it connects to, and TCP lets
 * two ends that open at once meet (RFC 9293, 3.5).
 */
static bool attempt_met_itself(const struct sock *sock)
{
    struct sockaddr_storage name, peer;
    socklen_t name_length = sizeof name, peer_length = sizeof peer;
    return sock->domain != AF_UNIX &&
           getsockname(sock->fd, (struct sockaddr *)&name, &name_length) == 0 &&
           getpeername(sock->fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           name_length == peer_length && memcmp(&name, &peer, name_length) == 0;
}

/* The port is free at once, for somebody to listen there. */
static void attempt_reset(struct sock *sock)
{
    const struct linger reset = {.l_onoff = 1};
    (void)setsockopt(sock->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    sock_close(sock);
}

/* An attempt that was started is over: 0 and the socket in `*out`, or its error. */
static int attempt_result(struct attempt *attempt, struct sock **out)
{
    int status = attempt->op.status;
    attempt->running = false;
    if (status == 0 && attempt_met_itself(attempt->op.sock)) {
        attempt_reset(attempt->op.sock);
        status = -ECONNREFUSED;
    }
    if (status == 0)
        *out = sock_ref(attempt->op.sock);
    op_finish(&attempt->op);
    return status;
}

/* From the loop: an attempt has succeeded or failed. */
static void attempt_on_done(struct op *op)
{
    struct attempt *attempt = CONTAINER_OF(op, struct attempt, op);
    struct connector *connector = attempt->connector;
    struct sock *made = NULL;
    int status = attempt_result(attempt, &made);
    connector->running--;
    if (!op_is_parked(connector->op)) { /* it has another end: nobody is waiting for this one */
        sock_unref(made);
        return;
    }
    connector->op->made.sock = made;
    if (status < 0) {
        connector->last_error = status;
        status = connector_advance(connector);
    }
    if (status != OP_WAIT)
        op_complete(connector->op, status);
}

/* Begins to connect to the next address. OP_WAIT, 0: connected already, or its error. */
static int attempt_start(struct connector *connector)
{
    size_t index = connector->next++;
    const struct address *address = &connector->addresses[index];
    struct sock *sock;
    int error = sock_new(connector->net, address->family, SOCK_STREAM, 0, connector->owner, &sock);
    if (error < 0)
        return error;
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    if (attempt == NULL) {
        sock_unref(sock);
        return -ENOMEM;
    }
    connector->attempts[index] = attempt;
    attempt->connector = connector;
    attempt->running = true;
    op_connect(&attempt->op, sock, address);
    sock_unref(sock); /* the operation holds it */
    if (op_start(&attempt->op, LOOP_NEVER, attempt_on_done) == OP_DONE)
        return attempt_result(attempt, &connector->op->made.sock);
    connector->running++;
    return OP_WAIT;
}

static void connector_on_head_start(struct loop_timer *timer);

/* Begins attempts until one is under way. OP_WAIT, 0: connected, or the last error. */
static int connector_advance(struct connector *connector)
{
    while (connector->next < connector->count) {
        int result = attempt_start(connector);
        if (result == 0)
            return 0;
        if (result == OP_WAIT) {
            uint64_t next = loop_now() + CONNECTOR_HEAD_START;
            if (connector->next < connector->count)
                (void)loop_timer_start(connector->net->loop, &connector->head_start, next,
                                       connector_on_head_start);
            return OP_WAIT;
        }
        connector->last_error = result;
    }
    return connector->running > 0 ? OP_WAIT : connector->last_error;
}

static void connector_on_head_start(struct loop_timer *timer)
{
    struct connector *connector = CONTAINER_OF(timer, struct connector, head_start);
    if (!op_is_parked(connector->op))
        return;
    int result = connector_advance(connector);
    if (result != OP_WAIT)
        op_complete(connector->op, result);
}

/* ---- the name ---- */

/* The look-up is over. OP_WAIT, or the result of the whole. */
static int connector_resolved(struct connector *connector)
{
    int status = connector->resolve.status;
    connector->resolving = false;
    if (status == 0)
        connector_interleave(connector, connector->resolve.found.list);
    op_finish(&connector->resolve);
    return status < 0 ? status : connector_advance(connector);
}

static void connector_on_resolved(struct op *op)
{
    struct connector *connector = CONTAINER_OF(op, struct connector, resolve);
    if (!op_is_parked(connector->op))
        return; /* what ends it will take the look-up back */
    int result = connector_resolved(connector);
    if (result != OP_WAIT)
        op_complete(connector->op, result);
}

static int connector_resolve(struct connector *connector)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    op_resolve(&connector->resolve, connector->net, connector->target.host, connector->target.port,
               &hints);
    op_set_payer(&connector->resolve, connector->op->made.payer);
    connector->resolving = true;
    if (op_start(&connector->resolve, LOOP_NEVER, connector_on_resolved) == OP_WAIT)
        return OP_WAIT;
    return connector_resolved(connector);
}

/* ---- the operation ---- */

static int connector_step(struct op *op)
{
    struct connector *connector = op->made.work;
    if (connector == NULL)
        return op_end(op, -ENOMEM);
    int result = connector->error;
    if (result == 0)
        result = connector->count > 0 ? connector_advance(connector) : connector_resolve(connector);
    return result == OP_WAIT ? OP_WAIT : op_end(op, result);
}

static void connector_free(struct connector *connector)
{
    if (connector == NULL)
        return;
    if (connector->resolving)
        op_abort(&connector->resolve);
    loop_timer_stop(connector->net->loop, &connector->head_start);
    for (size_t i = 0; i < connector->count; i++)
        attempt_free(connector->attempts[i]);
    target_deinit(&connector->target);
    free(connector);
}

static void connector_release(struct op *op)
{
    connector_free(op->made.work);
    op->made.work = NULL;
    sock_unref(op->made.sock);
    op->made.sock = NULL;
}

static struct net *connector_net(const struct op *op)
{
    return ((struct connector *)op->made.work)->net;
}

static const struct op_class tcp_connect_class = {
    .name = "tcp_connect",
    .queue = OP_QUEUE_NONE,
    .always_waits = true,
    .net = connector_net,
    .step = connector_step,
    .release = connector_release,
};

/* Takes a unix path as the one address there is. */
static int connector_take_path(struct connector *connector)
{
    int error = address_parse(&connector->addresses[0], AF_UNIX, connector->target.host,
                              connector->target.port);
    if (error == 0)
        connector->count = 1;
    return error;
}

void op_tcp_connect(struct op *op, struct net *net, uid_t owner, const char *host, const char *port)
{
    op_init(op, &tcp_connect_class, NULL);
    struct connector *connector = calloc(1, sizeof(*connector));
    if (connector == NULL)
        return;
    op->made.work = connector;
    connector->net = net;
    connector->op = op;
    connector->owner = owner;
    connector->last_error = error_from_eai(EAI_NODATA);
    connector->error = target_parse(&connector->target, host, port);
    if (connector->error == 0 && strcmp(connector->target.host, ADDRESS_UNIX) == 0)
        connector->error = connector_take_path(connector);
}
