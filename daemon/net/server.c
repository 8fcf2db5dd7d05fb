/*
 * An accept loop. See server.h.
 *
 * Connections are accepted in batches; between two batches others have their turn. When there are
 * no descriptors or no memory left, the loop rests until a socket closes, or for a moment,
 * whichever is first: what waits in the listener's queue waits there, and nothing spins.
 */
#include "net/server.h"

#include "net/net_private.h"

#define SERVER_REST (LOOP_SECOND / 10)

enum { SERVER_MAGIC = 0x73727672, SERVER_BATCH = 64 };

struct server {
    unsigned magic;
    struct sock *listener;
    struct server_callbacks callbacks;
    void *context;
    struct op accept;
    bool accepting; /* an accept is started and not finished */
    bool calling;   /* inside a callback: what it asks for waits until it returns */
    bool stopped;
    bool paused;
    struct sock_closed gone; /* while paused: nothing else tells that the listener closes */
    struct loop_task turn;
    struct net_starved starved;
    struct loop_timer rest;
};

static void server_run(struct server *server);

static void server_free(struct server *server)
{
    struct loop *loop = server->listener->net->loop;
    loop_defer_cancel(loop, &server->turn);
    loop_defer_cancel(loop, &server->starved.task);
    list_unlink(&server->starved.link);
    loop_timer_stop(loop, &server->rest);
    list_unlink(&server->gone.link);
    if (server->accepting)
        op_abort(&server->accept);
    sock_unref(server->listener);
    server->magic = 0;
    free(server);
}

static void server_on_turn(struct loop_task *task)
{
    server_run(CONTAINER_OF(task, struct server, turn));
}

/* A descriptor is free, or the rest is over. */
static void server_wake(struct server *server)
{
    struct loop *loop = server->listener->net->loop;
    loop_timer_stop(loop, &server->rest);
    loop_defer_cancel(loop, &server->starved.task);
    list_unlink(&server->starved.link);
    server_run(server);
}

static void server_on_freed(struct loop_task *task)
{
    server_wake(CONTAINER_OF(task, struct server, starved.task));
}

static void server_on_rested(struct loop_timer *timer)
{
    server_wake(CONTAINER_OF(timer, struct server, rest));
}

static void server_rest(struct server *server)
{
    struct net *net = server->listener->net;
    net_starve(net, &server->starved);
    if (loop_timer_start(net->loop, &server->rest, loop_now() + SERVER_REST, server_on_rested) < 0)
        loop_defer(net->loop, &server->turn); /* no memory for a timer: try in the next round */
}

/* False when the callback has paused the server, or stopped it: then it is gone. */
static bool server_hand_over(struct server *server, struct sock *connection,
                             const struct address *from)
{
    server->calling = true;
    server->callbacks.connection(server->context, connection, from);
    server->calling = false;
    bool paused = server->paused;
    if (!server->stopped)
        return !paused;
    server_free(server);
    return false;
}

/* Takes one result. False when the loop is over or rests; then the server may be gone. */
static bool server_take(struct server *server)
{
    struct sock *connection = op_take_sock(&server->accept);
    int status = server->accept.status;
    struct address from = {0};
    if (status == 0)
        from = *server->accept.made.from;
    server->accepting = false;
    op_finish(&server->accept);
    if (status == 0)
        return server_hand_over(server, connection, &from);
    if (sock_is_open(server->listener) && status != -EINVAL) {
        server_rest(server);
        return false;
    }
    server->calling = true; /* a callback that stops what has ended does no harm */
    if (server->callbacks.closed != NULL)
        server->callbacks.closed(server->context);
    server_free(server);
    return false;
}

static void server_on_accept(struct op *op)
{
    struct server *server = CONTAINER_OF(op, struct server, accept);
    MAGIC_CHECK(server, SERVER_MAGIC);
    if (server_take(server))
        server_run(server);
}

static void server_run(struct server *server)
{
    MAGIC_CHECK(server, SERVER_MAGIC);
    for (int i = 0; i < SERVER_BATCH; i++) {
        op_accept_always(&server->accept, server->listener);
        server->accepting = true;
        if (op_start(&server->accept, LOOP_NEVER, server_on_accept) == OP_WAIT)
            return;
        if (!server_take(server))
            return;
    }
    loop_defer(server->listener->net->loop, &server->turn);
}

/* ---- pauses ---- */

static void server_on_gone(struct sock_closed *gone)
{
    server_resume(CONTAINER_OF(gone, struct server, gone));
}

void server_pause(struct server *server)
{
    MAGIC_CHECK(server, SERVER_MAGIC);
    CHECK(server->calling);
    if (!sock_is_open(server->listener)) /* which the next accept finds out */
        return;
    server->paused = true;
    CHECK(sock_on_close(server->listener, &server->gone) == 0); /* server_start has seen to it */
}

void server_resume(struct server *server)
{
    MAGIC_CHECK(server, SERVER_MAGIC);
    if (!server->paused)
        return;
    server->paused = false;
    list_unlink(&server->gone.link);
    loop_defer(server->listener->net->loop, &server->turn);
}

/* ---- life ---- */

int server_start(struct sock *listener, const struct server_callbacks *callbacks, void *context,
                 struct server **out)
{
    int error = sock_make_rare(listener);
    struct server *server = error == 0 ? calloc(1, sizeof(*server)) : NULL;
    if (server == NULL)
        return -ENOMEM;
    server->magic = SERVER_MAGIC;
    server->listener = sock_ref(listener);
    server->callbacks = *callbacks;
    server->context = context;
    server->gone.fn = server_on_gone;
    list_init(&server->gone.link);
    loop_task_init(&server->turn, server_on_turn);
    loop_task_init(&server->starved.task, server_on_freed);
    list_init(&server->starved.link);
    loop_defer(listener->net->loop, &server->turn);
    *out = server;
    return 0;
}

void server_stop(struct server *server)
{
    MAGIC_CHECK(server, SERVER_MAGIC);
    server->stopped = true;
    if (!server->calling)
        server_free(server);
}
