/*
 * What a client has still to get: its answers, in one contiguous queue of bytes, and for those
 * that would be a loss, whom to give it back to.
 *
 * A claim is kept for an answer that carries a socket's data or announces a socket, until the
 * kernel has taken the answer's last byte. If the client goes before, the data returns to the
 * front of the socket's read-ahead, an accepted connection to its listener, and any other new
 * socket is closed; a socket whose descriptor the answer carries stays with the daemon. A queue
 * that is empty holds no memory.
 */
#pragma once

#include "protocol/writer.h"
#include "util/buffer.h"
#include "util/list.h"
#include "util/quota.h"

#include <stdint.h>

struct handles;
struct handover;
struct net;
struct sock;

struct output {
    struct buffer buffer; /* its first byte is number `base` of all ever written */
    uint64_t base;
    uint64_t sent; /* so many the kernel has taken; claimed bytes stay in the buffer behind it */
    struct list claims;   /* in order of their answers */
    unsigned descriptors; /* of them that carry one which is still to be sent */
    struct writer writer;
    struct pool *pool;
    struct quota_user *user; /* borrowed */
    size_t charged;
    void *lent; /* NULL: nothing */
    size_t lent_size;
    bool refused; /* the last flush met a kernel without memory, which tells nobody when it has some
                   */
};

void output_init(struct output *output, struct pool *pool, struct quota_user *user);

/* Gives back what is claimed, last answer first. */
void output_deinit(struct output *output, struct net *net, struct handles *handles);

/*
 * All clients share one block for what is on its way out at once: it is one client's, during its
 * turn, from output_lend to output_keep, which moves what the kernel has not taken into memory of
 * its own. -ENOMEM: it could not.
 */
void output_lend(struct output *output, void *memory, size_t size);
int output_keep(struct output *output);

/* Write an answer: from begin to end, nothing but the writer may be touched. A failure of end
 * (-ENOMEM, -EDQUOT, -EMSGSIZE) leaves no trace of what was written. */
struct writer *output_begin(struct output *output);
int output_end(struct output *output);

/*
 * The answer that was ended last, whose `size` bytes are the last ones in the queue, carries bytes
 * of a socket: `length` of them, `offset` into the answer. -ENOMEM.
 */
int output_claim_data(struct output *output, uint64_t sock, size_t size, size_t offset,
                      size_t length);

/*
 * It announces a socket, whose reference is consumed: the socket is kept once the answer is out.
 * `listener`: the number of whom it was accepted from, or 0. -ENOMEM, and it is not consumed.
 */
int output_claim_sock(struct output *output, struct sock *sock, uint64_t listener);

/*
 * It carries a socket's descriptor, on its first byte: the socket is lent from now on, and given
 * away once the answer is out, or with `handover`, which is consumed on success, handed over then.
 * `size`: of the answer. -ENOMEM, and what sock_lend says.
 */
int output_claim_lent(struct output *output, struct sock *sock, size_t size,
                      struct handover *handover);

/* Takes back the answer that was ended last, of `size` bytes, for which there is no claim. */
void output_retract(struct output *output, size_t size);

/* Bytes that were ever written. */
static inline uint64_t output_written(const struct output *output)
{
    return output->base + buffer_length(&output->buffer);
}

/* Bytes that the kernel has still to take. */
static inline size_t output_pending(const struct output *output)
{
    return buffer_length(&output->buffer) - (size_t)(output->sent - output->base);
}

/* Hands them to the kernel, as many as it takes. Returns how many that were, or a negative errno
 * when there is nobody to send to. Fewer than there are: the loop tells when there is room, unless
 * the kernel has refused. */
ssize_t output_flush(struct output *output, int fd);
