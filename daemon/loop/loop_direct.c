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

struct loop_direct {
    struct loop_io io;
    struct event *read, *write; /* the second one is added while room is watched */
};

static struct loop_direct *loop_direct_of(struct loop_io *io)
{
    return CONTAINER_OF(io, struct loop_direct, io);
}

static void loop_direct_on_read(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    struct loop_io *io = context;
    MAGIC_CHECK(io, LOOP_IO_MAGIC);
    loop_io_tell(io, events & EV_CLOSED ? LOOP_READ | LOOP_CLOSED : LOOP_READ);
}

static void loop_direct_on_write(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct loop_io *io = context;
    MAGIC_CHECK(io, LOOP_IO_MAGIC);
    if (--io->patience == 0)
        (void)event_del(loop_direct_of(io)->write);
    loop_io_tell(io, LOOP_WRITE);
}

void loop_direct_watch_room(struct loop_io *io)
{
    (void)event_add(loop_direct_of(io)->write, NULL);
}

static void loop_direct_release(struct loop_direct *direct)
{
    if (direct->read != NULL)
        event_free(direct->read);
    if (direct->write != NULL)
        event_free(direct->write);
    direct->io.magic = 0;
    free(direct);
}

void loop_direct_free(struct loop_io *io)
{
    io->loop->direct_count--;
    list_unlink(&io->doubt);
    loop_direct_release(loop_direct_of(io));
}

static struct loop_direct *loop_direct_make(struct loop *loop, int fd, loop_io_fn *fn,
                                            void *context)
{
    struct loop_direct *direct = malloc(sizeof(*direct));
    if (direct == NULL)
        return NULL;
    *direct = (struct loop_direct){
        .io = {.magic = LOOP_IO_MAGIC,
               .fd = fd,
               .direct = true,
               .loop = loop,
               .fn = fn,
               .context = context},
    };
    list_init(&direct->io.doubt);
    short always = EV_PERSIST | EV_ET;
    direct->read =
        event_new(loop->base, fd, EV_READ | EV_CLOSED | always, loop_direct_on_read, &direct->io);
    direct->write = event_new(loop->base, fd, EV_WRITE | always, loop_direct_on_write, &direct->io);
    if (direct->read != NULL && direct->write != NULL && event_add(direct->read, NULL) == 0)
        return direct;
    loop_direct_release(direct);
    return NULL;
}

int loop_io_new_direct(struct loop *loop, int fd, loop_io_fn *fn, void *context,
                       struct loop_io **out)
{
    struct loop_direct *direct = NULL;
    if (fd >= 0 && loop->direct_count < LOOP_DIRECT)
        direct = loop_direct_make(loop, fd, fn, context);
    if (direct == NULL) /* which also finds out what is wrong with it */
        return loop_io_new(loop, fd, fn, context, out);
    loop->direct_count++;
    loop->io_count++;
    *out = &direct->io;
    return 0;
}
