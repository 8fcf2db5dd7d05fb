/*
 * A socket joined to standard input and output. See joint.h.
 */
#include "client/ctl/joint.h"

#include "client/ctl/interrupt.h"
#include "client/ctl/json.h"
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/standard.h"
#include "client/ctl/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How much may be on its way to standard output. */
static const uint64_t credit_window = 8 << 20;

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The first failure counts. */
static void fail(struct joint *joint, int status)
{
    if (!joint->status)
        joint->status = status;
}

/* ---- requests ---- */

static void begin_args(struct joint *joint)
{
    sockd_args_clear(joint->args);
    params_put_handle(joint->args, joint->handle);
}

static void submit(struct joint *joint, enum method_id method, sockd_answer_fn callback,
                   void *context, uint32_t *request)
{
    int error = sockd_submit(joint->ctl->client, methods[method].name, joint->args, callback,
                             context, request);

    if (error) {
        fail(joint, report_local(joint->ctl, "request", error));
        joint->over = true;
    }
}

/* The news of a lost connection come once, from sockd_process(). */
static bool failed(struct joint *joint, const struct sockd_answer *answer)
{
    const struct sockd_error *error = sockd_answer_error(answer);

    if (sockd_answer_status(answer) == 0)
        return false;
    if (error->origin != SOCKD_ORIGIN_CONNECTION)
        fail(joint, report_failure(joint->ctl, error));
    return true;
}

/* ---- what the socket receives ---- */

static void on_started(struct sockd_client *client, const struct sockd_answer *answer,
                       void *context)
{
    struct joint *joint = context;

    (void)client;
    if (failed(joint, answer))
        joint->over = true;
}

static void start_stream(struct joint *joint)
{
    joint->credited = joint->limit ? least(joint->limit, credit_window) : credit_window;
    begin_args(joint);
    sockd_args_int(joint->args, (int64_t)joint->credited);
    submit(joint, METHOD_sockd_stream, on_started, joint, NULL);
}

/* Gives credit for what has been written, in large pieces; the last one is as small as it is. */
static void give_credit(struct joint *joint)
{
    uint64_t most = joint->limit ? joint->limit : UINT64_MAX;
    uint64_t written = joint->received - drain_size(&joint->drain);
    uint64_t due = least(written + credit_window, most);
    uint64_t piece = due == most ? 1 : credit_window / 4;

    if (joint->stream_over || joint->leaving || due - joint->credited < piece)
        return;
    begin_args(joint);
    sockd_args_int(joint->args, (int64_t)(due - joint->credited));
    submit(joint, METHOD_sockd_credit, NULL, NULL, NULL);
    joint->credited = due;
}

static void output_failed(struct joint *joint, int error)
{
    if (!joint->ctl->output_error)
        joint->ctl->output_error = -error;
    joint->over = true;
}

static void print_data(struct joint *joint, const struct sockd_value *params,
                       const struct sockd_bytes *bytes)
{
    if (joint->ctl->json) {
        output_json(joint->ctl,
                    json_pack("{s:o, s:o}", "offset", json_of_value(sockd_value_at(params, 1)),
                              "data", json_of_bytes(bytes->data, bytes->size)));
        output_flush(joint->ctl);
        return;
    }
    if (joint->escapes) {
        output_bytes(joint->ctl, bytes->data, bytes->size);
        output_flush(joint->ctl);
        return;
    }
    int error = drain_put(&joint->drain, bytes->data, bytes->size);
    if (error)
        output_failed(joint, error);
}

/* An error that ended the stream, as the notification tells it. */
static void end_stream(struct joint *joint, const struct sockd_value *error)
{
    joint->stream_over = true;
    if (error && !joint->leaving) /* otherwise it is what was asked for */
        fail(joint, report_details(joint->ctl, error));
}

static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    struct joint *joint = context;
    struct sockd_bytes bytes;

    (void)client;
    if (strcmp(method, "sockd.data") != 0 || joint->over)
        return;
    if (!sockd_value_data(sockd_value_at(params, 2), &bytes.data, &bytes.size)) {
        end_stream(joint, sockd_value_at(params, 3));
        return;
    }
    joint->received += bytes.size;
    print_data(joint, params, &bytes);
    if (joint->limit && joint->received >= joint->limit)
        joint->leaving = true;
}

/* ---- what standard input gives ---- */

static void on_written(struct sockd_client *client, const struct sockd_answer *answer,
                       void *context)
{
    struct joint_write *write = context;
    struct joint *joint = write->joint;
    size_t count = 0;

    (void)client;
    write->joint = NULL;
    joint->in_flight--;
    sockd_answer_count(answer, &count);
    joint->sent += count;
    /* What was cancelled because of an interrupt needs no message; when one write has failed the
     * others behind it do too. */
    if (sockd_answer_status(answer) == -ECANCELED || joint->write_failed)
        return;
    if (failed(joint, answer))
        joint->write_failed = joint->input_over = true;
}

static void send_piece(struct joint *joint, const char *data, size_t size)
{
    struct joint_write *write = joint->writes;

    while (write->joint)
        write++;
    begin_args(joint);
    sockd_args_bytes(joint->args, data, size);
    write->joint = joint;
    joint->in_flight++;
    submit(joint, METHOD_write, on_written, write, &write->request);
}

/* Of what a terminal gave, only what stands before the detach key is sent. */
static size_t before_key(struct joint *joint, size_t size)
{
    if (!joint->is_terminal || joint->key == TERMINAL_NO_KEY)
        return size;
    const char *key = memchr(joint->piece, joint->key, size);
    if (!key)
        return size;
    joint->leaving = true;
    return (size_t)(key - joint->piece);
}

static void read_input(struct joint *joint)
{
    ssize_t count = read(STDIN_FILENO, joint->piece, JOINT_PIECE);

    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count < 0)
        fail(joint, report_local(joint->ctl, "standard input", -errno));
    if (count <= 0) {
        joint->input_over = true;
        return;
    }
    size_t size = before_key(joint, (size_t)count);
    if (size > 0)
        send_piece(joint, joint->piece, size);
}

static bool wants_input(const struct joint *joint)
{
    return joint->has_input && !joint->input_over && !joint->leaving &&
           joint->in_flight < JOINT_WRITES;
}

/* ---- the end ---- */

static void on_farewell(struct sockd_client *client, const struct sockd_answer *answer,
                        void *context)
{
    struct joint *joint = context;

    (void)client;
    if (failed(joint, answer) || joint->leaving)
        joint->stream_over = joint->leaving = true;
}

/* The socket is left with what it has not sent; its answer comes behind all that it has. */
static void leave(struct joint *joint)
{
    joint->farewell = joint->leaving = true;
    begin_args(joint);
    sockd_args_nil(joint->args);
    submit(joint, METHOD_sockd_stream, on_farewell, joint, NULL);
}

static void on_shut_down(struct sockd_client *client, const struct sockd_answer *answer,
                         void *context)
{
    (void)client;
    (void)answer; /* the other side may have gone before: that is told by the stream */
    (void)context;
}

static void shut_down(struct joint *joint)
{
    joint->farewell = true;
    begin_args(joint);
    sockd_args_text(joint->args, "W");
    submit(joint, METHOD_shutdown, on_shut_down, joint, NULL);
}

static void close_socket(struct joint *joint)
{
    joint->farewell = joint->leaving = true;
    begin_args(joint);
    submit(joint, METHOD_close, on_farewell, joint, NULL);
}

static void end_input(struct joint *joint)
{
    if (joint->eof == JOINT_CLOSE)
        close_socket(joint);
    else if (joint->eof == JOINT_KEEP)
        leave(joint);
    else
        shut_down(joint);
}

/* What is next when all writes are answered. */
static void advance(struct joint *joint)
{
    bool input_over = !joint->has_input || joint->input_over;

    if (joint->over || joint->in_flight > 0)
        return;
    if (joint->leaving && !joint->farewell && !joint->stream_over)
        leave(joint);
    else if (joint->has_input && joint->input_over && !joint->farewell && !joint->status)
        end_input(joint);
    /* A terminal goes on for ever; nobody would know that he is to press the key. */
    bool done = joint->stream_over && (input_over || joint->leaving || joint->is_terminal);
    if (done && drain_size(&joint->drain) == 0)
        joint->over = true;
}

/* Writes that the other side does not take are given up, the rest ends in order; who insists gets
 * out at once. */
static void on_interrupt(struct joint *joint)
{
    interrupt_clear();
    if (joint->leaving)
        joint->over = true;
    joint->leaving = true;
    joint->status = CTL_INTERRUPTED;
    for (size_t i = 0; i < JOINT_WRITES; i++) {
        if (joint->writes[i].joint)
            sockd_cancel_request(joint->ctl->client, joint->writes[i].request);
    }
}

/* ---- the loop ---- */

enum { INTERRUPT, CLIENT, INPUT, OUTPUT, FDS };

static void process(struct joint *joint)
{
    int error = sockd_process(joint->ctl->client);

    if (!error)
        return;
    joint->status = report_lost(joint->ctl, error);
    joint->over = true;
}

static void step(struct joint *joint, const struct pollfd *fds)
{
    if (fds[INTERRUPT].revents)
        on_interrupt(joint);
    if (fds[INPUT].revents && wants_input(joint)) /* not after an interrupt */
        read_input(joint);
    if (fds[OUTPUT].revents) {
        int error = drain_flush(&joint->drain);
        if (error)
            output_failed(joint, error);
    }
    process(joint);
    if (!joint->over)
        give_credit(joint);
    advance(joint);
    progress_update(&joint->shown, joint->sent, joint->received);
}

static void loop(struct joint *joint)
{
    struct sockd_client *client = joint->ctl->client;

    while (!joint->over && !joint->ctl->output_error) {
        bool kept = drain_size(&joint->drain) > 0;
        struct pollfd fds[FDS] = {
            [INTERRUPT] = {.fd = interrupt_start(), .events = POLLIN},
            [CLIENT] = {.fd = sockd_fd(client), .events = sockd_events(client)},
            [INPUT] = {.fd = wants_input(joint) ? STDIN_FILENO : -1, .events = POLLIN},
            [OUTPUT] = {.fd = kept ? joint->drain.fd : -1, .events = POLLOUT},
        };
        if (poll(fds, FDS, sockd_timeout_ms(client)) < 0 && errno != EINTR) {
            fail(joint, report_local(joint->ctl, "poll", -errno));
            return;
        }
        step(joint, fds);
    }
}

static int run_connected(struct joint *joint)
{
    joint->escapes = !joint->ctl->raw && isatty(STDOUT_FILENO);
    signal(SIGPIPE, SIG_IGN); /* the terminal is to be given back */
    drain_init(&joint->drain, STDOUT_FILENO);
    if (joint->has_input)
        drain_widen_pipe(STDIN_FILENO);
    progress_init(&joint->shown, joint->progress);
    sockd_on_notify(joint->ctl->client, on_notify, joint);
    start_stream(joint);
    loop(joint);
    sockd_on_notify(joint->ctl->client, NULL, NULL);
    progress_end(&joint->shown, joint->sent, joint->received);
    drain_deinit(&joint->drain);
    return joint->status;
}

int joint_run(struct joint *joint)
{
    int error = standard_check_output();

    if (error)
        return report_local(joint->ctl, "standard output", error);
    int status = remote_connect(joint->ctl);
    if (status)
        return status;
    joint->args = sockd_args_new();
    joint->piece = malloc(JOINT_PIECE);
    if (joint->args && joint->piece)
        status = run_connected(joint);
    else
        status = report_memory(joint->ctl);
    free(joint->piece);
    sockd_args_free(joint->args);
    return status;
}
