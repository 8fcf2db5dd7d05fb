/* Results as MessagePack. */
#include "rpc/answer.h"

#include "fixture.h"

#include "protocol/view.h"

#include <string.h>
#include <sys/socket.h>

static struct writer writer;
static size_t data_at;

static struct view put(enum method_result kind, const struct answer *answer)
{
    writer_init_heap(&writer, SIZE_MAX);
    cr_assert_eq(answer_put(&writer, kind, answer, NULL, &data_at), 0);
    cr_assert_eq(writer.error, 0);
    return view_of(writer.data, writer.size);
}

static void done(const struct view *view)
{
    cr_assert_eq(view_left(view), 0, "more than one value");
    writer_free_heap(&writer);
}

static void expect_text(struct view *view, const char *expected)
{
    const char *data;
    size_t size;
    cr_assert(view_str(view, &data, &size));
    cr_assert_eq(size, strlen(expected));
    cr_assert_eq(memcmp(data, expected, size), 0);
}

Test(answer, plain_values)
{
    bool boolean;
    int64_t integer;
    enum view_type type;
    struct view view = put(METHOD_RESULT_TRUE, &(struct answer){0});
    cr_assert(view_bool(&view, &boolean) && boolean);
    done(&view);
    view = put(METHOD_RESULT_BOOL, &(struct answer){.boolean = false});
    cr_assert(view_bool(&view, &boolean) && !boolean);
    done(&view);
    view = put(METHOD_RESULT_COUNT, &(struct answer){.integer = 1 << 30});
    cr_assert(view_int(&view, &integer) && integer == 1 << 30);
    done(&view);
    view = put(METHOD_RESULT_EVENTS, &(struct answer){.text = "RW"});
    expect_text(&view, "RW");
    done(&view);
    view = put(METHOD_RESULT_TEXT, &(struct answer){.text = NULL});
    cr_assert(view_peek(&view, &type) && type == VIEW_NIL && view_skip(&view));
    done(&view);
    view = put(METHOD_RESULT_ANY, &(struct answer){.value = {"\x91\x07", 2}});
    cr_assert(view_skip(&view));
    done(&view);
}

Test(answer, bytes_are_binary_and_found_again)
{
    const char *data;
    size_t size;
    uint32_t count;
    struct answer answer = {.bytes = {.data = "da\0ta", .length = 5, .eof = true}};
    struct view view = put(METHOD_RESULT_BYTES, &answer);
    cr_assert_eq(memcmp(writer.data + data_at, "da\0ta", 5), 0);
    cr_assert(view_bytes(&view, &data, &size) && size == 5);
    done(&view);
    view = put(METHOD_RESULT_BYTES_STATUS, &answer);
    cr_assert_eq(memcmp(writer.data + data_at, "da\0ta", 5), 0);
    cr_assert(view_array(&view, &count) && count == 2 && view_skip(&view));
    expect_text(&view, "eof");
    done(&view);
}

static void expect_member(struct view map, const char *key, const char *expected)
{
    struct view value;
    cr_assert(view_find(map, key, &value), "%s", key);
    expect_text(&value, expected);
}

Test(answer, addresses_of_both_kinds)
{
    struct fixture fixture;
    struct sock *sock;
    struct view value;
    int64_t port;
    fixture_start(&fixture, NULL, NULL, NULL);
    cr_assert_eq(sock_new(fixture.net, AF_INET, SOCK_STREAM, 6, 0, &sock), 0);
    struct answer answer = {.of = sock};
    cr_assert_eq(address_parse(&answer.address, AF_INET, "127.0.0.1", "80"), 0);
    struct view view = put(METHOD_RESULT_ADDRESS, &answer);
    expect_member(view, "host", "127.0.0.1");
    expect_member(view, "family", "AF_INET");
    expect_member(view, "type", "SOCK_STREAM");
    expect_member(view, "protocol", "tcp");
    cr_assert(view_find(view, "port", &value) && view_int(&value, &port) && port == 80);
    writer_free_heap(&writer);
    cr_assert_eq(address_parse(&answer.address, AF_UNSPEC, "unix/", "/tmp/x"), 0);
    view = put(METHOD_RESULT_ADDRESS, &answer);
    expect_member(view, "host", "unix/");
    expect_member(view, "port", "/tmp/x");
    writer_free_heap(&writer);
    sock_unref(sock);
    fixture_stop(&fixture);
}

Test(answer, activity_in_words_and_in_numbers)
{
    int64_t integer;
    struct answer answer = {.activity = {.events = LOOP_WRITE}};
    struct view view = put(METHOD_RESULT_ACTIVITY, &answer);
    expect_text(&view, "W");
    done(&view);
    answer.activity.as_number = true;
    answer.activity.events = LOOP_READ | LOOP_WRITE;
    view = put(METHOD_RESULT_ACTIVITY, &answer);
    cr_assert(view_int(&view, &integer) && integer == 3);
    done(&view);
}

Test(answer, linger)
{
    bool active;
    int64_t seconds;
    uint32_t count;
    struct answer answer = {.linger = {.active = true, .seconds = 5}};
    struct view view = put(METHOD_RESULT_LINGER, &answer);
    cr_assert(view_array(&view, &count) && count == 2);
    cr_assert(view_bool(&view, &active) && active);
    cr_assert(view_int(&view, &seconds) && seconds == 5);
    done(&view);
}

Test(answer, a_sender_may_have_no_address)
{
    enum view_type type;
    uint32_t count, pairs;
    struct answer answer = {.bytes = {.data = "x", .length = 1}};
    struct view view = put(METHOD_RESULT_BYTES_FROM, &answer);
    cr_assert_eq(writer.data[data_at], 'x');
    cr_assert(view_array(&view, &count) && count == 2 && view_skip(&view));
    cr_assert(view_peek(&view, &type) && type == VIEW_NIL && view_skip(&view));
    done(&view);
    cr_assert_eq(address_parse(&answer.address, AF_INET, "127.0.0.1", "80"), 0);
    view = put(METHOD_RESULT_BYTES_FROM, &answer);
    cr_assert(view_array(&view, &count) && count == 2 && view_skip(&view));
    expect_member(view, "host", "127.0.0.1");
    cr_assert(view_map(&view, &pairs) && pairs == 3);
    writer_free_heap(&writer);
}

Test(answer, an_address_with_a_canonical_name)
{
    struct address address;
    uint32_t pairs;
    const struct purpose purpose = {.type = SOCK_DGRAM, .protocol = 17, .canonname = "a.example"};
    cr_assert_eq(address_parse(&address, AF_INET, "127.0.0.1", "80"), 0);
    writer_init_heap(&writer, SIZE_MAX);
    answer_put_address(&writer, &address, &purpose);
    struct view view = view_of(writer.data, writer.size);
    expect_member(view, "canonname", "a.example");
    expect_member(view, "type", "SOCK_DGRAM");
    expect_member(view, "protocol", "udp");
    cr_assert(view_map(&view, &pairs) && pairs == 6);
    writer_free_heap(&writer);
}
