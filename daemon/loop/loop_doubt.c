/*
 * Descriptors in doubt: they were received from until less came than there was room for, which is
 * nearly always all. See loop_io_doubt.
 *
 * Each is a bit in a table, so that to doubt, which nearly every request does, touches nothing of
 * other connections, needs no memory and cannot fail. A timer of libevent's own ticks while there
 * are any, and asks those that have been in doubt for a whole interval. It also repeats the wishes
 * for room to write that the kernel, or libevent, had no memory for.
 */
#include "loop/loop_private.h"

#include "util/error.h"
#include "util/table.h"

#include <event2/event.h>

/* How often descriptors in doubt are looked at, and how many at a time. */
#define LOOP_TICK_MICROSECONDS 50000
#define LOOP_TICK_BATCH        1024

/* ---- ticks ---- */

static void loop_start_tick(struct loop *loop)
{
    static const struct timeval interval = {0, LOOP_TICK_MICROSECONDS};
    loop->ticking = event_add(loop->tick, &interval) == 0;
}

/* Asks those of the table's next 64 descriptors that have been in doubt for long. Returns how many.
 * What is called may end the doubts of others, and have the table grow. */
static int loop_ask_next(struct loop *loop)
{
    int asked = 0;
    size_t word = loop->doubt_next++;
    while (loop->doubts[word].old != 0) {
        int bit = __builtin_ctzll(loop->doubts[word].old);
        loop->doubts[word].old &= loop->doubts[word].old - 1;
        struct loop_io *io = loop->ios[word * 64 + (size_t)bit];
        loop_io_call(loop, io, LOOP_READ);
        asked++;
    }
    return asked;
}

/* Goes on where the last tick has ended, up to the end of the table. */
static void loop_ask(struct loop *loop)
{
    for (int asked = 0; asked < LOOP_TICK_BATCH && loop->doubt_next < loop->io_room / 64;)
        asked += loop_ask_next(loop);
    if (loop->doubt_next >= loop->io_room / 64)
        loop->doubt_next = 0;
}

/* Those of 64 whose wishes the kernel did not take tell it again. */
static void loop_wish_again(struct loop *loop, size_t word)
{
    uint64_t left = loop->doubts[word].unheard;
    for (; left != 0; left &= left - 1) {
        struct loop_io *io = loop->ios[word * 64 + (size_t)__builtin_ctzll(left)];
        if (loop_io_watch_room(loop, io) == 0)
            loop_end_wish(loop, io->fd);
    }
}

/* Those that are in doubt since the last tick have been so for long at the next. Whether there are
 * any, or wishes that are still to be told. */
static bool loop_age_doubts(struct loop *loop)
{
    uint64_t any = 0;
    for (size_t i = 0; i < loop->io_room / 64; i++) {
        struct loop_doubts *doubts = &loop->doubts[i];
        doubts->old |= doubts->fresh;
        doubts->fresh = 0;
        loop_wish_again(loop, i);
        any |= doubts->old | doubts->unheard;
    }
    return any != 0;
}

static void loop_on_tick(evutil_socket_t unused, short events, void *context)
{
    (void)unused, (void)events;
    struct loop *loop = context;
    MAGIC_CHECK(loop, LOOP_MAGIC);
    loop_begin_round(loop);
    loop_ask(loop);
    loop->ticking = false;
    if (loop_age_doubts(loop))
        loop_start_tick(loop);
}

void loop_io_doubt(struct loop *loop, struct loop_io *io)
{
    loop->doubts[io->fd / 64].fresh |= (uint64_t)1 << io->fd % 64;
    if (!loop->ticking)
        loop_start_tick(loop);
}

void loop_io_wish(struct loop *loop, const struct loop_io *io)
{
    loop->doubts[io->fd / 64].unheard |= (uint64_t)1 << io->fd % 64;
    if (!loop->ticking)
        loop_start_tick(loop);
}

/* ---- life ---- */

int loop_doubt_reserve(struct loop *loop, size_t room)
{
    struct loop_doubts *doubts =
        table_grow(loop->doubts, loop->io_room / 64, room / 64, sizeof(*doubts));
    if (doubts == NULL)
        return -ENOMEM;
    loop->doubts = doubts;
    return 0;
}

int loop_doubt_init(struct loop *loop)
{
    loop->tick = event_new(loop->base, -1, 0, loop_on_tick, loop);
    return loop->tick != NULL ? 0 : -ENOMEM;
}

void loop_doubt_deinit(struct loop *loop)
{
    if (loop->tick != NULL)
        event_free(loop->tick);
    free(loop->doubts);
}
