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

/* Appends the path in single quotes, as a shell takes it literally. False if there is no room. */
static bool quote(char *out, size_t room, const char *path)
{
    size_t size = strlen(out);

    for (const char *at = path; size + 5 < room; at++) {
        if (at == path)
            out[size++] = '\'';
        if (!*at) {
            memcpy(out + size, "'", 2);
            return true;
        }
        if (*at == '\'') {
            memcpy(out + size, "'\\''", 4);
            size += 4;
        } else {
            out[size++] = *at;
        }
    }
    return false;
}

static bool write_command(struct target *target, const char *path)
{
    size_t room = sizeof target->command - sizeof " dial-stdio";

    if (!path[0]) {
        strcpy(target->command, "sockctl dial-stdio");
        return true;
    }
    strcpy(target->command, "sockctl --socket ");
    if (!quote(target->command, room, path))
        return false;
    strcat(target->command, " dial-stdio");
    return true;
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
    strcpy(target->port, colon + 1);
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
    if (size == 0 || size >= sizeof target->box || url[0] == '-')
        return false;
    memcpy(target->box, url, size);
    if (!split_port(target) || !target->box[0])
        return false;
    strip_brackets(target->box);
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
