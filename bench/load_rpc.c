/*
 * Clients that send requests in batches of a depth and count the answers, in whatever order these
 * come. Every answer is compared with what it must be, and each must answer a request in flight.
 */
#include "load.h"
#include "rpc_kinds.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ANSWER_MOST = 512 };

struct client {
    int fd;
    uint32_t first;   /* number of the first request of the batch; a multiple of the depth */
    unsigned missing; /* answers of the batch that have not come */
    uint64_t began;
    bool *answered; /* which of the batch */
    size_t sent, unsent;
    size_t held; /* bytes in `in` */
    uint8_t *out, *in;
    struct rpc_handles handles;
};

struct rpc {
    const struct load_options *options;
    const struct rpc_kind *kind;
    struct load load;
    struct client *clients;
    size_t room; /* of a client's `in` */
    int epoll;
};

static void client_send(struct client *client)
{
    while (client->unsent > 0) {
        ssize_t sent = send(client->fd, client->out + client->sent, client->unsent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0)
            fail(errno, "send");
        client->sent += (size_t)sent;
        client->unsent -= (size_t)sent;
    }
}

static void client_begin(const struct rpc *rpc, struct client *client, uint64_t now)
{
    unsigned depth = rpc->options->depth;
    size_t length = 0;
    for (unsigned i = 0; i < depth; i++)
        length += rpc->kind->request(client->out + length, client->first + i, &client->handles);
    client->missing = depth;
    client->began = now;
    client->sent = 0;
    client->unsent = length;
    memset(client->answered, 0, depth * sizeof(*client->answered));
    client_send(client);
}

/* Takes the complete answers out of what is held. */
static void client_take(struct rpc *rpc, struct client *client, uint64_t now)
{
    size_t at = 0;
    while (at < client->held) {
        uint32_t id = client->first + rpc->options->depth - client->missing;
        ssize_t length = rpc->kind->answer(client->in + at, client->held - at, &id);
        if (length == 0)
            break;
        if (length < 0)
            fail(0, "a wrong answer to '%s'", rpc->kind->name);
        uint32_t place = id - client->first;
        if (place >= rpc->options->depth || client->missing == 0 || client->answered[place])
            fail(0, "an answer to a request that is not in flight");
        client->answered[place] = true;
        client->missing--;
        load_request(&rpc->load, client->began, now);
        at += (size_t)length;
    }
    client->held -= at;
    memmove(client->in, client->in + at, client->held);
}

static void client_receive(struct rpc *rpc, struct client *client)
{
    for (;;) {
        ssize_t got = recv(client->fd, client->in + client->held, rpc->room - client->held, 0);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            fail(got < 0 ? errno : 0, "the server ended a connection");
        client->held += (size_t)got;
        bool more = client->held == rpc->room;
        client_take(rpc, client, clock_ns());
        if (!more)
            return;
    }
}

/* False when it is time to stop. */
static bool client_serve(struct rpc *rpc, struct client *client)
{
    client_receive(rpc, client);
    uint64_t now = clock_ns();
    if (load_over(&rpc->load, now))
        return false;
    if (client->missing == 0) {
        client->first += rpc->options->depth;
        client_begin(rpc, client, now);
    } else {
        client_send(client);
    }
    return true;
}

static void skip_greeting(const struct rpc *rpc, int fd)
{
    uint8_t greeting[256];
    size_t left = rpc->kind->greeting;
    while (left > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, LOAD_STALL_MILLISECONDS) != 1)
            fail(0, "the server does not greet");
        ssize_t got = recv(fd, greeting, left, 0);
        if (got <= 0)
            fail(got < 0 ? errno : 0, "the server does not greet");
        left -= (size_t)got;
    }
}

static void rpc_open(struct rpc *rpc)
{
    unsigned depth = rpc->options->depth;
    rpc->room = (size_t)depth * ANSWER_MOST;
    rpc->clients = allocate(rpc->options->connections, sizeof(*rpc->clients));
    for (unsigned i = 0; i < rpc->options->connections; i++) {
        struct client *client = &rpc->clients[i];
        client->out = allocate(depth, RPC_REQUEST_MOST);
        client->in = allocate(1, rpc->room);
        client->answered = allocate(depth, sizeof(*client->answered));
        client->first = 0 - depth; /* the first batch is one further */
        client->fd = endpoint_connect(&rpc->options->endpoint);
        skip_greeting(rpc, client->fd);
        if (rpc->kind->prepare != NULL)
            rpc->kind->prepare(client->fd, &client->handles);
    }
    for (unsigned i = 0; i < rpc->options->connections; i++)
        load_watch(rpc->epoll, rpc->clients[i].fd, &rpc->clients[i]);
}

static void rpc_run(struct rpc *rpc)
{
    struct epoll_event events[LOAD_EVENTS];
    for (;;) {
        int count = load_wait(rpc->epoll, events);
        for (int i = 0; i < count; i++)
            if (!client_serve(rpc, events[i].data.ptr))
                return;
    }
}

void load_rpc(const struct load_options *options)
{
    struct rpc rpc = {.options = options,
                      .kind = rpc_kind_find(options->rpc),
                      .epoll = epoll_create1(EPOLL_CLOEXEC)};
    rpc_open(&rpc);
    load_begin(&rpc.load, options);
    rpc_run(&rpc);
    load_end(&rpc.load);
    for (unsigned i = 0; i < options->connections; i++) {
        close(rpc.clients[i].fd);
        free(rpc.clients[i].answered);
        free(rpc.clients[i].out);
        free(rpc.clients[i].in);
    }
    free(rpc.clients);
    close(rpc.epoll);
    load_report(&rpc.load);
}
