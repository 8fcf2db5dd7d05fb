/*
 * One call: its parameters, and the exchange itself. See call.h; answer.c takes the answers apart.
 */
#include "client/call.h"

#include "client/args_private.h"
#include "client/core.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* So many bytes may wait to be sent before the asynchronous half takes no more requests. */
enum { CALL_QUEUE_MOST = LIMIT_MESSAGE };

static bool is_method(const char *method, size_t size, const char *name)
{
    return size == strlen(name) && memcmp(method, name, size) == 0;
}

static struct writer *output(struct call *call)
{
    return &call->client->connection.out;
}

static void fail(struct call *call, int error, const char *text)
{
    if (!call->error)
        call->error = fault_set(call->client->fault, SOCKD_ORIGIN_LIBRARY, error, text);
}

void call_begin(struct call *call, struct sockd_client *client, const char *method, size_t size,
                uint32_t count)
{
    *call = (struct call){.client = client, .fd = -1};
    call->takes = is_method(method, size, "sockd.take");
    /* Each hello says anew whether the client takes descriptors. */
    if (is_method(method, size, "sockd.hello"))
        client->agreed = false;
    fault_begin(client->fault, method, size);
    if (client->lost) {
        call->error = core_report_loss(client, client->fault);
        return;
    }
    call->msgid = core_new_msgid(client);
    call->start = output(call)->size;
    message_put_request(output(call), call->msgid, method, size, count);
}

void call_begin_rest(struct call *call, struct sockd_client *client, const char *method,
                     size_t size, uint32_t count, const struct sockd_args *rest)
{
    uint32_t more;
    int error = args_count(rest, &more);

    call_begin(call, client, method, size, count + more);
    if (error)
        fail(call, error, "the arguments are not whole");
}

void call_rest(struct call *call, const struct sockd_args *rest)
{
    if (rest)
        writer_raw(output(call), rest->writer.data, rest->writer.size);
}

void call_handle(struct call *call, uint64_t handle)
{
    writer_uint(output(call), handle);
}

void call_host(struct call *call, const char *host)
{
    if (host)
        writer_text(output(call), host);
    else
        writer_int(output(call), 0);
}

void call_port(struct call *call, int port)
{
    call_int_param(call, port);
}

void call_text_param(struct call *call, const char *text)
{
    writer_text(output(call), text);
}

void call_data(struct call *call, const void *data, size_t size)
{
    if (size > LIMIT_DATA)
        fail(call, -EMSGSIZE, "more data than one message carries");
    else
        writer_bin(output(call), data, size);
}

void call_size(struct call *call, size_t size)
{
    if (size == SOCKD_NO_LIMIT)
        writer_nil(output(call));
    else
        writer_uint(output(call), size);
}

void call_amount(struct call *call, int64_t amount)
{
    if (amount < 0)
        writer_nil(output(call));
    else
        writer_int(output(call), amount);
}

void call_int_param(struct call *call, int value)
{
    if (value == SOCKD_DEFAULT)
        writer_nil(output(call));
    else
        writer_int(output(call), value);
}

void call_msgid(struct call *call, uint32_t msgid)
{
    writer_uint(output(call), msgid);
}

void call_flag(struct call *call, int flag)
{
    if (flag == SOCKD_DEFAULT)
        writer_nil(output(call));
    else
        writer_bool(output(call), flag);
}

void call_timeout(struct call *call, double seconds)
{
    if (isnan(seconds))
        fail(call, -EINVAL, "the timeout is not a number");
    else if (isinf(seconds) && seconds > 0)
        writer_nil(output(call));
    else
        writer_number(output(call), seconds);
}

void call_timeout_option(struct call *call, double seconds)
{
    writer_map(output(call), 1);
    writer_text(output(call), "timeout");
    call_timeout(call, seconds);
}

static void put_text_option(struct call *call, const char *key, const char *text)
{
    if (!text)
        return;
    writer_text(output(call), key);
    writer_text(output(call), text);
}

static void put_seconds_option(struct call *call, const char *key, double seconds)
{
    writer_text(output(call), key);
    call_timeout(call, seconds);
}

void call_options(struct call *call, double timeout, const struct sockd_settings *settings)
{
    static const struct sockd_settings none;
    const struct sockd_settings *said = settings ? settings : &none;
    bool ends = !(isinf(timeout) && timeout > 0), lives = said->ttl != 0;

    writer_map(output(call), (uint32_t)ends + lives + (said->name != NULL) + (said->share != NULL) +
                                 (said->lifetime != NULL));
    if (ends)
        put_seconds_option(call, "timeout", timeout);
    put_text_option(call, "name", said->name);
    put_text_option(call, "share", said->share);
    put_text_option(call, "lifetime", said->lifetime);
    if (lives)
        put_seconds_option(call, "ttl", said->ttl);
}

void call_fds_option(struct call *call)
{
    writer_map(output(call), 2);
    writer_text(output(call), "fds");
    writer_bool(output(call), true);
    writer_text(output(call), "confirm");
    writer_bool(output(call), true);
}

void call_refuse(struct call *call, const char *why)
{
    fail(call, -EINVAL, why);
}

void call_attach(struct call *call, int fd)
{
    struct connection *connection = &call->client->connection;
    int error = call->error ? 0 : connection_attach_fd(connection, call->start, fd);

    if (error)
        fail(call, error, NULL);
}

void call_until(struct call *call, const void *delimiter, size_t size, size_t limit)
{
    bool limited = limit != SOCKD_NO_LIMIT;

    writer_map(output(call), limited ? 2 : 1);
    writer_text(output(call), "delimiter");
    call_data(call, delimiter, size);
    if (limited) {
        writer_text(output(call), "limit");
        writer_uint(output(call), limit);
    }
}

void call_one(struct call *call, const struct sockd_args *value)
{
    uint32_t count;
    int error = args_count(value, &count);

    if (error)
        fail(call, error, "the value is not whole");
    else if (count > 1)
        fail(call, -EINVAL, "more than one value for one parameter");
    else if (count == 1)
        writer_raw(output(call), value->writer.data, value->writer.size);
    else
        writer_nil(output(call));
}

/* Whether the request may go out; if not, it is taken back whole. */
static int seal(struct call *call)
{
    struct writer *writer = output(call);

    if (call->client->lost) {
        writer_rewind(writer, 0);
        return call->error;
    }
    if (writer->error)
        fail(call, writer->error, NULL);
    else if (writer->size - call->start > LIMIT_MESSAGE)
        fail(call, -EMSGSIZE, "the arguments are too long for one message");
    if (call->error) {
        descriptors_cut(&call->client->connection.fds_out, call->start);
        writer_rewind(writer, call->start);
    }
    return call->error;
}

int call_seal(struct call *call, bool has_memory)
{
    if (!has_memory)
        fail(call, -ENOMEM, NULL);
    else if (call->start - call->client->connection.sent > CALL_QUEUE_MOST)
        fail(call, -EAGAIN, "too much waits to be sent already");
    return seal(call);
}

const struct sockd_answer *call_finish(struct call *call)
{
    struct sockd_client *client = call->client;

    if (client->calling)
        fail(call, -EDEADLK, "a callback may not wait for others");
    call->answer.client = client;
    call->answer.fault = client->fault;
    call->answer.error = seal(call);
    call->answer.fd = &call->fd;
    if (!call->answer.error)
        core_wait(client, call->msgid, call->takes, &call->answer);
    return &call->answer;
}

int call_end(struct call *call, int result)
{
    struct sockd_client *client = call->client;

    if (call->fd >= 0)
        close(call->fd);
    if (!client->closing || client->calling)
        return result;
    core_free(client);
    return -ECANCELED;
}
