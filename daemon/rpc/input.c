/* Receiving messages; see input.h. */
#include "rpc/input.h"

#include "util/error.h"
#include "util/pulse.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one receive: enough for hundreds of small requests. A longer message gets as much again
 * as has arrived of it, so that announcing a length alone costs the daemon nothing. */
#define INPUT_ROOM (16 * 1024)

/* SCM_MAX_FD: the most descriptors that one message carries (unix(7)). */
#define INPUT_FDS  253

void input_init(struct input *input, struct pool *pool, struct quota_user *user)
{
    *input = (struct input){.pool = pool, .user = user};
    scan_init(&input->scan, &scan_default_limits);
}

static void input_account(struct input *input)
{
    size_t size = buffer_held(&input->buffer);
    if (size > input->charged)
        quota_force(input->user, QUOTA_BYTES, size - input->charged);
    else if (size < input->charged)
        quota_release(input->user, QUOTA_BYTES, input->charged - size);
    input->charged = size;
}

void input_deinit(struct input *input)
{
    passed_drop(&input->passed, UINT64_MAX);
    buffer_deinit(&input->buffer, input->pool);
    input_account(input);
}

static size_t input_wanted(const struct input *input)
{
    size_t length = input_length(input), need = input->scan.need;
    if (__builtin_expect(length < INPUT_ROOM || need <= length, 1))
        return INPUT_ROOM;
    return need - length < length ? need - length : length;
}

COLD static int input_reserve(struct input *input, size_t room)
{
    /* Small ones always go through, or nobody could ask for what holds the quota. */
    if (input_length(input) >= INPUT_ROOM && quota_left(input->user, QUOTA_BYTES) < room)
        return -EDQUOT;
    int result = buffer_reserve(&input->buffer, input->pool, room);
    input_account(input);
    return result;
}

static inline int input_make_room(struct input *input)
{
    size_t room = input_wanted(input);
    if (input->lent)
        buffer_lend(&input->buffer, input->lent, input->lent_size);
    if (__builtin_expect(buffer_room(&input->buffer) >= room && input->buffer.memory, 1))
        return 0;
    return input_reserve(input, room);
}

ssize_t input_receive(struct input *input, int fd)
{
    int result = input_make_room(input);
    if (result < 0)
        return result;
    struct buffer *buffer = &input->buffer;
    struct iovec piece = {.iov_base = buffer_tail(buffer), .iov_len = buffer_room(buffer)};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(INPUT_FDS * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t count;
    pulse_enter_call();
    do
        count = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    int error = errno;
    pulse_leave_call();
    uint64_t from = input->position + input_length(input);
    if (count > 0)
        buffer_commit(buffer, (size_t)count);
    else
        buffer_release_if_empty(buffer, input->pool);
    if (input->charged != buffer_held(buffer))
        input_account(input);
    if (count < 0)
        return -error;
    /* A receive ends early at bytes that descriptors came with. */
    input->more = (size_t)count == piece.iov_len || message.msg_controllen > 0;
    if (message.msg_controllen > 0 || message.msg_flags & MSG_CTRUNC)
        passed_add(&input->passed, &message, from, from + (uint64_t)count);
    return count;
}

enum scan_verdict input_next(struct input *input, const void **message, size_t *size)
{
    if (input_length(input) == 0)
        return SCAN_MORE;
    *message = buffer_data(&input->buffer);
    enum scan_verdict verdict = scan_step(&input->scan, *message, input_length(input));
    *size = input->scan.size;
    return verdict;
}

void input_consume(struct input *input, size_t size)
{
    buffer_consume(&input->buffer, input->pool, size);
    scan_init(&input->scan, &scan_default_limits);
    input->position += size;
    if (input->passed.count > 0)
        passed_drop(&input->passed, input->position);
    if (input->charged != buffer_held(&input->buffer))
        input_account(input);
}

int input_take_descriptor(struct input *input, size_t size)
{
    return passed_take(&input->passed, input->position + size);
}

void input_discard(struct input *input)
{
    if (input_length(input) > 0)
        input_consume(input, input_length(input));
}

void input_lend(struct input *input, void *memory, size_t size)
{
    input->lent = memory;
    input->lent_size = size;
}

int input_rest(struct input *input)
{
    input->lent = NULL;
    if (!input->buffer.memory)
        return 0;
    int result = buffer_keep(&input->buffer, input->pool);
    if (!input->buffer.lent)
        buffer_settle(&input->buffer, input->pool);
    input_account(input);
    return result;
}
