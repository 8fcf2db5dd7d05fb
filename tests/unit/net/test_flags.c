/* The names of flags and constants. */
#include "net/flags.h"

#include <criterion/criterion.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

Test(flags, known_names_have_their_numbers)
{
    cr_assert_eq(named_number(message_flags, "MSG_PEEK"), MSG_PEEK);
    cr_assert_eq(named_number(message_flags, "MSG_WAITALL"), MSG_WAITALL);
    cr_assert_eq(named_number(lookup_flags, "AI_PASSIVE"), AI_PASSIVE);
    cr_assert_eq(named_number(socket_domains, "AF_INET6"), AF_INET6);
    cr_assert_eq(named_number(socket_domains, "PF_UNIX"), AF_UNIX);
    cr_assert_eq(named_number(socket_types, "SOCK_SEQPACKET"), SOCK_SEQPACKET);
}

Test(flags, unknown_names_have_none)
{
    cr_assert_eq(named_number(message_flags, "PEEK"), -1);
    cr_assert_eq(named_number(message_flags, ""), -1);
    cr_assert_eq(named_number(lookup_flags, "MSG_PEEK"), -1);
}

static void has_no_name_twice(const struct named_number *table)
{
    for (const struct named_number *first = table; first->name != NULL; first++)
        for (const struct named_number *second = first + 1; second->name != NULL; second++)
            cr_assert_str_neq(first->name, second->name);
}

Test(flags, no_table_has_a_name_twice)
{
    has_no_name_twice(message_flags);
    has_no_name_twice(lookup_flags);
    has_no_name_twice(socket_domains);
    has_no_name_twice(socket_types);
}
