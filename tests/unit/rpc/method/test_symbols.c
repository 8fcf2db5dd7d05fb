/* Constants by name and by number. */
#include "rpc/method/symbols.h"

#include "loop/loop.h"
#include "protocol/writer.h"
#include "util/error.h"

#include <criterion/criterion.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static const struct arg absent = {.kind = ARG_ABSENT};

static struct arg text(const char *data)
{
    return (struct arg){.kind = ARG_BYTES, .bytes = {data, strlen(data)}};
}

static struct arg number(int64_t value)
{
    return (struct arg){.kind = ARG_INTEGER, .integer = value};
}

#define BY_NAME(function, name)    function(&(struct arg[]){text(name)}[0])
#define BY_NUMBER(function, value) function(&(struct arg[]){number(value)}[0])

Test(symbols, domains_types_and_protocols)
{
    cr_assert_eq(BY_NAME(symbol_domain, "AF_INET"), AF_INET);
    cr_assert_eq(BY_NAME(symbol_domain, "PF_INET6"), AF_INET6);
    cr_assert_eq(BY_NUMBER(symbol_domain, AF_UNIX), AF_UNIX);
    cr_assert_eq(BY_NAME(symbol_domain, "AF_NOTHING"), -EINVAL);
    cr_assert_eq(BY_NAME(symbol_domain, "a_name_that_is_longer_than_any_of_them"), -EINVAL);
    cr_assert_eq(BY_NUMBER(symbol_domain, -1), -EINVAL);
    cr_assert_eq(BY_NAME(symbol_type, "SOCK_DGRAM"), SOCK_DGRAM);
    cr_assert_eq(BY_NAME(symbol_type, "tcp"), -EINVAL);
    cr_assert_eq(symbol_protocol(&absent), 0);
    cr_assert_eq(BY_NAME(symbol_protocol, "tcp"), IPPROTO_TCP);
    cr_assert_eq(BY_NAME(symbol_protocol, "no such"), -EPROTOTYPE);
    struct arg zero = {.kind = ARG_BYTES, .bytes = {"tcp\0x", 5}};
    cr_assert_eq(symbol_protocol(&zero), -EPROTOTYPE);
}

Test(symbols, whatever_is_no_direction_is_both)
{
    static const struct {
        const char *name;
        int how;
    } cases[] = {{"SHUT_RD", SHUT_RD}, {"R", SHUT_RD}, {"receive", SHUT_RD}, {"SHUT_WR", SHUT_WR},
                 {"send", SHUT_WR},    {"w", SHUT_WR}, {"RW", SHUT_RDWR},    {"what", SHUT_RDWR}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(BY_NAME(symbol_shutdown, cases[i].name), cases[i].how, "%s", cases[i].name);
    cr_assert_eq(BY_NUMBER(symbol_shutdown, 0), SHUT_RD);
    cr_assert_eq(BY_NUMBER(symbol_shutdown, 1), SHUT_WR);
    cr_assert_eq(BY_NUMBER(symbol_shutdown, 77), SHUT_RDWR);
    cr_assert_eq(symbol_shutdown(&absent), SHUT_RDWR);
}

Test(symbols, flags_in_every_form)
{
    struct writer writer;
    cr_assert_eq(symbol_flags(&absent), 0);
    cr_assert_eq(BY_NAME(symbol_flags, "MSG_PEEK"), MSG_PEEK);
    cr_assert_eq(BY_NAME(symbol_flags, "OOB"), MSG_OOB);
    cr_assert_eq(BY_NAME(symbol_flags, "MSG_NONSENSE"), -EINVAL);
    cr_assert_eq(BY_NUMBER(symbol_flags, MSG_PEEK | MSG_DONTWAIT), MSG_PEEK | MSG_DONTWAIT);
    cr_assert_eq(BY_NUMBER(symbol_flags, -1), -EINVAL);
    cr_assert_eq(BY_NUMBER(symbol_flags, MSG_ZEROCOPY), -EINVAL);
    writer_init_heap(&writer, 1000);
    writer_text(&writer, "MSG_PEEK");
    writer_text(&writer, "DONTWAIT");
    writer_text(&writer, "PECK");
    struct arg list = {.kind = ARG_LIST};
    list.list.value = view_of(writer.data, writer.size);
    list.list.count = 2;
    cr_assert_eq(symbol_flags(&list), MSG_PEEK | MSG_DONTWAIT);
    list.list.count = 3;
    cr_assert_eq(symbol_flags(&list), -EINVAL);
    writer_free_heap(&writer);
}

Test(symbols, flags_of_look_ups)
{
    cr_assert_eq(symbol_lookup_flags(&absent), 0);
    cr_assert_eq(BY_NAME(symbol_lookup_flags, "AI_PASSIVE"), AI_PASSIVE);
    cr_assert_eq(BY_NAME(symbol_lookup_flags, "CANONNAME"), AI_CANONNAME);
    cr_assert_eq(BY_NAME(symbol_lookup_flags, "MSG_PEEK"), -EINVAL);
    cr_assert_eq(BY_NUMBER(symbol_lookup_flags, 1 << 30), -EINVAL);
}

Test(symbols, levels_and_events)
{
    cr_assert_eq(BY_NAME(symbol_level, "SOL_SOCKET"), SOL_SOCKET);
    cr_assert_eq(BY_NAME(symbol_level, "tcp"), IPPROTO_TCP);
    cr_assert_eq(BY_NAME(symbol_level, "SOL_NOTHING"), -EPROTOTYPE);
    cr_assert_eq(BY_NUMBER(symbol_level, 41), 41);
    cr_assert_eq(BY_NAME(symbol_events, "r"), LOOP_READ);
    cr_assert_eq(BY_NAME(symbol_events, "W"), LOOP_WRITE);
    cr_assert_eq(BY_NAME(symbol_events, "Wr"), LOOP_READ | LOOP_WRITE);
    cr_assert_eq(BY_NUMBER(symbol_events, 2), LOOP_WRITE);
}

Test(symbols, texts_that_fit)
{
    char room[4];
    const struct arg_bytes three = {"abc", 3}, four = {"abcd", 4}, zero = {"a\0", 2};
    cr_assert(symbol_text(&three, room, sizeof room));
    cr_assert_str_eq(room, "abc");
    cr_assert_not(symbol_text(&four, room, sizeof room));
    cr_assert_not(symbol_text(&zero, room, sizeof room));
}
