/*
 * Sockets that move between the daemon and this process. See sockd/pass.h.
 */
#include <sockd/pass.h>

#include "client/answer.h"
#include "client/call.h"
#include "client/core.h"

#include <errno.h>

/* Whatever the answer is: a daemon that cannot do it says so of the request that follows. */
static int agree(struct sockd_client *client)
{
    struct call call;

    if (client->agreed)
        return 0;
    call_begin(&call, client, "sockd.hello", 11, 1);
    call_fds_option(&call);
    int error = call_submit(&call, NULL, NULL, NULL);
    client->agreed = error == 0;
    return error;
}

static int begin_take(struct call *call, struct sockd_client *client, uint64_t h)
{
    int error = agree(client);

    if (error)
        return error;
    call_begin(call, client, "sockd.take", 10, 1);
    call_handle(call, h);
    return 0;
}

int sockd_take(struct sockd_client *client, uint64_t h, struct sockd_taken *taken)
{
    struct call call;
    int error = begin_take(&call, client, h);

    if (error)
        return error;
    return call_end(&call, sockd_answer_take(call_finish(&call), taken));
}

int sockd_submit_take(struct sockd_client *client, uint64_t h, sockd_answer_fn callback,
                      void *context, uint32_t *request)
{
    struct call call;
    int error = begin_take(&call, client, h);

    return error ? error : call_submit(&call, callback, context, request);
}

static void begin_give(struct call *call, struct sockd_client *client, int fd,
                       const struct sockd_settings *settings)
{
    call_begin(call, client, "sockd.give", 10, 1);
    call_options(call, SOCKD_FOREVER, settings);
    call_attach(call, fd);
}

int sockd_give(struct sockd_client *client, int fd, const struct sockd_settings *settings,
               uint64_t *id)
{
    struct call call;

    begin_give(&call, client, fd, settings);
    return call_end(&call, sockd_answer_id(call_finish(&call), id));
}

int sockd_submit_give(struct sockd_client *client, int fd, const struct sockd_settings *settings,
                      sockd_answer_fn callback, void *context, uint32_t *request)
{
    struct call call;

    begin_give(&call, client, fd, settings);
    return call_submit(&call, callback, context, request);
}
