/*
 * One blocking call: parameters written one by one, then the answer taken as what the method
 * promises. The typed functions that client/gen writes from the method table are made of these.
 *
 *     struct call call;
 *
 *     call_begin(&call, client, "accept", 6, 2);
 *     call_handle(&call, h);
 *     call_timeout_option(&call, timeout);
 *     return call_id_address(&call, id, address);
 *
 * A parameter that cannot be sent is remembered; the last function reports it and sends nothing.
 */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include "protocol/message.h"

#include <sockd/client.h>

struct call {
    struct sockd_client *client;
    size_t start; /* where the request begins in the output */
    uint32_t msgid;
    int error; /* the first, negative */
    struct message answer;
};

/* Begins a call with count parameters, which are written next. */
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
void call_int_param(struct call *call, int value);
void call_msgid(struct call *call, uint32_t msgid);
void call_flag(struct call *call, int flag);
void call_timeout(struct call *call, double seconds);
void call_timeout_option(struct call *call, double seconds);
void call_until(struct call *call, const void *delimiter, size_t size, size_t limit);
void call_one(struct call *call, const struct sockd_args *value);
void call_rest(struct call *call, const struct sockd_args *rest);

/* Each sends the request, waits for the answer and takes it apart; results that are NULL are not
 * asked for. 0, or the negative errno that the client's fault tells of. */
int call_true(struct call *call);
int call_bool(struct call *call, bool *result);
int call_int(struct call *call, int64_t *result);
int call_count(struct call *call, size_t *count);
int call_text(struct call *call, const char **text);
int call_events(struct call *call, int *events);
int call_bytes(struct call *call, struct sockd_bytes *bytes);
int call_bytes_status(struct call *call, struct sockd_bytes *bytes, bool *eof);
int call_bytes_from(struct call *call, struct sockd_bytes *bytes, struct sockd_address *from);
int call_linger(struct call *call, bool *lingers, int *seconds);
int call_id(struct call *call, uint64_t *id);
int call_id_pair(struct call *call, uint64_t *first, uint64_t *second);
int call_id_address(struct call *call, uint64_t *id, struct sockd_address *address);
int call_address(struct call *call, struct sockd_address *address);
int call_value(struct call *call, const struct sockd_value **value);

/* Sends the request and waits for the answer, which is no error: result is left to be read. */
int call_finish(struct call *call);

/* The answer is not what the method promises. */
int call_mismatch(struct call *call);

#endif
