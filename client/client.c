/*
 * Opening and ending a client, and what holds for all its calls. See sockd/client.h.
 */
#include "client/call.h"
#include "client/core.h"
#include "client/path.h"
#include "client/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ZONE_CHUNK = 1024,   /* bytes of the first piece of a value tree; most need no second one */
    CONNECT_SECONDS = 5, /* how long a daemon may take to accept */
};

static struct sockd_client *new_client(void)
{
    struct sockd_client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    if (!msgpack_zone_init(&client->zone, ZONE_CHUNK)) {
        free(client);
        return NULL;
    }
    requests_init(&client->requests);
    client->connection.fd = -1;
    client->deadline = SOCKD_FOREVER;
    client->interrupt_fd = -1;
    client->nearest = TIMER_NEVER;
    client->fault = &client->outer;
    fault_init(&client->outer);
    fault_init(&client->inner);
    fault_init(&client->answered);
    return client;
}

static int connect_client(struct sockd_client *client)
{
    if (!client->nonblocking)
        return connection_open(&client->connection, client->path);
    client->retry = 0;
    client->give_up = timer_in(CONNECT_SECONDS);
    return connection_begin(&client->connection, client->path);
}

static int open_client(const char *path, bool nonblocking, struct sockd_client **result)
{
    struct sockd_client *client = new_client();

    *result = NULL;
    if (!client)
        return -ENOMEM;
    client->nonblocking = nonblocking;
    int error = path_find(path, client->path, sizeof client->path);
    if (!error)
        error = connect_client(client);
    if (error) {
        core_free(client);
        return error;
    }
    *result = client;
    return 0;
}

int sockd_open(const char *path, struct sockd_client **result)
{
    return open_client(path, false, result);
}

int sockd_open_fd(int fd, struct sockd_client **result)
{
    struct sockd_client *client = new_client();

    *result = client;
    if (!client)
        return -ENOMEM;
    fd = descriptors_raise(fd);
    if (fd < 0) {
        core_free(client);
        *result = NULL;
        return fd;
    }
    connection_adopt(&client->connection, fd);
    return 0;
}

int sockd_open_nonblocking(const char *path, struct sockd_client **result)
{
    return open_client(path, true, result);
}

/* A new connection knows nothing of the last one. */
static void forget_connection(struct sockd_client *client)
{
    connection_close(&client->connection);
    client->lost = 0;
    client->agreed = false;
    client->why_lost[0] = 0;
    client->more = false;
}

int sockd_reconnect(struct sockd_client *client)
{
    fault_begin(client->fault, "", 0);
    if (client->calling)
        return fault_set(client->fault, SOCKD_ORIGIN_LIBRARY, -EDEADLK,
                         "a callback may not wait for others");
    if (client->path[0] == 0)
        return fault_set(client->fault, SOCKD_ORIGIN_LIBRARY, -EOPNOTSUPP,
                         "a client that was made of a descriptor has no path");
    core_lose(client, -ECANCELED, "The client connects anew");
    if (client->closing) {
        core_free(client);
        return -ECANCELED;
    }
    forget_connection(client);
    int error = connect_client(client);
    if (!error)
        return 0;
    core_lose(client, error, NULL);
    return core_report_loss(client, client->fault);
}

const char *sockd_version(void)
{
    return SOCKD_VERSION;
}

int sockd_find_path(const char *path, char *buffer, size_t size)
{
    return path_find(path, buffer, size);
}

void sockd_disconnect(struct sockd_client *client)
{
    if (!client)
        return;
    client->closing = true;
    if (client->calling)
        return;
    core_lose(client, -ECANCELED, "The client was disconnected");
    core_free(client);
}

const struct sockd_error *sockd_last_error(const struct sockd_client *client)
{
    return &client->fault->error;
}

void sockd_set_deadline(struct sockd_client *client, double seconds)
{
    client->deadline = seconds;
}

void sockd_set_interrupt(struct sockd_client *client, int fd)
{
    client->interrupt_fd = fd;
}

int sockd_request(struct sockd_client *client, const char *method, const struct sockd_args *args,
                  const struct sockd_value **result)
{
    struct call call;

    call_begin_rest(&call, client, method, strlen(method), 0, args);
    call_rest(&call, args);
    if (call.takes)
        call_refuse(&call, "sockd_take() is the function for this method");
    return call_end(&call, sockd_answer_value(call_finish(&call), result));
}
