/* Arguments: by position, by name, what is missing, what is too much, and how it is said. */
#include "protocol/args.h"

#include "protocol/writer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static struct args args;
static struct args_error error;

/* Parses the elements of an encoded array as the method's parameters. */
static int parse(enum method_id id, const char *bytes, size_t size)
{
    struct view view = view_of(bytes, size);
    uint32_t count;

    cr_assert(view_array(&view, &count));
    memset(&error, 0, sizeof error);
    memset(&args, 0xa5, sizeof args);
    return args_parse(&args, &methods[id], view, count, &error);
}

#define PARSE(id, bytes) parse(METHOD_##id, bytes, sizeof(bytes) - 1)

static bool bytes_are(struct arg_bytes bytes, const char *text)
{
    return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

Test(args, by_position)
{
    cr_assert_eq(PARSE(tcp_connect, "\x93\xa1h\x50\xcb\x3f\xe0\0\0\0\0\0\0"), 0);
    cr_assert_eq(args.method, &methods[METHOD_tcp_connect]);
    cr_assert(bytes_are(args.arg[0].bytes, "h"));
    cr_assert_eq(args.arg[1].integer, 80);
    cr_assert_eq(args.timeout, 0.5);
    cr_assert_null(args.settings.name.data);
    cr_assert_eq(args.settings.given, 0);
}

Test(args, what_is_left_out_or_nil_is_absent)
{
    cr_assert_eq(PARSE(tcp_connect, "\x91\xa1h"), 0);
    cr_assert_eq(args.arg[1].kind, ARG_ABSENT);
    cr_assert_eq(args.arg[2].kind, ARG_ABSENT);
    cr_assert(isinf(args.timeout));
    cr_assert_eq(PARSE(tcp_connect, "\x94\xa1h\xc0\xc0\xc0"), 0);
    cr_assert_eq(args.arg[1].kind, ARG_ABSENT);
    cr_assert_eq(PARSE(sockd_ping, "\x90"), 0);
}

Test(args, options_win_over_positions)
{
    cr_assert_eq(
        PARSE(tcp_connect, "\x94\xa1h\x50\x05\x83\xa4port\x51\xa7timeout\x06\xa4name\xa1n"), 0);
    cr_assert_eq(args.arg[1].integer, 81);
    cr_assert_eq(args.timeout, 6);
    cr_assert(bytes_are(args.settings.name, "n"));
    cr_assert_eq(args.settings.given, METHOD_OPTION_NAME);
}

Test(args, a_map_may_stand_in_the_place_of_what_is_left_out)
{
    cr_assert_eq(PARSE(tcp_connect, "\x92\xa1h\x82\xa7timeout\x06\xa4port\x51"), 0);
    cr_assert_eq(args.arg[1].integer, 81);
    cr_assert_eq(args.timeout, 6);
    cr_assert_eq(PARSE(accept, "\x92\x01\x81\xa7timeout\x06"), 0);
    cr_assert_eq(args.timeout, 6);
    cr_assert_eq(PARSE(accept, "\x91\x82\xa1h\x05\xa7timeout\xc0"), 0);
    cr_assert_eq(args.arg[0].integer, 5);
    cr_assert(isinf(args.timeout));
}

Test(args, read_has_many_forms)
{
    const struct arg_what *what = &args.arg[1].what;

    cr_assert_eq(PARSE(read, "\x92\x01\x0a"), 0);
    cr_assert(what->has_limit && what->limit == 10 && what->delimiters == 0);
    cr_assert_eq(PARSE(read, "\x93\x01\xa1\n\x05"), 0);
    cr_assert(!what->has_limit && what->delimiters == 1);
    cr_assert_eq(args.timeout, 5);
    cr_assert_eq(PARSE(read, "\x92\x01\x82\xa5limit\x0a\xa9"
                             "delimiter\xa1\n"),
                 0);
    cr_assert(what->has_limit && what->limit == 10 && what->delimiters == 1);
    cr_assert_eq(PARSE(read, "\x93\x01\x81\xa4line\x92\xa1\n\xa1\r\x07"), 0);
    cr_assert(!what->has_limit && what->delimiters == 2);
    cr_assert_eq(args.timeout, 7);
    cr_assert_eq(PARSE(read, "\x92\x01\x82\xa5"
                             "chunk\x0a\xa7timeout\x08"),
                 0);
    cr_assert(what->has_limit && what->limit == 10);
    cr_assert_eq(args.timeout, 8);
    cr_assert_eq(PARSE(read, "\x93\x01\xa1\n\x81\xa5limit\x03"), 0);
    cr_assert(what->has_limit && what->limit == 3 && what->delimiters == 1);
    cr_assert_eq(PARSE(read, "\x93\x01\xc0\x82\xa5limit\x03\xa4line\xc0"), 0);
    cr_assert(what->has_limit && what->limit == 3 && what->delimiters == 0);
}

Test(args, the_rest_is_left_as_it_is)
{
    cr_assert_eq(PARSE(sockd_eval, "\x93\xa1x\x01\x80"), 0);
    cr_assert_eq(args.arg[1].kind, ARG_VALUE);
    cr_assert_eq(args.arg[1].list.count, 2);
    int64_t integer;
    cr_assert(view_int(&args.arg[1].list.value, &integer) && integer == 1);
    cr_assert_eq(PARSE(sockd_eval, "\x91\xa1x"), 0);
    cr_assert_eq(args.arg[1].kind, ARG_ABSENT);
}

Test(args, a_map_parameter_is_no_map_of_options)
{
    cr_assert_eq(PARSE(sockd_list, "\x91\x81\xa5owner\x00"), 0);
    cr_assert_eq(args.arg[0].kind, ARG_VALUE);
    cr_assert_eq(PARSE(sockd_list, "\x92\x80\x81\xa1x\x00"), -EINVAL);
    cr_assert_str_eq(error.text, "sockd.list: there is no option \"x\"");
}

/* Each complaint names the culprit, what was expected and what was there. */
Test(args, complaints)
{
    cr_assert_eq(PARSE(close, "\x90"), -EINVAL);
    cr_assert_str_eq(error.text,
                     "close: h: expected a handle: a positive integer or a name, got nothing");
    cr_assert_eq(PARSE(close, "\x91\xc0"), -EINVAL);
    cr_assert_eq(PARSE(close, "\x91\xc3"), -EINVAL);
    cr_assert_str_eq(error.text,
                     "close: h: expected a handle: a positive integer or a name, got a boolean");
    cr_assert_eq(PARSE(bind, "\x93\x01\xa1h\xce\x00\x01\x11\x70"), -EINVAL);
    cr_assert_str_eq(error.text, "bind: port: expected a port from 0 to 65535, a service's name, "
                                 "or a path, got 70000");
    cr_assert_eq(PARSE(close, "\x92\x01\x02"), -EINVAL);
    cr_assert_str_eq(error.text,
                     "close: expected at most 1 parameters and a map of options, got 2 values");
    cr_assert_eq(PARSE(close, "\x93\x01\xc0\xc0"), -EINVAL);
    cr_assert_eq(PARSE(accept, "\x92\x01\x81\xa7timeout\xa1x"), -EINVAL);
    cr_assert_str_eq(error.text, "accept: timeout: expected a number of seconds, got \"x\"");
    cr_assert_eq(PARSE(accept, "\x92\x01\x81\x01\x01"), -EINVAL);
    cr_assert_str_eq(error.text, "accept: options: expected strings for keys, got 1");
    cr_assert_eq(PARSE(accept, "\x92\x01\x81\xa4name\xa1"
                               "1"),
                 -EINVAL);
    cr_assert_eq(PARSE(close, "\x92\x01\x81\xa7timeout\x01"), -EINVAL);
    cr_assert_str_eq(error.text, "close: there is no option \"timeout\"");
    cr_assert_eq(PARSE(close, "\x92\x01\x81\xa2\x1b[\x01"), -EINVAL);
    cr_assert_str_eq(error.text, "close: there is no option \"\"");
}

Test(args, complaints_of_read)
{
    cr_assert_eq(PARSE(read, "\x91\x01"), -EINVAL);
    cr_assert_eq(PARSE(read, "\x92\x01\x80"), -EINVAL);
    cr_assert_str_eq(error.text, "read: what: expected a limit, a delimiter, or a map {limit, "
                                 "delimiter}, got nothing");
    cr_assert_eq(PARSE(read, "\x92\x01\x81\xa5limit\xff"), -EINVAL);
    cr_assert_str_eq(error.text, "read: limit: expected a number of bytes, 0 or more, got -1");
    cr_assert_eq(PARSE(read, "\x92\x01\x81\xa4line\xa0"), -EINVAL);
    cr_assert_eq(PARSE(read, "\x92\x01\x81\xa4nine\xa0"), -EINVAL);
    cr_assert_eq(PARSE(read, "\x93\x01\x80\x80"), -EINVAL);
}

Test(args, sizes_beyond_one_message)
{
    cr_assert_eq(PARSE(recv, "\x92\x01\xce\x01\x00\x00\x00"), 0);
    cr_assert_eq(PARSE(recv, "\x92\x01\xce\x01\x00\x00\x01"), -EMSGSIZE);
    cr_assert_eq(PARSE(read, "\x92\x01\xce\x01\x00\x00\x01"), -EMSGSIZE);
    cr_assert_str_eq(
        error.text,
        "read: what: 16777217 is more than the 16777216 bytes that one message carries");
    cr_assert_eq(PARSE(read, "\x92\x01\x81\xa5limit\xce\x01\x00\x00\x01"), -EMSGSIZE);
}

Test(args, names)
{
    char name[LIMIT_NAME + 1];

    cr_assert(args_is_name("_", 1));
    cr_assert(args_is_name("web.1-a_B", 9));
    cr_assert_not(args_is_name("", 0));
    cr_assert_not(args_is_name("1a", 2));
    cr_assert_not(args_is_name("a b", 3));
    memset(name, 'a', sizeof name);
    cr_assert(args_is_name(name, LIMIT_NAME));
    cr_assert_not(args_is_name(name, LIMIT_NAME + 1));
}

/* Damage to a good call is answered, not trusted: every bit, every cut. */
Test(args, damaged_parameters_are_survived)
{
    static const char good[] = "\x94\x07\x82\xa5limit\x0a\xa9"
                               "delimiter\x92\xa1\n\xa1\r\x05\x81\xa7timeout\x06";

    for (size_t bit = 8; bit < 8 * (sizeof good - 1); bit++) {
        char bad[sizeof good];
        memcpy(bad, good, sizeof good);
        bad[bit / 8] = (char)(bad[bit / 8] ^ 1 << bit % 8);
        parse(METHOD_read, bad, sizeof good - 1);
    }
    for (size_t size = 1; size < sizeof good - 1; size++)
        cr_assert_eq(parse(METHOD_read, good, size), -EINVAL, "%zu", size);
}
