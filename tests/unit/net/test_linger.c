/* Bytes that follow after the close. */
#include "net_peers.h"

#include "net/gather.h"
#include "net/sock_private.h"

#include <math.h>
#include <pthread.h>

TestSuite(linger, .init = fixture_up, .fini = fixture_down);

enum { MUCH = GATHER_MAX };

/* A socket that is closed before the kernel has taken all of its bytes. */
static const uint8_t *close_early(struct pair *pair)
{
    struct act act;
    const uint8_t *bytes = fixture_pattern(MUCH);
    pair_open(pair, PAIR_UNIX);
    act_write(&act, pair->sock, "!", 1);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    pair_hear(pair, "!", 1);
    cr_assert_eq(sock_join_loop(pair->sock), 0); /* before that nothing is gathered */
    pair_squeeze(pair);
    for (size_t done = 0; done < MUCH; done += GATHER_PIECE)
        cr_assert(sock_gather(pair->sock, bytes + done, GATHER_PIECE));
    sock_unref(pair->sock);
    pair->sock = NULL;
    cr_assert_eq(fixture_stats().sockets, 0);
    cr_assert_gt(fixture_stats().bytes, 0, "some are left");
    return bytes;
}

Test(linger, ends_with_the_end_of_the_stream)
{
    struct pair pair;
    char byte;
    const uint8_t *bytes = close_early(&pair);
    pair_hear(&pair, bytes, MUCH);
    while (pair_peek(&pair, &byte, 1) == -EAGAIN)
        fixture_run_rounds(1);
    cr_assert_eq(pair_peek(&pair, &byte, 1), 0);
    cr_assert_eq(fixture_stats().bytes, 0);
    pair_close(&pair);
}

static bool all_gone(void *context)
{
    (void)context;
    return fixture_stats().bytes == 0;
}

Test(linger, gives_up_when_the_peer_is_gone)
{
    struct pair pair;
    close_early(&pair);
    pair_hang_up(&pair);
    fixture_run_until(all_gone, NULL);
    pair_close(&pair);
}

struct listener {
    int fd;
    const uint8_t *bytes;
    bool all;
};

static void *hear_all(void *argument)
{
    struct listener *listener = argument;
    uint8_t got[MUCH];
    size_t length = 0;
    for (ssize_t more; length < MUCH; length += (size_t)more) {
        more = recv(listener->fd, got + length, MUCH - length, 0);
        if (more < 0 && errno == EAGAIN)
            more = 0;
        else if (more <= 0)
            break;
    }
    listener->all = length == MUCH && memcmp(got, listener->bytes, MUCH) == 0;
    return NULL;
}

Test(linger, has_one_more_moment_at_the_end_of_the_program)
{
    struct pair pair;
    struct listener listener = {.bytes = close_early(&pair)};
    pthread_t thread;
    listener.fd = pair.peer;
    cr_assert_eq(pthread_create(&thread, NULL, hear_all, &listener), 0);
    net_close_all(net);
    pthread_join(thread, NULL);
    cr_assert(listener.all);
    pair_close(&pair);
}
