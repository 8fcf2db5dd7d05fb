/* A control server and its clients in one process; see world.h. */
#include "world.h"

#include "fuzz.h"
#include "guard.h"
#include "loop/loop.h"
#include "net/net_private.h"
#include "protocol/api.h"
#include "protocol/args.h"
#include "protocol/message.h"
#include "protocol/scan.h"
#include "rpc/hooks.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "spin.h"
#include "util/error.h"
#include "util/log.h"

#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { OWNER = 1000, ALIEN = 1001 };

/* The real ones, which the guard keeps from the server. */
int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
int __real_bind(int fd, const struct sockaddr *address, socklen_t length);

/* ---- an answer that takes long ---- */

void __wrap_api_put(struct writer *writer);

/* What sockd.api says is always the same, and much. As many bytes will do: inputs that ask for it
 * again and again would spend nearly all of their time on its ten thousand values. */
void __wrap_api_put(struct writer *writer)
{
    static const uint8_t bytes[40000];
    writer_bin(writer, bytes, sizeof bytes);
}

/* ---- hooks ---- */

/* Text that begins with "w" is left running until world_return or the cancel; other text returns
 * its arguments or fails. */
static int on_run(void *context, struct rpc_call *call, const struct rpc_run *run, void **running,
                  struct rpc_reason *reason)
{
    struct world *world = context;
    char first = run->text_size > 0 ? *run->text : 0;
    if (first == 'x') {
        snprintf(reason->text, sizeof reason->text, "it does not compile");
        return -EINVAL;
    }
    if (first == 'w' && !world->running) {
        world->running = call;
        *running = world;
        return 0;
    }
    if (first == 'f')
        rpc_call_fail(call, -EDOM, run->text, run->text_size);
    else
        rpc_call_return(call, run->arguments, run->arguments_size);
    return 0;
}

static void on_run_cancel(void *context, void *running)
{
    struct world *world = context;
    MUST(running == world && world->running);
    world->running = NULL;
}

static int on_serve(void *context, struct sock *listener, const struct rpc_handler *handler,
                    struct rpc_reason *reason)
{
    (void)context, (void)listener, (void)reason;
    return handler->text_size % 2 == 0 ? 0 : -ENOENT;
}

static const struct rpc_hooks hooks = {
    .run = on_run,
    .run_cancel = on_run_cancel,
    .serve = on_serve,
};

void world_return(struct world *world)
{
    static const uint8_t nil = 0xc0;
    struct rpc_call *call = world->running;
    world->running = NULL;
    if (call)
        rpc_call_return(call, &nil, 1);
}

/* ---- the sockets ---- */

static void add_sock(struct world *world, int fd, uid_t owner, const char *name)
{
    const struct arg_settings settings = {.given = METHOD_OPTION_NAME,
                                          .name = {name, strlen(name)}};
    struct sock *sock;
    MUST(sock_adopt(world->net, fd, owner, &sock) == 0);
    MUST(handles_add(&world->rpc->handles, sock, &settings, NULL) == 0);
    sock_keep(sock);
    sock_unref(sock);
}

static void add_pair(struct world *world, int type, uid_t owner, const char *name, int *outside)
{
    int fds[2];
    MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    add_sock(world, fds[0], owner, name);
    *outside = fds[1];
}

/* At an abstract address, the same in every input. */
static void add_listener(struct world *world)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int length = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "sockd-fuzz-%d", (int)getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    MUST(fd >= 0);
    MUST(__real_bind(fd, (struct sockaddr *)&at,
                     (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 + (socklen_t)length) ==
         0);
    MUST(listen(fd, 4) == 0);
    add_sock(world, fd, OWNER, "listener");
}

/* The lowest that is free: another one, if a descriptor was left. */
static int next_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    MUST(fd >= 0 && close(fd) == 0);
    return fd;
}

void world_open(struct world *world)
{
    static const struct rpc_config config = {
        .version = "fuzz", .max_requests = 16, .quota = {.most = {[QUOTA_BYTES] = 1 << 20}}};
    *world = (struct world){0};
    log_start(STDERR_FILENO, LOG_ERROR);
    for (int i = 0; i < WORLD_CLIENTS; i++)
        world->clients[i].fd = -1;
    for (int i = 0; i < WORLD_OUTSIDE; i++)
        world->outside[i] = -1;
    MUST(loop_new(&world->loop) == 0);
    MUST(net_new(&world->net, world->loop,
                 &(struct net_config){.max_sockets = 32, .lookup_threads = 1}) == 0);
    MUST(rpc_new(&world->rpc, world->net, &config, &hooks, world) == 0);
    /* Or the first look-up makes it. */
    MUST(net_resolver(world->net, &(struct resolver *){NULL}) == 0);
    world_spin(world);
    world->idle = loop_busy(world->loop);
}

void world_close(struct world *world)
{
    rpc_free(world->rpc);
    world_spin(world);
    net_free(world->net);
    MUST(loop_busy(world->loop) == 0);
    loop_free(world->loop);
}

void world_begin(struct world *world)
{
    world->next_fd = next_descriptor(); /* libFuzzer opens some of its own between inputs */
    world->net->next_id = 1;
    add_pair(world, SOCK_STREAM, OWNER, "stream", &world->outside[0]);
    add_pair(world, SOCK_SEQPACKET, OWNER, "message", &world->outside[1]);
    add_listener(world);
    add_pair(world, SOCK_STREAM, ALIEN, "alien", &world->outside[2]);
}

/* ---- the loop ---- */

void world_spin(struct world *world)
{
    spin(world->loop, world->net);
}

void world_wait(struct world *world, double seconds)
{
    guard_wait((int64_t)(seconds * (double)LOOP_SECOND));
    world_spin(world);
    world_spin(world);
}

/* ---- clients ---- */

void world_connect(struct world *world, unsigned client)
{
    int fds[2];
    static const struct identity identities[WORLD_CLIENTS] = {
        {.uid = 0, .pid = 1, .admin = true},
        {.uid = OWNER, .pid = 2},
        {.uid = OWNER, .pid = 3},
        {.uid = ALIEN, .pid = 4, .member = true, .allowed = ~0u},
    };
    if (world->clients[client].fd >= 0)
        return;
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    MUST(peer_new(world->rpc, fds[0], &identities[client]) == 0);
    world->clients[client].fd = fds[1];
}

void world_hang_up(struct world *world, unsigned client)
{
    struct world_client *it = &world->clients[client];
    if (it->fd >= 0)
        close(it->fd);
    *it = (struct world_client){.fd = -1, .heard = it->heard, .capacity = it->capacity};
}

void world_send(struct world *world, unsigned client, const void *data, size_t size)
{
    if (world->clients[client].fd >= 0)
        (void)!send(world->clients[client].fd, data, size, MSG_NOSIGNAL);
}

void world_send_fds(struct world *world, unsigned client, const void *data, size_t size,
                    const int *fds, size_t count)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(WORLD_FDS * sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(count * sizeof *fds)};
    MUST(count > 0 && count <= WORLD_FDS);
    if (world->clients[client].fd < 0 || size == 0)
        return;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                               .cmsg_type = SCM_RIGHTS,
                               .cmsg_len = CMSG_LEN(count * sizeof *fds)};
    memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
    (void)!sendmsg(world->clients[client].fd, &message, MSG_NOSIGNAL);
}

void world_send_fd(struct world *world, unsigned client, const void *data, size_t size)
{
    int fds[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    world_send_fds(world, client, data, size, fds, 1);
    close(fds[0]);
    close(fds[1]);
}

void world_shutdown(struct world *world, unsigned client)
{
    if (world->clients[client].fd >= 0)
        shutdown(world->clients[client].fd, SHUT_WR);
}

/* nil, or [0, text] beside a map with what is promised. */
static void check_answer(const struct message *answer)
{
    struct view error = answer->error, value;
    enum view_type type;
    uint32_t count;
    int64_t number;
    const char *text;
    size_t size;
    MUST(view_peek(&error, &type));
    if (type == VIEW_NIL)
        return;
    MUST(view_array(&error, &count) && count == 2);
    MUST(view_int(&error, &number) && number == 0 && view_str(&error, &text, &size));
    MUST(view_find(answer->result, "errno", &value) && view_int(&value, &number) && number > 0);
    MUST(view_find(answer->result, "name", &value) && view_str(&value, &text, &size) && size > 0);
    MUST(view_find(answer->result, "message", &value) && view_str(&value, &text, &size));
}

/* Takes the whole messages from the front of what was heard. */
static void check_heard(struct world_client *client)
{
    struct message message;
    size_t at = 0;
    while (at < client->size) {
        struct scan *scan = &client->scan;
        if (!scan->limits)
            scan_init(scan, &scan_default_limits);
        enum scan_verdict verdict = scan_step(scan, client->heard + at, client->size - at);
        if (verdict == SCAN_MORE)
            break;
        MUST(verdict == SCAN_WHOLE);
        MUST(message_parse(&message, client->heard + at, scan->size) == 0);
        MUST(message.kind != MESSAGE_REQUEST);
        if (message.kind == MESSAGE_RESPONSE) {
            check_answer(&message);
            client->answers++;
        }
        at += scan->size;
        scan->limits = NULL;
    }
    client->size -= at;
    memmove(client->heard, client->heard + at, client->size);
}

static void keep_heard(struct world_client *client, const void *bytes, size_t size)
{
    if (client->capacity - client->size < size) {
        client->capacity = 2 * (client->size + size);
        client->heard = realloc(client->heard, client->capacity);
        MUST(client->heard);
    }
    memcpy(client->heard + client->size, bytes, size);
    for (size_t i = 0; i < size; i++)
        client->sum = (client->sum ^ client->heard[client->size + i]) * 0x100000001b3;
    client->size += size;
    client->total += size;
}

/* Descriptors that come with an answer. */
static void close_passed(struct msghdr *message)
{
    struct cmsghdr *header;
    for (header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        int fd;
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; CMSG_LEN((i + 1) * sizeof fd) <= header->cmsg_len; i++) {
            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            close(fd);
        }
    }
}

bool world_hear(struct world *world, unsigned client)
{
    static uint8_t bytes[1 << 16];
    struct world_client *it = &world->clients[client];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    if (it->fd < 0)
        return false;
    ssize_t count = recvmsg(it->fd, &message, MSG_CMSG_CLOEXEC);
    if (count <= 0)
        return false;
    close_passed(&message);
    keep_heard(it, bytes, (size_t)count);
    check_heard(it);
    return true;
}

/* ---- outside ---- */

void world_outside_send(struct world *world, unsigned outside, const void *data, size_t size)
{
    if (world->outside[outside] >= 0)
        (void)!send(world->outside[outside], data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void world_outside_receive(struct world *world, unsigned outside)
{
    char bytes[4096];
    if (world->outside[outside] >= 0)
        (void)!recv(world->outside[outside], bytes, sizeof bytes, MSG_DONTWAIT);
}

void world_outside_close(struct world *world, unsigned outside)
{
    if (world->outside[outside] >= 0)
        close(world->outside[outside]);
    world->outside[outside] = -1;
}

void world_knock(struct world *world)
{
    struct sock *listener = net_find(world->net, 3);
    struct sockaddr_un address;
    socklen_t length = sizeof address;
    int place = 0;
    while (place < WORLD_OUTSIDE && world->outside[place] >= 0)
        place++;
    if (place == WORLD_OUTSIDE || !listener)
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    MUST(fd >= 0);
    if (getsockname(sock_fd(listener), (struct sockaddr *)&address, &length) < 0 ||
        __real_connect(fd, (struct sockaddr *)&address, length) < 0) {
        close(fd);
        return;
    }
    world->outside[place] = fd;
}

/* ---- the end ---- */

static bool at_rest(const struct world *world)
{
    struct rpc_stats stats;
    rpc_stats(world->rpc, &stats);
    return stats.clients == 0 && stats.requests == 0 && stats.bytes == 0 &&
           list_empty(&world->rpc->orphans);
}

/* What was received short is asked for more a tenth of a second later (loop_io_doubt); nothing
 * takes longer. */
static void settle(struct world *world)
{
    for (int i = 0; i < 16 && !at_rest(world); i++)
        world_wait(world, 0.06);
}

/* A thread closes what may take its time. */
static void await_descriptors(const struct world *world)
{
    for (int i = 0; i < 1000000 && next_descriptor() != world->next_fd; i++)
        sched_yield();
    MUST(next_descriptor() == world->next_fd);
}

void world_end(struct world *world)
{
    struct net_stats net;
    world_spin(world);
    for (unsigned i = 0; i < WORLD_CLIENTS; i++) {
        world_hear(world, i);
        world_hang_up(world, i);
    }
    for (unsigned i = 0; i < WORLD_OUTSIDE; i++)
        world_outside_close(world, i);
    world_spin(world);
    world_return(world);
    net_close_all(world->net); /* what waits to be written, to nobody that reads */
    world_spin(world);
    settle(world);
    MUST(at_rest(world));
    net_stats(world->net, &net);
    MUST(net.sockets == 0 && net.operations == 0 && net.bytes == 0);
    MUST(loop_busy(world->loop) == world->idle);
    await_descriptors(world);
}
