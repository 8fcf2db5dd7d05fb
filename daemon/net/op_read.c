/*
 * Operations that receive from streams: read, recv, sysread, all by way of the read-ahead.
 *
 * Bytes go from the kernel into the read-ahead of the socket and stay there until a complete
 * operation is consumed, so an operation that times out, is cancelled or whose caller vanishes
 * has taken nothing. What preserves message boundaries is in op_message.c.
 */
#include "net/op_read.h"
#include "net/delimiter.h"
#include "net/net_private.h"
#include "net/op_message.h"
#include "util/pulse.h"

/* How much is asked of the kernel at least, and at most, in one call; in bytes. */
enum {
    READ_CHUNK = NET_LANDING,
    READ_CHUNK_MAX = 1 << 20,
    RECV_ANY = 512, /* what recv() without a size returns at most */
};

/* ---- the kernel ---- */

/* Less came than there was room for: that was all, and asking once more can be saved. Not so when
 * no event will announce more: nobody has waited for one yet, or the peer has ended its side. */
static void read_note_short(struct sock *sock)
{
    if (!loop_io_watches(&sock->io) || sock->ready & LOOP_CLOSED)
        return;
    sock->ready &= (uint8_t)~LOOP_READ;
    loop_io_doubt(sock->net->loop, &sock->io);
}

/* Nobody's bytes lie there, or they have moved to a block of their own. False: that cannot be now.
 */
static bool read_clear_landing(struct net *net)
{
    struct sock *other = net->landed;
    if (other == NULL || !other->in.lent)
        return true;
    return !other->delivering && buffer_keep(&other->in, net->pool) == 0;
}

/*
 * What arrives is nearly always gone again when its reader has had its turn. So it lands in memory
 * that all sockets use in turn, which costs nothing and stays in the processor's caches. What
 * somebody leaves there goes to a block of the pool when he rests, or when the next one needs it.
 */
static int read_make_room(struct sock *sock, size_t want)
{
    struct net *net = sock->net;
    if (sock->in.memory == NULL && want <= NET_LANDING && read_clear_landing(net)) {
        buffer_lend(&sock->in, net->landing, NET_LANDING);
        net->landed = sock;
        return 0;
    }
    return buffer_reserve(&sock->in, net->pool, want);
}

/* An error that was met behind bytes which have been read since. */
COLD static int read_take_error(struct sock *sock)
{
    int error = sock->in_error;
    sock->in_error = 0;
    return error;
}

/* Nothing came: the end of the stream (0), -EAGAIN, or an error. */
COLD static int read_nothing(struct sock *sock, int error)
{
    if (sock->kept_error != 0 && (error == 0 || error == -EAGAIN))
        error = sock_take_kept_error(sock);
    else if (error != -EAGAIN)
        (void)sock_failed(sock, error);
    if (error == -EAGAIN)
        sock->ready &= (uint8_t)~LOOP_READ;
    buffer_release_if_empty(&sock->in, sock->net->pool);
    return error;
}

ssize_t read_fill(struct sock *sock, size_t want)
{
    if (sock->in_error != 0)
        return read_take_error(sock);
    if (!(sock->ready & LOOP_READ))
        return -EAGAIN;
    int error = sock_enter(sock);
    if (error == 0)
        error = read_make_room(sock, want);
    if (error < 0)
        return error;
    ssize_t got;
    pulse_enter_call();
    do
        got = recv(sock->fd, buffer_tail(&sock->in), want, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    pulse_leave_call();
    if (got <= 0)
        return read_nothing(sock, got < 0 ? -errno : 0);
    sock_show(sock, LOOP_READ, buffer_tail(&sock->in), (size_t)got);
    buffer_commit(&sock->in, (size_t)got);
    if ((size_t)got < want)
        read_note_short(sock);
    sock->bytes_in += (uint64_t)got;
    sock->net->bytes_in += (uint64_t)got;
    return got;
}

/* ---- what has been read ahead ---- */

/* Yields the first `length` bytes of the read-ahead. */
static int read_yield(struct op *op, size_t length)
{
    op->in.data = length > 0 ? buffer_data(&op->sock->in) : (const uint8_t *)"";
    op->in.length = length;
    return op_end(op, 0);
}

/* Notes that none of the delimiters ends within the first `scanned` bytes of the read-ahead. */
static void read_note_scanned(struct sock *sock, const struct slice *delimiters, uint32_t count,
                              size_t scanned)
{
    sock->scan_key = delimiter_key(delimiters, count);
    sock->scanned = (uint32_t)scanned;
}

/* The end of the earliest delimiter in the read-ahead, which is not empty; 0: none is there. */
static size_t read_find(struct sock *sock, const struct slice *delimiters, uint32_t count)
{
    size_t length = buffer_length(&sock->in), scanned = 0;
    if (sock->scanned > 0 && sock->scan_key == delimiter_key(delimiters, count))
        scanned = sock->scanned;
    size_t end = delimiter_find(buffer_data(&sock->in), length, scanned, delimiters, count);
    if (end == 0)
        read_note_scanned(sock, delimiters, count, length);
    return end;
}

/* The length of what the operation asks for, if it is there; SIZE_MAX if not. */
static size_t read_available(const struct op *op)
{
    size_t length = buffer_length(&op->sock->in);
    if (op->in.delimiter_count > 0 && length > 0 && op->in.limit > 0) {
        size_t end = read_find(op->sock, op->in.delimiters, op->in.delimiter_count);
        if (end != 0 && end <= op->in.limit)
            return end;
        if (end != 0) /* to be found again, by those who read on in pieces */
            read_note_scanned(op->sock, op->in.delimiters, op->in.delimiter_count, end - 1);
    }
    return op->in.limit <= length ? op->in.limit : SIZE_MAX;
}

/* How many bytes the read-ahead may hold for this operation. */
static size_t read_capacity(const struct op *op)
{
    size_t most = op->sock->net->config.max_readahead;
    return op->in.limit != OP_READ_ALL && op->in.limit > most ? op->in.limit : most;
}

static size_t read_wanted(const struct op *op)
{
    size_t length = buffer_length(&op->sock->in);
    size_t want = READ_CHUNK;
    if (op->in.limit != OP_READ_ALL && op->in.limit - length > want)
        want = op->in.limit - length;
    if (want > READ_CHUNK_MAX)
        want = READ_CHUNK_MAX;
    size_t room = read_capacity(op) > length ? read_capacity(op) - length : 0;
    return want < room ? want : room;
}

/* ---- read ---- */

/* The stream has ended: the rest, or nothing, is what there is. */
static int read_at_eof(struct op *op)
{
    size_t length = buffer_length(&op->sock->in);
    op->eof = true;
    return read_yield(op, length < op->in.limit ? length : op->in.limit);
}

static int read_step(struct op *op)
{
    for (int calls = 0;; calls++) {
        size_t available = read_available(op);
        if (available != SIZE_MAX)
            return read_yield(op, available);
        size_t want = read_wanted(op);
        if (want == 0)
            return op_end(op, -ENOBUFS);
        if (calls == OP_STEP_CALLS)
            return OP_LATER;
        ssize_t got = read_fill(op->sock, want);
        if (got == -EAGAIN)
            return OP_WAIT;
        if (got == 0)
            return read_at_eof(op);
        if (got < 0)
            return op_end(op, (int)got);
    }
}

/* ---- recv ---- */

/* What is there, where not all of `size` is asked for or to be had. */
static int recv_partial(struct op *op)
{
    size_t length = buffer_length(&op->sock->in);
    return read_yield(op, length < op->in.limit ? length : op->in.limit);
}

/* Is the operation content with less than `limit` bytes? */
static bool recv_takes_less(const struct op *op)
{
    if (op->in.flags & MSG_WAITALL)
        return false;
    return op->any || op->sock->nonblock || op->dont_wait;
}

/* Nothing more is there just now. */
static int recv_would_block(struct op *op)
{
    if (recv_takes_less(op) && buffer_length(&op->sock->in) > 0)
        return recv_partial(op);
    return OP_WAIT;
}

static int recv_step(struct op *op)
{
    struct sock *sock = op->sock;
    for (int calls = 0;; calls++) {
        size_t length = buffer_length(&sock->in);
        if (op->in.limit <= length)
            return read_yield(op, op->in.limit);
        if (calls == OP_STEP_CALLS)
            return recv_takes_less(op) ? recv_partial(op) : OP_LATER;
        ssize_t got = read_fill(sock, read_wanted(op));
        if (got == -EAGAIN)
            return recv_would_block(op);
        if (got == 0)
            return read_at_eof(op);
        if (got < 0 && length == 0)
            return op_end(op, (int)got);
        if (got < 0) { /* first the data, then the error */
            sock->in_error = sock_narrow((int)got);
            return recv_partial(op);
        }
    }
}

/* ---- sysread ---- */

static int sysread_step(struct op *op)
{
    struct sock *sock = op->sock;
    size_t limit = op->in.limit;
    if (buffer_length(&sock->in) == 0 && limit > 0) {
        ssize_t got = read_fill(sock, limit < READ_CHUNK_MAX ? limit : READ_CHUNK_MAX);
        if (got == -EAGAIN)
            return OP_WAIT;
        if (got < 0)
            return op_end(op, (int)got);
        op->eof = got == 0;
    }
    return recv_partial(op);
}

/* ---- constructors ---- */

static const struct op_class read_class = {
    .name = "read",
    .queue = OP_QUEUE_READ,
    .always_waits = true,
    .step = read_step,
};

static const struct op_class recv_class = {
    .name = "recv",
    .queue = OP_QUEUE_READ,
    .step = recv_step,
};

static const struct op_class sysread_class = {
    .name = "sysread",
    .queue = OP_QUEUE_READ,
    .step = sysread_step,
};

void op_read(struct op *op, struct sock *sock, const struct read_what *what)
{
    if (!sock_is_stream(sock)) {
        op_message_read(op, sock, what->limit);
        return;
    }
    op_init(op, &read_class, sock);
    op->in.limit = what->limit;
    op->in.delimiters = what->delimiters;
    op->in.delimiter_count = what->delimiter_count;
}

bool op_read_ahead(struct op *op, struct sock *sock, const struct slice *delimiter)
{
    if (buffer_length(&sock->in) == 0 || sock->fd < 0 || sock->delivering ||
        !ring_empty(&sock->readers))
        return false;
    size_t length = read_find(sock, delimiter, 1);
    if (length == 0)
        return false;
    op_init_done(op, &read_class, sock);
    op->in.data = buffer_data(&sock->in);
    op->in.length = length;
    op->in.flags = 0;
    return true;
}

void op_recv(struct op *op, struct sock *sock, size_t size, int flags)
{
    if (!sock_is_stream(sock) || (flags & (MSG_OOB | MSG_ERRQUEUE))) {
        op_message(op, sock, size, flags);
        return;
    }
    op_init(op, &recv_class, sock);
    op->in.limit = size != OP_RECV_ANY ? size : RECV_ANY;
    op->in.flags = flags;
    op->dont_wait = (flags & MSG_DONTWAIT) != 0;
    op->any = size == OP_RECV_ANY;
}

void op_sysread(struct op *op, struct sock *sock, size_t size)
{
    if (!sock_is_stream(sock)) {
        op_message(op, sock, size, 0);
        return;
    }
    op_init(op, &sysread_class, sock);
    op->in.limit = size;
}

void op_consume(struct op *op)
{
    struct sock *sock = op->sock;
    if (sock == NULL || !op->delivers || op->message || (op->in.flags & MSG_PEEK) != 0)
        return;
    size_t length = op->in.length;
    buffer_consume(&sock->in, sock->net->pool, length);
    sock->scanned = sock->scanned > length ? sock->scanned - (uint32_t)length : 0;
}
