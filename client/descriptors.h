/*
 * Descriptors on their way through the connection (SCM_RIGHTS, unix(7)): those that came and wait
 * for the answer that they belong to, and those that wait to be sent with the request that they
 * belong to. All of them are owned here.
 */
#ifndef CLIENT_DESCRIPTORS_H
#define CLIENT_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { DESCRIPTORS_MOST = 16 };

/*
 * Moves a descriptor above 2, close-on-exec. A process that was started with one of its standard
 * descriptors closed would otherwise get it there, and its next printf(3) would write into it.
 * The new descriptor, which replaces fd; or what fcntl(2) says, and fd stays open.
 */
int descriptors_raise(int fd);

/* Zeroed it is empty. */
struct descriptors_in {
    int fds[DESCRIPTORS_MOST]; /* in the order in which they came */
    unsigned count;
    unsigned wanted; /* how many answers may bring one */
};

/* Room for what one message may bring. */
union descriptors_room {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(DESCRIPTORS_MOST * sizeof(int))];
};

/* Gives a message that is about to be received room for descriptors, if any are wanted; without
 * room the kernel drops them. */
void descriptors_prepare(const struct descriptors_in *in, struct msghdr *message,
                         union descriptors_room *room);

/* Takes what came with a message, and closes what is more than is wanted. */
void descriptors_receive(struct descriptors_in *in, struct msghdr *message);

/* The oldest, -1 if there is none; it is the caller's from now on. */
int descriptors_pop(struct descriptors_in *in);
void descriptors_drop_in(struct descriptors_in *in);

/* Zeroed it is empty. */
struct descriptors_out {
    struct {
        size_t offset; /* of the byte in the output that it goes with */
        int fd;
    } queue[DESCRIPTORS_MOST];
    unsigned count;
};

/* Appends a duplicate that goes with the byte at that offset, which is behind those of all others.
 * 0, -EAGAIN if too many wait, or what fcntl(2) says. */
int descriptors_append(struct descriptors_out *out, size_t offset, int fd);

/* How many of size bytes at that offset may go out in one message: none goes with a byte behind its
 * own. */
size_t descriptors_limit(const struct descriptors_out *out, size_t offset, size_t size);

/* Puts the descriptor of the byte at that offset, if there is one, into a message. */
void descriptors_put(const struct descriptors_out *out, size_t offset, struct msghdr *message,
                     union descriptors_room *room);

/* The bytes up to that offset have been sent; the others move to the front by so many. */
void descriptors_sent(struct descriptors_out *out, size_t offset);
void descriptors_shift(struct descriptors_out *out, size_t by);

/* Forgets those that go with the byte at that offset or a later one. */
void descriptors_cut(struct descriptors_out *out, size_t offset);

#endif
