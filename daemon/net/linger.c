/*
 * Sending after the close. See linger.h.
 */
#include "net/linger.h"

#include "loop/closer.h"
#include "net/net_private.h"
#include "util/cleanup.h"

#include <poll.h>

enum { LINGER_MAGIC = 0x6c6e6772 };

/* How long a peer may leave what was sent to it lying about, and how long at the end of the
 * program. */
#define LINGER_TIME       (60 * LOOP_SECOND)
#define LINGER_FINAL_TIME (2 * LOOP_SECOND)

struct linger_work {
    unsigned magic;
    int fd;
    struct net *net;
    struct list link;
    struct loop_io io;
    struct loop_timer timer;
    struct buffer bytes;
};

static void linger_free(struct linger_work *work)
{
    struct net *net = work->net;
    loop_io_stop(net->loop, &work->io);
    loop_timer_stop(net->loop, &work->timer);
    list_unlink(&work->link);
    buffer_deinit(&work->bytes, net->pool);
    closer_close(work->fd); /* it may be shared */
    net->lingering--;
    net_feed(net);
    work->magic = 0;
    free(work);
}

/* False when there is nothing more to do: all is sent, or nothing can be. */
static bool linger_send(struct linger_work *work)
{
    while (buffer_length(&work->bytes) > 0) {
        ssize_t sent = send(work->fd, buffer_data(&work->bytes), buffer_length(&work->bytes),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN;
        buffer_consume(&work->bytes, work->net->pool, (size_t)sent);
        work->net->bytes_out += (uint64_t)sent;
    }
    return false;
}

static void linger_go_on(struct linger_work *work)
{
    if (linger_send(work))
        loop_io_want_write(work->net->loop, &work->io);
    else
        linger_free(work);
}

static void linger_on_io(struct loop_io *io, unsigned events)
{
    struct linger_work *work = CONTAINER_OF(io, struct linger_work, io);
    MAGIC_CHECK(work, LINGER_MAGIC);
    if (events & LOOP_WRITE)
        linger_go_on(work);
}

static void linger_on_timer(struct loop_timer *timer)
{
    linger_free(CONTAINER_OF(timer, struct linger_work, timer));
}

void linger_start(struct net *net, int fd, struct buffer *bytes)
{
    struct linger_work *work = calloc(1, sizeof(*work));
    if (work == NULL) {
        buffer_deinit(bytes, net->pool);
        closer_close(fd);
        return;
    }
    work->magic = LINGER_MAGIC;
    work->fd = fd;
    work->net = net;
    work->bytes = STEAL_BUFFER(*bytes);
    list_append(&net->lingerers, &work->link);
    net->lingering++;
    int error = loop_io_start(net->loop, &work->io, fd, linger_on_io);
    if (error == 0)
        error =
            loop_timer_start(net->loop, &work->timer, loop_now() + LINGER_TIME, linger_on_timer);
    if (error < 0)
        linger_free(work);
    else
        loop_io_want_write(net->loop, &work->io);
}

/* Waits until it may go on, but not beyond the deadline. */
static bool linger_wait(const struct linger_work *work, uint64_t deadline)
{
    uint64_t now = loop_now();
    struct pollfd descriptor = {.fd = work->fd, .events = POLLOUT};
    return now < deadline &&
           poll(&descriptor, 1, (int)((deadline - now) / (LOOP_SECOND / 1000)) + 1) > 0;
}

void linger_finish_all(struct net *net)
{
    uint64_t deadline = loop_now() + LINGER_FINAL_TIME;
    for (struct list *link; (link = list_first(&net->lingerers)) != NULL;) {
        struct linger_work *work = CONTAINER_OF(link, struct linger_work, link);
        while (linger_send(work) && linger_wait(work, deadline))
            ;
        linger_free(work);
    }
}
