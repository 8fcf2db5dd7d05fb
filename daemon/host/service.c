/*
 * The conversation with the service manager, by libsystemd but for one thing: sd_notify(3) waits
 * while the manager does not read, and nothing may make the daemon wait. So what it is told is sent
 * here, at once, or again and again until it can be.
 */
#include "host/service.h"

#include "base/numeral.h"
#include "loop/loop.h"
#include "util/error.h"
#include "util/list.h"
#include "util/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* How soon what could not be said is tried again. */
#define SERVICE_RETRY (LOOP_SECOND / 10)

struct service {
    struct loop *loop;
    struct loop_timer timer;
    uint64_t interval; /* nanoseconds between two feeds; 0: no watchdog */
    struct loop_timer retry;
};

/* A process has one service manager. What it could not be told yet: only the last word counts. */
static struct service *current;
static char unsaid[512];

/* ---- what is said ---- */

/* The address in $NOTIFY_SOCKET; 0 if there is none. */
static socklen_t manager_address(struct sockaddr_un *out)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t size = path ? strlen(path) : 0;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t room = sizeof out->sun_path - (path && path[0] == '/'); /* a path ends with a zero */
    if (size < 2 || size > room || (path[0] != '/' && path[0] != '@'))
        return 0;
    memcpy(out->sun_path, path, size);
    if (path[0] == '@')
        out->sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

/* 0, also if nobody is there to hear it; -EAGAIN while the manager does not read. */
static int say(const char *text)
{
    struct sockaddr_un address;
    socklen_t size = manager_address(&address);
    if (size == 0)
        return 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -EAGAIN; /* of descriptors and memory there may be some later */
    ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    int error = sent < 0 ? errno : 0;
    close(fd);
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM ? -EAGAIN : 0;
}

static void on_retry(struct loop_timer *timer);

static void say_again_later(void)
{
    if (current &&
        loop_timer_start(current->loop, &current->retry, loop_now() + SERVICE_RETRY, on_retry) < 0)
        unsaid[0] = 0;
}

static void on_retry(struct loop_timer *timer)
{
    (void)timer;
    if (say(unsaid) < 0)
        say_again_later();
    else
        unsaid[0] = 0;
}

static void state(const char *text)
{
    snprintf(unsaid, sizeof unsaid, "%s", text);
    if (say(unsaid) < 0)
        say_again_later();
    else
        unsaid[0] = 0;
}

/* ---- the control socket ---- */

/* A number that the manager has put into the environment. False, and said: it is none. */
static bool read_number(const char *name, uint64_t most, uint64_t *out)
{
    const char *text = getenv(name);
    enum numeral fault = text ? numeral_unsigned(text, most, out) : NUMERAL_FINE;
    if (fault)
        log_write(LOG_ERROR, "$%s: '%s' %s", name, text, numeral_fault(fault));
    return fault == NUMERAL_FINE;
}

/* libsystemd says no more than that something is wrong. */
static int count_listen_fds(void)
{
    uint64_t pid = 0, count = 0;
    if (!read_number("LISTEN_PID", INT32_MAX, &pid))
        return -EINVAL;
    if (pid == (uint64_t)getpid() &&
        !read_number("LISTEN_FDS", INT32_MAX - SD_LISTEN_FDS_START, &count))
        return -EINVAL;
    int result = sd_listen_fds(1);
    if (result < 0)
        log_write(LOG_ERROR, "$LISTEN_FDS is %" PRIu64 ": %s", count, strerror(-result));
    return result;
}

int service_listen_fd(void)
{
    int count = count_listen_fds();
    if (count < 0)
        return count;
    if (count == 0)
        return -ENOENT;
    if (count > 1) {
        log_write(LOG_ERROR, "%d sockets were passed in, expected the control socket alone", count);
        return -EINVAL;
    }
    if (sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_STREAM, 1) <= 0) {
        log_write(LOG_ERROR, "what was passed in is no listening unix stream socket");
        return -EINVAL;
    }
    return SD_LISTEN_FDS_START;
}

/* ---- the watchdog ---- */

static void on_timer(struct loop_timer *timer)
{
    struct service *service = CONTAINER_OF(timer, struct service, timer);
    (void)say("WATCHDOG=1"); /* a manager that does not read has others to read */
    /* Cannot fail: the timer has just left a place free. */
    loop_timer_start(service->loop, timer, loop_now() + service->interval, on_timer);
}

/* Somebody who is not told of anything ought to know why. */
static void check_manager(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    if (path && *path && manager_address(&address) == 0)
        log_write(LOG_WARN, "$NOTIFY_SOCKET: '%s' is no path of a socket: nobody is told", path);
}

static uint64_t watchdog_interval(void)
{
    const uint64_t least = 1000, most = UINT64_C(86400) * 1000000;
    uint64_t timeout = 0; /* microseconds */
    int result = sd_watchdog_enabled(0, &timeout);
    if (result < 0)
        log_write(LOG_WARN, "$WATCHDOG_USEC: '%s': %s: there is no watchdog",
                  getenv("WATCHDOG_USEC") ? getenv("WATCHDOG_USEC") : "", strerror(-result));
    if (result <= 0)
        return 0;
    timeout = timeout < most ? timeout : most;
    return (timeout > least ? timeout : least) * 1000 / 2;
}

int service_start(struct service **out, struct loop *loop)
{
    struct service *service = calloc(1, sizeof *service);
    if (!service)
        return -ENOMEM;
    service->loop = loop;
    check_manager();
    service->interval = watchdog_interval();
    uint64_t first = service->interval ? loop_now() + service->interval : LOOP_NEVER;
    int result = loop_timer_start(loop, &service->timer, first, on_timer);
    if (result < 0) {
        free(service);
        return result;
    }
    *out = current = service;
    return 0;
}

void service_free(struct service *service)
{
    if (!service)
        return;
    loop_timer_stop(service->loop, &service->timer);
    loop_timer_stop(service->loop, &service->retry);
    current = NULL;
    free(service);
}

/* ---- states ---- */

__attribute__((format(printf, 2, 0))) static void notify(const char *what, const char *status,
                                                         va_list arguments)
{
    char words[256], text[sizeof unsaid];
    vsnprintf(words, sizeof words, status, arguments);
    snprintf(text, sizeof text, "%s\nSTATUS=%s", what, words);
    state(text);
}

void service_ready(const char *status, ...)
{
    va_list arguments;
    va_start(arguments, status);
    notify("READY=1", status, arguments);
    va_end(arguments);
}

void service_reloading(const char *status)
{
    char text[sizeof unsaid];
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=%s",
             loop_now() / 1000, status);
    state(text);
}

void service_stopping(const char *status, ...)
{
    va_list arguments;
    va_start(arguments, status);
    notify("STOPPING=1", status, arguments);
    va_end(arguments);
}
