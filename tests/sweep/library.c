/*
 * A program with libsockd that goes on whatever fails, for the sweep: it calls each half of the
 * library, and proves after every step what the headers promise of failures. It ends with 0 if all
 * went well, with 1 if something failed as it should; and it aborts if a promise is broken.
 *
 *     library SOCKET blocking|asynchronous
 */
#include <sockd/client.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUST(condition)                                                             \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "broken promise, line %d: %s\n", __LINE__, #condition); \
            abort();                                                                \
        }                                                                           \
    } while (0)

enum { REQUESTS = 8, LARGE = 100000 };

static bool failed;

/* What a call returned: it has failed with a negative errno, of which the last error speaks. */
static bool fine(struct sockd_client *client, int result)
{
    const struct sockd_error *error = sockd_last_error(client);
    MUST(result <= 0 && result > -4096);
    if (result == 0)
        return true;
    failed = true;
    MUST(error->origin != SOCKD_ORIGIN_NONE && error->message != NULL && error->message[0] != 0);
    printf("%s: %s\n", error->method != NULL ? error->method : "", error->message);
    return false;
}

static struct sockd_client *connect_to(const char *path, bool waits)
{
    struct sockd_client *client = (struct sockd_client *)&failed;
    int result = waits ? sockd_open(path, &client) : sockd_open_nonblocking(path, &client);
    MUST((result == 0) == (client != NULL));
    if (result == 0)
        return client;
    printf("open: %s\n", strerror(-result));
    exit(1);
}

/* ---- calls that wait ---- */

static void exchange(struct sockd_client *client, uint64_t one, uint64_t two)
{
    struct sockd_bytes bytes;
    static char large[LARGE];
    size_t sent = 0;
    memset(large, 'x', sizeof large);
    if (fine(client, sockd_write(client, one, "a line\n", 7, 1, NULL)) &&
        fine(client, sockd_read_until(client, two, "\n", 1, SOCKD_NO_LIMIT, 1, &bytes)))
        MUST(bytes.size == 7 && memcmp(bytes.data, "a line\n", 7) == 0);
    sockd_set_deadline(client, 2);
    (void)fine(client, sockd_write_all(client, one, large, sizeof large, 1, &sent));
    MUST(sent <= sizeof large);
    sockd_set_deadline(client, SOCKD_FOREVER);
}

static void ask(struct sockd_client *client)
{
    const struct sockd_value *value;
    struct sockd_args *args = sockd_args_new();
    if (args == NULL) {
        failed = true;
        printf("no memory for arguments\n");
    }
    if (args != NULL)
        sockd_args_text(args, "return select('#', ...)");
    for (int i = 0; args != NULL && i < 100; i++)
        sockd_args_text(args, "an argument that takes some room");
    if (fine(client, sockd_request(client, "sockd.stats", NULL, &value)))
        MUST(sockd_value_type(value) == SOCKD_MAP);
    if (args != NULL)
        (void)fine(client, sockd_request(client, "sockd.eval", args, &value));
    sockd_args_free(args);
}

static void pass(struct sockd_client *client)
{
    struct sockd_taken taken;
    uint64_t id;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return;
    if (fine(client, sockd_give(client, fds[0], NULL, &id)) &&
        fine(client, sockd_take(client, id, &taken)))
        close(taken.fd);
    close(fds[0]);
    close(fds[1]);
}

static void blocking(const char *path)
{
    uint64_t one, two;
    struct sockd_client *client = connect_to(path, true);
    (void)fine(client, sockd_ping(client, NULL));
    if (fine(client, sockd_socketpair(client, AF_UNIX, SOCK_STREAM, 0, &one, &two)))
        exchange(client, one, two);
    ask(client);
    pass(client);
    (void)fine(client, sockd_reconnect(client));
    (void)fine(client, sockd_ping(client, NULL));
    sockd_disconnect(client);
}

/* ---- requests that call back ---- */

static int started, called;

static void on_answer(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    int *calls = context;
    (void)client;
    (*calls)++;
    called++;
    MUST(*calls == 1);
    if (sockd_answer_status(answer) < 0) {
        failed = true;
        printf("an answer: %s\n", strerror(-sockd_answer_status(answer)));
    }
}

static void asynchronous(const char *path)
{
    static int calls[REQUESTS];
    struct sockd_client *client = connect_to(path, false);
    int ended = 0;
    for (int i = 0; i < REQUESTS; i++) {
        int result = sockd_submit(client, i % 2 ? "sockd.ping" : "sockd.stats", NULL, on_answer,
                                  &calls[i], NULL);
        started += fine(client, result);
    }
    for (int turns = 0; sockd_pending(client) > 0 && ended == 0; turns++) {
        struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};
        int wait = sockd_timeout_ms(client);
        MUST(turns < 100000);
        (void)poll(&fd, 1, wait < 0 || wait > 100 ? 100 : wait);
        ended = sockd_process(client);
    }
    if (ended < 0) {
        failed = true;
        printf("the connection has ended: %s\n", strerror(-ended));
    }
    sockd_disconnect(client);
    MUST(called == started);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    if (argv[2][0] == 'b')
        blocking(argv[1]);
    else
        asynchronous(argv[1]);
    return failed ? 1 : 0;
}
