/*
 * Descriptors that are libevent's own.
 *
 * One in the epoll set of loop_io.c costs a second epoll_wait when it is the only one with news:
 * libevent's, which says that the set has some, and the set's own. Where many have news at a time
 * the set is cheaper, and so it is for descriptors that come and go; so only those that are asked
 * for are here, and only a few.
 */
#include "loop/loop_private.h"

#include "util/error.h"

#include <event2/event.h>

/* ---- events ---- */

static void loop_direct_on_read(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    struct loop_direct *direct = context;
    MAGIC_CHECK(direct, LOOP_DIRECT_MAGIC);
    loop_io_tell(direct->loop, direct->io,
                 events & EV_CLOSED ? LOOP_READ | LOOP_CLOSED : LOOP_READ);
}

static void loop_direct_on_write(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct loop_direct *direct = context;
    MAGIC_CHECK(direct, LOOP_DIRECT_MAGIC);
    if (--direct->io->patience == 0)
        (void)event_del(direct->write);
    loop_io_tell(direct->loop, direct->io, LOOP_WRITE);
}

/* ---- places ---- */

/* The place of a registration, or with NULL a free one; NULL: there is none. */
static struct loop_direct *loop_direct_find(struct loop *loop, const struct loop_io *io)
{
    for (size_t i = 0; i < LOOP_DIRECT; i++)
        if (loop->directs[i].io == io)
            return &loop->directs[i];
    return NULL;
}

int loop_direct_watch_room(struct loop *loop, const struct loop_io *io)
{
    return event_add(loop_direct_find(loop, io)->write, NULL) < 0 ? -ENOMEM : 0;
}

static void loop_direct_release(struct loop_direct *direct)
{
    if (direct->read != NULL)
        event_free(direct->read);
    if (direct->write != NULL)
        event_free(direct->write);
    *direct = (struct loop_direct){0};
}

void loop_direct_stop(struct loop *loop, const struct loop_io *io)
{
    loop->direct_count--;
    loop_direct_release(loop_direct_find(loop, io));
}

/* ---- life ---- */

static bool loop_direct_add(struct loop *loop, struct loop_direct *direct, int fd)
{
    short always = EV_PERSIST | EV_ET;
    *direct = (struct loop_direct){.magic = LOOP_DIRECT_MAGIC, .loop = loop};
    direct->read =
        event_new(loop->base, fd, EV_READ | EV_CLOSED | always, loop_direct_on_read, direct);
    direct->write = event_new(loop->base, fd, EV_WRITE | always, loop_direct_on_write, direct);
    if (direct->read != NULL && direct->write != NULL && event_add(direct->read, NULL) == 0)
        return true;
    loop_direct_release(direct);
    return false;
}

int loop_io_start_direct(struct loop *loop, struct loop_io *io, int fd, loop_io_fn *fn)
{
    struct loop_direct *direct = loop_direct_find(loop, NULL);
    bool may = fd >= 0 && direct != NULL && loop_io_reserve(loop, fd) == 0 && loop->ios[fd] == NULL;
    if (!may || !loop_direct_add(loop, direct, fd)) /* the set finds out what is wrong with it */
        return loop_io_start(loop, io, fd, fn);
    *io = (struct loop_io){.fd = fd, .kind = loop_io_kind(loop, fn), .direct = true};
    direct->io = loop->ios[fd] = io;
    loop->direct_count++;
    loop->io_count++;
    return 0;
}
