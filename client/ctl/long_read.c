/*
 * A read in pieces. See long_read.h.
 */
#include "client/ctl/long_read.h"

#include "base/numeral.h"
#include "client/ctl/drain.h"
#include "client/ctl/interrupt.h"
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/progress.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/standard.h"
#include "protocol/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 1024 * 1024 };

struct long_read {
    struct ctl *ctl;
    struct command command; /* as it was typed, but for the number, which is the piece's */
    struct sockd_args *args;
    struct drain drain;
    struct progress shown;
    char number[24];
    char timeout[32];
    double deadline; /* INFINITY: none */
    uint64_t left;   /* to be asked for */
    uint64_t received;
    size_t asked; /* the size of the piece that is under way; 0: none is */
    uint32_t request;
    bool escapes;
    bool leaving; /* nothing more is asked for */
    bool over;
    int status;
};

/* ---- what was typed ---- */

static bool is_digits(const char *text)
{
    return text && numeral_is_digits(text);
}

/* The number of bytes, or NULL if it is read's own affair. */
static const char *number_of(const struct command *command)
{
    const char *typed = params_text(command, command->method, "what");
    const char *limit = command_option(command, "limit");

    if (command_has(command, "until") || (typed && limit))
        return NULL;
    return is_digits(typed) ? typed : is_digits(limit) ? limit : NULL;
}

bool long_read_wanted(const struct command *command)
{
    const char *number = number_of(command);
    uint64_t size = 0;

    return number && numeral_unsigned(number, INT64_MAX, &size) == NUMERAL_FINE &&
           size > LIMIT_DATA;
}

/* Has the number's place, an argument or an option, say the size of the piece; the arguments are
 * those of the command itself. */
static void replace_number(struct long_read *reading, const char *number)
{
    struct command *command = &reading->command;

    for (int i = 0; i < command->count; i++) {
        if (command->arguments[i] == number)
            command->arguments[i] = reading->number;
    }
    for (int i = 0; i < command->options; i++) {
        if (command->option[i].value == number)
            command->option[i].value = reading->number;
    }
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void set_deadline(struct long_read *reading)
{
    struct ctl *ctl = reading->ctl;
    const struct command *command = &reading->command;
    const char *typed =
        ctl->timeout ? ctl->timeout : params_text(command, command->method, "timeout");

    double seconds = INFINITY;

    if (typed)
        numeral_real(typed, &seconds); /* params_build has looked at it */
    reading->deadline = now() + seconds;
}

static double seconds_left(const struct long_read *reading)
{
    return fmax(0, reading->deadline - now());
}

/* ---- pieces ---- */

/* Ends it in order: what is on its way is waited for. The first reason counts. */
static void leave(struct long_read *reading, int status)
{
    if (!reading->status)
        reading->status = status;
    if (reading->asked && !reading->leaving)
        sockd_cancel_request(reading->ctl->client, reading->request);
    reading->leaving = true;
}

static void output_failed(struct long_read *reading, int error)
{
    if (!reading->ctl->output_error)
        reading->ctl->output_error = -error;
    leave(reading, CTL_FAILED);
}

static void print(struct long_read *reading, const struct sockd_value *value)
{
    struct ctl *ctl = reading->ctl;
    struct sockd_bytes data = {"", 0};
    int error = 0;

    sockd_value_data(value, &data.data, &data.size);
    if (ctl->json || reading->escapes) {
        output_result(ctl, METHOD_RESULT_BYTES, value);
        output_flush(ctl);
        error = -ctl->output_error;
    } else {
        error = drain_put(&reading->drain, data.data, data.size);
    }
    if (error)
        output_failed(reading, error);
    reading->received += data.size;
    reading->left -= data.size < reading->left ? data.size : reading->left;
    if (data.size < reading->asked)
        leave(reading, CTL_END);
}

static void on_piece(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct long_read *reading = context;
    const struct sockd_value *value;

    (void)client;
    if (sockd_answer_value(answer, &value) == 0)
        print(reading, value);
    reading->asked = 0;
    if (sockd_answer_status(answer) == 0)
        return;
    if (sockd_answer_status(answer) != -ECANCELED || !reading->leaving)
        leave(reading, report_failure(reading->ctl, sockd_answer_error(answer)));
}

/* How much standard output takes at once, as far as it can be known. */
static size_t room_of_output(const struct long_read *reading)
{
    int size = fcntl(reading->drain.fd, F_GETPIPE_SZ);
    int used = 0;

    if (size < 0 || ioctl(reading->drain.fd, FIONREAD, &used) < 0)
        return PIECE;
    return size - used > PIPE_BUF ? (size_t)(size - used) : PIPE_BUF;
}

static int build(struct long_read *reading, size_t size)
{
    const struct command *command = &reading->command;

    snprintf(reading->number, sizeof reading->number, "%zu", size);
    snprintf(reading->timeout, sizeof reading->timeout, "%.3f", seconds_left(reading));
    reading->ctl->timeout = reading->timeout;
    sockd_args_clear(reading->args);
    return params_build(reading->ctl, command, command->method, NULL, reading->args);
}

static void ask(struct long_read *reading)
{
    struct ctl *ctl = reading->ctl;
    size_t room = room_of_output(reading);

    if (room > PIECE)
        room = PIECE;
    if (room > reading->left)
        room = (size_t)reading->left;
    int status = build(reading, room);
    int error = 0;
    if (!status)
        error = sockd_submit(ctl->client, methods[METHOD_read].name, reading->args, on_piece,
                             reading, &reading->request);
    if (error)
        status = report_local(ctl, "request", error);
    if (status)
        leave(reading, status);
    else
        reading->asked = room;
}

/* ---- the loop ---- */

/* Who insists gets out at once. */
static void on_interrupt(struct long_read *reading)
{
    interrupt_clear();
    reading->over = reading->leaving;
    leave(reading, CTL_INTERRUPTED);
}

static void on_output(struct long_read *reading, short events)
{
    int error = drain_flush(&reading->drain);

    if (error || (events & (POLLERR | POLLHUP | POLLNVAL)))
        output_failed(reading, error ? error : -EPIPE);
    else if (!reading->leaving && !reading->asked && drain_size(&reading->drain) == 0)
        ask(reading);
}

static void process(struct long_read *reading)
{
    int error = sockd_process(reading->ctl->client);

    if (!error)
        return;
    reading->over = true;
    leave(reading, report_lost(reading->ctl, error));
}

/* The daemon minds the time while a piece is under way. */
static int patience(const struct long_read *reading)
{
    int least = sockd_timeout_ms(reading->ctl->client);
    double left = seconds_left(reading) * 1000 + 1;

    if (reading->asked || left > INT32_MAX)
        return least;
    return least >= 0 && least < left ? least : (int)left;
}

static void check_time(struct long_read *reading)
{
    if (reading->asked || reading->leaving || seconds_left(reading) > 0)
        return;
    report_local(reading->ctl, "standard output", -ETIMEDOUT);
    reading->over = true;
    leave(reading, CTL_TIMEOUT);
}

static void step(struct long_read *reading)
{
    struct sockd_client *client = reading->ctl->client;
    struct pollfd fds[] = {
        {.fd = interrupt_start(), .events = POLLIN},
        {.fd = sockd_fd(client), .events = sockd_events(client)},
        {.fd = reading->drain.fd, .events = reading->asked ? 0 : POLLOUT},
    };

    if (reading->ctl->output_error)
        fds[2].fd = -1;
    if (poll(fds, 3, patience(reading)) < 0 && errno != EINTR) {
        reading->over = true;
        leave(reading, report_local(reading->ctl, "poll", -errno));
        return;
    }
    if (fds[0].revents)
        on_interrupt(reading);
    process(reading);
    if (fds[2].revents)
        on_output(reading, fds[2].revents);
    else
        check_time(reading);
    progress_update(&reading->shown, 0, reading->received);
}

static bool is_done(const struct long_read *reading)
{
    bool printed = drain_size(&reading->drain) == 0 || reading->ctl->output_error;

    return reading->over ||
           ((reading->leaving || reading->left == 0) && !reading->asked && printed);
}

static int run_connected(struct long_read *reading)
{
    signal(SIGPIPE, SIG_IGN);
    reading->escapes = !reading->ctl->raw && isatty(STDOUT_FILENO);
    drain_init(&reading->drain, STDOUT_FILENO);
    progress_init(&reading->shown, command_has(&reading->command, "progress"));
    while (!is_done(reading))
        step(reading);
    progress_end(&reading->shown, 0, reading->received);
    drain_deinit(&reading->drain);
    return reading->status;
}

/* The first piece's parameters are checked before anything is asked. */
static int run(struct long_read *reading)
{
    struct ctl *ctl = reading->ctl;
    const char *number = number_of(&reading->command);
    int error = standard_check_output();

    if (error)
        return report_local(ctl, "standard output", error);
    numeral_unsigned(number, INT64_MAX, &reading->left);
    snprintf(reading->number, sizeof reading->number, "%d", PIECE);
    replace_number(reading, number);
    int status = params_build(ctl, &reading->command, reading->command.method, NULL, reading->args);
    if (!status)
        status = remote_connect(ctl);
    if (status)
        return status;
    set_deadline(reading);
    return run_connected(reading);
}

int long_read(struct ctl *ctl, const struct command *command)
{
    const char *timeout = ctl->timeout;
    struct long_read reading = {.ctl = ctl, .command = *command, .args = sockd_args_new()};

    if (!reading.args)
        return report_memory(ctl);
    int status = run(&reading);
    sockd_args_free(reading.args);
    ctl->timeout = timeout;
    return status;
}
