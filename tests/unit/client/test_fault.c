/* Errors as the caller sees them, from answers of every shape. */
#include "client/fault.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct fault fault;

static void start(void)
{
    fault_init(&fault);
    fault_begin(&fault, "read", 4);
}

static void stop(void)
{
    fault_deinit(&fault);
}

TestSuite(fault, .init = start, .fini = stop);

static int answer(const char *bytes, size_t size)
{
    struct message message;

    cr_assert_eq(message_parse(&message, bytes, size), 0);
    return fault_set_answer(&fault, &message);
}

#define ANSWER(error, result) \
    answer("\x94\x01\x05" error result, sizeof("\x94\x01\x05" error result) - 1)

static void expect(int number, const char *name, const char *message)
{
    cr_assert_eq(fault.error.number, number);
    cr_assert_str_eq(fault.error.name, name);
    cr_assert_str_eq(fault.error.message, message);
}

Test(fault, there_is_none_at_first)
{
    cr_assert_eq(fault.error.origin, SOCKD_ORIGIN_NONE);
    expect(0, "", "");
    cr_assert_str_eq(fault.error.method, "read");
}

Test(fault, set_here)
{
    cr_assert_eq(fault_set(&fault, SOCKD_ORIGIN_LIBRARY, -EINVAL, NULL), -EINVAL);
    expect(EINVAL, "EINVAL", "Invalid argument");
    cr_assert_eq(fault.error.origin, SOCKD_ORIGIN_LIBRARY);
    cr_assert_eq(fault_set(&fault, SOCKD_ORIGIN_LIBRARY, -9999, "why"), -9999);
    expect(9999, "EUNKNOWN", "why");
}

Test(fault, the_daemons_own_shape)
{
    struct writer writer;
    struct message message;
    uint32_t msgid = 1;
    const struct message_error error = {
        .number = EPERM, .text = "not yours", .refused = true, .has_sent = true, .sent = 7};

    writer_init_heap(&writer, 1000);
    message_put_failure(&writer, &msgid, &error);
    cr_assert_eq(message_parse(&message, writer.data, writer.size), 0);
    cr_assert_eq(fault_set_answer(&fault, &message), -EPERM);
    expect(EPERM, "EPERM", "not yours");
    cr_assert_eq(fault.error.origin, SOCKD_ORIGIN_DAEMON);
    cr_assert(fault.error.refused);
    cr_assert_eq(fault.error.sent, 7);
    writer_free_heap(&writer);
}

Test(fault, errors_without_details)
{
    cr_assert_eq(ANSWER("\x92\x00\xb2"
                        "EPIPE: Broken pipe",
                        "\xc0"),
                 -EPIPE);
    expect(EPIPE, "EPIPE", "Broken pipe");
    cr_assert_eq(ANSWER("\xa4oops", "\xc0"), -EIO);
    expect(EIO, "EIO", "oops");
    cr_assert_eq(ANSWER("\xa9oops: yes", "\xc0"), -EIO);
    expect(EIO, "EIO", "oops: yes");
    cr_assert_eq(ANSWER("\xc3", "\xc0"), -EIO);
    expect(EIO, "EIO", "The daemon gave no reason");
    cr_assert_eq(ANSWER("\x93\x00\x00\x00", "\xc0"), -EIO);
    cr_assert_eq(ANSWER("\x92\x00\x00", "\xc0"), -EIO);
}

Test(fault, details_that_make_no_sense_are_left_out)
{
    cr_assert_eq(ANSWER("\xa1x", "\x81\xa5"
                                 "errno\xff"),
                 -EIO);
    cr_assert_eq(ANSWER("\xa1x", "\x81\xa5"
                                 "errno\xce\x00\x01\x00\x00"),
                 -EIO);
    cr_assert_eq(ANSWER("\xa1x", "\x81\xa5"
                                 "errno\xa1y"),
                 -EIO);
    cr_assert_eq(ANSWER("\xa1x", "\x83\xa4sent\xff\xa7refused\x05\xa4name\x05"), -EIO);
    cr_assert_eq(fault.error.sent, 0);
    cr_assert_not(fault.error.refused);
    expect(EIO, "EIO", "x");
}

Test(fault, a_name_that_is_no_errno)
{
    cr_assert_eq(ANSWER("\xa1x", "\x82\xa5"
                                 "errno\x05\xa4name\xaa"
                                 "EAI_NONAME"),
                 -5);
    expect(5, "EAI_NONAME", "x");
}

Test(fault, long_messages_are_kept_whole_and_long_names_cut)
{
    struct writer writer;
    struct message message;
    char text[3000];

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    writer_init_heap(&writer, 20000);
    message_put_failure(&writer, NULL,
                        &(struct message_error){.number = EIO, .text = text, .name = text});
    cr_assert_eq(message_parse(&message, writer.data, writer.size), 0);
    fault_set_answer(&fault, &message);
    cr_assert_str_eq(fault.error.message, text);
    cr_assert_eq(strlen(fault.error.name), sizeof fault.name - 1);
    fault_begin(&fault, text, sizeof text - 1);
    cr_assert_eq(strlen(fault.error.method), sizeof fault.method - 1);
    writer_free_heap(&writer);
}
