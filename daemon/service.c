/* The conversation with the service manager, by libsystemd. */
#include "service.h"

#include "loop/loop.h"
#include "util/error.h"
#include "util/list.h"
#include "util/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

struct service {
    struct loop *loop;
    struct loop_timer timer;
    uint64_t interval; /* nanoseconds between two feeds; 0: no watchdog */
};

int service_listen_fd(void)
{
    int count = sd_listen_fds(1);
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

static void on_timer(struct loop_timer *timer)
{
    struct service *service = CONTAINER_OF(timer, struct service, timer);
    sd_notify(0, "WATCHDOG=1");
    /* Cannot fail: the timer has just left a place free. */
    loop_timer_start(service->loop, timer, loop_now() + service->interval);
}

int service_start(struct service **out, struct loop *loop)
{
    struct service *service = calloc(1, sizeof *service);
    if (!service)
        return -ENOMEM;
    service->loop = loop;
    loop_timer_init(&service->timer, on_timer);
    uint64_t timeout = 0; /* microseconds */
    if (sd_watchdog_enabled(0, &timeout) > 0)
        service->interval = timeout * 1000 / 2;
    uint64_t first = service->interval ? loop_now() + service->interval : LOOP_NEVER;
    int result = loop_timer_start(loop, &service->timer, first);
    if (result < 0) {
        free(service);
        return result;
    }
    *out = service;
    return 0;
}

void service_free(struct service *service)
{
    if (!service)
        return;
    loop_timer_stop(service->loop, &service->timer);
    free(service);
}

__attribute__((format(printf, 2, 0))) static void notify(const char *state, const char *status,
                                                         va_list arguments)
{
    char text[256];
    vsnprintf(text, sizeof text, status, arguments);
    sd_notifyf(0, "%s\nSTATUS=%s", state, text);
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
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=%s", loop_now() / 1000, status);
}

void service_stopping(const char *status, ...)
{
    va_list arguments;
    va_start(arguments, status);
    notify("STOPPING=1", status, arguments);
    va_end(arguments);
}
