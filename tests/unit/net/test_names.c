/* The names of families, types and protocols. */
#include "net/address.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

Test(names, families_have_both_spellings)
{
    cr_assert_eq(address_family("AF_INET"), AF_INET);
    cr_assert_eq(address_family("PF_INET"), AF_INET);
    cr_assert_eq(address_family("AF_INET6"), AF_INET6);
    cr_assert_eq(address_family("AF_UNIX"), AF_UNIX);
    cr_assert_eq(address_family("AF_LOCAL"), AF_UNIX);
    cr_assert_eq(address_family("PF_VSOCK"), AF_VSOCK);
}

Test(names, an_unknown_family_is_none)
{
    static const char *const unknown[] = {"INET", "AF_",     "AF_INET7", "af_inet",
                                          "",     "XF_INET", "AF"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        cr_assert_eq(address_family(unknown[i]), -1, "%s", unknown[i]);
}

Test(names, a_familys_name_leads_back_to_it)
{
    int known = 0;
    for (int family = 0; family < 100; family++) {
        const char *name = address_family_name(family);
        if (name == NULL)
            continue;
        cr_assert_eq(address_family(name), family, "%s", name);
        known++;
    }
    cr_assert_geq(known, 4);
    cr_assert_str_eq(address_family_name(AF_UNIX), "AF_UNIX");
    cr_assert_null(address_family_name(-1));
    cr_assert_null(address_family_name(1000000));
}

Test(names, types_lead_back_to_themselves)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_RDM};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        cr_assert_eq(address_type(address_type_name(types[i])), types[i]);
    cr_assert_str_eq(address_type_name(SOCK_STREAM), "SOCK_STREAM");
    cr_assert_null(address_type_name(99));
    cr_assert_eq(address_type("STREAM"), -1);
    cr_assert_eq(address_type(""), -1);
}

Test(names, protocols_by_name)
{
    cr_assert_eq(address_protocol("tcp"), IPPROTO_TCP);
    cr_assert_eq(address_protocol("udp"), IPPROTO_UDP);
    cr_assert_eq(address_protocol("ip"), IPPROTO_IP);
    cr_assert_eq(address_protocol("no-such-protocol"), -1);
    cr_assert_eq(address_protocol(""), -1);
}

Test(names, protocols_by_number)
{
    char name[16];
    cr_assert_str_eq(address_protocol_name(IPPROTO_TCP, name), "tcp");
    cr_assert_str_eq(address_protocol_name(IPPROTO_UDP, name), "udp");
    cr_assert_str_eq(address_protocol_name(253, name), "253");
    cr_assert_str_eq(address_protocol_name(-1, name), "-1");
}
