/*
 * The operation behind streams: a reader that keeps its place at the head of the queue and hands on
 * what the socket receives, as far as its taker has room.
 *
 * Nothing is read ahead of the room that there is, so that what the stream leaves when it ends
 * lies, but for what others have read ahead before, still in the kernel.
 */
#include "net/net_private.h"
#include "net/op_read.h"

/* Hands on the first bytes of the read-ahead, at most so many, which `*moved` counts. */
static int stream_hand_on(struct op *op, size_t most, size_t *moved)
{
    struct sock *sock = op->sock;
    size_t length = buffer_length(&sock->in);
    if (length > most)
        length = most;
    int error = op->stream.take(op, buffer_data(&sock->in), length);
    if (error < 0)
        return op_end(op, error);
    *moved += length;
    buffer_consume(&sock->in, sock->net->pool, length);
    sock->scanned = 0;
    sock_touch(sock);
    bool exhausted = buffer_length(&sock->in) == 0 && !(sock->ready & LOOP_READ);
    return exhausted ? OP_WAIT : OP_LATER;
}

/* There is no room for bytes; that none will come any more can be told all the same. */
static int stream_look_for_end(struct op *op)
{
    struct sock *sock = op->sock;
    char byte;
    if (!(sock->ready & LOOP_CLOSED) || buffer_length(&sock->in) > 0 || sock->in_error != 0)
        return OP_WAIT;
    ssize_t got = recv(sock->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0)
        return op_end(op, sock_take_kept_error(sock));
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return op_end(op, sock_failed(sock, -errno));
    return OP_WAIT;
}

/* Moves one piece. OP_LATER: there may be more. */
static int stream_move(struct op *op, size_t most, size_t *moved)
{
    struct sock *sock = op->sock;
    if (most > op->stream.piece)
        most = op->stream.piece;
    if (buffer_length(&sock->in) > 0)
        return stream_hand_on(op, most, moved);
    ssize_t got = read_fill(sock, most);
    if (got == -EAGAIN)
        return OP_WAIT;
    return got > 0 ? stream_hand_on(op, most, moved) : op_end(op, (int)got);
}

/* As many pieces as there is room for go on together. The room is asked for once: a taker that
 * finds none left would have this stream wait for more before others, who share it, had their turn.
 */
static int stream_step(struct op *op)
{
    if (!op->stream.flowing)
        return OP_WAIT;
    size_t room = op->stream.room(op);
    if (room == 0)
        return stream_look_for_end(op);
    int result = OP_LATER;
    size_t moved = 0;
    for (int calls = 0; calls < OP_STEP_CALLS && moved < room && result == OP_LATER; calls++)
        result = stream_move(op, room - moved, &moved);
    return result;
}

static const struct op_class stream_class = {
    .name = "stream",
    .queue = OP_QUEUE_READ,
    .always_waits = true,
    .step = stream_step,
};

void op_stream(struct op *op, struct sock *sock, size_t piece, op_room_fn *room, op_take_fn *take)
{
    op_init(op, &stream_class, sock);
    op->stream.piece = piece;
    op->stream.room = room;
    op->stream.take = take;
}

void op_stream_resume(struct op *op)
{
    op->stream.flowing = true;
    if (op_is_parked(op))
        sock_serve_later(op->sock);
}
