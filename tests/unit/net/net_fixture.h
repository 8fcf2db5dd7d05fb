/*
 * What the tests of the net layer share: a loop with a net, real sockets on loopback, operations
 * whose outcome is noted, and an end which proves that nothing is left.
 *
 * A test never sleeps: it runs the loop until what it waits for has come, or fails at a deadline.
 */
#pragma once

#include "loop/loop.h"
#include "net/address.h"
#include "net/net.h"
#include "net/op_class.h"
#include "net/sock.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the loop and the net ---- */

extern struct loop *loop;
extern struct net *net;

/* For .init and .fini of a suite. The net has its defaults; a test that wants others calls
 * fixture_configure before it makes anything. */
void fixture_up(void);
void fixture_configure(const struct net_config *config);
void fixture_down(void);

/* A private folder, made at the first call and removed at the end; a path in it. */
const char *fixture_path(const char *name);

typedef bool fixture_condition(void *context);

/* Runs the loop until the condition holds. The test fails when it does not in time. */
void fixture_run_until(fixture_condition *holds, void *context);

/* Runs the loop for some rounds, none of which waits: to see that something does not happen. */
void fixture_run_rounds(unsigned rounds);

struct net_stats fixture_stats(void);

/* ---- operations ---- */

enum act_kind { ACT_IN, ACT_OUT, ACT_READY, ACT_MADE, ACT_CONNECT, ACT_FOUND };

/* An operation, and what became of it. Bytes that it yields are consumed and copied here. */
struct act {
    struct op op;
    enum act_kind kind;
    unsigned calls; /* of `done` */
    unsigned order; /* the how manieth of all to end, from 1 */
    bool ended;
    int status;
    uint8_t *bytes; /* with a zero behind them */
    size_t length;  /* of the bytes, or sent */
    bool eof;
    unsigned ready;
    struct sock *sock; /* made */
    struct address from;
    size_t found; /* addresses */
    bool go_on;   /* its end does not stop the loop in the middle of a batch of events */
    bool decline; /* do not consume, do not take */
    void (*then)(struct act *act); /* after the outcome was noted, from within `done` */
    void *context;
    struct slice delimiters[4];
};

/* Constructors; `text` delimiters are strings, a NULL ends them. */
void act_read(struct act *act, struct sock *sock, size_t limit, const char *delimiter);
void act_read_any(struct act *act, struct sock *sock, size_t limit, const char *const *texts);
void act_recv(struct act *act, struct sock *sock, size_t size, int flags);
void act_sysread(struct act *act, struct sock *sock, size_t size);
void act_write(struct act *act, struct sock *sock, const void *data, size_t length);
void act_send(struct act *act, struct sock *sock, const void *data, size_t length, int flags);
void act_wait(struct act *act, struct sock *sock, unsigned want);
void act_connect(struct act *act, struct sock *sock, const struct address *address);
void act_accept(struct act *act, struct sock *sock);
void act_tcp_connect(struct act *act, const char *host, const char *port);
void act_tcp_listen(struct act *act, const char *host, const char *port);
void act_resolve(struct act *act, const char *host, const char *service);

/* Starts it with a timeout in seconds, INFINITY for none. OP_DONE or OP_WAIT. */
int act_start(struct act *act, double timeout);

/* Runs the loop until it has ended; returns the status. */
int act_end(struct act *act);

/* Both. */
int act_run(struct act *act, double timeout);

/* Takes it back: it will not end. */
void act_abort(struct act *act);

/* Ends it by op_cancel; closes a socket. Neither may call anybody back from within. */
void act_cancel(struct act *act, int error);
int fixture_close(struct sock *sock);

/* "Ended well with exactly these bytes." */
#define act_expect(act, expected, size)                                            \
    do {                                                                           \
        cr_assert_eq((act)->status, 0, "%s", strerror(-(act)->status));            \
        cr_assert_eq((act)->length, (size), "%zu bytes", (act)->length);           \
        cr_assert_eq(memcmp((act)->bytes, (expected), (act)->length), 0, "\"%s\"", \
                     (const char *)(act)->bytes);                                  \
    } while (0)
#define act_expect_text(act, text) act_expect(act, text, strlen(text))

/* 64 bits, the same ones in each run. */
uint64_t fixture_random(void);

/* Memory that is zero, and free after the test. */
void *fixture_memory(size_t size);

/* Bytes that tell their place, in such memory. */
uint8_t *fixture_pattern(size_t length);
