/*
 * What a callback finds in the answer that it is given.
 *
 * The method says which of these functions fits: sockd/submit.h names it at each function. All
 * return 0 and set the results, NULL for one that is not wanted; or the negative errno that the
 * request failed with; or -EPROTO if the answer is of another kind. They may be called any number
 * of times. What they point to lives until the callback returns.
 */
#ifndef SOCKD_ANSWER_H
#define SOCKD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sockd/types.h>
#include <sockd/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An answer, or the news that there will be none. */
struct sockd_answer;

/* 0, or the negative errno that the request failed with: the daemon's, or -ETIMEDOUT after the
 * deadline, -ECANCELED after sockd_cancel_request() or sockd_disconnect(), and what ended the
 * connection, -ECONNRESET most often. */
int sockd_answer_status(const struct sockd_answer *answer);

/* More on that; origin is SOCKD_ORIGIN_NONE for a success. */
const struct sockd_error *sockd_answer_error(const struct sockd_answer *answer);

/* true, where there is nothing more to say; an outcome, of readable, writable and nonblock. */
int sockd_answer_bool(const struct sockd_answer *answer, bool *result);

/* errno's number. */
int sockd_answer_int(const struct sockd_answer *answer, int64_t *result);

/* How many bytes were sent; set after a failure too. */
int sockd_answer_count(const struct sockd_answer *answer, size_t *count);

/* A terminated text; *text is NULL for nil. */
int sockd_answer_text(const struct sockd_answer *answer, const char **text);

/* A sum of SOCKD_READABLE and SOCKD_WRITABLE. */
int sockd_answer_events(const struct sockd_answer *answer, int *events);

/* Received bytes; at the end of a stream there are none. With recv's status; with recvfrom's
 * sender, whose texts are empty if it has no address. */
int sockd_answer_bytes(const struct sockd_answer *answer, struct sockd_bytes *bytes);
int sockd_answer_bytes_status(const struct sockd_answer *answer, struct sockd_bytes *bytes,
                              bool *eof);
int sockd_answer_bytes_from(const struct sockd_answer *answer, struct sockd_bytes *bytes,
                            struct sockd_address *from);

/* Whether closing sends what is left first, and for how many seconds. */
int sockd_answer_linger(const struct sockd_answer *answer, bool *lingers, int *seconds);

/* The handle of a socket that was made; two; one with its address; an address alone. */
int sockd_answer_id(const struct sockd_answer *answer, uint64_t *id);
int sockd_answer_id_pair(const struct sockd_answer *answer, uint64_t *first, uint64_t *second);
int sockd_answer_id_address(const struct sockd_answer *answer, uint64_t *id,
                            struct sockd_address *address);
int sockd_answer_address(const struct sockd_answer *answer, struct sockd_address *address);

/* Any answer, to be walked through. */
int sockd_answer_value(const struct sockd_answer *answer, const struct sockd_value **value);

#ifdef __cplusplus
}
#endif

#endif
