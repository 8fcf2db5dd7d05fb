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
#include "util/table.h"

#include <assert.h>
#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- the kernel's side ---- */

static int loop_io_control(const struct loop *loop, const struct loop_io *io, int operation)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLRDHUP | EPOLLET,
        .data.u64 = (uint64_t)io->generation << 32 | (uint32_t)io->fd,
    };
    if (io->patience > 0)
        event.events |= EPOLLOUT;
    return epoll_ctl(loop->epoll, operation, io->fd, &event) < 0 ? -errno : 0;
}

int loop_io_watch_room(struct loop *loop, struct loop_io *io)
{
    return io->direct ? loop_direct_watch_room(loop, io) : loop_io_control(loop, io, EPOLL_CTL_MOD);
}

void loop_io_want_write(struct loop *loop, struct loop_io *io)
{
    bool watched = io->patience > 0;
    io->patience = LOOP_WRITE_PATIENCE;
    int error = watched ? 0 : loop_io_watch_room(loop, io);
    if (error < 0 && error != -EBADF && error != -ENOENT) /* a script may have closed it */
        loop_io_wish(loop, io);
}

/* There was room, and the wish for it is one report older. */
static void loop_io_lose_patience(const struct loop *loop, struct loop_io *io)
{
    if (io->patience > 0 && --io->patience == 0)
        (void)loop_io_control(loop, io, EPOLL_CTL_MOD);
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
            loop_io_lose_patience(loop, io);
        loop_io_tell(loop, io, ready);
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

/* ---- life of a registration ---- */

/* There are thousands of registrations and a handful of functions. */
uint8_t loop_io_kind(struct loop *loop, loop_io_fn *fn)
{
    static_assert(LOOP_IO_KINDS <= 64, "a kind has six bits");
    uint8_t kind = 1;
    while (kind < LOOP_IO_KINDS && loop->io_kinds[kind] != NULL && loop->io_kinds[kind] != fn)
        kind++;
    CHECK(kind < LOOP_IO_KINDS);
    loop->io_kinds[kind] = fn;
    return kind;
}

int loop_io_reserve(struct loop *loop, int fd)
{
    size_t room = loop->io_room > 0 ? loop->io_room : 64;
    while (room <= (size_t)fd)
        room *= 2;
    if (room == loop->io_room)
        return 0;
    struct loop_io **ios = table_grow(loop->ios, loop->io_room, room, sizeof(struct loop_io *));
    if (ios == NULL)
        return -ENOMEM;
    loop->ios = ios;
    int error = loop_doubt_reserve(loop, room);
    if (error == 0)
        loop->io_room = room;
    return error;
}

/* Puts io->fd into the set and makes it known. */
static int loop_io_add(struct loop *loop, struct loop_io *io)
{
    int error = loop_io_reserve(loop, io->fd);
    if (error < 0)
        return error;
    if (loop->ios[io->fd] != NULL)
        return -EEXIST;
    error = loop_io_control(loop, io, EPOLL_CTL_ADD);
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

/* Only registrations that begin and end while one batch is told must differ. */
static uint16_t loop_io_next_generation(struct loop *loop)
{
    loop->io_generation = (uint16_t)(loop->io_generation % UINT16_MAX + 1);
    return loop->io_generation;
}

int loop_io_start(struct loop *loop, struct loop_io *io, int fd, loop_io_fn *fn)
{
    CHECK(!loop_io_watches(io));
    if (fd < 0)
        return -EBADF;
    *io = (struct loop_io){.fd = fd, .generation = loop_io_next_generation(loop)};
    int error = loop_io_add(loop, io);
    if (error == -EEXIST)
        error = loop_io_add_duplicate(loop, io);
    if (error < 0) {
        *io = (struct loop_io){0};
        return error;
    }
    io->kind = loop_io_kind(loop, fn);
    loop->io_count++;
    return 0;
}

void loop_io_forget(struct loop *loop, struct loop_io *io)
{
    if (!loop_io_watches(io))
        return;
    loop->io_count--;
    loop->ios[io->fd] = NULL;
    loop_end_doubt(loop, io->fd);
    loop_end_wish(loop, io->fd);
    if (io->direct)
        loop_direct_stop(loop, io);
    if (io->duplicate)
        close(io->fd);
    *io = (struct loop_io){0};
}

void loop_io_stop(struct loop *loop, struct loop_io *io)
{
    if (!loop_io_watches(io))
        return;
    struct epoll_event unused = {0};
    if (!io->direct)
        (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, io->fd, &unused);
    loop_io_forget(loop, io);
}

/* ---- life of the set ---- */

int loop_io_init(struct loop *loop)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return -errno;
    loop->ready =
        event_new(loop->base, loop->epoll, EV_READ | EV_PERSIST | EV_ET, loop_io_on_ready, loop);
    if (loop->ready == NULL || event_add(loop->ready, NULL) < 0)
        return -ENOMEM;
    return loop_doubt_init(loop);
}

void loop_io_deinit(struct loop *loop)
{
    if (loop->ready != NULL)
        event_free(loop->ready);
    loop_doubt_deinit(loop);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop->ios);
}
