/*
 * One call: parameters written one by one; then the answer is waited for, or will come by callback.
 * The typed functions that client/gen writes from the method table are made of these.
 *
 *     struct call call;
 *
 *     call_begin(&call, client, "accept", 6, 2);
 *     call_handle(&call, h);
 *     call_timeout_option(&call, timeout);
 *     return call_end(&call, sockd_answer_id_address(call_finish(&call), id, address));
 *
 * A parameter that cannot be sent is remembered; the last function reports it and sends nothing.
 */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include "client/answer.h"

#include <sockd/client.h>

struct call {
    struct sockd_client *client;
    size_t start; /* where the request begins in the output */
    uint32_t msgid;
    bool takes; /* the answer may bring a descriptor */
    int fd;     /* which it has brought, until somebody takes it */
    int error;  /* the first, negative */
    struct sockd_answer answer;
};

/* Begins a call with count parameters, which are written next. They may point into the answer of
 * the last call. */
void call_begin(struct call *call, struct sockd_client *client, const char *method, size_t size,
                uint32_t count);

/* The same of a variadic method: the values of rest, NULL for none, come behind the count. */
void call_begin_rest(struct call *call, struct sockd_client *client, const char *method,
                     size_t size, uint32_t count, const struct sockd_args *rest);

/* The parameter types of the method table, as C has them. The optional ones are left out by
 * SOCKD_DEFAULT, SOCKD_NO_LIMIT, SOCKD_FOREVER, NULL. */
void call_handle(struct call *call, uint64_t handle);
void call_host(struct call *call, const char *host);
void call_port(struct call *call, int port);
void call_text_param(struct call *call, const char *text);
void call_data(struct call *call, const void *data, size_t size);
void call_size(struct call *call, size_t size);
void call_amount(struct call *call, int64_t amount); /* below 0: nil */
void call_int_param(struct call *call, int value);
void call_msgid(struct call *call, uint32_t msgid);
void call_flag(struct call *call, int flag);
void call_timeout(struct call *call, double seconds);
void call_timeout_option(struct call *call, double seconds);

/* What sockd.hello is told of a client that takes descriptors and confirms that they came. */
void call_fds_option(struct call *call);

/* The map of options: the timeout, if it ends, and what the settings say. */
void call_options(struct call *call, double timeout, const struct sockd_settings *settings);
void call_until(struct call *call, const void *delimiter, size_t size, size_t limit);
void call_one(struct call *call, const struct sockd_args *value);
void call_rest(struct call *call, const struct sockd_args *rest);

/* Sends the request and waits for the answer, which may be that there is none. */
const struct sockd_answer *call_finish(struct call *call);

/* Remembers -EINVAL with a reason. */
void call_refuse(struct call *call, const char *why);

/* Sends a duplicate of the descriptor with the request. */
void call_attach(struct call *call, int fd);

/* What a blocking function returns at last: the result, or -ECANCELED if a callback has
 * disconnected the client meanwhile, which is freed here. */
int call_end(struct call *call, int result);

/* The request is in flight from now on: 0. Or its error, and nothing will happen. */
int call_submit(struct call *call, sockd_answer_fn callback, void *context, uint32_t *msgid);

/* Whether the request may stay in the output, for the asynchronous half: 0; if not it is taken back
 * whole. false says that there is no memory for it. */
int call_seal(struct call *call, bool has_memory);

#endif
