/* Receiving: whole messages out of any pieces, no memory while idle, no descriptor kept. */
#include "rpc/input.h"

#include "harness/harness.h"
#include "loop/closer.h"
#include "protocol/writer.h"
#include "util/error.h"
#include "util/pool.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pool *pool;
static struct quota *quota;
static struct quota_user *user;
static struct input input;
static int ends[2];

static void start(size_t bytes)
{
    struct quota_limits limits = {.most = {[QUOTA_BYTES] = bytes}};
    cr_assert_eq(pool_new(&pool), 0);
    cr_assert_eq(quota_new(&quota, &limits), 0);
    cr_assert_not_null(user = quota_user_get(quota, 1000));
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    input_init(&input, pool, user);
}

static void stop(void)
{
    input_deinit(&input);
    cr_assert_eq(quota_used(user, QUOTA_BYTES), 0);
    cr_assert_eq(pool_in_use(pool), 0);
    quota_user_put(user);
    quota_free(quota);
    pool_free(pool);
    close(ends[0]);
    close(ends[1]);
}

static size_t next(void)
{
    const void *message;
    size_t size;
    if (input_next(&input, &message, &size) != SCAN_WHOLE)
        return 0;
    input_consume(&input, size);
    return size;
}

Test(input, messages_that_come_together_are_taken_one_by_one)
{
    start(0);
    cr_assert_eq(send(ends[1], "\x01\x91\x02\xa1x", 5, 0), 5);
    cr_assert_eq(input_receive(&input, ends[0]), 5);
    cr_assert_not(input.more);
    cr_assert_eq(next(), 1);
    cr_assert_eq(next(), 2);
    cr_assert_eq(next(), 2);
    cr_assert_eq(next(), 0);
    cr_assert_eq(pool_in_use(pool), 0, "an idle client holds memory");
    cr_assert_eq(input_receive(&input, ends[0]), -EAGAIN);
    cr_assert_eq(pool_in_use(pool), 0);
    shutdown(ends[1], SHUT_WR);
    cr_assert_eq(input_receive(&input, ends[0]), 0);
    stop();
}

Test(input, a_large_message_comes_in_pieces_and_leaves_no_memory)
{
    enum { SIZE = 3 << 20 };
    struct writer writer;
    static char data[SIZE];
    start(0);
    writer_init_heap(&writer, SIZE_MAX);
    writer_bin(&writer, data, SIZE);
    size_t sent = 0, size = 0;
    while ((size = next()) == 0) {
        ssize_t count = send(ends[1], writer.data + sent, writer.size - sent, MSG_DONTWAIT);
        sent += count > 0 ? (size_t)count : 0;
        cr_assert_gt(input_receive(&input, ends[0]), 0);
        cr_assert_leq(pool_in_use(pool), 4 * sent + (64 << 10), "memory for what has not come");
    }
    cr_assert_eq(size, writer.size);
    writer_free_heap(&writer);
    stop();
}

Test(input, a_small_rest_of_a_large_block_moves_to_a_small_one)
{
    static char many[10000];
    start(0);
    memset(many, 1, sizeof many);
    many[sizeof many - 1] = (char)0xc4; /* begins a binary */
    cr_assert_eq(send(ends[1], many, sizeof many, 0), sizeof many);
    cr_assert_eq(input_receive(&input, ends[0]), sizeof many);
    while (next())
        continue;
    input_rest(&input);
    cr_assert_leq(pool_in_use(pool), POOL_BLOCK_MIN);
    cr_assert_eq(send(ends[1], "\x01x", 2, 0), 2);
    cr_assert_eq(input_receive(&input, ends[0]), 2);
    cr_assert_eq(next(), 3);
    stop();
}

Test(input, what_has_not_come_whole_leaves_the_lent_memory)
{
    static char lent[32 * 1024];
    start(0);
    input_lend(&input, lent, sizeof lent);
    cr_assert_eq(send(ends[1], "\x01\xc4\x02x", 4, 0), 4);
    cr_assert_eq(input_receive(&input, ends[0]), 4);
    cr_assert_eq(next(), 1);
    cr_assert_eq(next(), 0);
    cr_assert_eq(pool_in_use(pool), 0);
    cr_assert_eq(input_rest(&input), 0);
    memset(lent, 0xc1, sizeof lent);
    cr_assert_eq(send(ends[1], "y", 1, 0), 1);
    cr_assert_eq(input_receive(&input, ends[0]), 1);
    cr_assert_eq(next(), 4);
    stop();
}

/* Sends two bytes with so many descriptors, of which there may be two. */
static void send_with(const void *bytes, size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = 2};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), ends, count * sizeof(int));
    cr_assert_eq(sendmsg(ends[1], &message, 0), 2);
}

Test(input, descriptors_that_nobody_takes_are_closed_with_their_message)
{
    start(0);
    int before = harness_fd_count();
    for (size_t i = 0; i < 3; i++)
        send_with("\x01\x02", 2);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(input_receive(&input, ends[0]), 2);
        cr_assert(input.more, "a receive ends at descriptors: there may be more behind");
    }
    cr_assert(closer_finish());
    cr_assert_eq(harness_fd_count(), before + 4, "no more are kept");
    input_consume(&input, 1);
    cr_assert(closer_finish());
    cr_assert_eq(harness_fd_count(), before + 4, "the next byte may be the one");
    input_consume(&input, 1);
    cr_assert(closer_finish());
    cr_assert_eq(harness_fd_count(), before + 2);
    input_consume(&input, 4);
    cr_assert(closer_finish());
    cr_assert_eq(harness_fd_count(), before);
    send_with("\x01\x02", 2);
    cr_assert_eq(input_receive(&input, ends[0]), 2);
    input_deinit(&input);
    cr_assert(closer_finish());
    cr_assert_eq(harness_fd_count(), before, "the end closes them too");
    input_init(&input, pool, user);
    stop();
}

Test(input, a_message_takes_the_descriptor_that_came_with_it)
{
    start(0);
    send_with("\x01\x02", 1);
    send_with("\x03\x04", 2);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(input_receive(&input, ends[0]), 2);
    int fd = input_take_descriptor(&input, 2);
    cr_assert_geq(fd, 0);
    close(fd);
    cr_assert_eq(input_take_descriptor(&input, 2), -ENOENT, "the others came later");
    input_consume(&input, 2);
    cr_assert_eq(input_take_descriptor(&input, 2), -E2BIG);
    cr_assert_eq(input_take_descriptor(&input, 2), -ENOENT);
    input_consume(&input, 2);
    stop();
}

Test(input, no_more_is_held_than_the_quota)
{
    static char data[64 << 10];
    start(40 << 10);
    data[0] = (char)0xc6; /* a binary of 1 MiB */
    data[2] = 0x10;
    cr_assert_eq(send(ends[1], data, sizeof data, 0), sizeof data);
    ssize_t count;
    while ((count = input_receive(&input, ends[0])) > 0)
        cr_assert_eq(next(), 0);
    cr_assert_eq(count, -EDQUOT);
    input_discard(&input);
    input_discard(&input);
    cr_assert_eq(pool_in_use(pool), 0);
    stop();
}

Test(input, what_is_no_message_is_bad_for_good)
{
    const void *message;
    size_t size;
    start(0);
    cr_assert_eq(input_next(&input, &message, &size), SCAN_MORE);
    cr_assert_eq(send(ends[1], "\xc1", 1, 0), 1);
    cr_assert_eq(input_receive(&input, ends[0]), 1);
    cr_assert_eq(input_next(&input, &message, &size), SCAN_BAD);
    cr_assert_eq(input_next(&input, &message, &size), SCAN_BAD);
    stop();
}
