/*
 * Real sockets for the tests of the net layer: one end belongs to the net, the other to the test.
 */
#pragma once

#include "net_fixture.h"

enum pair_kind { PAIR_TCP, PAIR_UNIX, PAIR_DGRAM, PAIR_SEQPACKET };

/* A socket of the net, connected with a descriptor of the test, which does not block. */
struct pair {
    struct sock *sock;
    int peer; /* -1 when closed */
};

void pair_open(struct pair *pair, enum pair_kind kind);
void pair_close(struct pair *pair);

/* All of it, with the peer's descriptor; and until the socket's kernel side has it. */
void pair_say(struct pair *pair, const void *data, size_t length);
void pair_say_text(struct pair *pair, const char *text);

/* Ends the peer's side: orderly, or with a reset behind what was said. */
void pair_hang_up(struct pair *pair);
void pair_reset(struct pair *pair);

/* Runs the loop until the peer has received `length` bytes, and compares. */
void pair_hear(struct pair *pair, const void *expected, size_t length);

/* What is there for the peer now, at most `size`; -errno. */
ssize_t pair_peek(struct pair *pair, void *data, size_t size);

/* Small buffers in the kernel, on both sides. */
void pair_squeeze(struct pair *pair);

/* A test on connected streams, which holds over TCP and over unix sockets. */
#define STREAM_TEST(suite, name)                           \
    static void suite##_##name(struct pair *pair);         \
    static void suite##_##name##_with(enum pair_kind kind) \
    {                                                      \
        struct pair pair;                                  \
        pair_open(&pair, kind);                            \
        suite##_##name(&pair);                             \
        pair_close(&pair);                                 \
    }                                                      \
    Test(suite, name##_over_tcp)                           \
    {                                                      \
        suite##_##name##_with(PAIR_TCP);                   \
    }                                                      \
    Test(suite, name##_over_unix)                          \
    {                                                      \
        suite##_##name##_with(PAIR_UNIX);                  \
    }                                                      \
    static void suite##_##name(struct pair *pair)

/* A listener of the net at a free port of 127.0.0.1, and its address. */
struct sock *fixture_listener(struct address *at);

/* A descriptor of the test, connected to it or on the way. */
int fixture_dial(const struct address *to);

/* A port of 127.0.0.1 at which nobody listens, for as long as the descriptor that it returns. */
int fixture_dead_port(struct address *at, char text[16]);
