/*
 * Socket objects: how they come into being and how they end. The calls on them that never wait are
 * in sock_calls.c.
 */
#include "net/net_private.h"

#include "loop/closer.h"
#include "net/gather.h"
#include "net/linger.h"
#include "net/option.h"
#include "net/sock_linger.h"
#include "util/cleanup.h"
#include "util/poll_now.h"
#include "util/pulse.h"
#include "util/slab.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* ---- events ---- */

/* Those who look on see what the operations have left. */
static inline void sock_serve(struct sock *sock, unsigned ready, unsigned events)
{
    sock_ref(sock);
    op_serve(sock, ready);
    if (!list_empty(&sock_rare(sock)->watches))
        sock_look(sock, events);
    sock_unref(sock);
}

static void sock_on_io(struct loop_io *io, unsigned events)
{
    struct sock *sock = CONTAINER_OF(io, struct sock, io);
    MAGIC_CHECK(sock, SOCK_MAGIC);
    sock->ready |= (uint8_t)events;
    sock_serve(sock, events, events);
}

int sock_join_loop(struct sock *sock)
{
    if (loop_io_watches(&sock->io))
        return 0;
    return loop_io_start(sock->net->loop, &sock->io, sock->fd, sock_on_io);
}

void sock_want_write(struct sock *sock)
{
    if (loop_io_watches(&sock->io))
        loop_io_want_write(sock->net->loop, &sock->io);
}

void sock_serve_later(struct sock *sock)
{
    if (sock->fd >= 0 && !list_linked(&sock->due)) {
        list_append(&sock->net->due, &sock->due);
        loop_defer(sock->net->loop, &sock->net->due_task);
    }
}

void sock_serve_due(struct loop_task *task)
{
    struct net *net = CONTAINER_OF(task, struct net, due_task);
    struct list round = LIST_INIT(round);
    list_splice(&round, &net->due);
    struct list *node;
    while ((node = list_shift(&round)) != NULL) {
        struct sock *sock = CONTAINER_OF(node, struct sock, due);
        MAGIC_CHECK(sock, SOCK_MAGIC);
        sock_serve(sock, LOOP_READ | LOOP_WRITE, 0);
    }
}

static void sock_cancel_due(struct sock *sock)
{
    struct net *net = sock->net;
    list_unlink(&sock->due);
    if (list_empty(&net->due))
        loop_defer_cancel(net->loop, &net->due_task);
}

unsigned sock_poll(const struct sock *sock, unsigned want)
{
    short events = (short)((want & LOOP_READ ? POLLIN : 0) | (want & LOOP_WRITE ? POLLOUT : 0));
    short is = poll_now(sock->fd, events);
    unsigned got = 0;
    if (is & (POLLIN | POLLERR | POLLHUP))
        got |= LOOP_READ;
    if (is & (POLLOUT | POLLERR | POLLHUP))
        got |= LOOP_WRITE;
    if (buffer_length(&sock->in) > 0 || sock->in_error != 0 || sock->kept_error != 0 ||
        !list_empty(&sock_rare(sock)->unaccepted))
        got |= LOOP_READ;
    return got & want;
}

int sock_enter(struct sock *sock)
{
    net_flush(sock->net);
    int error = sock->out_error;
    sock->out_error = 0;
    return error;
}

int sock_record(struct sock *sock, int result)
{
    sock->last_error = result < 0 ? sock_narrow(-result) : 0;
    sock_touch(sock);
    return result;
}

void sock_touch(struct sock *sock)
{
    sock->used = loop_lately(sock->net->loop);
}

uint64_t sock_idle(const struct sock *sock)
{
    bool waited_for = !ring_empty(&sock->readers) || !ring_empty(&sock->writers) ||
                      !list_empty(&sock_rare(sock)->waiters);
    return waited_for ? 0 : loop_now() - sock->used;
}

/* ---- birth ---- */

/* The kernel has agreed to all three: there are families up to AF_MAX, types up to 15, and of a
 * protocol it keeps 16 bits. */
static struct sock *sock_allocate(struct net *net, int domain, int type, int protocol, uid_t owner)
{
    struct sock *sock = slabs_take(net->slabs, sizeof(*sock));
    if (sock == NULL)
        return NULL;
    *sock = (struct sock){
        .magic = SOCK_MAGIC,
        .fd = -1,
        .references = 1,
        .owner = owner,
        .net = net,
        .domain = (uint16_t)domain,
        .type = (uint8_t)type,
        .protocol = (uint16_t)protocol,
        .ready = LOOP_READ | LOOP_WRITE,
    };
    sock->created = (uint32_t)time(NULL);
    sock->used = loop_lately(net->loop);
    list_init(&sock->due);
    return sock;
}

static void sock_release(struct sock *sock)
{
    sock->magic = 0;
    slabs_give(sock->net->slabs, sock, sizeof(*sock));
}

int sock_wrap(struct net *net, int fd, int domain, int type, int protocol, uid_t owner,
              struct sock **out)
{
    struct sock *sock = sock_allocate(net, domain, type, protocol, owner);
    if (sock == NULL)
        return -ENOMEM;
    sock->fd = fd;
    int error = net_register(net, sock);
    if (error < 0) {
        sock_release(sock);
        return error;
    }
    *out = sock;
    return 0;
}

/* What socket(2) takes beside the type: how the descriptor is made is not the caller's affair. */
#define SOCK_TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

int sock_new(struct net *net, int domain, int type, int protocol, uid_t owner, struct sock **out)
{
    int error = net_admit(net, 1, owner);
    if (error < 0)
        return error;
    type &= ~SOCK_TYPE_FLAGS;
    CLEANUP(close_fdp) int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0)
        return net_note_shortage(net, -errno);
    if (protocol == 0) {
        socklen_t length = sizeof(protocol);
        getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
    }
    error = sock_wrap(net, fd, domain, type, protocol, owner, out);
    if (error < 0)
        return error;
    (void)STEAL_FD(fd);
    (*out)->unshared = true;
    return 0;
}

int sock_new_pair(struct net *net, int domain, int type, int protocol, uid_t owner,
                  struct sock *out[2])
{
    int fds[2];
    type &= ~SOCK_TYPE_FLAGS;
    int error = net_admit(net, 2, owner);
    if (error == 0 && socketpair(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol, fds) < 0)
        error = net_note_shortage(net, -errno);
    if (error < 0)
        return error;
    CLEANUP(close_fdp) int first = fds[0];
    CLEANUP(close_fdp) int second = fds[1];
    error = sock_wrap(net, first, domain, type, protocol, owner, &out[0]);
    if (error < 0)
        return error;
    (void)STEAL_FD(first);
    error = sock_wrap(net, second, domain, type, protocol, owner, &out[1]);
    if (error < 0)
        sock_unref(out[0]);
    else
        (void)STEAL_FD(second);
    return error;
}

static int fd_option(int fd, int name, int *value)
{
    socklen_t length = sizeof(*value);
    return getsockopt(fd, SOL_SOCKET, name, value, &length) < 0 ? -errno : 0;
}

int sock_adopt(struct net *net, int fd, uid_t owner, struct sock **out)
{
    int domain = 0, type = 0, protocol = 0, listening = 0;
    int error = net_find_fd(net, fd) == NULL ? net_admit(net, 1, owner) : -EEXIST;
    if (error == 0)
        error = fd_option(fd, SO_DOMAIN, &domain);
    if (error == 0)
        error = fd_option(fd, SO_TYPE, &type);
    if (error == 0)
        error = fd_option(fd, SO_PROTOCOL, &protocol);
    if (error < 0)
        return error;
    (void)fd_option(fd, SO_ACCEPTCONN, &listening);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    error = sock_wrap(net, fd, domain, type, protocol, owner, out);
    if (error < 0)
        return error;
    (*out)->listening = listening != 0;
    (*out)->foreign = true;
    error = option_take_limits(*out);
    if (error == 0)
        error = linger_hide(*out);
    if (error < 0) {
        (void)sock_detach(*out);
        sock_unref(*out);
    }
    return error;
}

/* ---- references and death ---- */

struct sock *sock_ref(struct sock *sock)
{
    MAGIC_CHECK(sock, SOCK_MAGIC);
    sock->references++;
    return sock;
}

static void sock_free(struct sock *sock)
{
    if (sock->fd >= 0)
        sock_close(sock);
    CHECK(sock_rare(sock)->lent < 0);
    CHECK(ring_empty(&sock->readers) && ring_empty(&sock->writers) &&
          list_empty(&sock_rare(sock)->waiters));
    buffer_deinit(&sock->in, sock->net->pool);
    sock_free_rare(sock);
    if (sock->net->landed == sock)
        sock->net->landed = NULL;
    sock_release(sock);
}

void sock_unref(struct sock *sock)
{
    if (sock == NULL)
        return;
    MAGIC_CHECK(sock, SOCK_MAGIC);
    CHECK(sock->references > 0);
    if (--sock->references == 0) {
        sock->references++; /* closing must find a living object */
        sock_free(sock);
    }
}

void sock_keep(struct sock *sock)
{
    if (sock->kept || sock->fd < 0)
        return;
    sock->kept = true;
    sock_ref(sock);
}

/* Removes the file of a unix socket unless another one has taken its place. */
static void sock_remove_file(struct sock *sock)
{
    CLEANUP(freep) struct sock_file *file = sock_take_file(sock);
    struct stat now;
    if (file != NULL && lstat(file->path, &now) == 0 && S_ISSOCK(now.st_mode) &&
        now.st_dev == file->device && now.st_ino == file->inode)
        unlink(file->path);
}

static void sock_drop_unaccepted(struct sock *sock)
{
    struct list *node;
    while ((node = list_first(&sock_rare(sock)->unaccepted)) != NULL) {
        list_unlink(node);
        struct sock_unaccepted *entry = CONTAINER_OF(node, struct sock_unaccepted, link);
        sock_close(entry->sock);
        sock_unref(entry->sock);
        free(entry);
    }
}

static void sock_tell_closed(struct sock *sock)
{
    struct list *node;
    while ((node = list_first(&sock_rare(sock)->closed_watches)) != NULL) {
        list_unlink(node);
        struct sock_closed *watch = CONTAINER_OF(node, struct sock_closed, link);
        watch->fn(watch);
    }
}

int sock_withdraw(struct sock *sock)
{
    sock_cancel_due(sock);
    net_unregister(sock->net, sock);
    int fd = STEAL_FD(sock->fd);
    op_fail_all(sock, -EBADF);
    return fd;
}

void sock_conclude(struct sock *sock)
{
    if (sock->unshared)
        loop_io_forget(sock->net->loop, &sock->io);
    else
        loop_io_stop(sock->net->loop, &sock->io);
    sock_drop_unaccepted(sock);
    if (!sock->delivering)
        buffer_deinit(&sock->in, sock->net->pool);
    sock_tell_closed(sock);
    if (sock->kept) {
        sock->kept = false;
        sock_unref(sock);
    }
}

/* Ends the socket and returns its descriptor, which is the caller's now. */
static int sock_end(struct sock *sock)
{
    int fd = sock_withdraw(sock);
    sock_conclude(sock);
    return fd;
}

void sock_close_fd(int fd, bool slowly)
{
    if (slowly) {
        closer_close(fd);
        return;
    }
    pulse_enter_call(); /* of a unix socket, what lies in its queue ends too */
    close(fd);
    pulse_leave_call();
}

int sock_close(struct sock *sock)
{
    MAGIC_CHECK(sock, SOCK_MAGIC);
    struct net *net = sock->net;
    if (sock->fd < 0)
        return -EBADF;
    struct buffer left = {0};
    gather_close(sock, &left);
    sock_record(sock, 0);
    sock_remove_file(sock);
    sock->unshared = sock->unshared && buffer_length(&left) == 0;
    bool slowly = sock_closes_slowly(sock);
    int fd = sock_end(sock);
    if (buffer_length(&left) > 0)
        linger_start(net, fd, &left);
    else
        sock_close_fd(fd, slowly);
    return 0;
}

int sock_detach(struct sock *sock)
{
    MAGIC_CHECK(sock, SOCK_MAGIC);
    if (sock->fd < 0)
        return -EBADF;
    sock_flush(sock, 0);
    if (buffer_length(&sock->in) > 0 || !sock_is_flushed(sock) || sock_has_returned(sock) ||
        sock->in_error != 0 || !list_empty(&sock_rare(sock)->unaccepted))
        return -EBUSY;
    free(sock_take_file(sock)); /* whoever has the descriptor has the file too */
    sock->unshared = false;
    linger_show(sock, sock->fd);
    return sock_end(sock);
}

bool sock_is_open(const struct sock *sock)
{
    MAGIC_CHECK(sock, SOCK_MAGIC);
    return sock->fd >= 0;
}
