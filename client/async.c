/*
 * The asynchronous half. See sockd/async.h.
 */
#include <sockd/async.h>

#include "client/answer.h"
#include "client/call.h"
#include "client/core.h"
#include "client/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often one sockd_process() receives before others in the loop have their turn. */
enum { ROUNDS = 32 };

/* A request that calls back. */
struct flight {
    struct request request; /* first, for the cast in land() */
    sockd_answer_fn callback;
    void *context;
    char method[64];
};

static void call_back(struct sockd_client *client, const struct flight *flight,
                      const struct sockd_answer *answer)
{
    if (!flight->callback)
        return;
    core_enter(client);
    flight->callback(client, answer, flight->context);
    core_leave(client);
}

static void land(struct sockd_client *client, struct request *request,
                 const struct message *message)
{
    struct flight *flight = (struct flight *)request;
    struct fault *fault = &client->answered;
    struct sockd_answer answer = {.client = client, .fault = fault, .fd = &request->fd};

    fault_begin(fault, flight->method, strlen(flight->method));
    answer.error = core_outcome(client, request, message, fault);
    if (message)
        answer.message = *message;
    call_back(client, flight, &answer);
    if (request->fd >= 0)
        close(request->fd);
    free(flight);
}

int call_submit(struct call *call, sockd_answer_fn callback, void *context, uint32_t *msgid)
{
    struct sockd_client *client = call->client;
    struct flight *flight = malloc(sizeof *flight);
    int error = call_seal(call, flight != NULL);

    if (error || !flight) {
        free(flight);
        return error;
    }
    *flight = (struct flight){
        .request = {.msgid = call->msgid, .takes = call->takes, .complete = land},
        .callback = callback,
        .context = context,
    };
    memcpy(flight->method, client->fault->method, sizeof flight->method);
    core_add(client, &flight->request, client->deadline);
    if (msgid)
        *msgid = call->msgid;
    return 0;
}

int sockd_submit(struct sockd_client *client, const char *method, const struct sockd_args *args,
                 sockd_answer_fn callback, void *context, uint32_t *request)
{
    struct call call;

    call_begin_rest(&call, client, method, strlen(method), 0, args);
    call_rest(&call, args);
    return call_submit(&call, callback, context, request);
}

/* The request of that number, if it can still be influenced; or its absence is the fault. */
static int find(struct sockd_client *client, uint32_t msgid, struct request **request)
{
    static const char method[] = "sockd.cancel";

    fault_begin(client->fault, method, sizeof method - 1);
    *request = requests_find(&client->requests, msgid);
    if (!*request)
        return fault_set(client->fault, SOCKD_ORIGIN_LIBRARY, -ENOENT,
                         "no such request is in flight");
    if ((*request)->cancelled)
        return fault_set(client->fault, SOCKD_ORIGIN_LIBRARY, -EALREADY,
                         "the request is being cancelled");
    return 0;
}

int sockd_cancel_request(struct sockd_client *client, uint32_t msgid)
{
    struct request *request;
    int error = find(client, msgid, &request);

    if (error)
        return error;
    error = core_cancel(client, request, -ECANCELED);
    return error ? fault_set(client->fault, SOCKD_ORIGIN_LIBRARY, error, NULL) : 0;
}

int sockd_set_request_deadline(struct sockd_client *client, uint32_t msgid, double seconds)
{
    struct request *request;
    int error = find(client, msgid, &request);

    if (!error)
        core_set_deadline(client, request, timer_in(seconds));
    return error;
}

size_t sockd_pending(const struct sockd_client *client)
{
    return client->requests.count;
}

int sockd_fd(const struct sockd_client *client)
{
    return core_fd(client);
}

short sockd_events(const struct sockd_client *client)
{
    return core_events(client);
}

int sockd_timeout_ms(const struct sockd_client *client)
{
    if (client->lost)
        return client->told ? -1 : 0;
    return client->more ? 0 : core_timeout(client);
}

/* Everything that there is to do now, but not without end. */
static void process(struct sockd_client *client)
{
    int error = 0;

    client->more = true;
    for (int i = 0; i < ROUNDS && client->more && !error; i++) {
        client->more = false;
        error = core_process(client, true);
    }
    if (!error)
        error = core_expire(client);
    if (!error && connection_has_output(&client->connection))
        core_process(client, false);
}

int sockd_process(struct sockd_client *client)
{
    fault_begin(client->fault, "", 0);
    if (client->calling)
        return fault_set(client->fault, SOCKD_ORIGIN_LIBRARY, -EDEADLK,
                         "a callback may not wait for others");
    process(client);
    if (client->closing) {
        core_free(client);
        return -ECANCELED;
    }
    connection_trim(&client->connection);
    if (!client->lost)
        return 0;
    client->told = true;
    return core_report_loss(client, client->fault);
}
