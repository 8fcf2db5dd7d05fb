/*
 * A connection that the daemon made becomes this process's own: the daemon connects and reads the
 * first line, then the descriptor is taken out of it and read(2) goes on.
 *
 *     cc -o take take.c $(pkg-config --cflags --libs libsockd)
 *     ./take 127.0.0.1 3301
 */
#include <sockd/client.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct sockd_client *client)
{
    const struct sockd_error *error = sockd_last_error(client);

    fprintf(stderr, "%s: %s: %s\n", error->method, error->name, error->message);
    return -1;
}

static int copy_rest(int fd)
{
    char buffer[4096];
    ssize_t count;

    while ((count = read(fd, buffer, sizeof buffer)) > 0)
        fwrite(buffer, 1, (size_t)count, stdout);
    return (int)count;
}

static int run(struct sockd_client *client, const char *host, int port)
{
    struct sockd_bytes line;
    struct sockd_taken taken;
    uint64_t id;

    if (sockd_tcp_connect(client, host, port, 5.0, &id) < 0 ||
        sockd_read_until(client, id, "\n", 1, SOCKD_NO_LIMIT, 5.0, &line) < 0)
        return fail(client);
    printf("by the daemon: %.*s", (int)line.size, line.data);
    if (sockd_take(client, id, &taken) < 0)
        return fail(client);
    /* What the daemon had received already comes first. */
    printf("taken from %s: ", taken.peer.host);
    fwrite(taken.data.data, 1, taken.data.size, stdout);
    int result = copy_rest(taken.fd);
    close(taken.fd);
    return result;
}

int main(int argc, char **argv)
{
    struct sockd_client *client;

    if (argc != 3) {
        fprintf(stderr, "usage: take HOST PORT\n");
        return 2;
    }
    int error = sockd_open(NULL, &client);
    if (error < 0) {
        fprintf(stderr, "no daemon: %s\n", strerror(-error));
        return 3;
    }
    int result = run(client, argv[1], atoi(argv[2]));
    sockd_disconnect(client);
    return result < 0 ? 1 : 0;
}
