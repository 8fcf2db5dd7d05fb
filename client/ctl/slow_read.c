/*
 * A read with --progress. See slow_read.h.
 *
 * An answer comes whole, so it says nothing on the way. But what it is made of gathers in the
 * socket's read-ahead, whose size sockd.info tells.
 */
#include "client/ctl/slow_read.h"

#include "client/ctl/interrupt.h"
#include "client/ctl/params.h"
#include "client/ctl/progress.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/standard.h"
#include "protocol/methods.h"

#include <errno.h>
#include <poll.h>

enum { TICK = 200 }; /* milliseconds between two questions */

struct slow_read {
    struct ctl *ctl;
    const struct sockd_args *args;
    slow_read_fn use;
    struct sockd_args *handle; /* the parameters of sockd.info */
    struct progress shown;
    uint32_t request;
    uint64_t received;
    bool asked; /* and not answered yet */
    bool cancelled;
    bool over;
    int status;
};

static void on_read(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct slow_read *slow = context;
    const struct sockd_value *value;
    struct sockd_bytes data = {"", 0};

    (void)client;
    slow->over = true;
    if (sockd_answer_status(answer) == -ECANCELED && slow->cancelled) {
        slow->status = CTL_INTERRUPTED;
        return;
    }
    if (sockd_answer_value(answer, &value) < 0) {
        slow->status = report_failure(slow->ctl, sockd_answer_error(answer));
        return;
    }
    sockd_value_data(value, &data.data, &data.size);
    slow->received = data.size;
    slow->status = slow->use(slow->ctl, slow->args, value);
}

static void on_info(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct slow_read *slow = context;
    const struct sockd_value *info;
    int64_t size = 0;

    (void)client;
    slow->asked = false;
    if (slow->over || sockd_answer_value(answer, &info) < 0)
        return;
    sockd_value_int(sockd_value_get(info, "read_ahead"), &size);
    slow->received = (uint64_t)size;
    progress_update(&slow->shown, 0, slow->received);
}

static void ask(struct slow_read *slow)
{
    if (!slow->asked)
        slow->asked = sockd_submit(slow->ctl->client, methods[METHOD_sockd_info].name, slow->handle,
                                   on_info, slow, NULL) == 0;
}

static void cancel(struct slow_read *slow)
{
    sockd_cancel_request(slow->ctl->client, slow->request);
    slow->cancelled = true;
}

static void wait_once(struct slow_read *slow)
{
    struct sockd_client *client = slow->ctl->client;
    struct pollfd fds[] = {
        {.fd = sockd_fd(client), .events = sockd_events(client)},
        {.fd = slow->cancelled ? -1 : interrupt_start(), .events = POLLIN},
    };
    int left = sockd_timeout_ms(client);

    if (poll(fds, 2, left >= 0 && left < TICK ? left : TICK) == 0)
        ask(slow);
    if (fds[1].revents)
        cancel(slow);
    int error = sockd_process(client);
    if (error && !slow->over)
        slow->status = report_lost(slow->ctl, error);
    slow->over = slow->over || error;
}

static int run(struct slow_read *slow)
{
    int error = sockd_submit(slow->ctl->client, methods[METHOD_read].name, slow->args, on_read,
                             slow, &slow->request);

    if (error)
        return report_local(slow->ctl, "request", error);
    progress_init(&slow->shown, true);
    while (!slow->over)
        wait_once(slow);
    progress_end(&slow->shown, 0, slow->received);
    return slow->status;
}

int slow_read(struct ctl *ctl, const char *handle, const struct sockd_args *args, slow_read_fn use)
{
    struct slow_read slow = {.ctl = ctl, .args = args, .use = use};
    int error = standard_check_output();

    if (error)
        return report_local(ctl, "standard output", error);
    int status = remote_connect(ctl);
    if (status)
        return status;
    slow.handle = sockd_args_new();
    params_put_handle(slow.handle, handle);
    status = run(&slow);
    sockd_args_free(slow.handle);
    return status;
}
