/*
 * libsockd and a daemon that cannot be trusted: the input is what the daemon sends, after a first
 * byte that says with which call the client begins. Every call ends, with a result or an error that
 * says something; nothing is read that did not come.
 */
#include "fuzz.h"

#include <sockd/client.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listening = -1;
static char path[64];

/* The client connects to a path, so there is one, and it is gone before the first input is tried.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)argc, (void)argv;
    snprintf(path, sizeof path, "/tmp/sockd-fuzz-XXXXXX");
    MUST(mkdtemp(path));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", path);
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(listening >= 0);
    MUST(bind(listening, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(listen(listening, 4) == 0);
    return 0;
}

static void remove_path(void) __attribute__((destructor));

static void remove_path(void)
{
    char file[sizeof path + 8];
    snprintf(file, sizeof file, "%s/socket", path);
    unlink(file);
    rmdir(path);
}

/* ---- what comes out is read to its last byte ---- */

static volatile size_t sum;

static void read_bytes(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum += (uint8_t)data[i];
}

static void read_value(const struct sockd_value *value, int depth)
{
    const char *data;
    size_t size;
    if (!value)
        return;
    MUST(depth < 64);
    if (sockd_value_data(value, &data, &size))
        read_bytes(data, size);
    for (size_t i = 0; i < sockd_value_count(value) && i < 1000; i++)
        read_value(sockd_value_at(value, i), depth + 1);
    read_value(sockd_value_get(value, "name"), depth + 1);
}

static void read_address(const struct sockd_address *address)
{
    read_bytes(address->host, strnlen(address->host, sizeof address->host));
    MUST(memchr(address->host, 0, sizeof address->host));
    MUST(memchr(address->path, 0, sizeof address->path));
    MUST(memchr(address->family, 0, sizeof address->family));
    MUST(memchr(address->type, 0, sizeof address->type));
    MUST(memchr(address->protocol, 0, sizeof address->protocol));
}

/* ---- the calls ---- */

static int call_ping(struct sockd_client *client)
{
    const char *text = NULL;
    int result = sockd_ping(client, &text);
    if (result == 0 && text)
        read_bytes(text, strlen(text));
    return result;
}

static int call_read(struct sockd_client *client)
{
    struct sockd_bytes bytes;
    int result = sockd_read(client, 1, 100, 1.0, &bytes);
    if (result == 0)
        read_bytes(bytes.data, bytes.size);
    return result;
}

static int call_recv(struct sockd_client *client)
{
    struct sockd_bytes bytes;
    bool eof;
    int result = sockd_recv(client, 1, SOCKD_NO_LIMIT, SOCKD_DEFAULT, 1.0, &bytes, &eof);
    if (result == 0)
        read_bytes(bytes.data, bytes.size);
    return result;
}

static int call_recvfrom(struct sockd_client *client)
{
    struct sockd_bytes bytes;
    struct sockd_address from;
    int result = sockd_recvfrom(client, 1, SOCKD_NO_LIMIT, SOCKD_DEFAULT, 1.0, &bytes, &from);
    if (result == 0) {
        read_bytes(bytes.data, bytes.size);
        read_address(&from);
    }
    return result;
}

static int call_accept(struct sockd_client *client)
{
    uint64_t id;
    struct sockd_address from;
    int result = sockd_accept(client, 1, 1.0, &id, &from);
    if (result == 0)
        read_address(&from);
    return result;
}

static int call_list(struct sockd_client *client)
{
    const struct sockd_value *value;
    int result = sockd_list(client, NULL, &value);
    if (result == 0)
        read_value(value, 0);
    return result;
}

static int call_write(struct sockd_client *client)
{
    size_t sent;
    return sockd_write(client, 1, "bytes", 5, 1.0, &sent);
}

static int call_linger(struct sockd_client *client)
{
    bool lingers;
    int seconds;
    return sockd_linger(client, 1, SOCKD_DEFAULT, SOCKD_DEFAULT, &lingers, &seconds);
}

static int call_wait(struct sockd_client *client)
{
    int events;
    return sockd_wait(client, 1, 1.0, &events);
}

static int call_pair(struct sockd_client *client)
{
    uint64_t first, second;
    return sockd_socketpair(client, 1, 1, 0, &first, &second);
}

static int call_any(struct sockd_client *client)
{
    const struct sockd_value *value;
    int result = sockd_request(client, "sockd.eval", NULL, &value);
    if (result == 0)
        read_value(value, 0);
    return result;
}

static int (*const calls[])(struct sockd_client *client) = {
    call_ping,  call_read,   call_recv, call_recvfrom, call_accept, call_list,
    call_write, call_linger, call_wait, call_pair,     call_any,
};

enum { CALLS = sizeof calls / sizeof calls[0] };

static void check_error(const struct sockd_client *client, int result)
{
    const struct sockd_error *error = sockd_last_error(client);
    MUST(result <= 0);
    MUST((result < 0) == (error->origin != SOCKD_ORIGIN_NONE));
    if (result == 0)
        return;
    MUST(error->number == -result);
    read_bytes(error->name, strlen(error->name));
    read_bytes(error->message, strlen(error->message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    unsigned first = food_byte(&food);
    char file[sizeof path + 8];
    struct sockd_client *client;
    snprintf(file, sizeof file, "%s/socket", path);
    MUST(sockd_open(file, &client) == 0);
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    MUST(fd >= 0);
    (void)!send(fd, food.at, food.left, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR); /* no call waits for more */
    for (unsigned i = 0; i < CALLS; i++)
        check_error(client, calls[(first + i) % CALLS](client));
    sockd_disconnect(client);
    close(fd);
    return 0;
}
