/* A control server and clients of it; see fixture.h. */
#include "fixture.h"

#include "harness/harness.h"
#include "util/log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un unix_address(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cr_assert_lt(strlen(path), sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    return address;
}

void fixture_start(struct fixture *fixture, const struct rpc_config *config,
                   const struct rpc_hooks *hooks, void *hook_context)
{
    *fixture = (struct fixture){.fds = harness_fd_count()};
    log_start(STDERR_FILENO, LOG_ERROR);
    cr_assert_eq(loop_new(&fixture->loop), 0);
    cr_assert_eq(net_new(&fixture->net, fixture->loop, &(struct net_config){0}), 0);
    cr_assert_eq(rpc_new(&fixture->rpc, fixture->net, config ? config : &(struct rpc_config){0},
                         hooks, hook_context),
                 0);
    cr_assert_eq(harness_tempdir_new(fixture->folder, sizeof fixture->folder), 0);
    snprintf(fixture->path, sizeof fixture->path, "%s/control", fixture->folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = unix_address(fixture->path);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 256), 0);
    cr_assert_eq(chmod(fixture->folder, 0755), 0);
    cr_assert_eq(chmod(fixture->path, 0777), 0);
    cr_assert_eq(rpc_listen(fixture->rpc, fd), 0);
}

static bool is_at_rest(const struct fixture *fixture)
{
    struct rpc_stats stats = fixture_stats(fixture);
    return stats.clients == 0 && stats.requests == 0 && stats.bytes == 0;
}

void fixture_stop(struct fixture *fixture)
{
    UNTIL(fixture, is_at_rest(fixture));
    cr_assert(list_empty(&fixture->rpc->orphans));
    net_close_all(fixture->net);
    cr_assert_eq(fixture_stats(fixture).sockets, 0);
    rpc_free(fixture->rpc);
    fixture_spin(fixture);
    net_free(fixture->net);
    cr_assert_eq(loop_busy(fixture->loop), 0);
    loop_free(fixture->loop);
    cr_assert_eq(harness_tempdir_free(fixture->folder), 0);
    cr_assert_eq(harness_fd_settle(fixture->fds), fixture->fds);
}

struct rpc_stats fixture_stats(const struct fixture *fixture)
{
    struct rpc_stats stats;
    rpc_stats(fixture->rpc, &stats);
    return stats;
}

/* ---- the loop ---- */

struct spin {
    struct loop_task task;
    struct loop *loop;
    int rounds;
};

static void on_spin(struct loop_task *task)
{
    struct spin *spin = CONTAINER_OF(task, struct spin, task);
    if (spin->rounds-- > 0)
        loop_defer(spin->loop, task);
    else
        loop_stop(spin->loop);
}

void fixture_spin(struct fixture *fixture)
{
    struct spin spin = {.loop = fixture->loop, .rounds = 8};
    loop_task_init(&spin.task, on_spin);
    loop_defer(fixture->loop, &spin.task);
    cr_assert_eq(loop_run(fixture->loop), 0);
}

/* ---- clients ---- */

struct client *client_new(struct fixture *fixture)
{
    struct client *client = calloc(1, sizeof *client);
    cr_assert_not_null(client);
    client->fixture = fixture;
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = unix_address(fixture->path);
    cr_assert_eq(connect(client->fd, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

struct client *client_new_as(struct fixture *fixture, uid_t uid)
{
    if (geteuid() != 0)
        cr_skip_test("only root can be somebody else");
    cr_assert_eq(seteuid(uid), 0);
    struct client *client = client_new(fixture);
    cr_assert_eq(seteuid(0), 0);
    return client;
}

void client_free(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->heard);
    free(client);
}

size_t client_try(struct client *client, const void *bytes, size_t size)
{
    ssize_t count = send(client->fd, bytes, size, MSG_NOSIGNAL);
    return count > 0 ? (size_t)count : 0;
}

void client_send(struct client *client, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        sent += client_try(client, (const char *)bytes + sent, size - sent);
        if (sent < size)
            fixture_spin(client->fixture);
    }
}

/* ---- building messages ---- */

/* How many values stand up to the end of the format or of the container. */
static uint32_t count_values(const char *format)
{
    uint32_t count = 0;
    int depth = 0;
    for (; *format && depth >= 0; format++) {
        if (*format == '}' || *format == ']') {
            depth--;
            continue;
        }
        count += depth == 0;
        depth += *format == '{' || *format == '[';
    }
    return count;
}

static void put_values(struct writer *writer, const char *format, va_list *arguments)
{
    for (; *format; format++) {
        const void *bytes;
        switch (*format) {
        case 'i':
            writer_int(writer, va_arg(*arguments, int64_t));
            break;
        case 'u':
            writer_uint(writer, va_arg(*arguments, unsigned));
            break;
        case 's':
            writer_text(writer, va_arg(*arguments, const char *));
            break;
        case 'b':
            bytes = va_arg(*arguments, const void *);
            writer_bin(writer, bytes, va_arg(*arguments, size_t));
            break;
        case 'd':
            writer_double(writer, va_arg(*arguments, double));
            break;
        case 't':
        case 'f':
            writer_bool(writer, *format == 't');
            break;
        case '{':
            writer_map(writer, count_values(format + 1) / 2);
            break;
        case '[':
            writer_array(writer, count_values(format + 1));
            break;
        case 'n':
            writer_nil(writer);
            break;
        default: /* the end of a container needs nothing */
            break;
        }
    }
}

static void put_message(struct writer *writer, int64_t msgid, const char *method,
                        const char *format, va_list *arguments)
{
    if (msgid >= 0)
        message_put_request(writer, (uint32_t)msgid, method, strlen(method), count_values(format));
    else
        message_put_notification(writer, method, strlen(method), count_values(format));
    put_values(writer, format, arguments);
    cr_assert_eq(writer->error, 0);
}

void client_put(struct writer *writer, int64_t msgid, const char *method, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_message(writer, msgid, method, format, &arguments);
    va_end(arguments);
}

static uint32_t send_message(struct client *client, bool request, const char *method,
                             const char *format, va_list *arguments)
{
    struct writer writer;
    writer_init_heap(&writer, SIZE_MAX);
    client->last += request;
    put_message(&writer, request ? (int64_t)client->last : -1, method, format, arguments);
    client_send(client, writer.data, writer.size);
    writer_free_heap(&writer);
    return client->last;
}

uint32_t client_request(struct client *client, const char *method, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    uint32_t msgid = send_message(client, true, method, format, &arguments);
    va_end(arguments);
    return msgid;
}

void client_notify(struct client *client, const char *method, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    send_message(client, false, method, format, &arguments);
    va_end(arguments);
}

/* ---- answers ---- */

static void hear(struct client *client)
{
    static char bytes[1 << 16];
    ssize_t count = recv(client->fd, bytes, sizeof bytes, 0);
    if (count <= 0) {
        client->ended = count == 0 || errno != EAGAIN;
        return;
    }
    client->heard = realloc(client->heard, client->size + (size_t)count);
    cr_assert_not_null(client->heard);
    memcpy(client->heard + client->size, bytes, (size_t)count);
    client->size += (size_t)count;
}

bool client_next(struct client *client, struct message *message)
{
    uint64_t deadline = loop_now() + 10 * LOOP_SECOND;
    if (client->taken > 0)
        memmove(client->heard, client->heard + client->taken, client->size - client->taken);
    client->size -= client->taken;
    client->taken = 0;
    for (;;) {
        struct scan scan;
        scan_init(&scan, &scan_default_limits);
        if (client->size > 0 && scan_step(&scan, client->heard, client->size) == SCAN_WHOLE) {
            client->taken = scan.size;
            (void)message_parse(message, client->heard, scan.size);
            return true;
        }
        if (client->ended)
            return false;
        cr_assert_lt(loop_now(), deadline, "no message comes");
        fixture_spin(client->fixture);
        hear(client);
    }
}

struct message client_answer(struct client *client, uint32_t msgid)
{
    struct message message;
    cr_assert(client_next(client, &message), "the connection ended before answer %u", msgid);
    cr_assert_eq(message.kind, MESSAGE_RESPONSE);
    cr_assert_eq(message.msgid, msgid);
    return message;
}

const char *error_name(const struct message *answer)
{
    static char name[64];
    struct view value;
    const char *data;
    size_t size;
    enum view_type type = VIEW_NIL;
    cr_assert(view_peek(&answer->error, &type));
    if (type == VIEW_NIL)
        return "";
    cr_assert(view_find(answer->result, "name", &value) && view_str(&value, &data, &size));
    snprintf(name, sizeof name, "%.*s", (int)size, data);
    return name;
}

int64_t error_number(const struct message *answer, const char *key)
{
    struct view value;
    int64_t number;
    if (!view_find(answer->result, key, &value) || !view_int(&value, &number))
        return -1;
    return number;
}

bool is_refused(const struct message *answer)
{
    struct view value;
    bool refused = false;
    return view_find(answer->result, "refused", &value) && view_bool(&value, &refused) && refused;
}

#define WHOLE_CALL(client, method, format)                                   \
    va_list arguments;                                                       \
    va_start(arguments, format);                                             \
    uint32_t msgid = send_message(client, true, method, format, &arguments); \
    va_end(arguments);                                                       \
    struct message answer = client_answer(client, msgid);

int64_t client_int(struct client *client, const char *method, const char *format, ...)
{
    int64_t number = 0;
    uint32_t count;
    WHOLE_CALL(client, method, format)
    cr_assert_str_eq(error_name(&answer), "");
    (void)view_array(&answer.result, &count); /* [id, address]: the id */
    cr_assert(view_int(&answer.result, &number));
    return number;
}

bool client_true(struct client *client, const char *method, const char *format, ...)
{
    bool value = false;
    WHOLE_CALL(client, method, format)
    cr_assert_str_eq(error_name(&answer), "");
    cr_assert(view_bool(&answer.result, &value));
    return value;
}

void client_text(struct client *client, const char *expected, const char *method,
                 const char *format, ...)
{
    const char *data;
    size_t size;
    WHOLE_CALL(client, method, format)
    cr_assert_str_eq(error_name(&answer), "");
    if (!expected) {
        enum view_type type;
        cr_assert(view_peek(&answer.result, &type) && type == VIEW_NIL);
        return;
    }
    cr_assert(view_str(&answer.result, &data, &size));
    cr_assert(size == strlen(expected) && memcmp(data, expected, size) == 0, "%.*s", (int)size,
              data);
}

void client_fails(struct client *client, const char *expected, const char *method,
                  const char *format, ...)
{
    WHOLE_CALL(client, method, format)
    cr_assert_str_eq(error_name(&answer), expected, "%s", method);
}

void expect_bytes(struct client *client, uint32_t msgid, const void *data, size_t size)
{
    struct message answer = client_answer(client, msgid);
    const char *got;
    size_t got_size;
    cr_assert_str_eq(error_name(&answer), "");
    cr_assert(view_bytes(&answer.result, &got, &got_size));
    cr_assert_eq(got_size, size);
    cr_assert(memcmp(got, data, size) == 0);
}

struct view client_told(struct client *client, const char *name, int64_t handle)
{
    struct message message;
    int64_t about = 0;
    cr_assert(client_next(client, &message), "the connection ended before %s", name);
    cr_assert_eq(message.kind, MESSAGE_NOTIFICATION, "no notification: %d", message.kind);
    cr_assert(message.method_size == strlen(name) &&
                  memcmp(message.method, name, message.method_size) == 0,
              "%.*s", (int)message.method_size, message.method);
    cr_assert(view_int(&message.params, &about));
    cr_assert_eq(about, handle);
    return message.params;
}

void expect_event(struct client *client, int64_t handle, const char *event)
{
    struct view rest = client_told(client, "sockd.event", handle);
    const char *name = NULL;
    size_t size = 0;
    uint32_t pairs;
    cr_assert(view_str(&rest, &name, &size));
    cr_assert(size == strlen(event) && memcmp(name, event, size) == 0, "%.*s, not %s", (int)size,
              name, event);
    cr_assert(view_map(&rest, &pairs));
}

/* ---- the other side of sockets ---- */

int outside_listen(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 16), 0);
    *port = harness_port(fd);
    return fd;
}

int64_t outside_pair(struct client *client, int *fd)
{
    int port;
    int listening = outside_listen(&port);
    int64_t handle = client_int(client, "tcp_connect", "si", "127.0.0.1", (int64_t)port);
    *fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(*fd, 0);
    close(listening);
    return handle;
}
