/*
 * The three shapes of MessagePack-RPC, read in place and written:
 *
 *     request [0, msgid, method, params]   response [1, msgid, error, result]
 *     notification [2, method, params]
 *
 * A message that is read points into the bytes it was read from; they must outlive it.
 */
#ifndef PROTOCOL_MESSAGE_H
#define PROTOCOL_MESSAGE_H

#include "protocol/view.h"
#include "protocol/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind {
    MESSAGE_REQUEST = 0,
    MESSAGE_RESPONSE = 1,
    MESSAGE_NOTIFICATION = 2,
};

struct message {
    enum message_kind kind;
    bool has_msgid; /* true once a msgid was read, even if something behind it is wrong */
    uint32_t msgid;
    const char *method; /* of requests and notifications; not terminated */
    size_t method_size;
    uint32_t count;     /* how many parameters there are */
    struct view params; /* stands before the first parameter; ends behind the last */
    struct view error;  /* of responses: exactly the one value */
    struct view result; /* of responses: exactly the one value */
    const char *reason; /* after a failure: a static sentence */
};

/*
 * Reads one message, whose bytes a scan has found whole. Returns 0, or -EBADMSG if it has none of
 * the three shapes; then reason says what is wrong, and has_msgid whether an answer can name the
 * request. A response without msgid (nil) is one to a message that could not be read.
 */
int message_parse(struct message *message, const void *bytes, size_t size);

/* Reads the msgid of a request of which only the beginning is there, or whose rest a scan has found
 * bad. False if the bytes do not begin a request. */
bool message_peek_msgid(const void *bytes, size_t available, uint32_t *msgid);

/* What stands in the error slot and, as a map, in the result slot of a failed request. */
struct message_error {
    int number;       /* a positive errno */
    const char *name; /* NULL: the errno's name; else for instance "EAI_NONAME" */
    const char *text; /* NULL: the errno's sentence */
    bool refused;     /* sockd's own rules said no, not the kernel */
    bool has_sent;    /* a part of a write went out: so many bytes */
    uint64_t sent;
};

/* Writes all of a request but its parameters: the caller writes count values next. */
void message_put_request(struct writer *writer, uint32_t msgid, const char *method, size_t size,
                         uint32_t count);

/* Writes all of a notification but its parameters: the caller writes count values next. */
void message_put_notification(struct writer *writer, const char *method, size_t size,
                              uint32_t count);

/* Writes the answer to a successful request up to its result, one value, which comes next. */
void message_put_answer(struct writer *writer, uint32_t msgid);

/* Writes only the map that stands in the result slot: {errno, name, message, …}. */
void message_put_details(struct writer *writer, const struct message_error *error);

/* Writes the whole answer to a failed request; msgid NULL is written as nil, for a message so
 * broken that its own could not be read. */
void message_put_failure(struct writer *writer, const uint32_t *msgid,
                         const struct message_error *error);

#endif
