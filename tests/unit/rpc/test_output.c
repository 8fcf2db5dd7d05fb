/* Answers: what the kernel does not take is not lost. */
#include "fixture.h"

#include "rpc/output.h"
#include "util/error.h"
#include "util/pool.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct quota *quota;
static struct quota_user *user;
static struct output output;
static int ends[2];

static void start(size_t bytes)
{
    struct quota_limits limits = {.most = {[QUOTA_BYTES] = bytes}};
    fixture_start(&fixture, NULL, NULL, NULL);
    cr_assert_eq(quota_new(&quota, &limits), 0);
    cr_assert_not_null(user = quota_user_get(quota, 1000));
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    output_init(&output, net_pool(fixture.net), user);
}

static void stop(void)
{
    output_deinit(&output, fixture.net, &fixture.rpc->handles);
    cr_assert_eq(quota_used(user, QUOTA_BYTES), 0);
    quota_user_put(user);
    quota_free(quota);
    close(ends[0]);
    close(ends[1]);
    fixture_stop(&fixture);
}

/* An answer of three letters before `size` bytes of data and two behind; its size. */
static size_t put(const void *data, size_t size)
{
    struct writer *writer = output_begin(&output);
    writer_raw(writer, "abc", 3);
    writer_raw(writer, data, size);
    writer_raw(writer, "yz", 2);
    size_t total = writer->size;
    cr_assert_eq(output_end(&output), 0);
    return total;
}

Test(output, answers_leave_together_and_in_order)
{
    char got[32];
    start(0);
    put("1", 1);
    put("22", 2);
    cr_assert_eq(output_pending(&output), 13);
    cr_assert_eq(output_flush(&output, ends[0]), 13);
    cr_assert_eq(output_pending(&output), 0);
    cr_assert_eq(pool_in_use(net_pool(fixture.net)), 0, "an idle client holds memory");
    cr_assert_eq(recv(ends[1], got, sizeof got, 0), 13);
    cr_assert_eq(memcmp(got, "abc1yzabc22yz", 13), 0);
    stop();
}

Test(output, an_answer_that_fails_leaves_no_trace)
{
    char got[32];
    static char much[300 << 10];
    start(100 << 10);
    put("1", 1);
    struct writer *writer = output_begin(&output);
    writer_raw(writer, "half", 4);
    writer_raw(writer, much, sizeof much);
    cr_assert_eq(output_end(&output), -EDQUOT);
    put("2", 1);
    cr_assert_eq(output_flush(&output, ends[0]), 12);
    cr_assert_eq(recv(ends[1], got, sizeof got, 0), 12);
    cr_assert_eq(memcmp(got, "abc1yzabc2yz", 12), 0);
    writer = output_begin(&output);
    writer_raw(writer, much, LIMIT_MESSAGE + 1ul);
    cr_assert_eq(output_end(&output), -EMSGSIZE);
    stop();
}

Test(output, the_half_of_a_large_answer_moves_when_it_grows)
{
    enum { SIZE = 1 << 20 };
    static char data[SIZE], got[SIZE];
    start(0);
    memset(data, 'd', SIZE);
    put("1", 1);
    size_t total = put(data, SIZE) + 6, heard = 0;
    while (heard < total) {
        cr_assert_geq(output_flush(&output, ends[0]), 0);
        ssize_t count = recv(ends[1], got, sizeof got, MSG_DONTWAIT);
        cr_assert_gt(count, 0);
        heard += (size_t)count;
    }
    cr_assert_eq(heard, total);
    cr_assert_eq(output_pending(&output), 0);
    stop();
}

/* ---- what was not delivered ---- */

static struct sock *stream(int *outside)
{
    int pair[2];
    struct sock *sock;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    cr_assert_eq(sock_adopt(fixture.net, pair[0], 0, &sock), 0);
    *outside = pair[1];
    return sock;
}

static size_t read_ahead(const struct sock *sock)
{
    struct sock_counters counters;
    sock_counters(sock, &counters);
    return counters.read_ahead;
}

static void expect_read(struct sock *sock, const char *expected)
{
    struct op op;
    op_sysread(&op, sock, 100);
    cr_assert_eq(op_start(&op, 0, NULL), OP_DONE);
    cr_assert_eq(op.status, 0);
    cr_assert_eq(op.in.length, strlen(expected));
    cr_assert_eq(memcmp(op.in.data, expected, op.in.length), 0);
    op_consume(&op);
    op_finish(&op);
}

Test(output, data_that_was_not_delivered_goes_back_in_order)
{
    int outside;
    start(0);
    struct sock *sock = stream(&outside);
    cr_assert_eq(output_claim_data(&output, sock_id(sock), put("one,", 4), 3, 4), 0);
    cr_assert_eq(output_claim_data(&output, sock_id(sock), put("two,", 4), 3, 4), 0);
    cr_assert_eq(output_claim_data(&output, sock_id(sock) + 1, put("gone", 4), 3, 4), 0);
    cr_assert_eq(sock_unread(sock, "three", 5), 0);
    output_deinit(&output, fixture.net, &fixture.rpc->handles);
    expect_read(sock, "one,two,three");
    sock_unref(sock);
    close(outside);
    stop();
}

Test(output, data_that_was_delivered_does_not_come_back)
{
    int outside;
    start(0);
    struct sock *sock = stream(&outside);
    cr_assert_eq(output_claim_data(&output, sock_id(sock), put("one,", 4), 3, 4), 0);
    cr_assert_eq(output_flush(&output, ends[0]), 9);
    cr_assert(list_empty(&output.claims));
    cr_assert_eq(output_claim_data(&output, sock_id(sock), put("two,", 4), 3, 4), 0);
    output_deinit(&output, fixture.net, &fixture.rpc->handles);
    expect_read(sock, "two,");
    sock_unref(sock);
    close(outside);
    stop();
}

Test(output, half_an_answer_is_none)
{
    enum { SIZE = 4 << 20 };
    static char data[SIZE];
    int outside;
    start(0);
    struct sock *sock = stream(&outside);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 7);
    put("before", 6);
    cr_assert_eq(output_claim_data(&output, sock_id(sock), put(data, SIZE), 3, SIZE), 0);
    cr_assert_gt(output_flush(&output, ends[0]), 11);
    cr_assert_gt(output_pending(&output), 0);
    output_deinit(&output, fixture.net, &fixture.rpc->handles);
    cr_assert_eq(read_ahead(sock), SIZE);
    struct op op;
    op_sysread(&op, sock, SIZE);
    cr_assert_eq(op_start(&op, 0, NULL), OP_DONE);
    cr_assert_eq(op.in.length, SIZE);
    cr_assert_eq(memcmp(op.in.data, data, SIZE), 0);
    op_consume(&op);
    op_finish(&op);
    sock_unref(sock);
    close(outside);
    stop();
}

Test(output, a_socket_that_nobody_heard_of_is_closed)
{
    struct sock *sock;
    start(0);
    cr_assert_eq(sock_new(fixture.net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    uint64_t id = sock_id(sock);
    put("1", 1);
    cr_assert_eq(output_claim_sock(&output, sock, 0), 0);
    output_deinit(&output, fixture.net, &fixture.rpc->handles);
    cr_assert_null(net_find(fixture.net, id));
    stop();
}

Test(output, a_socket_that_was_announced_lives_on)
{
    struct sock *sock;
    start(0);
    cr_assert_eq(sock_new(fixture.net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    uint64_t id = sock_id(sock);
    put("1", 1);
    cr_assert_eq(output_claim_sock(&output, sock, 0), 0);
    cr_assert_gt(output_flush(&output, ends[0]), 0);
    cr_assert_eq(net_find(fixture.net, id), sock);
    cr_assert_eq(sock_close(sock), 0);
    cr_assert_null(net_find(fixture.net, id));
    stop();
}

Test(output, a_client_that_is_gone_is_an_error)
{
    start(0);
    put("1", 1);
    close(ends[1]);
    cr_assert_eq(output_flush(&output, ends[0]), -EPIPE);
    stop();
}

/* ---- answers that carry a descriptor ---- */

/* A socket of the net's, connected to a descriptor of the test's. */
static struct sock *lendable(int *outside)
{
    int pair[2];
    struct sock *sock;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(sock_adopt(fixture.net, pair[0], 1000, &sock), 0);
    *outside = pair[1];
    return sock;
}

/* Receives once: the bytes, and the descriptor that came with them or -1. */
static ssize_t receive(char *bytes, size_t size, int *fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t count = recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *fd = -1;
    if (header) {
        cr_assert_eq(header->cmsg_len, CMSG_LEN(sizeof *fd));
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    }
    return count;
}

Test(output, a_descriptor_goes_with_the_first_byte_of_its_answer)
{
    struct sock *socks[2];
    int outside[2], got;
    char bytes[64];
    start(0);
    put("-", 1);
    for (int i = 0; i < 2; i++) {
        socks[i] = lendable(&outside[i]);
        cr_assert_eq(output_claim_lent(&output, socks[i], put("fd", 2), NULL), 0);
        cr_assert_not(sock_is_open(socks[i]));
        put("+", 1);
    }
    cr_assert_eq(output_flush(&output, ends[0]), 6 + 7 + 6 + 7 + 6);
    cr_assert_eq(output.descriptors, 0);
    cr_assert_eq(receive(bytes, 6, &got), 6);
    cr_assert_eq(got, -1);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(receive(bytes, 13, &got), 13);
        cr_assert(memcmp(bytes, "abcfdyzabc+yz", 13) == 0);
        cr_assert_geq(got, 0);
        cr_assert_eq(write(got, "x", 1), 1);
        cr_assert_eq(read(outside[i], bytes, 9), 1);
        cr_assert_not(sock_is_open(socks[i]));
        close(got);
        cr_assert_eq(read(outside[i], bytes, 9), 0, "nobody else has it");
        close(outside[i]);
        sock_unref(socks[i]);
    }
    stop();
}

Test(output, what_was_lent_comes_back_when_the_client_goes)
{
    int outside, got;
    char bytes[16];
    start(0);
    struct sock *sock = lendable(&outside);
    size_t size = put(NULL, 0);
    uint64_t id = sock_id(sock);
    cr_assert_eq(output_claim_lent(&output, sock, size, NULL), 0);
    cr_assert_null(net_find(fixture.net, id));
    output_deinit(&output, fixture.net, &fixture.rpc->handles);
    cr_assert_eq(net_find(fixture.net, id), sock);
    output_init(&output, net_pool(fixture.net), user);
    cr_assert_eq(output_claim_lent(&output, sock, put(NULL, 0), NULL), 0);
    cr_assert_eq(shutdown(ends[1], SHUT_RDWR), 0);
    cr_assert_eq(output_flush(&output, ends[0]), -EPIPE);
    cr_assert_lt(receive(bytes, sizeof bytes, &got), 1);
    output_deinit(&output, fixture.net, &fixture.rpc->handles);
    cr_assert(sock_is_open(sock));
    output_init(&output, net_pool(fixture.net), user);
    sock_unref(sock);
    close(outside);
    stop();
}

Test(output, an_answer_is_taken_back)
{
    char bytes[16];
    start(0);
    output_retract(&output, put("one", 3));
    cr_assert_eq(output_pending(&output), 0);
    put("two", 3);
    output_retract(&output, put("three", 5));
    cr_assert_eq(output_flush(&output, ends[0]), 8);
    cr_assert_eq(read(ends[1], bytes, sizeof bytes), 8);
    cr_assert(memcmp(bytes, "abctwoyz", 8) == 0);
    stop();
}
