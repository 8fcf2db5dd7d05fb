/*
 * Descriptors: an epoll set of our own, which is one event of libevent's.
 *
 * libevent's own way costs some three hundred instructions an event and two hundred bytes a
 * descriptor, since it may have several watchers with wishes of their own for each; here there is
 * one, which wants to know of everything but room to write, and of that only when there was none.
 * (A few that are mostly alone are libevent's own, loop_direct.c.)
 *
 * The events are taken in batches, and what a callback frees is not told any more: an event carries
 * the number of its descriptor and the generation of the registration, not its address, so that one
 * which outlives it finds nobody.
 */
#include "loop/loop_private.h"

#include "util/error.h"

#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* How often descriptors in doubt are looked at, and how many at a time. */
#define LOOP_TICK_MICROSECONDS 50000
#define LOOP_TICK_BATCH        1024

/* ---- the kernel's side ---- */

static int loop_io_control(const struct loop_io *io, int operation)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLRDHUP | EPOLLET,
        .data.u64 = (uint64_t)io->generation << 32 | (uint32_t)io->fd,
    };
    if (io->patience > 0)
        event.events |= EPOLLOUT;
    return epoll_ctl(io->loop->epoll, operation, io->fd, &event) < 0 ? -errno : 0;
}

void loop_io_want_write(struct loop_io *io)
{
    bool watched = io->patience > 0;
    io->patience = LOOP_WRITE_PATIENCE;
    if (watched)
        return;
    if (io->direct)
        loop_direct_watch_room(io);
    else
        (void)loop_io_control(io, EPOLL_CTL_MOD); /* fails only where a script has closed it */
}

/* There was room, and the wish for it is one report older. */
static void loop_io_lose_patience(struct loop_io *io)
{
    if (io->patience > 0 && --io->patience == 0)
        (void)loop_io_control(io, EPOLL_CTL_MOD);
}

/* ---- events ---- */

static unsigned loop_io_events(uint32_t events)
{
    if (events & EPOLLERR || (events & (EPOLLHUP | EPOLLRDHUP)) == EPOLLHUP)
        return LOOP_READ | LOOP_WRITE;
    unsigned ready = 0;
    if (events & EPOLLIN)
        ready |= LOOP_READ;
    if (events & (EPOLLOUT | EPOLLHUP)) /* a send would fail at once */
        ready |= LOOP_WRITE;
    if (events & EPOLLRDHUP)
        ready |= LOOP_READ | LOOP_CLOSED;
    return ready;
}

static struct loop_io *loop_io_find(const struct loop *loop, uint64_t key)
{
    struct loop_io *io = loop->ios[(uint32_t)key];
    return io != NULL && io->generation == key >> 32 ? io : NULL;
}

/* Tells what is left of the batch. */
static void loop_io_go_on(struct loop *loop)
{
    while (loop->batch_next < loop->batch_count && !loop->stopped) {
        const struct epoll_event *event = &loop->batch[loop->batch_next++];
        unsigned ready = loop_io_events(event->events);
        struct loop_io *io = loop_io_find(loop, event->data.u64);
        if (io == NULL || ready == 0)
            continue;
        if (event->events & EPOLLOUT)
            loop_io_lose_patience(io);
        loop_io_tell(io, ready);
    }
}

/* The set tells libevent of each event that comes to it only once: what it has left after a full
 * batch, or after one that was cut short, is for the next round to ask for. */
void loop_io_look(struct loop *loop)
{
    loop_io_go_on(loop);
    if (loop->batch_next < loop->batch_count)
        return;
    int count = epoll_wait(loop->epoll, loop->batch, LOOP_BATCH, 0);
    loop->batch_next = 0;
    loop->batch_count = count > 0 ? count : 0;
    loop->unheard = count == LOOP_BATCH || count < 0;
    loop_io_go_on(loop);
    loop->unheard = loop->unheard || loop->batch_next < loop->batch_count;
}

static void loop_io_on_ready(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct loop *loop = context;
    MAGIC_CHECK(loop, LOOP_MAGIC);
    loop_io_look(loop);
}

/* ---- doubts ---- */

static void loop_start_tick(struct loop *loop)
{
    static const struct timeval interval = {0, LOOP_TICK_MICROSECONDS};
    loop->ticking = event_add(loop->tick, &interval) == 0;
}

static void loop_on_tick(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct loop *loop = context;
    MAGIC_CHECK(loop, LOOP_MAGIC);
    loop_begin_round(loop);
    for (int i = 0; i < LOOP_TICK_BATCH; i++) {
        struct list *node = list_shift(&loop->old_doubts);
        if (node == NULL)
            break;
        struct loop_io *io = CONTAINER_OF(node, struct loop_io, doubt);
        io->fn(io->context, LOOP_READ);
    }
    list_splice(&loop->old_doubts, &loop->doubts);
    loop->ticking = false;
    if (!list_empty(&loop->old_doubts))
        loop_start_tick(loop);
}

void loop_io_doubt(struct loop_io *io)
{
    list_unlink(&io->doubt);
    list_append(&io->loop->doubts, &io->doubt);
    if (!io->loop->ticking)
        loop_start_tick(io->loop);
}

/* ---- life of a registration ---- */

static int loop_io_reserve(struct loop *loop, int fd)
{
    size_t room = loop->io_room > 0 ? loop->io_room : 64;
    while (room <= (size_t)fd)
        room *= 2;
    if (room == loop->io_room)
        return 0;
    struct loop_io **ios = reallocarray(loop->ios, room, sizeof(struct loop_io *));
    if (ios == NULL)
        return -ENOMEM;
    memset(ios + loop->io_room, 0, (room - loop->io_room) * sizeof(struct loop_io *));
    loop->ios = ios;
    loop->io_room = room;
    return 0;
}

/* Puts io->fd into the set and makes it known. */
static int loop_io_add(struct loop *loop, struct loop_io *io)
{
    int error = loop_io_reserve(loop, io->fd);
    if (error < 0)
        return error;
    error = loop_io_control(io, EPOLL_CTL_ADD);
    if (error == 0)
        loop->ios[io->fd] = io;
    return error;
}

/* The descriptor has a watcher already: its duplicate gets the other. */
static int loop_io_add_duplicate(struct loop *loop, struct loop_io *io)
{
    io->fd = fcntl(io->fd, F_DUPFD_CLOEXEC, 0);
    if (io->fd < 0)
        return -errno;
    io->duplicate = true;
    int error = loop_io_add(loop, io);
    if (error < 0)
        close(io->fd);
    return error;
}

int loop_io_new(struct loop *loop, int fd, loop_io_fn *fn, void *context, struct loop_io **out)
{
    if (fd < 0)
        return -EBADF;
    struct loop_io *io = malloc(sizeof(*io));
    if (io == NULL)
        return -ENOMEM;
    *io = (struct loop_io){
        .magic = LOOP_IO_MAGIC,
        .fd = fd,
        .generation = ++loop->io_generation,
        .loop = loop,
        .fn = fn,
        .context = context,
    };
    list_init(&io->doubt);
    int error = loop_io_add(loop, io);
    if (error == -EEXIST)
        error = loop_io_add_duplicate(loop, io);
    if (error < 0) {
        free(io);
        return error;
    }
    loop->io_count++;
    *out = io;
    return 0;
}

void loop_io_forget(struct loop_io *io)
{
    if (io == NULL)
        return;
    MAGIC_CHECK(io, LOOP_IO_MAGIC);
    struct loop *loop = io->loop;
    loop->io_count--;
    if (io->direct) {
        loop_direct_free(io);
        return;
    }
    loop->ios[io->fd] = NULL;
    list_unlink(&io->doubt);
    if (io->duplicate)
        close(io->fd);
    io->magic = 0;
    free(io);
}

void loop_io_free(struct loop_io *io)
{
    if (io == NULL)
        return;
    struct epoll_event unused = {0};
    if (!io->direct)
        (void)epoll_ctl(io->loop->epoll, EPOLL_CTL_DEL, io->fd, &unused);
    loop_io_forget(io);
}

/* ---- life of the set ---- */

int loop_io_init(struct loop *loop)
{
    list_init(&loop->doubts);
    list_init(&loop->old_doubts);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return -errno;
    loop->ready =
        event_new(loop->base, loop->epoll, EV_READ | EV_PERSIST | EV_ET, loop_io_on_ready, loop);
    loop->tick = event_new(loop->base, -1, 0, loop_on_tick, loop);
    if (loop->ready == NULL || loop->tick == NULL || event_add(loop->ready, NULL) < 0)
        return -ENOMEM;
    return 0;
}

void loop_io_deinit(struct loop *loop)
{
    if (loop->ready != NULL)
        event_free(loop->ready);
    if (loop->tick != NULL)
        event_free(loop->tick);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop->ios);
}
