/*
 * What a client often wants and one method does not give. See sockd/client.h.
 */
#include "client/call.h"
#include "client/core.h"
#include "client/timer.h"

#include <errno.h>

/* How many bytes go out in one message: enough to be fast, and little to hold. */
enum { PIECE = 1024 * 1024 };

/* Takes the handle out of a socket's state. */
static int find_id(const struct sockd_answer *answer, uint64_t *id)
{
    struct view value;
    int64_t number;

    if (answer->error)
        return answer->error;
    if (!view_find(answer->message.result, "id", &value) || !view_int(&value, &number) ||
        number <= 0)
        return answer_mismatch(answer);
    *id = (uint64_t)number;
    return 0;
}

int sockd_find(struct sockd_client *client, const char *name, uint64_t *id)
{
    struct call call;

    call_begin(&call, client, "sockd.info", 10, 1);
    call_text_param(&call, name);
    return call_end(&call, find_id(call_finish(&call), id));
}

/* What is left of a timeout, for the next piece. */
static double left(double timeout, int64_t deadline)
{
    int milliseconds = timer_left(deadline);

    return timeout <= 0 || milliseconds < 0 ? timeout : milliseconds / 1000.0;
}

int sockd_write_all(struct sockd_client *client, uint64_t h, const void *data, size_t size,
                    double timeout, size_t *sent)
{
    int64_t deadline = timer_in(timeout);
    size_t done = 0, count = 0;
    int error;

    do {
        size_t piece = size - done < PIECE ? size - done : PIECE;
        error = sockd_write(client, h, (const char *)data + done, piece, left(timeout, deadline),
                            &count);
        done += count;
    } while (!error && done < size);
    if (sent)
        *sent = done;
    return error;
}
