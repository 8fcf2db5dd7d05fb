/* The table of options: its names lead to the kernel's numbers, and it has each once. */
#include "net/option.h"

#include <criterion/criterion.h>
#include <string.h>

Test(option_table, levels_have_many_spellings)
{
    static const char *const socket_names[] = {"SOL_SOCKET", "socket", "SOCKET"};
    static const char *const tcp_names[] = {"IPPROTO_TCP", "SOL_TCP", "tcp", "TCP"};
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(option_level(socket_names[i]), SOL_SOCKET);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(option_level(tcp_names[i]), IPPROTO_TCP);
    cr_assert_eq(option_level("ip"), IPPROTO_IP);
    cr_assert_eq(option_level("ipv6"), IPPROTO_IPV6);
    cr_assert_eq(option_level("no-such-level"), -1);
    cr_assert_eq(option_level(""), -1);
}

Test(option_table, every_option_is_found_by_name_and_by_number)
{
    for (size_t i = 0; i < options_count; i++) {
        const struct option *option = &options_all[i];
        cr_assert_eq(option_find(option->level, option->name), option, "%s", option->name);
        cr_assert_eq(option_find_number(option->level, option->number), option, "%s", option->name);
    }
}

Test(option_table, what_is_not_in_it_is_not_found)
{
    cr_assert_null(option_find(SOL_SOCKET, "SO_NONSENSE"));
    cr_assert_null(option_find(IPPROTO_TCP, "SO_KEEPALIVE"));
    cr_assert_null(option_find_number(SOL_SOCKET, 123456));
}

Test(option_table, what_lends_the_daemons_rights_is_marked)
{
    static const char *const privileged[] = {"SO_MARK", "SO_RCVBUFFORCE", "SO_SNDBUFFORCE",
                                             "SO_BINDTODEVICE"};
    for (size_t i = 0; i < sizeof privileged / sizeof privileged[0]; i++)
        cr_assert(option_find(SOL_SOCKET, privileged[i])->privileged, "%s", privileged[i]);
    cr_assert(option_find(IPPROTO_IP, "IP_TRANSPARENT")->privileged);
    cr_assert_not(option_find(SOL_SOCKET, "SO_KEEPALIVE")->privileged);
}
