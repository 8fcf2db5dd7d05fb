/*
 * Letting clients in; see listener.h.
 *
 * Out of descriptors the listener gives up one that it holds in reserve: with it an administrator
 * gets in, and anybody else is told why not, so that the queue of the listening socket does not
 * fill with clients that wait for nothing. Without a reserve it rests for a while instead of
 * asking again and again.
 */
#include "rpc/listener.h"

#include "loop/closer.h"
#include "loop/loop.h"
#include "net/net.h"
#include "protocol/message.h"
#include "rpc/access.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/log.h"
#include "util/poll_now.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

/* Clients that one turn lets in before others have theirs. */
#define LISTENER_TURN 16

/* How long it rests when there is no descriptor left. */
#define LISTENER_REST 0.1

enum { LISTENER_MAGIC = 0x6c69736e };

struct listener {
    unsigned magic;
    int fd;
    struct rpc *rpc;
    struct access_rules rules;
    struct list link;
    struct loop_io io;
    struct loop_task task;
    struct loop_timer rest;
};

/* ---- those who stay out ---- */

/* One answer to nothing that was asked, as far as the kernel takes it. */
static void turn_away(int fd, const struct identity *who, int error, const char *text)
{
    struct writer writer;
    writer_init_heap(&writer, 4096);
    struct message_error failure = {.number = -error, .text = text, .refused = error == -EDQUOT};
    message_put_failure(&writer, NULL, &failure);
    if (!writer.error)
        (void)!send(fd, writer.data, writer.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    writer_free_heap(&writer);
    struct log_about about = {.has_uid = true, .uid = who->uid, .pid = who->pid};
    log_write_about(LOG_WARN, &about, "control client (uid %u, pid %d) is turned away: %s",
                    (unsigned)who->uid, (int)who->pid,
                    text != NULL ? text : strerrordesc_np(-error));
}

/* ---- those who get in ---- */

static void close_queuep(const int *fd)
{
    if (*fd >= 0)
        closer_close_queue(*fd);
}

/* Lets in who has connected; `scarce`: only administrators. */
static void let_in(const struct listener *listener, int connected, bool scarce)
{
    CLEANUP(close_queuep) int fd = connected;
    struct identity who;
    int known = access_identify(&who, fd, &listener->rules);
    if (known == -ELOOP)
        log_write(LOG_WARN, "the daemon was made to connect to its own control socket; it is "
                            "turned away");
    if (known < 0)
        return;
    if (scarce && !who.admin) {
        turn_away(fd, &who, -EMFILE, "there are too few descriptors left");
        return;
    }
    int result = peer_new(listener->rpc, fd, &who);
    if (result == 0)
        (void)STEAL_FD(fd); /* the peer's now */
    else
        turn_away(fd, &who, result,
                  result == -EDQUOT ? "you have as many connections as you may" : NULL);
}

/* ---- accepting ---- */

static void reserve_take(struct rpc *rpc)
{
    if (rpc->reserve_fd < 0)
        rpc->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accept_one(struct listener *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

/* An accept4(2) in vain makes a socket before it looks; poll(2) costs a fifteenth of that. */
static bool more_wait(const struct listener *listener)
{
    return poll_now(listener->fd, POLLIN) != 0;
}

/* Out of descriptors: tries with the one in reserve. False: there is none. */
static bool accept_with_reserve(struct listener *listener)
{
    struct rpc *rpc = listener->rpc;
    if (rpc->reserve_fd < 0)
        return false;
    close(STEAL_FD(rpc->reserve_fd));
    int fd = accept_one(listener);
    if (fd >= 0)
        let_in(listener, fd, true);
    reserve_take(rpc);
    return fd >= 0;
}

static bool is_shortage(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

static void listener_on_rest(struct loop_timer *timer);

static void listener_rest(struct listener *listener)
{
    if (loop_timer_start(listener->rpc->loop, &listener->rest, loop_deadline(LISTENER_REST),
                         listener_on_rest) < 0)
        loop_defer(listener->rpc->loop, &listener->task);
}

/* Lets in who waits; comes back by itself if it stops early, since no event will be repeated. */
static void listener_turn(struct listener *listener)
{
    int failed = 0;
    reserve_take(listener->rpc);
    for (int i = 0; i < LISTENER_TURN; i++) {
        int fd = accept_one(listener);
        if (fd >= 0) {
            let_in(listener, fd, false);
            if (!more_wait(listener))
                return;
        } else if (fd == -EAGAIN) {
            return;
        } else if (is_shortage(net_note_shortage(listener->rpc->net, fd)) &&
                   !accept_with_reserve(listener)) {
            listener_rest(listener);
            return;
        }
        /* Any other error is of a connection that ended before it was accepted (accept(2)); a
         * whole turn of them is not. */
        failed += fd < 0;
    }
    if (failed == LISTENER_TURN)
        listener_rest(listener);
    else
        loop_defer(listener->rpc->loop, &listener->task);
}

static void listener_on_io(struct loop_io *io, unsigned events)
{
    struct listener *listener = CONTAINER_OF(io, struct listener, io);
    MAGIC_CHECK(listener, LISTENER_MAGIC);
    (void)events;
    if (!loop_timer_runs(&listener->rest))
        listener_turn(listener);
}

static void listener_on_task(struct loop_task *task)
{
    struct listener *listener = CONTAINER_OF(task, struct listener, task);
    MAGIC_CHECK(listener, LISTENER_MAGIC);
    listener_turn(listener);
}

static void listener_on_rest(struct loop_timer *timer)
{
    struct listener *listener = CONTAINER_OF(timer, struct listener, rest);
    MAGIC_CHECK(listener, LISTENER_MAGIC);
    listener_turn(listener);
}

/* ---- life ---- */

/* Accepting must not wait, whatever the one who made the socket has set. */
static int check_descriptor(int fd)
{
    int accepts = 0;
    socklen_t size = sizeof accepts;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) < 0)
        return -errno;
    if (!accepts)
        return -EINVAL;
    return fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int listener_new(struct rpc *rpc, int fd)
{
    int result = check_descriptor(fd);
    if (result < 0)
        return result;
    struct listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return -ENOMEM;
    listener->magic = LISTENER_MAGIC;
    listener->fd = fd;
    listener->rpc = rpc;
    listener->rules.has_admins = rpc->config.has_admin_group;
    listener->rules.admins = rpc->config.admin_group;
    listener->rules.allowed = rpc->config.allow;
    listener->rules.has_members = access_group_of(fd, &listener->rules.members);
    loop_task_init(&listener->task, listener_on_task);
    result = loop_io_start(rpc->loop, &listener->io, fd, listener_on_io);
    if (result < 0) {
        free(listener);
        return result;
    }
    list_append(&rpc->listeners, &listener->link);
    return 0;
}

void listener_free(struct listener *listener)
{
    struct loop *loop = listener->rpc->loop;
    loop_defer_cancel(loop, &listener->task);
    loop_timer_stop(loop, &listener->rest);
    loop_io_stop(loop, &listener->io);
    close(listener->fd);
    list_unlink(&listener->link);
    listener->magic = 0;
    free(listener);
}

void listener_free_all(struct rpc *rpc)
{
    for (struct list *link; (link = list_first(&rpc->listeners));)
        listener_free(CONTAINER_OF(link, struct listener, link));
}
