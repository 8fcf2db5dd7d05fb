/*
 * Opening and ending a client, and what holds for all its calls. See sockd/client.h.
 */
#include "client/call.h"
#include "client/core.h"
#include "client/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The size of the first piece of memory for value trees; most answers need no second one. */
enum { ZONE_CHUNK = 1024 };

static struct sockd_client *new_client(void)
{
    struct sockd_client *client = calloc(1, sizeof *client);

    if (!client || msgpack_zone_init(&client->zone, ZONE_CHUNK))
        return client;
    free(client);
    return NULL;
}

static void free_client(struct sockd_client *client)
{
    msgpack_zone_destroy(&client->zone);
    free(client);
}

int sockd_open(const char *path, struct sockd_client **result)
{
    char found[PATH_ROOM];
    int error = path_find(path, found, sizeof found);

    *result = NULL;
    if (error)
        return error;
    struct sockd_client *client = new_client();
    if (!client)
        return -ENOMEM;
    error = connection_open(&client->connection, found);
    if (error) {
        free_client(client);
        return error;
    }
    client->deadline = SOCKD_FOREVER;
    client->interrupt_fd = -1;
    fault_init(&client->fault);
    *result = client;
    return 0;
}

int sockd_find_path(const char *path, char *buffer, size_t size)
{
    return path_find(path, buffer, size);
}

void sockd_disconnect(struct sockd_client *client)
{
    if (!client)
        return;
    connection_close(&client->connection);
    fault_deinit(&client->fault);
    free_client(client);
}

const struct sockd_error *sockd_last_error(const struct sockd_client *client)
{
    return &client->fault.error;
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
    return call_value(&call, result);
}
