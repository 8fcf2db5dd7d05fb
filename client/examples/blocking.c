/*
 * One call after the other: sends a line to a server and prints the line that comes back.
 *
 *     cc -o blocking blocking.c $(pkg-config --cflags --libs libsockd)
 *     ./blocking 127.0.0.1 3301 hello
 */
#include <sockd/client.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const struct sockd_client *client, const char *what)
{
    const struct sockd_error *error = sockd_last_error(client);

    fprintf(stderr, "%s: %s: %s\n", what, error->name, error->message);
    return -1;
}

/* Sends the line, and prints the answer. */
static int talk(struct sockd_client *client, uint64_t id, const char *line)
{
    struct sockd_bytes answer;

    if (sockd_write(client, id, line, strlen(line), 5.0, NULL) < 0 ||
        sockd_write(client, id, "\n", 1, 5.0, NULL) < 0)
        return fail(client, "write");
    if (sockd_read_until(client, id, "\n", 1, SOCKD_NO_LIMIT, 5.0, &answer) < 0)
        return fail(client, "read");
    printf("%.*s", (int)answer.size, answer.data);
    return 0;
}

static int run(struct sockd_client *client, char **argv)
{
    uint64_t id;

    if (sockd_tcp_connect(client, argv[1], atoi(argv[2]), 5.0, &id) < 0)
        return fail(client, "connect");
    int result = talk(client, id, argv[3]);
    /* The socket would outlive this program. */
    if (sockd_close(client, id) < 0)
        return fail(client, "close");
    return result;
}

int main(int argc, char **argv)
{
    struct sockd_client *client;

    if (argc != 4) {
        fprintf(stderr, "usage: blocking HOST PORT LINE\n");
        return 2;
    }
    int error = sockd_open(NULL, &client);
    if (error < 0) {
        fprintf(stderr, "no daemon: %s\n", strerror(-error));
        return 3;
    }
    int result = run(client, argv);
    sockd_disconnect(client);
    return result < 0 ? 1 : 0;
}
