/*
 * Notifications as they come. See live.h.
 */
#include "client/ctl/live.h"

#include "client/ctl/interrupt.h"
#include "client/ctl/output.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    struct live *live = context;

    (void)client;
    if (!live->over)
        live->show(live, method, params);
}

int live_ask(struct live *live, const char *method, const struct sockd_args *args)
{
    int status = remote_connect(live->ctl);

    if (status)
        return status;
    sockd_on_notify(live->ctl->client, on_notify, live);
    return sockd_request(live->ctl->client, method, args, NULL) < 0 ? report_error(live->ctl) : 0;
}

static void wait_and_process(struct live *live)
{
    struct sockd_client *client = live->ctl->client;
    struct pollfd fds[] = {
        {.fd = interrupt_start(), .events = POLLIN},
        {.fd = sockd_fd(client), .events = sockd_events(client)},
    };

    if (poll(fds, 2, sockd_timeout_ms(client)) < 0 && errno != EINTR)
        live->status = report_local(live->ctl, "poll", -errno);
    else if (fds[0].revents)
        live->status = CTL_INTERRUPTED;
    else {
        int error = sockd_process(client);
        live->status = error ? report_lost(live->ctl, error) : 0;
    }
}

int live_run(struct live *live)
{
    output_flush(live->ctl);
    while (!live->over && !live->status && !live->ctl->output_error) {
        wait_and_process(live);
        output_flush(live->ctl);
    }
    sockd_on_notify(live->ctl->client, NULL, NULL);
    return live->status;
}
