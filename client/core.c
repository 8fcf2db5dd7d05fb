/*
 * The client behind both halves of the library. See core.h.
 */
#include "client/core.h"

#include "client/notify.h"
#include "client/timer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CANCEL_GRACE = 1000, /* how long a daemon may take to confirm that a request is cancelled */
    RETRY_AFTER = 20,    /* how long to wait for room in the daemon's queue of connections */
};

static const char cancel_method[] = "sockd.cancel";
static const char confirm_method[] = "sockd.taken";

/* One call that waits for its answer. */
struct waiter {
    struct request request; /* first, for the cast in complete_waiter() */
    struct sockd_answer *answer;
    bool done;
    bool lost;
};

uint32_t core_new_msgid(struct sockd_client *client)
{
    do
        client->last_msgid++;
    while (client->last_msgid == 0 || requests_find(&client->requests, client->last_msgid));
    return client->last_msgid;
}

void core_set_deadline(struct sockd_client *client, struct request *request, int64_t deadline)
{
    request->deadline = deadline;
    if (deadline < client->nearest)
        client->nearest = deadline;
}

void core_add(struct sockd_client *client, struct request *request, double deadline)
{
    request->fd = -1;
    if (request->takes)
        connection_expect_fd(&client->connection);
    requests_add(&client->requests, request);
    core_set_deadline(client, request, timer_in(deadline));
}

int core_lose(struct sockd_client *client, int error, const char *why)
{
    struct request *request;

    if (client->lost)
        return client->lost;
    client->lost = error;
    client->told = false;
    /* The daemon learns of it now, and offers what it had for this client to the next reader. */
    connection_shutdown(&client->connection);
    snprintf(client->why_lost, sizeof client->why_lost, "%s", why ? why : "");
    while ((request = client->requests.first)) {
        requests_remove(&client->requests, request);
        free(request->kept);
        request->kept = NULL;
        request->complete(client, request, NULL);
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

static bool is_nil(struct view view)
{
    enum view_type type;

    return view_peek(&view, &type) && type == VIEW_NIL;
}

/* ---- answers that bring a descriptor ---- */

/* A result outside of the connection's buffer. */
struct kept {
    struct kept *next;
    size_t size;
    uint8_t bytes[];
};

static void drop_kept(struct sockd_client *client)
{
    struct kept *kept;

    while ((kept = client->kept)) {
        client->kept = kept->next;
        free(kept);
    }
}

static bool keep(struct request *request, struct view result)
{
    size_t size = view_left(&result);
    struct kept *kept = malloc(sizeof *kept + size);

    if (!kept)
        return false;
    kept->size = size;
    memcpy(kept->bytes, result.at, size);
    request->kept = kept;
    return true;
}

static bool asks_to_confirm(const struct message *answer)
{
    struct view value;
    bool asks = false;

    return view_find(answer->result, "confirm", &value) && view_bool(&value, &asks) && asks;
}

/* Tells the daemon whether the descriptor came. The request is in flight again, under its number,
 * until the daemon has heard of that: before, the socket is not the caller's. */
static int confirm(struct sockd_client *client, struct request *request,
                   const struct message *answer)
{
    struct writer *out = &client->connection.out;

    requests_add(&client->requests, request);
    if (!keep(request, answer->result))
        return -ENOMEM;
    message_put_request(out, request->msgid, confirm_method, sizeof confirm_method - 1, 2);
    writer_uint(out, request->msgid);
    writer_bool(out, request->fd >= 0);
    return out->error ? -ENOMEM : 0;
}

/* The caller gets what the first answer has brought; or the daemon's word that it was too late. */
static void complete_confirmed(struct sockd_client *client, struct request *request,
                               const struct message *answer)
{
    struct message message = *answer;
    struct kept *kept = request->kept;

    request->kept = NULL;
    kept->next = client->kept;
    client->kept = kept;
    if (is_nil(answer->error))
        message.result = (struct view){.at = kept->bytes, .end = kept->bytes + kept->size};
    request->complete(client, request, &message);
}

static int complete_taking(struct sockd_client *client, struct request *request,
                           const struct message *answer)
{
    bool fine = is_nil(answer->error);

    if (request->kept) {
        complete_confirmed(client, request, answer);
        return 0;
    }
    request->fd = connection_claim_fd(&client->connection, fine);
    if (fine && asks_to_confirm(answer))
        return confirm(client, request, answer);
    request->complete(client, request, answer);
    return 0;
}

/* An answer to a request that is gone is nobody's. */
static int dispatch(struct sockd_client *client, const struct message *message)
{
    if (message->kind == MESSAGE_NOTIFICATION)
        return notify_deliver(client, message);
    if (message->kind != MESSAGE_RESPONSE)
        return 0;
    if (!message->has_msgid)
        return lose_by_answer(client, message);
    struct request *request = requests_find(&client->requests, message->msgid);
    if (!request)
        return 0;
    requests_remove(&client->requests, request);
    if (request->takes)
        return complete_taking(client, request, message);
    request->complete(client, request, message);
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
            return core_lose(client, error, NULL);
        if (client->closing)
            return core_lose(client, -ECANCELED, "The client was disconnected");
    }
    return result < 0 ? core_lose(client, result, message.reason) : 0;
}

int core_connect(struct sockd_client *client)
{
    if (client->lost || !client->connection.connecting || timer_now() < client->retry)
        return client->lost;
    int error = connection_retry(&client->connection, client->path);
    if (error != -EAGAIN)
        return error ? core_lose(client, error, NULL) : 0;
    if (timer_now() >= client->give_up)
        return core_lose(client, -ETIMEDOUT, "The daemon does not accept connections");
    client->retry = timer_now() + RETRY_AFTER;
    return 0;
}

int core_process(struct sockd_client *client, bool readable)
{
    int error = core_connect(client);

    if (error || client->connection.connecting)
        return error;
    error = connection_flush(&client->connection);
    if (error)
        return core_lose(client, error, NULL);
    if (!readable)
        return 0;
    drop_kept(client);
    int result = connection_fill(&client->connection);
    if (result < 0) {
        const char *why = result == -ECONNRESET ? "The daemon closed the connection" : NULL;
        return core_lose(client, result, why);
    }
    client->more = result > 0;
    return dispatch_all(client);
}

int core_cancel(struct sockd_client *client, struct request *request, int error)
{
    struct writer *out = &client->connection.out;
    size_t start = out->size;

    message_put_notification(out, cancel_method, sizeof cancel_method - 1, 1);
    writer_uint(out, request->msgid);
    if (out->error) {
        writer_rewind(out, start);
        return -ENOMEM;
    }
    request->cancelled = error;
    core_set_deadline(client, request, timer_now() + CANCEL_GRACE);
    return 0;
}

/* Its time is over: for its answer, or for the confirmation that it is cancelled. */
static int expire(struct sockd_client *client, struct request *request)
{
    if (request->cancelled)
        return core_lose(client, -ETIMEDOUT, "The daemon does not answer");
    int error = core_cancel(client, request, -ETIMEDOUT);
    return error ? core_lose(client, error, NULL) : 0;
}

int core_expire(struct sockd_client *client)
{
    if (client->lost || client->nearest == TIMER_NEVER)
        return client->lost;
    int64_t now = timer_now();
    if (now < client->nearest)
        return 0;
    client->nearest = TIMER_NEVER;
    for (struct request *request = client->requests.first; request; request = request->next) {
        int error = request->deadline <= now ? expire(client, request) : 0;
        if (error)
            return error;
        if (request->deadline < client->nearest)
            client->nearest = request->deadline;
    }
    return 0;
}

int core_timeout(const struct sockd_client *client)
{
    int64_t time = client->nearest;

    if (client->connection.connecting && client->retry < time)
        time = client->retry;
    return timer_left(time);
}

short core_events(const struct sockd_client *client)
{
    if (core_fd(client) < 0)
        return 0;
    return connection_has_output(&client->connection) ? POLLIN | POLLOUT : POLLIN;
}

int core_fd(const struct sockd_client *client)
{
    return client->lost || client->connection.connecting ? -1 : client->connection.fd;
}

/*
 * Waits for the daemon, the interrupting descriptor or the nearest deadline, and processes what
 * came. -EINTR when interrupted; otherwise 0, also when the connection was lost.
 */
static int wait_once(struct sockd_client *client, int interrupt_fd)
{
    struct pollfd fds[] = {
        {.fd = core_fd(client), .events = core_events(client)},
        {.fd = interrupt_fd, .events = POLLIN},
    };
    int count = poll(fds, 2, core_timeout(client));

    if (count < 0 && errno != EINTR)
        core_lose(client, -errno, NULL);
    if (count < 0)
        return 0;
    if (fds[0].revents || client->connection.connecting)
        core_process(client, fds[0].revents & (POLLIN | POLLHUP | POLLERR));
    core_expire(client);
    if (connection_has_output(&client->connection))
        core_process(client, false);
    return fds[1].revents ? -EINTR : 0;
}

static void complete_waiter(struct sockd_client *client, struct request *request,
                            const struct message *answer)
{
    struct waiter *waiter = (struct waiter *)request;

    (void)client;
    waiter->done = true;
    waiter->lost = answer == NULL;
    if (answer)
        waiter->answer->message = *answer;
}

/* The caller's descriptor says stop: the request is cancelled, and its end awaited. */
static void interrupt(struct sockd_client *client, struct waiter *waiter)
{
    int error = waiter->request.cancelled ? 0 : core_cancel(client, &waiter->request, -EINTR);

    if (error)
        core_lose(client, error, NULL);
    else
        core_process(client, false);
}

void core_wait(struct sockd_client *client, uint32_t msgid, bool takes, struct sockd_answer *answer)
{
    struct waiter waiter = {
        .request = {.msgid = msgid, .takes = takes, .complete = complete_waiter},
        .answer = answer,
    };
    int interrupt_fd = client->interrupt_fd;

    connection_trim(&client->connection);
    msgpack_zone_clear(&client->zone);
    /* It is in flight no more when this returns. */
    core_add(client, &waiter.request, client->deadline); /* cppcheck-suppress autoVariables */
    core_process(client, false);
    while (!waiter.done) {
        if (wait_once(client, interrupt_fd) < 0 && !waiter.done) {
            interrupt(client, &waiter);
            interrupt_fd = -1;
        }
    }
    answer->error =
        core_outcome(client, &waiter.request, waiter.lost ? NULL : &answer->message, answer->fault);
    *answer->fd = waiter.request.fd;
}

int core_report_loss(const struct sockd_client *client, struct fault *fault)
{
    const char *why = client->why_lost[0] ? client->why_lost : NULL;

    return fault_set(fault, SOCKD_ORIGIN_CONNECTION, client->lost, why);
}

static bool was_cancelled(const struct message *answer)
{
    struct view name;
    const char *data;
    size_t size;

    return view_find(answer->result, "name", &name) && view_str(&name, &data, &size) &&
           size == strlen("ECANCELED") && memcmp(data, "ECANCELED", size) == 0;
}

/* If the answer to a cancelled request was on its way nevertheless it counts, for its data has left
 * the daemon. */
int core_outcome(const struct sockd_client *client, const struct request *request,
                 const struct message *answer, struct fault *fault)
{
    if (!answer && request->cancelled == -EINTR)
        return fault_set(fault, SOCKD_ORIGIN_LIBRARY, -EINTR, NULL);
    if (!answer)
        return core_report_loss(client, fault);
    if (is_nil(answer->error))
        return 0;
    if (request->cancelled && was_cancelled(answer))
        return fault_set(fault, SOCKD_ORIGIN_LIBRARY, request->cancelled, NULL);
    return fault_set_answer(fault, answer);
}

void core_enter(struct sockd_client *client)
{
    client->calling = true;
    client->fault = &client->inner;
    fault_begin(client->fault, "", 0);
}

void core_leave(struct sockd_client *client)
{
    client->calling = false;
    client->fault = &client->outer;
    msgpack_zone_clear(&client->zone);
}

void core_free(struct sockd_client *client)
{
    drop_kept(client);
    connection_close(&client->connection);
    requests_deinit(&client->requests);
    fault_deinit(&client->outer);
    fault_deinit(&client->inner);
    fault_deinit(&client->answered);
    msgpack_zone_destroy(&client->zone);
    free(client);
}
