/* Messages: the three shapes there and back, and what is none of them. */
#include "protocol/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define PARSE(message, bytes) message_parse(message, bytes, sizeof(bytes) - 1)

static bool is(const char *data, size_t size, const char *text)
{
    return size == strlen(text) && memcmp(data, text, size) == 0;
}

Test(message, request)
{
    struct writer writer;
    struct message message;
    int64_t integer;

    writer_init_heap(&writer, 1000);
    message_put_request(&writer, 4000000000u, "recv", 4, 2);
    writer_int(&writer, 7);
    writer_int(&writer, 8);
    cr_assert_eq(message_parse(&message, writer.data, writer.size), 0);
    cr_assert_eq(message.kind, MESSAGE_REQUEST);
    cr_assert(message.has_msgid);
    cr_assert_eq(message.msgid, 4000000000u);
    cr_assert(is(message.method, message.method_size, "recv"));
    cr_assert_eq(message.count, 2);
    cr_assert(view_int(&message.params, &integer) && integer == 7);
    cr_assert(view_int(&message.params, &integer) && integer == 8);
    cr_assert_eq(view_left(&message.params), 0);
    writer_free_heap(&writer);
}

Test(message, a_method_whose_name_is_bytes)
{
    struct message message;

    cr_assert_eq(PARSE(&message, "\x94\x00\x01\xc4\x04recv\x90"), 0);
    cr_assert(is(message.method, message.method_size, "recv"));
}

Test(message, notification)
{
    struct writer writer;
    struct message message;

    writer_init_heap(&writer, 1000);
    message_put_notification(&writer, "close", 5, 0);
    cr_assert_eq(message_parse(&message, writer.data, writer.size), 0);
    cr_assert_eq(message.kind, MESSAGE_NOTIFICATION);
    cr_assert_not(message.has_msgid);
    cr_assert(is(message.method, message.method_size, "close"));
    cr_assert_eq(message.count, 0);
    writer_free_heap(&writer);
}

Test(message, answer)
{
    struct writer writer;
    struct message message;
    enum view_type type;
    const char *data;
    size_t size;

    writer_init_heap(&writer, 1000);
    message_put_answer(&writer, 3);
    writer_text(&writer, "pong");
    cr_assert_eq(message_parse(&message, writer.data, writer.size), 0);
    cr_assert_eq(message.kind, MESSAGE_RESPONSE);
    cr_assert_eq(message.msgid, 3);
    cr_assert(view_peek(&message.error, &type) && type == VIEW_NIL);
    cr_assert(view_str(&message.result, &data, &size) && is(data, size, "pong"));
    writer_free_heap(&writer);
}

static struct message failure(struct writer *writer, const struct message_error *error)
{
    struct message message;
    uint32_t msgid = 5;

    message_put_failure(writer, &msgid, error);
    cr_assert_eq(writer->error, 0);
    cr_assert_eq(message_parse(&message, writer->data, writer->size), 0);
    cr_assert_eq(message.msgid, 5);
    return message;
}

static bool detail_is(struct view map, const char *key, const char *text)
{
    struct view value;
    const char *data;
    size_t size;

    return view_find(map, key, &value) && view_str(&value, &data, &size) && is(data, size, text);
}

Test(message, failure_in_the_shape_that_plain_clients_take)
{
    struct writer writer;
    uint32_t count;
    int64_t integer;
    const char *data;
    size_t size;
    struct view value;

    writer_init_heap(&writer, 1000);
    struct message message = failure(&writer, &(struct message_error){.number = ECONNREFUSED});
    cr_assert(view_array(&message.error, &count) && count == 2);
    cr_assert(view_int(&message.error, &integer) && integer == 0);
    cr_assert(view_str(&message.error, &data, &size));
    cr_assert(is(data, size, "ECONNREFUSED: Connection refused"));
    cr_assert(detail_is(message.result, "name", "ECONNREFUSED"));
    cr_assert(detail_is(message.result, "message", "Connection refused"));
    cr_assert(view_find(message.result, "errno", &value));
    cr_assert(view_int(&value, &integer) && integer == ECONNREFUSED);
    cr_assert_not(view_find(message.result, "sent", &value));
    cr_assert_not(view_find(message.result, "refused", &value));
    writer_free_heap(&writer);
}

Test(message, failure_with_all_details)
{
    struct writer writer;
    int64_t integer;
    bool refused = false;
    struct view value;

    writer_init_heap(&writer, 1000);
    struct message message = failure(&writer, &(struct message_error){.number = EPERM,
                                                                      .name = "EAI_NONAME",
                                                                      .text = "no",
                                                                      .refused = true,
                                                                      .has_sent = true,
                                                                      .sent = 0});
    cr_assert(detail_is(message.result, "name", "EAI_NONAME"));
    cr_assert(detail_is(message.result, "message", "no"));
    cr_assert(view_find(message.result, "sent", &value));
    cr_assert(view_int(&value, &integer) && integer == 0);
    cr_assert(view_find(message.result, "refused", &value));
    cr_assert(view_bool(&value, &refused) && refused);
    writer_free_heap(&writer);
}

Test(message, a_failure_may_have_an_unknown_number_and_no_msgid)
{
    struct writer writer;

    writer_init_heap(&writer, 1000);
    message_put_failure(&writer, NULL, &(struct message_error){.number = 9999});
    cr_assert_eq(writer.error, 0);
    cr_assert_eq(memcmp(writer.data, "\x94\x01\xc0\x92\x00", 5), 0);
    cr_assert_not_null(memmem(writer.data, writer.size, "EUNKNOWN", 8));
    struct message message;
    cr_assert_eq(message_parse(&message, writer.data, writer.size), 0);
    cr_assert_eq(message.kind, MESSAGE_RESPONSE);
    cr_assert_not(message.has_msgid);
    writer_free_heap(&writer);
}

Test(message, what_is_no_rpc_says_why)
{
    struct message message;

    cr_assert_eq(PARSE(&message, "\x01"), -EBADMSG);
    cr_assert_str_eq(message.reason, "the message is no array");
    cr_assert_eq(PARSE(&message, "\x90"), -EBADMSG);
    cr_assert_eq(PARSE(&message, "\x91\xc0"), -EBADMSG);
    cr_assert_str_eq(message.reason, "the message's kind is not 0, 1 or 2");
    cr_assert_eq(PARSE(&message, "\x94\x03\x01\xa1x\x90"), -EBADMSG);
    cr_assert_eq(PARSE(&message, "\x94\x00\xff\xa1x\x90"), -EBADMSG);
    cr_assert_not(message.has_msgid);
    cr_assert_str_eq(message.reason, "the msgid is not an integer from 0 to 4294967295");
    cr_assert_eq(PARSE(&message, "\x94\x01\xc2\xc0\xc0"), -EBADMSG);
    cr_assert_eq(PARSE(&message, "\x94\x00\xc0\xa1x\x90"), -EBADMSG);
    cr_assert_eq(PARSE(&message, "\x93\x00\x01\xa1x"), -EBADMSG);
    cr_assert(message.has_msgid && message.msgid == 1);
    cr_assert_eq(PARSE(&message, "\x94\x00\x01\x02\x90"), -EBADMSG);
    cr_assert_str_eq(message.reason, "the method's name is no string");
    cr_assert_eq(PARSE(&message, "\x94\x00\x01\xa1x\x80"), -EBADMSG);
    cr_assert_str_eq(message.reason, "the parameters are no array");
    cr_assert_eq(PARSE(&message, "\x94\x01\x01\xc0"), -EBADMSG);
    cr_assert_str_eq(message.reason, "the response is not whole");
}

Test(message, the_msgid_of_a_message_that_breaks_off)
{
    uint32_t msgid = 0;

    cr_assert(message_peek_msgid("\x94\x00\x09\xc1", 4, &msgid));
    cr_assert_eq(msgid, 9);
    cr_assert_not(message_peek_msgid("\x94\x00", 2, &msgid));
    cr_assert_not(message_peek_msgid("\x94\x01\x09", 3, &msgid));
    cr_assert_not(message_peek_msgid("GET / HTTP", 10, &msgid));
}
