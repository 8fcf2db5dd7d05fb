/*
 * The daemon of another machine. See tunnel.h.
 */
#include "client/ctl/tunnel.h"

#include "client/ctl/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A URL taken apart. */
struct target {
    char box[256];      /* "user@box" */
    char port[8];       /* "" if it is not said */
    char command[1200]; /* for the shell over there */
};

static const char scheme[] = "ssh://";

/* Text that is put together within its room. */
struct text {
    char *at;
    const char *end; /* of the room, which keeps a byte for the terminator */
};

static bool add(struct text *text, const char *more)
{
    for (; *more && text->at < text->end; more++)
        *text->at++ = *more;
    *text->at = 0;
    return !*more;
}

/* In single quotes a shell takes it literally. */
static bool add_quoted(struct text *text, const char *path)
{
    bool fits = add(text, "'");

    for (; *path && fits; path++)
        fits = add(text, *path == '\'' ? "'\\''" : (char[]){*path, 0});
    return fits && add(text, "'");
}

/* False if it is too long. */
static bool write_command(struct target *target, const char *path)
{
    struct text text = {target->command, target->command + sizeof target->command - 1};

    if (!path[0])
        return add(&text, "sockctl dial-stdio");
    return add(&text, "sockctl --socket ") && add_quoted(&text, path) && add(&text, " dial-stdio");
}

/* The port behind the last colon, if that does not belong to an address in brackets. */
static bool split_port(struct target *target)
{
    char *colon = strrchr(target->box, ':');

    if (!colon || strchr(colon, ']'))
        return true;
    *colon = 0;
    size_t size = strlen(colon + 1);
    if (size == 0 || size > 5 || strspn(colon + 1, "0123456789") != size)
        return false;
    memcpy(target->port, colon + 1, size + 1);
    return true;
}

/* Without the brackets of an IPv6 address, which ssh takes as it is. */
static void strip_brackets(char *box)
{
    char *open = strchr(box, '[');
    char *close = strchr(box, ']');

    if (!open || !close || close < open)
        return;
    *close = 0;
    memmove(open, open + 1, strlen(open));
}

/* What begins with a minus would be an option to ssh. */
static bool parse(struct target *target, const char *url)
{
    *target = (struct target){.port = ""};
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    url += sizeof scheme - 1;
    size_t size = strcspn(url, "/");
    if (size >= sizeof target->box)
        return false;
    memcpy(target->box, url, size);
    if (!split_port(target))
        return false;
    strip_brackets(target->box);
    if (!target->box[0] || target->box[0] == '-')
        return false;
    return write_command(target, url + size);
}

/* ssh does without an interrupt that is ignored when it starts: Ctrl-C is to cancel the request,
 * which the tunnel must survive. */
static int spawn(pid_t *process, const char *const *words, int end)
{
    posix_spawn_file_actions_t files;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, end, STDOUT_FILENO);
    sigaction(SIGINT, &ignore, &old);
    int error =
        posix_spawnp(process, words[0], &files, NULL, (char *const *)(uintptr_t)words, environ);
    sigaction(SIGINT, &old, NULL);
    posix_spawn_file_actions_destroy(&files);
    return -error;
}

static int start(struct ctl *ctl, const struct target *target, int end)
{
    const char *program = getenv("SOCKCTL_SSH");
    const char *words[8] = {program && program[0] ? program : "ssh", "-T"};
    size_t count = 2;

    if (target->port[0]) {
        words[count++] = "-p";
        words[count++] = target->port;
    }
    words[count++] = target->box;
    words[count] = target->command;
    return spawn(&ctl->tunnel, words, end);
}

int tunnel_open(struct ctl *ctl)
{
    struct target target;
    int ends[2];

    if (ctl->socket)
        return report_usage(ctl->verb, "--socket is of this machine: say ssh://box/path");
    if (!parse(&target, ctl->host))
        return report_usage(ctl->verb, "--host %s: expected ssh://[user@]box[:port][/socket]",
                            ctl->host);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return report_local(ctl, "socketpair", -errno);
    int error = start(ctl, &target, ends[1]);
    close(ends[1]);
    if (!error)
        error = sockd_open_fd(ends[0], &ctl->client);
    if (!error)
        return 0;
    close(ends[0]);
    return report_unreachable(ctl, error);
}

void tunnel_end(struct ctl *ctl)
{
    while (ctl->tunnel && waitpid(ctl->tunnel, NULL, 0) < 0 && errno == EINTR)
        ;
    ctl->tunnel = 0;
}
