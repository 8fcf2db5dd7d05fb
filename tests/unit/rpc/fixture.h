/*
 * A control server on a real unix socket, in the test's own process, and clients of it.
 *
 * Whatever waits runs the loop meanwhile, so that a test reads from top to bottom. fixture_stop
 * proves that nothing is left: no charge, nothing registered in the loop, no descriptor.
 */
#pragma once

#include "loop/loop.h"
#include "net/net.h"
#include "net/op.h"
#include "net/sock.h"
#include "protocol/message.h"
#include "protocol/scan.h"
#include "rpc/hooks.h"
#include "rpc/rpc.h"
#include "rpc/server.h"
#include "util/error.h"

#include <criterion/criterion.h>

struct fixture {
    struct loop *loop;
    struct net *net;
    struct rpc *rpc;
    char folder[256];
    char path[300];
    int fds;
    bool drained;
};

/* All may be NULL. */
void fixture_start(struct fixture *fixture, const struct rpc_config *config,
                   const struct rpc_hooks *hooks, void *hook_context);
void fixture_stop(struct fixture *fixture);

/* Lets the loop do what is to be done now. */
void fixture_spin(struct fixture *fixture);

/* Runs the loop until the condition holds; fails after ten seconds. */
#define UNTIL(fixture, condition)                                          \
    do {                                                                   \
        uint64_t until_ = loop_now() + 10 * LOOP_SECOND;                   \
        while (!(condition)) {                                             \
            cr_assert_lt(loop_now(), until_, "still not: %s", #condition); \
            fixture_spin(fixture);                                         \
        }                                                                  \
    } while (0)

struct rpc_stats fixture_stats(const struct fixture *fixture);

/* ---- clients ---- */

struct client {
    struct fixture *fixture;
    int fd;
    uint32_t last; /* msgid */
    uint8_t *heard;
    size_t size, taken;
    bool ended;
};

struct client *client_new(struct fixture *fixture);

/* One that connects as another user; the test is skipped where that is not possible. */
struct client *client_new_as(struct fixture *fixture, uid_t uid);
void client_free(struct client *client);

/* As they are. client_try sends what the kernel takes, client_send all of it. */
size_t client_try(struct client *client, const void *bytes, size_t size);
void client_send(struct client *client, const void *bytes, size_t size);

/*
 * Writes a request, or with msgid < 0 a notification. Parameters by letter: i int64_t, u unsigned,
 * s text, b bytes (pointer, size_t), d double, t, f, n; { } around the keys and values of a map,
 * [ ] around those of an array.
 */
void client_put(struct writer *writer, int64_t msgid, const char *method, const char *format, ...);

/* Sends a request, and returns its msgid. */
uint32_t client_request(struct client *client, const char *method, const char *format, ...);
void client_notify(struct client *client, const char *method, const char *format, ...);

/* The next message that comes; valid until the one after it. False at the end of the stream. */
bool client_next(struct client *client, struct message *message);

/* The answer to that request, which must be the next. */
struct message client_answer(struct client *client, uint32_t msgid);

/* The next message, which must be a notification of that name about that socket: what stands behind
 * the socket's number, valid until the message after it. */
struct view client_told(struct client *client, const char *name, int64_t handle);

/* The next message is that `sockd.event`. */
void expect_event(struct client *client, int64_t handle, const char *event);

/* The name of the error in an answer, or "" */
const char *error_name(const struct message *answer);
bool is_refused(const struct message *answer);

/* One member of a failure's map, or -1. */
int64_t error_number(const struct message *answer, const char *key);

/* Whole calls, by what they return. */
int64_t client_int(struct client *client, const char *method, const char *format, ...);
bool client_true(struct client *client, const char *method, const char *format, ...);
void client_text(struct client *client, const char *expected, const char *method,
                 const char *format, ...);
void client_fails(struct client *client, const char *expected, const char *method,
                  const char *format, ...);

/* An answer that is bytes. */
void expect_bytes(struct client *client, uint32_t msgid, const void *data, size_t size);

/* ---- the other side of sockets ---- */

/* A listening TCP socket of the test's own; its port. */
int outside_listen(int *port);

/* A handle connected to a descriptor of the test's own, which is blocking. */
int64_t outside_pair(struct client *client, int *fd);
