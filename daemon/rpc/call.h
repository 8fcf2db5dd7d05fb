/*
 * A call in flight: what a request has become between its dispatch and its answer.
 *
 * A method's function fills in an operation and starts it. If that completes at once, so does the
 * call, and nothing was allocated; otherwise the call is parked, owns copies of what it needs of
 * the message, and is answered from the loop.
 */
#pragma once

#include "net/op.h"
#include "protocol/args.h"
#include "protocol/message.h"
#include "rpc/access.h"
#include "rpc/answer.h"
#include "util/hash.h"
#include "util/list.h"

struct peer;
struct quota_user;
struct rpc;
struct rpc_reason;
struct rpc_run;

enum { CALL_MAGIC = 0x63616c6c };

enum {
    CALL_PARKED = 1, /* its answer comes later */
    CALL_OVER = 2,   /* it has had its answer, from within */
};

typedef int call_fn(struct rpc_call *call);

/* What a call does beside its operation, such as a list in the making: the beginning of an object
 * that `free` gives back when the call is over. */
struct call_work {
    void (*free)(struct call_work *work);
};

struct rpc_call {
    unsigned magic;
    uint32_t msgid;
    bool wants_answer; /* a request, not a notification */
    bool parked;
    bool has_op;    /* op is to be finished */
    bool hooked;    /* in the hands of the hooks */
    bool as_number; /* iowait: how the events were asked for */
    struct rpc *rpc;
    struct peer *peer; /* NULL: gone */
    struct identity who;
    const struct method *method;
    struct list link;
    struct hash_node by_msgid;
    struct quota_user *user; /* a reference, while parked */

    struct op op;
    call_fn *complete;      /* makes the answer of the completed operation */
    struct call_work *work; /* NULL: none */
    void *running;          /* of a run: what the hooks know it by */

    struct arg_settings settings;           /* of the handle that it makes or changes */
    struct arg_bytes handler, handler_name; /* in the message; copies when parked, as is the name */
    void *strings;                          /* the copy; of a read, its delimiters */
    void *block;                            /* of the pool: a waiting write's data */
    size_t block_size;

    struct answer answer;
    struct message_error error;
};

/* NULL: no memory. */
struct rpc_call *call_new(struct peer *peer, const struct method *method);

/* What a method's function, or its completion, has returned: CALL_PARKED, CALL_OVER, 0 when
 * call->answer is filled in, or a negative error. The call may be void afterwards. */
void call_proceed(struct rpc_call *call, int result);

/* The end of a call that has an outcome: 0 when call->answer is filled in, or a negative error. The
 * answer is written, and the call is void. */
void call_finish(struct rpc_call *call, int result);

/* Charges a call that waits, and puts it among its peer's. -ENOMEM. */
int call_park(struct rpc_call *call);

/* Its client is gone: a write and a notification go on without it, the rest ends. */
void call_abandon(struct rpc_call *call);

/* Ends a parked call without an answer. */
void call_abort(struct rpc_call *call);

/* Ends a parked call with an error, from the loop or from within: sockd.cancel. */
void call_cancel(struct rpc_call *call, int error);

/* The client's parked request of that msgid, or NULL. */
struct rpc_call *call_find(const struct peer *peer, uint32_t msgid);

/* Gives back what spare calls hold. */
void call_deinit_spares(struct rpc *rpc);

/* ---- for methods ---- */

/* Starts call->op; what a method's function returns. `complete` is called with the operation
 * complete, now or later. */
int call_start(struct rpc_call *call, double timeout, call_fn *complete);

/* Puts how much of a write went out into its error. */
void call_set_sent(struct rpc_call *call);

/* Hands a run to the hooks; what a method's function returns. */
int call_run(struct rpc_call *call, const struct rpc_run *run);

/* Returns `error`, with a hook's words for it. */
int call_explain(struct rpc_call *call, int error, const struct rpc_reason *reason);

/* Each returns `error`, which is negative, for the method to return, and sets the sentence. */
__attribute__((format(printf, 3, 4))) int call_fail(struct rpc_call *call, int error,
                                                    const char *format, ...);
__attribute__((format(printf, 3, 4))) int call_refuse(struct rpc_call *call, int error,
                                                      const char *format, ...);
