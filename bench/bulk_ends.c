/* Ends of a transfer that move it through descriptors: the far one, and three near ones. */
#include "bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sockd/client.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_nonblocking(int fd)
{
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        fail(errno, "fcntl");
}

/* ---- the far end ---- */

static int accept_one(int listener)
{
    struct pollfd wait = {.fd = listener, .events = POLLIN};
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0)
        poll(&wait, 1, -1);
    socket_no_delay(fd);
    return fd;
}

void bulk_far(const struct bulk_options *options)
{
    struct endpoint endpoint;
    endpoint_parse(&endpoint, options->address);
    int listener = endpoint_listen(&endpoint);
    for (;;) {
        struct bulk_end end;
        bulk_end_init(&end, options->up, options->down + 1);
        end.holds_last = true;
        end.in = end.out = accept_one(listener);
        bulk_move(&end);
        close(end.in);
        bulk_end_deinit(&end);
    }
}

/* ---- by a socket of its own ---- */

void bulk_direct(const struct bulk_options *options)
{
    struct bulk_cost cost;
    struct bulk_end end;
    struct endpoint endpoint;
    bulk_end_init(&end, options->down + 1, options->up);
    endpoint_parse(&endpoint, options->address);
    bulk_begin(&cost, options);
    end.in = end.out = endpoint_connect(&endpoint);
    bulk_move(&end);
    bulk_report(&cost, options, NULL);
    close(end.in);
    bulk_end_deinit(&end);
}

/* ---- by one that the daemon connected and let go ---- */

static void take(struct sockd_client *client, const char *address, struct bulk_end *end)
{
    struct sockd_taken taken;
    uint64_t id;
    if (sockd_tcp_connect(client, address, SOCKD_DEFAULT, 10, &id) < 0 ||
        sockd_take(client, id, &taken) < 0)
        fail(0, "%s", sockd_last_error(client)->message);
    set_nonblocking(taken.fd);
    socket_no_delay(taken.fd);
    end->in = end->out = taken.fd;
    bulk_check(end, taken.data.data, taken.data.size);
}

void bulk_take(const struct bulk_options *options)
{
    struct bulk_cost cost;
    struct bulk_end end;
    struct sockd_client *client;
    bulk_end_init(&end, options->down + 1, options->up);
    bulk_begin(&cost, options);
    int error = sockd_open(options->control, &client);
    if (error < 0)
        fail(-error, "%s", options->control);
    take(client, options->address, &end);
    bulk_move(&end);
    bulk_report(&cost, options, NULL);
    sockd_disconnect(client);
    close(end.in);
    bulk_end_deinit(&end);
}

/* ---- by a command ---- */

/* Starts it with pipes at its standard input and output. */
static pid_t start(char *const *command, struct bulk_end *end)
{
    posix_spawn_file_actions_t files;
    pid_t pid;
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        fail(errno, "pipe");
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    int error = posix_spawnp(&pid, command[0], &files, NULL, command, environ);
    if (error != 0)
        fail(error, "%s", command[0]);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    end->in = out[0];
    end->out = in[1];
    return pid;
}

/* Waits for its end; its CPU time in nanoseconds. */
static uint64_t finish(pid_t pid, const char *name)
{
    struct rusage usage;
    int status;
    if (wait4(pid, &status, 0, &usage) < 0)
        fail(errno, "wait4");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(0, "%s failed", name);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NANOSECONDS +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

void bulk_pipe(const struct bulk_options *options)
{
    struct bulk_cost cost;
    struct bulk_end end;
    bulk_end_init(&end, options->down + 1, options->up);
    bulk_begin(&cost, options);
    pid_t pid = start(options->command, &end);
    set_nonblocking(end.in);
    set_nonblocking(end.out);
    bulk_move(&end);
    close(end.out);
    uint64_t client = finish(pid, options->command[0]);
    bulk_report(&cost, options, &client);
    close(end.in);
    bulk_end_deinit(&end);
}
