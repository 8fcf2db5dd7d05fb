/*
 * The one call of a command. See remote.h.
 */
#include "client/ctl/remote.h"

#include "base/numeral.h"
#include "client/ctl/interrupt.h"
#include "client/ctl/report.h"
#include "client/ctl/standard.h"
#include "client/ctl/tunnel.h"
#include "protocol/methods.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How long, in seconds, the daemon's own timeout may be overdue before it counts as hanging. */
static const double overdue = 2;

static int open_path(struct ctl *ctl)
{
    int error = sockd_open(ctl->socket, &ctl->client);

    return error ? report_unreachable(ctl, error) : 0;
}

int remote_connect(struct ctl *ctl)
{
    if (ctl->client)
        return 0;
    int status = ctl->host ? tunnel_open(ctl) : open_path(ctl);
    if (status)
        return status;
    sockd_set_interrupt(ctl->client, interrupt_start());
    return 0;
}

/* --timeout bounds the wait here: in place of the daemon for methods without a timeout of their
 * own, a little behind it for the others. */
static int set_deadline(struct ctl *ctl, const struct method *method)
{
    double seconds = 0;

    if (!ctl->timeout)
        return 0;
    if (numeral_real(ctl->timeout, &seconds))
        return report_usage(ctl->verb, "--timeout %s: expected a number of seconds", ctl->timeout);
    if (method && method->wait == METHOD_WAIT_WAITS)
        seconds = fmax(seconds, 0) + overdue;
    sockd_set_deadline(ctl->client, seconds);
    return 0;
}

/* Whether the answer holds what exists only once: bytes that are taken with it, or the number of a
 * socket that it has made. */
static bool is_irreplaceable(const struct method *method)
{
    switch (method->result) {
    case METHOD_RESULT_BYTES:
    case METHOD_RESULT_BYTES_STATUS:
    case METHOD_RESULT_BYTES_FROM:
    case METHOD_RESULT_ID:
    case METHOD_RESULT_ID_PAIR:
    case METHOD_RESULT_ID_ADDRESS:
        return true;
    default:
        return false;
    }
}

/* Without an output the call is not made: its answer would be lost. */
static int check_output(struct ctl *ctl, const char *name)
{
    const struct method *method = methods_find(name, strlen(name));
    int error = method && is_irreplaceable(method) ? standard_check_output() : 0;

    return error ? report_local(ctl, "standard output", error) : 0;
}

int remote_call(struct ctl *ctl, const char *name, const struct method *method,
                const struct sockd_args *args, const struct sockd_value **value)
{
    int status = check_output(ctl, name);

    if (!status)
        status = remote_connect(ctl);
    if (!status)
        status = set_deadline(ctl, method);
    if (!status && sockd_request(ctl->client, name, args, value) < 0)
        status = report_error(ctl);
    return status;
}

void remote_end(struct ctl *ctl)
{
    sockd_disconnect(ctl->client);
    ctl->client = NULL;
    tunnel_end(ctl);
}
