/*
 * The engine: it runs the steps of operations, parks those that cannot proceed on their sockets,
 * and sees to it that each completes exactly once.
 *
 * An operation is idle, running (inside op_start), parked (in a queue, or moving by itself when it
 * is on no socket), ended (complete, its `done` still to be called from the loop) or complete.
 * `done` may do anything, closing the socket and starting operations on it included; a reference
 * to the socket is held around every such call.
 */
#include "net/op_class.h"

#include "net/net_private.h"

#include <assert.h>
#include <string.h>

enum op_state {
    OP_STATE_IDLE,
    OP_STATE_RUNNING,
    OP_STATE_PARKED,
    OP_STATE_ENDED,
    OP_STATE_COMPLETE,
};

static void op_on_timer(struct loop_timer *timer);

static void op_clear_notes(struct op *op)
{
    op->dont_wait = op->limited = op->any = op->eof = op->message = op->delivers = false;
}

/* The largest of the union's members stands for all; member by member, since compilers clear a
 * whole operation by a slow loop. */
void op_init(struct op *op, const struct op_class *class, struct sock *sock)
{
    static_assert(sizeof(struct op) == offsetof(struct op, in) + sizeof(op->in),
                  "op.in is largest");
    op->magic = OP_MAGIC;
    op->status = 0;
    op->class = class;
    op->sock = sock != NULL ? sock_ref(sock) : NULL;
    list_init(&op->link);
    op->timer = (struct loop_timer){0};
    op->state = OP_STATE_IDLE;
    op_clear_notes(op);
    memset(&op->in, 0, sizeof(op->in));
}

static struct net *op_net(const struct op *op)
{
    return op->sock != NULL ? op->sock->net : op->class->net(op);
}

/* The queue in which it has to wait its turn; NULL: none. */
static inline struct ring *op_queue(const struct op *op)
{
    if (op->class->queue == OP_QUEUE_READ)
        return &op->sock->readers;
    return op->class->queue == OP_QUEUE_WRITE ? &op->sock->writers : NULL;
}

/* ---- the end ---- */

/* The result stands: what follows is only telling it. A refusal because the socket is closed is
 * not the socket's own error. */
static void op_settle(struct op *op)
{
    struct sock *sock = op->sock;
    const struct op_class *class = op->class;
    op->state = OP_STATE_COMPLETE;
    if (sock == NULL || sock->fd < 0)
        return;
    if (!class->quiet)
        sock_record(sock, op->status);
    if (class->queue == OP_QUEUE_READ && op->status == 0)
        sock->delivering = op->delivers = true;
}

void op_init_done(struct op *op, const struct op_class *class, struct sock *sock)
{
    op->magic = OP_MAGIC;
    op->status = 0;
    op->class = class;
    op->sock = sock_ref(sock);
    op->state = OP_STATE_COMPLETE;
    op_clear_notes(op);
    sock_record(sock, 0);
    sock->delivering = op->delivers = true;
}

static void op_unpark(struct op *op)
{
    struct net *net = op_net(op);
    struct ring *queue = op_queue(op);
    if (queue != NULL)
        ring_remove(queue, &op->link);
    else
        list_unlink(&op->link);
    loop_timer_stop(net->loop, &op->timer);
    net->waiting--;
}

void op_deliver(struct op *op)
{
    MAGIC_CHECK(op, OP_MAGIC);
    CHECK(op->state == OP_STATE_ENDED);
    op_settle(op);
    op->done(op);
}

/* Unparks it before it had what it waited for: the next in line may have waited for its turn only.
 */
static void op_step_aside(struct op *op)
{
    const struct ring *queue = op_queue(op);
    op_unpark(op);
    if (queue != NULL && !ring_empty(queue))
        sock_serve_later(op->sock);
}

/* Ends a parked operation from within somebody's call: `done` is called by the loop. */
static void op_end_later(struct op *op, int status)
{
    struct net *net = op_net(op);
    op_step_aside(op);
    op->state = OP_STATE_ENDED;
    op->status = status;
    list_append(&net->completed, &op->link);
    loop_defer(net->loop, &net->complete_task);
}

static void op_tell(struct op *op, int status)
{
    op->status = status;
    op_settle(op);
    op->done(op);
}

void op_complete(struct op *op, int status)
{
    MAGIC_CHECK(op, OP_MAGIC);
    if (op->state != OP_STATE_PARKED)
        return;
    op_unpark(op);
    op_tell(op, status);
}

static void op_on_timer(struct loop_timer *timer)
{
    struct op *op = CONTAINER_OF(timer, struct op, timer);
    MAGIC_CHECK(op, OP_MAGIC);
    op_step_aside(op);
    op_tell(op, op->limited ? -EAGAIN : -ETIMEDOUT);
}

void op_cancel(struct op *op, int error)
{
    MAGIC_CHECK(op, OP_MAGIC);
    if (op->state == OP_STATE_PARKED)
        op_end_later(op, error);
}

static void op_fail_queue(const struct ring *queue, int error)
{
    while (!ring_empty(queue))
        op_end_later(CONTAINER_OF(queue->first, struct op, link), error);
}

void op_fail_all(struct sock *sock, int error)
{
    op_fail_queue(&sock->readers, error);
    op_fail_queue(&sock->writers, error);
    struct list *node;
    while ((node = list_first(&sock_rare(sock)->waiters)) != NULL)
        op_end_later(CONTAINER_OF(node, struct op, link), error);
}

void op_abort(struct op *op)
{
    MAGIC_CHECK(op, OP_MAGIC);
    if (op->state == OP_STATE_PARKED) {
        op_step_aside(op);
        if (op->sock != NULL)
            sock_touch(op->sock); /* to wait is to use */
    } else if (op->state == OP_STATE_ENDED) {
        list_unlink(&op->link);
    }
    op->status = -ECANCELED;
    op->state = OP_STATE_COMPLETE;
    op_finish(op);
}

/* What had to wait until the bytes lay still no longer. */
COLD static void op_after_delivery(struct sock *sock)
{
    sock_take_returned(sock);
    if (sock->fd < 0)
        buffer_deinit(&sock->in, sock->net->pool);
    else if (!ring_empty(&sock->readers))
        sock_serve_later(sock);
}

void op_finish(struct op *op)
{
    MAGIC_CHECK(op, OP_MAGIC);
    CHECK(op->state != OP_STATE_PARKED && op->state != OP_STATE_ENDED);
    struct sock *sock = op->sock;
    if (op->class->release != NULL)
        op->class->release(op);
    op->sock = NULL;
    op->magic = 0;
    if (sock == NULL)
        return;
    if (op->delivers) {
        sock->delivering = false;
        if (sock_has_returned(sock) || sock->fd < 0 || !ring_empty(&sock->readers))
            op_after_delivery(sock);
    }
    sock_unref(sock);
}

bool op_is_parked(const struct op *op)
{
    return op->state == OP_STATE_PARKED;
}

bool op_is_waiting(const struct op *op)
{
    return op->magic == OP_MAGIC && (op->state == OP_STATE_PARKED || op->state == OP_STATE_ENDED);
}

/* ---- the beginning ---- */

/* Has somebody else the turn that this operation would need? */
static bool op_must_queue(const struct op *op)
{
    if (op->class->queue == OP_QUEUE_READ && op->sock->delivering)
        return true;
    const struct ring *queue = op_queue(op);
    return queue != NULL && !ring_empty(queue);
}

/* A listener receives no bytes, so nobody waits for them: 0, or what recv(2) says of it. */
static int op_refuse_listener(const struct op *op)
{
    const struct sock *sock = op->sock;
    if (sock == NULL || !sock->listening || op->class->queue != OP_QUEUE_READ || op->class->accepts)
        return 0;
    return sock_data_error(sock, false);
}

/* Why it may not wait: 0, -EAGAIN, -ETIMEDOUT. */
static int op_refuse(const struct op *op, uint64_t deadline)
{
    const struct sock *sock = op->sock;
    if (sock != NULL && (sock->nonblock || op->dont_wait) && !op->class->always_waits)
        return -EAGAIN;
    if (deadline != LOOP_NEVER && deadline <= loop_now())
        return -ETIMEDOUT;
    return 0;
}

/* Waits for room to write, perhaps among other things. */
static bool op_wants_room(const struct op *op)
{
    return op->class->queue == OP_QUEUE_WRITE ||
           (op->class->queue == OP_QUEUE_WATCH && (op->ready.want & LOOP_WRITE) != 0);
}

/* What it needs to stand on its socket, and few sockets have. */
static int op_make_place(const struct op *op)
{
    if (op->sock == NULL)
        return 0;
    int error = sock_join_loop(op->sock);
    if (error == 0 && op->class->queue == OP_QUEUE_WATCH)
        error = sock_make_rare(op->sock);
    return error;
}

static void op_take_place(struct op *op)
{
    struct ring *queue = op_queue(op);
    if (queue != NULL)
        ring_append(queue, &op->link);
    else if (op->class->queue == OP_QUEUE_WATCH)
        list_append(&op->sock->rare->waiters, &op->link);
}

static int op_park(struct op *op, uint64_t deadline)
{
    struct net *net = op_net(op);
    int error = op_make_place(op);
    if (error == 0)
        error = loop_timer_start(net->loop, &op->timer, deadline, op_on_timer);
    if (error < 0)
        return error;
    op->state = OP_STATE_PARKED;
    net->waiting++;
    op_take_place(op);
    struct sock *sock = op->sock;
    if (sock != NULL && op_wants_room(op))
        sock_want_write(sock);
    if (sock != NULL && op->class->queue == OP_QUEUE_READ && !sock->delivering)
        buffer_settle(&sock->in, net->pool); /* it may rest for long now */
    return 0;
}

/* The deadline of a call that has none of its own: SO_RCVTIMEO and SO_SNDTIMEO bound what may fail
 * with EAGAIN otherwise (socket(7)). */
static uint64_t op_limit(struct op *op)
{
    const struct sock *sock = op->sock;
    if (sock == NULL || op->class->always_waits)
        return LOOP_NEVER;
    const struct sock_rare *rare = sock_rare(sock);
    uint64_t limit = op->class->queue == OP_QUEUE_READ ? rare->receive_limit : rare->send_limit;
    if (limit == 0)
        return LOOP_NEVER;
    op->limited = true;
    return loop_now() + limit;
}

/*
 * The operation may not wait: says why. The socket's note of what is exhausted is as old as the
 * loop's last look, so one that has gone by it asks the kernel first; `noted` is what it went by.
 */
COLD static int op_fail(struct op *op, int error, uint8_t noted)
{
    const uint8_t both = LOOP_READ | LOOP_WRITE;
    if (op->sock != NULL && (noted & both) != both) {
        op->sock->ready |= both;
        if (op->class->step(op) == OP_DONE)
            return OP_DONE;
    }
    if (error != -EAGAIN || op->status == 0)
        op->status = error;
    return OP_DONE;
}

/* Tries once, unless it is not this one's turn, and parks it if it cannot proceed. */
static int op_try(struct op *op, uint64_t deadline)
{
    struct sock *sock = op->sock;
    uint8_t noted = LOOP_READ | LOOP_WRITE;
    int result = OP_WAIT;
    if (sock == NULL || !op_must_queue(op)) {
        noted = sock != NULL ? sock->ready : noted;
        result = op->class->step(op);
        if (result == OP_DONE)
            return OP_DONE;
    }
    int error = op_refuse_listener(op);
    if (error < 0)
        return op_end(op, error);
    error = op_refuse(op, deadline);
    if (error < 0)
        return op_fail(op, error, result == OP_WAIT ? noted : LOOP_READ | LOOP_WRITE);
    error = op_park(op, deadline != LOOP_NEVER ? deadline : op_limit(op));
    if (error < 0) {
        op->status = error;
        return OP_DONE;
    }
    if (result == OP_LATER)
        sock_serve_later(sock);
    return OP_WAIT;
}

/* What was gathered goes before what is written now. An error of it is that of this operation. */
static int op_flush(struct op *op)
{
    struct sock *sock = op->sock;
    if (sock == NULL || op->class->queue != OP_QUEUE_WRITE)
        return 0;
    sock_flush(sock, op->class->sends ? MSG_MORE : 0);
    op->status = sock->out_error;
    sock->out_error = 0;
    return op->status;
}

int op_start(struct op *op, uint64_t deadline, op_done_fn *done)
{
    MAGIC_CHECK(op, OP_MAGIC);
    CHECK(op->state == OP_STATE_IDLE);
    op->state = OP_STATE_RUNNING;
    op->done = done;
    op->status = 0;
    if (op->sock != NULL && op->sock->fd < 0) {
        op->status = -EBADF;
        op->state = OP_STATE_COMPLETE;
        return OP_DONE;
    }
    int result = op_flush(op) < 0 ? OP_DONE : op_try(op, deadline);
    if (result == OP_DONE)
        op_settle(op);
    return result;
}

/* ---- the turn of the parked ones ---- */

/* Serves the head of a queue until it must wait, or others shall have a turn. */
static void op_serve_queue(struct sock *sock, struct ring *queue)
{
    for (int turns = 0; !ring_empty(queue) && sock->fd >= 0; turns++) {
        struct op *op = CONTAINER_OF(queue->first, struct op, link);
        if (op->class->queue == OP_QUEUE_READ && sock->delivering)
            return;
        if (turns == OP_SERVE_TURNS) {
            sock_serve_later(sock);
            break;
        }
        int result = op->class->step(op);
        if (result == OP_LATER)
            sock_serve_later(sock);
        if (result != OP_DONE)
            break;
        op_unpark(op);
        bool last = ring_empty(queue);
        op_tell(op, op->status);
        if (last) /* who stands there now has just tried in vain, or is served later */
            break;
    }
    if (queue == &sock->readers && !sock->delivering)
        buffer_settle(&sock->in, sock->net->pool);
}

/* Watchers stand side by side: each is asked once. */
COLD static void op_serve_watchers(struct sock *sock)
{
    struct list round = LIST_INIT(round);
    struct list *waiters = &sock->rare->waiters, *node;
    list_splice(&round, waiters);
    while ((node = list_shift(&round)) != NULL) {
        struct op *op = CONTAINER_OF(node, struct op, link);
        list_append(waiters, node);
        if (op->class->step(op) == OP_DONE)
            op_complete(op, op->status);
        if (sock->fd < 0)
            break;
    }
    /* Closed in the middle: the rest of the round is ended like those that were in the queue. */
    list_splice(waiters, &round);
    if (sock->fd < 0)
        op_fail_all(sock, -EBADF);
}

void op_serve(struct sock *sock, unsigned ready)
{
    if (ready & LOOP_READ)
        op_serve_queue(sock, &sock->readers);
    if (ready & LOOP_WRITE)
        op_serve_queue(sock, &sock->writers);
    if (!list_empty(&sock_rare(sock)->waiters))
        op_serve_watchers(sock);
}
