/*
 * A client's connection; see peer.h.
 *
 * Everything happens in turns: one for each event of the descriptor, and one for each deferral,
 * when answers came from elsewhere or when the last turn ended early. A turn dispatches what is
 * there, as far as quotas and fairness let it, sends all answers at once, and then decides whether
 * the connection goes on. Edge-triggered as it is, no event repeats itself: a turn that leaves
 * something undone sees to the next one.
 */
#include "rpc/peer.h"

#include "loop/closer.h"
#include "net/net.h"
#include "protocol/message.h"
#include "rpc/call.h"
#include "rpc/dispatch.h"
#include "rpc/server.h"
#include "util/error.h"
#include "util/log.h"
#include "util/poll_now.h"

#include <sys/socket.h>
#include <unistd.h>

/* What one turn receives at most before others have theirs. */
#define PEER_TURN_BYTES (1024 * 1024)

/* When a kernel that was out of memory is asked again. */
#define PEER_RETRY      (LOOP_SECOND / 50)

/* How long a client that was rejected may take to notice, in seconds. */
#define PEER_LINGER     5.0

enum peer_reading {
    PEER_DRAINED, /* until the next event */
    PEER_TIRED,   /* there is more to do, but others wait */
    PEER_BLOCKED, /* by a quota */
};

static void peer_on_stall(struct loop_timer *timer);

/* ---- whether to go on ---- */

/* Whether more answers would be too many: for the connection, or for what its user may hold, which
 * the next block, twice as large, would be counted against. What is pending now makes room. */
static bool peer_is_crowded(const struct peer *peer)
{
    const struct output *output = &peer->output;
    size_t pending = output_pending(output);
    if (pending == 0)
        return false;
    size_t left = quota_left(peer->user, QUOTA_BYTES);
    return pending >= peer->rpc->config.max_output || left == 0 ||
           left < buffer_held(&output->buffer);
}

static bool peer_is_blocked(const struct peer *peer)
{
    if (peer->ending || peer->broken)
        return true;
    /* What a client that is gone has left behind is bounded by the kernel's buffer. */
    if (peer->hung_up)
        return false;
    const struct rpc_config *config = &peer->rpc->config;
    return peer->in_flight >= config->max_requests || peer_is_crowded(peer) ||
           quota_left(peer->user, QUOTA_REQUESTS) == 0;
}

static bool peer_is_over(const struct peer *peer)
{
    if (peer->broken)
        return true;
    if (!peer->eof && !peer->ending)
        return false;
    if (peer->hung_up)
        return true;
    if (peer->in_flight > 0 || output_pending(&peer->output) > 0)
        return false;
    /* One that only says no more goes on listening. */
    if (!peer->ending && subscriptions_any(&peer->subscriptions))
        return false;
    return !peer->rejected || peer->eof || peer->discarded > LIMIT_MESSAGE;
}

/* ---- the client's end ---- */

/* Nobody gets the answers any more. What has arrived is still to be read. */
static void peer_hang_up(struct peer *peer)
{
    peer->hung_up = peer->closing = peer->readable = true;
    peer_abandon_calls(peer);
    subscriptions_end(peer);
    output_deinit(&peer->output, peer->rpc->net, &peer->rpc->handles);
    output_init(&peer->output, peer->rpc->pool, peer->user);
    loop_timer_stop(peer->rpc->loop, &peer->stall);
}

/* Asks whether the client has closed, or only said that it will send no more. */
static void peer_check_hang_up(struct peer *peer)
{
    if (!peer->hung_up && poll_now(peer->fd, 0) & (POLLHUP | POLLERR))
        peer_hang_up(peer);
}

/* ---- reading ---- */

/* The message that is wrong from its first bytes on, or will never be whole. */
static void peer_reject_input(struct peer *peer, int error, const char *reason)
{
    struct input *input = &peer->input;
    uint32_t msgid = 0;
    bool known = input_length(input) > 0 &&
                 message_peek_msgid(buffer_data(&input->buffer), input_length(input), &msgid);
    peer_reject(peer, known && !call_find(peer, msgid) ? &msgid : NULL, error, reason);
}

/* Dispatches the messages that are there whole. */
static enum peer_reading peer_dispatch(struct peer *peer, struct turn *turn)
{
    const void *message;
    size_t size;
    while (input_length(&peer->input) > 0) {
        if (peer_is_blocked(peer))
            return PEER_BLOCKED;
        enum scan_verdict verdict = input_next(&peer->input, &message, &size);
        if (verdict == SCAN_MORE)
            return PEER_DRAINED;
        if (verdict == SCAN_BAD) {
            peer_reject_input(peer, -EBADMSG, peer->input.scan.reason);
            return PEER_BLOCKED;
        }
        if (turn->over)
            return PEER_TIRED;
        dispatch(peer, message, size);
        turn_count(turn, output_written(&peer->output));
        if (peer->hung_up)
            peer_abandon_calls(peer);
        input_consume(&peer->input, size);
    }
    return PEER_DRAINED;
}

static void peer_on_end(struct peer *peer, ssize_t result)
{
    if (result == 0)
        peer_check_hang_up(peer);
    else if (!peer->hung_up)
        peer_hang_up(peer);
    peer->readable = false;
    peer->eof = true;
    if (input_length(&peer->input) > 0)
        peer_reject_input(peer, -EBADMSG, "the connection ended inside a message");
}

/* False: there is nothing more to receive now. */
static bool peer_receive(struct peer *peer, size_t *received)
{
    ssize_t count = input_receive(&peer->input, peer->fd);
    if (count > 0) {
        *received += (size_t)count;
        peer->rpc->bytes_in += (uint64_t)count;
        /* Less than there was room for is all there is, unless the end follows. */
        peer->readable = peer->input.more || peer->closing;
        if (!peer->readable)
            loop_io_doubt(peer->rpc->loop, &peer->io);
        return true;
    }
    if (count == -EAGAIN)
        peer->readable = false;
    else if (count == -EDQUOT)
        peer_reject_input(peer, -EDQUOT, "as many bytes are held for you as may be");
    else if (count == -ENOMEM)
        peer->broken = true;
    else
        peer_on_end(peer, count);
    return false;
}

/* Whoever closes while the other side is still sending makes it fail before it has read why. */
static enum peer_reading peer_discard(struct peer *peer)
{
    for (size_t received = 0; received < PEER_TURN_BYTES;) {
        input_discard(&peer->input);
        if (!peer->readable)
            return PEER_DRAINED;
        ssize_t count = input_receive(&peer->input, peer->fd);
        peer->readable = count > 0; /* up to the end, or the error, that stands behind the bytes */
        peer->eof = count <= 0 && count != -EAGAIN;
        received += count > 0 ? (size_t)count : 0;
        peer->discarded += count > 0 ? (size_t)count : 0;
    }
    input_discard(&peer->input);
    return PEER_TIRED;
}

static enum peer_reading peer_read(struct peer *peer, struct turn *turn)
{
    size_t received = 0;
    if (peer->rejected)
        return peer_discard(peer);
    for (;;) {
        enum peer_reading reading = peer_dispatch(peer, turn);
        if (reading != PEER_DRAINED || !peer->readable)
            return reading;
        if (peer_is_blocked(peer))
            return PEER_BLOCKED;
        if (received >= PEER_TURN_BYTES)
            return PEER_TIRED;
        if (!peer_receive(peer, &received))
            return PEER_DRAINED;
    }
}

/* ---- writing ---- */

/* The answer that rejects it is out, and the last. */
static void peer_linger(struct peer *peer)
{
    double patience = peer->rpc->config.stall_timeout;
    shutdown(peer->fd, SHUT_WR);
    peer->readable = true;
    if (loop_timer_start(peer->rpc->loop, &peer->stall,
                         loop_deadline(patience < PEER_LINGER ? patience : PEER_LINGER),
                         peer_on_stall) < 0)
        peer->broken = true;
    loop_defer(peer->rpc->loop, &peer->task);
}

/* What is left goes out when there is room; a kernel that has refused is asked again. */
static void peer_await_room(struct peer *peer, bool progress)
{
    struct loop *loop = peer->rpc->loop;
    uint64_t retry = loop_now() + PEER_RETRY;
    if (progress || peer->patience == 0)
        peer->patience = loop_deadline(peer->rpc->config.stall_timeout);
    peer->writable = false;
    loop_io_want_write(loop, &peer->io);
    uint64_t wake = peer->output.refused && retry < peer->patience ? retry : peer->patience;
    bool sooner = progress || peer->output.refused || !loop_timer_runs(&peer->stall);
    if (sooner && loop_timer_start(loop, &peer->stall, wake, peer_on_stall) < 0)
        peer->broken = true;
}

/* Sends what there is, and watches over a client that does not read. */
static void peer_send(struct peer *peer)
{
    if (!peer->writable || output_pending(&peer->output) == 0 || peer->broken)
        return;
    ssize_t count = output_flush(&peer->output, peer->fd);
    if (count < 0) {
        shutdown(peer->fd, SHUT_RD); /* it may send on although it does not read */
        peer_hang_up(peer);
        return;
    }
    peer->rpc->bytes_out += (uint64_t)count;
    if (output_pending(&peer->output) == 0) {
        loop_timer_stop(peer->rpc->loop, &peer->stall);
        peer->patience = 0;
        if (peer->rejected)
            peer_linger(peer);
        return;
    }
    peer_await_room(peer, count > 0);
}

static void peer_on_stall(struct loop_timer *timer)
{
    struct peer *peer = CONTAINER_OF(timer, struct peer, stall);
    MAGIC_CHECK(peer, PEER_MAGIC);
    size_t before = output_pending(&peer->output);
    if (before == 0) {
        peer->broken = true; /* it lingered for long enough */
        peer_take_turn(peer);
        return;
    }
    peer->writable = true; /* the kernel may have been out of memory rather than full */
    peer_send(peer);
    if (output_pending(&peer->output) == before && loop_now() >= peer->patience) {
        struct log_about about = peer_about(peer);
        log_write_about(
            LOG_WARN, &about, "control client%s%s (uid %u, pid %d) does not read: it is cut off",
            peer->client[0] ? " " : "", peer->client, (unsigned)peer->who.uid, (int)peer->who.pid);
        peer->broken = true;
    }
    peer_take_turn(peer);
}

/* ---- turns ---- */

/* Sees to the next turn, if this one has left anything that no event will announce. */
static void peer_rest(struct peer *peer, enum peer_reading reading)
{
    bool unblocked = reading == PEER_BLOCKED && !peer_is_blocked(peer);
    bool refilled = peer->writable && output_pending(&peer->output) > 0;
    if (reading == PEER_TIRED || unblocked || refilled || peer->hung_up)
        turns_queue(&peer->rpc->turns, peer);
    else if (reading == PEER_BLOCKED && quota_left(peer->user, QUOTA_REQUESTS) == 0)
        quota_wait(peer->user, QUOTA_REQUESTS, &peer->room);
}

void peer_take_turn(struct peer *peer)
{
    struct turn turn;
    peer->running = true;
    turn_begin(&turn, output_written(&peer->output));
    input_lend(&peer->input, peer->rpc->scratch_in, RPC_SCRATCH);
    output_lend(&peer->output, peer->rpc->scratch_out, RPC_SCRATCH);
    enum peer_reading reading = peer_read(peer, &turn);
    peer_send(peer);
    subscriptions_refill(peer);
    peer->calm = turn_end(&turn, &peer->rpc->turns);
    peer->running = false;
    if (output_keep(&peer->output) < 0 || input_rest(&peer->input) < 0)
        peer->broken = true;
    if (peer_is_over(peer)) {
        struct rpc *rpc = peer->rpc;
        peer_free(peer);
        rpc_check_drained(rpc);
        return;
    }
    peer_rest(peer, reading);
}

static void peer_on_task(struct loop_task *task)
{
    struct peer *peer = CONTAINER_OF(task, struct peer, task);
    MAGIC_CHECK(peer, PEER_MAGIC);
    if (!fair_queued(&peer->queued))
        peer_take_turn(peer);
}

static void peer_on_room(struct quota_waiter *waiter)
{
    peer_wake(CONTAINER_OF(waiter, struct peer, room));
}

static void peer_on_io(struct loop_io *io, unsigned events)
{
    struct peer *peer = CONTAINER_OF(io, struct peer, io);
    MAGIC_CHECK(peer, PEER_MAGIC);
    if (events & (LOOP_READ | LOOP_CLOSED))
        peer->readable = true;
    if (events & LOOP_WRITE)
        peer->writable = true;
    if (events & LOOP_CLOSED)
        peer->closing = true;
    if (peer->closing)
        peer_check_hang_up(peer);
    if (fair_queued(&peer->queued))
        return;
    if (!peer->calm && turns_are_long(&peer->rpc->turns))
        turns_queue(&peer->rpc->turns, peer);
    else
        peer_take_turn(peer);
}

void peer_drain(struct peer *peer)
{
    peer->ending = true;
    peer->rejected = false;
    subscriptions_end(peer);
    peer_wake(peer);
}

/* ---- life ---- */

static int peer_start(struct peer *peer)
{
    struct rpc *rpc = peer->rpc;
    peer->user = quota_user_get(rpc->quota, peer->who.uid);
    if (!peer->user)
        return -ENOMEM;
    if (peer->who.admin)
        quota_user_trust(peer->user);
    int result = quota_charge(peer->user, QUOTA_CLIENTS, 1);
    if (result == 0) {
        result = loop_io_start_direct(rpc->loop, &peer->io, peer->fd, peer_on_io);
        if (result < 0)
            quota_release(peer->user, QUOTA_CLIENTS, 1);
    }
    if (result < 0)
        quota_user_put(peer->user);
    return result;
}

int peer_new(struct rpc *rpc, int fd, const struct identity *who)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return -ENOMEM;
    peer->magic = PEER_MAGIC;
    peer->fd = fd;
    peer->rpc = rpc;
    peer->who = *who;
    peer->writable = true;
    int result = peer_start(peer);
    if (result < 0) {
        free(peer);
        return result;
    }
    input_init(&peer->input, rpc->pool, peer->user);
    output_init(&peer->output, rpc->pool, peer->user);
    handovers_init(&peer->handovers, rpc->loop, &rpc->handles, rpc->config.take_timeout);
    list_init(&peer->calls);
    list_init(&peer->tied);
    subscriptions_init(&peer->subscriptions);
    loop_task_init(&peer->task, peer_on_task);
    fair_item_init(&peer->queued);
    peer->room.fn = peer_on_room;
    list_init(&peer->room.link);
    list_append(&rpc->peers, &peer->link);
    rpc->connected++;
    return 0;
}

void peer_free(struct peer *peer)
{
    struct rpc *rpc = peer->rpc;
    peer_abandon_calls(peer);
    subscriptions_end(peer);
    hash_deinit(&peer->by_msgid);
    output_deinit(&peer->output, rpc->net, &rpc->handles);
    handovers_end(&peer->handovers);
    handles_close_tied(&rpc->handles, &peer->tied); /* what was to be given back has been */
    input_deinit(&peer->input);
    list_unlink(&peer->room.link);
    loop_timer_stop(rpc->loop, &peer->stall);
    loop_defer_cancel(rpc->loop, &peer->task);
    fair_remove(&peer->queued);
    loop_io_stop(rpc->loop, &peer->io);
    closer_close_queue(peer->fd);
    list_unlink(&peer->link);
    quota_release(peer->user, QUOTA_CLIENTS, 1);
    quota_user_put(peer->user);
    peer->magic = 0;
    free(peer);
}
