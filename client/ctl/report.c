/*
 * Messages and exit statuses. See report.h.
 *
 * A message may hold what a peer or a script of somebody's said, so it is escaped even where it
 * does not go to a terminal now: it may be shown on one later.
 */
#include "client/ctl/report.h"

#include "client/ctl/escape.h"
#include "client/path.h"
#include "protocol/errname.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void print(const char *text)
{
    escape_print(stderr, text, strlen(text));
}

/* "sockctl: read: " */
static void print_start(const char *verb)
{
    print("sockctl: ");
    if (verb) {
        print(verb);
        print(": ");
    }
}

int report_usage(const char *verb, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_start(verb);
    print(text);
    fprintf(stderr, "\nTry: sockctl %s%s--help\n", verb ? verb : "", verb ? " " : "");
    return CTL_USAGE;
}

static int status_of(const struct sockd_error *error)
{
    if (error->number == EINTR && error->origin == SOCKD_ORIGIN_LIBRARY)
        return CTL_INTERRUPTED;
    if (error->origin == SOCKD_ORIGIN_CONNECTION)
        return CTL_UNREACHABLE;
    if (error->refused)
        return CTL_REFUSED;
    return error->number == ETIMEDOUT ? CTL_TIMEOUT : CTL_FAILED;
}

/* The message without the method's name before it: the command's own stands there already. */
static const char *text_of(const struct sockd_error *error)
{
    size_t size = strlen(error->method);

    if (strncmp(error->message, error->method, size) == 0 &&
        strncmp(error->message + size, ": ", 2) == 0)
        return error->message + size + 2;
    return error->message;
}

int report_failure(const struct ctl *ctl, const struct sockd_error *error)
{
    uint64_t sent = ctl->sent + error->sent;
    int status = status_of(error);

    if (status == CTL_INTERRUPTED)
        return status;
    print_start(ctl->verb);
    print(error->name);
    print(": ");
    print(text_of(error));
    if (sent > 0)
        fprintf(stderr, " (after %" PRIu64 " bytes)", sent);
    fputc('\n', stderr);
    return status;
}

int report_error(const struct ctl *ctl)
{
    return report_failure(ctl, sockd_last_error(ctl->client));
}

int report_details(const struct ctl *ctl, const struct sockd_value *details)
{
    struct sockd_bytes name = {"EUNKNOWN", 8}, message = {"", 0};
    char text[512];

    sockd_value_data(sockd_value_get(details, "name"), &name.data, &name.size);
    sockd_value_data(sockd_value_get(details, "message"), &message.data, &message.size);
    snprintf(text, sizeof text, "%.*s: %.*s", (int)name.size, name.data, (int)message.size,
             message.data);
    print_start(ctl->verb);
    print(text);
    fputc('\n', stderr);
    return CTL_FAILED;
}

int report_lost(const struct ctl *ctl, int error)
{
    report_local(ctl, "the connection to the daemon is lost", error);
    return CTL_UNREACHABLE;
}

/* What the user can do about a daemon that is not to be had. */
static const char *remedy(int error)
{
    switch (error) {
    case -ENOENT:
    case -ECONNREFUSED:
        return "No daemon listens there. Start one (systemctl start sockd, or sockd --socket "
               "PATH),\nor say where it is with --socket PATH or $SOCKD_SOCKET.";
    case -EACCES:
    case -EPERM:
        return "You may not connect to it. Its socket is for the members of its group (sockd, for "
               "the\nsystem's daemon): have yourself added to it.";
    case -ETIMEDOUT:
        return "A daemon is there and does not respond. See its log, or restart it.";
    default:
        return "See that a daemon runs, and that --socket PATH or $SOCKD_SOCKET names its socket.";
    }
}

int report_unreachable(const struct ctl *ctl, int error)
{
    char path[PATH_ROOM];
    const char *name = errname_of(-error);

    print_start(ctl->verb);
    if (ctl->host || sockd_find_path(ctl->socket, path, sizeof path) == 0) {
        print(ctl->host ? ctl->host : path);
        print(": ");
    }
    fprintf(stderr, "%s: %s\n%s\n", name ? name : "EUNKNOWN", errname_text(-error), remedy(error));
    return CTL_UNREACHABLE;
}

int report_local(const struct ctl *ctl, const char *what, int error)
{
    print_start(ctl->verb);
    fprintf(stderr, "%s: %s\n", what, errname_text(-error));
    return CTL_FAILED;
}

int report_memory(const struct ctl *ctl)
{
    return report_local(ctl, "memory", -ENOMEM);
}

void report_version(void)
{
    puts("sockctl " SOCKD_VERSION);
}
