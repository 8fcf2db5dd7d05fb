/* send, write, syswrite, recv, read, sysread, readable, writable, wait. */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;
static int64_t handle;
static int outside;

static void start(void)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
    handle = outside_pair(client, &outside);
}

static void stop(void)
{
    cr_assert(client_true(client, "close", "i", handle));
    close(outside);
    client_free(client);
    fixture_stop(&fixture);
}

static void tell(const char *text)
{
    cr_assert_eq(send(outside, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void read_is(const char *expected, uint32_t msgid)
{
    expect_bytes(client, msgid, expected, strlen(expected));
}

Test(method_data, the_three_ways_to_write)
{
    char got[16];
    start();
    cr_assert_eq(client_int(client, "write", "ib", handle, "abc", (size_t)3), 3);
    cr_assert_eq(client_int(client, "send", "is", handle, "de"), 2);
    cr_assert_eq(client_int(client, "syswrite", "is", handle, "f"), 1);
    cr_assert_eq(recv(outside, got, 6, MSG_WAITALL), 6);
    cr_assert_eq(memcmp(got, "abcdef", 6), 0);
    client_fails(client, "EINVAL", "send", "iss", handle, "x", "MSG_NONSENSE");
    stop();
}

Test(method_data, a_write_that_waits_owns_its_bytes)
{
    enum { SIZE = 8 << 20 };
    static char data[SIZE], got[1 << 16];
    start();
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 31 + i / 256);
    uint32_t write = client_request(client, "write", "ib", handle, data, (size_t)SIZE);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    client_text(client, "pong", "sockd.ping", "");
    cr_assert_geq(fixture_stats(&fixture).bytes, SIZE);
    for (size_t at = 0; at < SIZE;) {
        ssize_t count = recv(outside, got, sizeof got, MSG_DONTWAIT);
        if (count > 0) {
            cr_assert_eq(memcmp(got, data + at, (size_t)count), 0);
            at += (size_t)count;
        }
        fixture_spin(&fixture);
    }
    struct message answer = client_answer(client, write);
    int64_t count;
    cr_assert(view_int(&answer.result, &count) && count == SIZE);
    stop();
}

Test(method_data, a_write_that_fails_tells_what_went_out)
{
    enum { SIZE = 8 << 20 };
    static char data[SIZE];
    start();
    uint32_t write = client_request(client, "write", "ibd", handle, data, (size_t)SIZE, 0.05);
    struct message answer = client_answer(client, write);
    cr_assert_str_eq(error_name(&answer), "ETIMEDOUT");
    cr_assert_gt(error_number(&answer, "sent"), 0);
    cr_assert_lt(error_number(&answer, "sent"), SIZE);
    stop();
}

Test(method_data, reads_of_every_kind)
{
    start();
    tell("line\nrest;more|0123456789");
    read_is("line\n", client_request(client, "read", "is", handle, "\n"));
    read_is("re", client_request(client, "read", "ii", handle, (int64_t)2));
    read_is("st;", client_request(client, "read", "i{s[ss]}", handle, "delimiter", "|", ";"));
    read_is("mo", client_request(client, "read", "i{sssi}", handle, "delimiter", "|", "limit",
                                 (int64_t)2));
    read_is("re|", client_request(client, "read", "i{ss}", handle, "line", "|"));
    read_is("0", client_request(client, "sysread", "ii", handle, (int64_t)1));
    read_is("123456789", client_request(client, "sysread", "i", handle));
    client_fails(client, "ETIMEDOUT", "read", "isd", handle, "\n", 0.01);
    client_fails(client, "EMSGSIZE", "read", "ii", handle, (int64_t)1 << 40);
    stop();
}

Test(method_data, a_read_that_waits_owns_its_delimiters)
{
    start();
    uint32_t read =
        client_request(client, "read", "i{s[sss]}", handle, "delimiter", "--one--", "==two==", "!");
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    for (int i = 0; i < 100; i++)
        client_text(client, "pong", "sockd.ping", "");
    tell("some --on =");
    fixture_spin(&fixture);
    tell("=two==rest");
    read_is("some --on ==two==", read);
    read_is("rest", client_request(client, "sysread", "i", handle));
    stop();
}

static void expect_recv(uint32_t msgid, const char *data, bool eof)
{
    struct message answer = client_answer(client, msgid);
    uint32_t count;
    const char *got;
    size_t size;
    enum view_type type;
    cr_assert_str_eq(error_name(&answer), "");
    cr_assert(view_array(&answer.result, &count) && count == 2);
    cr_assert(view_bytes(&answer.result, &got, &size));
    cr_assert(size == strlen(data) && memcmp(got, data, size) == 0);
    cr_assert(view_peek(&answer.result, &type));
    cr_assert_eq(type, eof ? VIEW_STR : VIEW_NIL);
}

Test(method_data, recv_peeks_takes_and_finds_the_end)
{
    start();
    tell("abcdef");
    expect_recv(client_request(client, "recv", "iis", handle, (int64_t)3, "MSG_PEEK"), "abc",
                false);
    expect_recv(client_request(client, "recv", "ii", handle, (int64_t)2), "ab", false);
    expect_recv(client_request(client, "recv", "i", handle), "cdef", false);
    client_fails(client, "EAGAIN", "recv", "iis", handle, (int64_t)3, "MSG_DONTWAIT");
    client_fails(client, "EINVAL", "recv", "iis", handle, (int64_t)3, "MSG_NONSENSE");
    tell("g");
    shutdown(outside, SHUT_WR);
    expect_recv(client_request(client, "recv", "ii", handle, (int64_t)9), "g", true);
    expect_recv(client_request(client, "recv", "i", handle), "", true);
    stop();
}

Test(method_data, waiting_ends_by_readiness_or_time)
{
    start();
    cr_assert(client_true(client, "writable", "i", handle));
    cr_assert_not(client_true(client, "readable", "id", handle, 0.01));
    cr_assert_eq(client_int(client, "errno", "i", handle), ETIMEDOUT);
    client_text(client, "W", "wait", "i", handle);
    uint32_t readable = client_request(client, "readable", "i", handle);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    tell("x");
    bool ready = false;
    struct message answer = client_answer(client, readable);
    cr_assert(view_bool(&answer.result, &ready) && ready);
    client_text(client, "RW", "wait", "i", handle);
    stop();
}

Test(method_data, a_full_socket_is_not_writable)
{
    static char data[16 << 20];
    start();
    client_fails(client, "ETIMEDOUT", "write", "ibd", handle, data, sizeof data, 0.01);
    cr_assert_not(client_true(client, "writable", "id", handle, 0.0));
    client_text(client, "", "wait", "id", handle, 0.0);
    stop();
}

Test(method_data, closing_wakes_who_waits)
{
    start();
    uint32_t read = client_request(client, "read", "is", handle, "\n");
    uint32_t wait = client_request(client, "readable", "i", handle);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 2);
    struct client *other = client_new(&fixture);
    cr_assert(client_true(other, "close", "i", handle));
    struct message answer = client_answer(client, read);
    cr_assert_str_eq(error_name(&answer), "EBADF");
    answer = client_answer(client, wait);
    cr_assert_str_eq(error_name(&answer), "EBADF");
    client_fails(client, "EBADF", "read", "is", handle, "\n");
    close(outside);
    handle = outside_pair(client, &outside);
    client_free(other);
    stop();
}
