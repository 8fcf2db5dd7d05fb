/*
 * The client behind both halves of the library. See core.h.
 */
#include "client/core.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    /* How long, in milliseconds, a daemon may take to confirm that a request is cancelled. */
    CANCEL_GRACE = 1000,
    LONGEST_WAIT = 1 << 30,
};

static const char cancel_method[] = "sockd.cancel";

/* One call that waits for its answer. */
struct waiter {
    struct request request; /* first, for the cast in complete_waiter() */
    struct message *answer;
    bool done;
    bool lost;
};

static struct request **find_request(struct sockd_client *client, uint32_t msgid)
{
    struct request **link = &client->requests;

    while (*link && (*link)->msgid != msgid)
        link = &(*link)->next;
    return link;
}

uint32_t core_new_msgid(struct sockd_client *client)
{
    do
        client->last_msgid++;
    while (*find_request(client, client->last_msgid));
    return client->last_msgid;
}

int core_lose(struct sockd_client *client, int error, const char *why)
{
    if (client->lost)
        return client->lost;
    client->lost = error;
    /* The daemon learns of it now, and offers what it had for this client to the next reader. */
    shutdown(client->connection.fd, SHUT_RDWR);
    snprintf(client->why_lost, sizeof client->why_lost, "%s", why ? why : "");
    while (client->requests) {
        struct request *request = client->requests;
        client->requests = request->next;
        request->complete(request, NULL);
    }
    return error;
}

/* A response that names no request is the daemon's word that it cannot go on with this client. */
static int lose_by_answer(struct sockd_client *client, const struct message *message)
{
    struct fault fault;

    fault_init(&fault);
    int error = fault_set_answer(&fault, message);
    core_lose(client, error, fault.error.message);
    fault_deinit(&fault);
    return error;
}

/* Notifications belong to later levels; an answer to a request that is gone is nobody's. */
static int dispatch(struct sockd_client *client, const struct message *message)
{
    if (message->kind != MESSAGE_RESPONSE)
        return 0;
    if (!message->has_msgid)
        return lose_by_answer(client, message);
    struct request **link = find_request(client, message->msgid);
    struct request *request = *link;
    if (request) {
        *link = request->next;
        request->complete(request, message);
    }
    return 0;
}

/* Hands out the messages that are there. */
static int dispatch_all(struct sockd_client *client)
{
    struct message message;
    int result;

    while ((result = connection_next(&client->connection, &message)) > 0) {
        int error = dispatch(client, &message);
        if (error)
            return error;
    }
    return result < 0 ? core_lose(client, result, message.reason) : 0;
}

int core_process(struct sockd_client *client, bool readable)
{
    int error = connection_flush(&client->connection);

    if (error)
        return core_lose(client, error, NULL);
    if (!readable)
        return 0;
    int result = connection_fill(&client->connection);
    if (result < 0) {
        const char *why = result == -ECONNRESET ? "The daemon closed the connection" : NULL;
        return core_lose(client, result, why);
    }
    return dispatch_all(client);
}

/* Milliseconds on the monotonic clock. */
static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The time that many seconds from now; INT64_MAX is never. */
static int64_t deadline_in(double seconds)
{
    if (!(seconds < 1e9))
        return INT64_MAX;
    return now() + (seconds > 0 ? (int64_t)(seconds * 1000) : 0);
}

static int time_left(int64_t deadline)
{
    if (deadline == INT64_MAX)
        return -1;
    int64_t left = deadline - now();
    if (left < 0)
        return 0;
    return left < LONGEST_WAIT ? (int)left : LONGEST_WAIT;
}

/*
 * Waits for the daemon or the interrupting descriptor, and processes what came. 0; -ETIMEDOUT when
 * the deadline has passed, -EINTR when interrupted, or how the connection was lost.
 */
static int wait_once(struct sockd_client *client, int64_t deadline, int interrupt_fd)
{
    short events = connection_has_output(&client->connection) ? POLLIN | POLLOUT : POLLIN;
    struct pollfd fds[] = {
        {.fd = client->connection.fd, .events = events},
        {.fd = interrupt_fd, .events = POLLIN},
    };
    int count = poll(fds, 2, time_left(deadline));

    if (count < 0)
        return errno == EINTR ? 0 : core_lose(client, -errno, NULL);
    if (count == 0)
        return -ETIMEDOUT;
    if (fds[0].revents)
        return core_process(client, fds[0].revents & (POLLIN | POLLHUP | POLLERR));
    return -EINTR;
}

static void complete_waiter(struct request *request, const struct message *answer)
{
    struct waiter *waiter = (struct waiter *)request;

    waiter->done = true;
    waiter->lost = answer == NULL;
    if (answer)
        *waiter->answer = *answer;
}

/* Asks the daemon to end the request and waits a little for its last word on it. */
static void cancel(struct sockd_client *client, struct waiter *waiter)
{
    struct writer *out = &client->connection.out;
    int64_t deadline = deadline_in(CANCEL_GRACE / 1000.0);
    int error = 0;

    message_put_notification(out, cancel_method, sizeof cancel_method - 1, 1);
    writer_uint(out, waiter->request.msgid);
    if (out->error)
        core_lose(client, out->error, NULL);
    else
        core_process(client, false);
    while (!waiter->done && !error)
        error = wait_once(client, deadline, -1);
    if (!waiter->done)
        core_lose(client, -ETIMEDOUT, "The daemon does not answer");
}

static bool was_cancelled(const struct message *answer)
{
    struct view name;
    const char *data;
    size_t size;

    return view_find(answer->result, "name", &name) && view_str(&name, &data, &size) &&
           size == strlen("ECANCELED") && memcmp(data, "ECANCELED", size) == 0;
}

static int report_loss(struct sockd_client *client)
{
    const char *why = client->why_lost[0] ? client->why_lost : NULL;

    return fault_set(&client->fault, SOCKD_ORIGIN_CONNECTION, client->lost, why);
}

/*
 * A wait that ended early has cancelled its request. If the answer was on its way nevertheless it
 * counts, for its data has left the daemon.
 */
static int settle_cancelled(struct sockd_client *client, const struct waiter *waiter, int error)
{
    if (waiter->lost && error == -EINTR)
        return fault_set(&client->fault, SOCKD_ORIGIN_LIBRARY, error, NULL);
    if (waiter->lost)
        return report_loss(client);
    if (was_cancelled(waiter->answer))
        return fault_set(&client->fault, SOCKD_ORIGIN_LIBRARY, error, NULL);
    return 0;
}

int core_wait(struct sockd_client *client, uint32_t msgid, struct message *answer)
{
    struct waiter waiter = {
        .request = {.next = client->requests, .msgid = msgid, .complete = complete_waiter},
        .answer = answer,
    };
    int64_t deadline = deadline_in(client->deadline);
    int error = 0;

    /* It has left the list again before this returns, answered or lost. */
    client->requests = &waiter.request; /* cppcheck-suppress autoVariables */
    core_process(client, false);
    while (!waiter.done && !error)
        error = wait_once(client, deadline, client->interrupt_fd);
    if (!waiter.done) {
        cancel(client, &waiter);
        return settle_cancelled(client, &waiter, error);
    }
    return waiter.lost ? report_loss(client) : 0;
}
