/* Addresses from text and back. */
#include "net/address.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the address looks like as text; "-EINVAL" and so on for a refusal. */
static const char *parsed(int family, const char *host, const char *port)
{
    static char text[ADDRESS_STRING_MAX];
    struct address address;
    int error = address_parse(&address, family, host, port);
    if (error == -EINVAL)
        return "EINVAL";
    if (error == -ENOBUFS)
        return "ENOBUFS";
    cr_assert_eq(error, 0);
    return address_string(&address, text);
}

Test(address, numeric_hosts_and_ports)
{
    static const struct {
        int family;
        const char *host, *port, *expected;
    } cases[] = {
        {AF_UNSPEC, "127.0.0.1", "80", "127.0.0.1:80"},
        {AF_INET, "127.0.0.1", "0", "127.0.0.1:0"},
        {AF_INET, "127.0.0.1", NULL, "127.0.0.1:0"},
        {AF_UNSPEC, "::1", "65535", "[::1]:65535"},
        {AF_INET6, "[::1]", "1", "[::1]:1"},
        {AF_UNSPEC, "[2001:db8::1]", "1", "[2001:db8::1]:1"},
        {AF_INET6, "127.0.0.1", "80", "[::ffff:127.0.0.1]:80"},
        {AF_UNSPEC, NULL, "80", "0.0.0.0:80"},
        {AF_INET, NULL, "80", "0.0.0.0:80"},
        {AF_INET6, NULL, "80", "[::]:80"},
        {AF_UNSPEC, "127.0.0.1", "http", "127.0.0.1:80"},
        {AF_UNSPEC, "127.0.0.1", "0000000080", "127.0.0.1:80"},
        {AF_UNSPEC, "fe80::1%1", "80", "[fe80::1%lo]:80"},
        {AF_UNSPEC, "fe80::1%lo", "80", "[fe80::1%lo]:80"},
        {AF_UNSPEC, "unix/", "/run/s", "unix/:/run/s"},
        {AF_UNIX, "unix/", "@name", "unix/:@name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(parsed(cases[i].family, cases[i].host, cases[i].port), cases[i].expected);
}

Test(address, what_is_none_is_refused)
{
    static const struct {
        int family;
        const char *host, *port;
    } cases[] = {
        {AF_UNSPEC, "localhost", "80"},
        {AF_UNSPEC, "", "80"},
        {AF_UNSPEC, "1", "80"},
        {AF_UNSPEC, "127.1", "80"},
        {AF_UNSPEC, "256.0.0.1", "80"},
        {AF_UNSPEC, "127.0.0.1", "65536"},
        {AF_UNSPEC, "127.0.0.1", "99999999"},
        {AF_UNSPEC, "127.0.0.1", "85616"},
        {AF_UNSPEC, "127.0.0.1", "99999999999999999999"},
        {AF_UNSPEC, "127.0.0.1", "-1"},
        {AF_UNSPEC, "127.0.0.1", "-0"},
        {AF_UNSPEC, "127.0.0.1", "+80"},
        {AF_UNSPEC, "127.0.0.1", " 80"},
        {AF_UNSPEC, "127.0.0.1", "80 "},
        {AF_UNSPEC, "127.0.0.1", "1.5"},
        {AF_UNSPEC, "127.0.0.1", "0x50"},
        {AF_UNSPEC, "127.0.0.1", ""},
        {AF_UNSPEC, "127.0.0.1", "8 0"},
        {AF_UNSPEC, "127.0.0.1", "no-such-service"},
        {AF_INET, "::1", "80"},
        {AF_INET, "unix/", "/run/s"},
        {AF_UNIX, "127.0.0.1", "80"},
        {AF_UNIX, NULL, "80"},
        {AF_UNSPEC, "unix/", NULL},
        {AF_UNSPEC, "unix/", ""},
        {AF_UNSPEC, "[::1", "80"},
        {AF_UNSPEC, "::1]", "80"},
        {AF_UNSPEC, "[127.0.0.1]", "80"},
        {AF_UNSPEC, "[]", "80"},
        {AF_UNSPEC, "fe80::1%", "80"},
        {AF_UNSPEC, "fe80::1%no-such-if", "80"},
        {AF_UNSPEC, "fe80::1%0", "80"},
        {AF_UNSPEC, "fe80::1%4294967297", "80"},
        {AF_UNSPEC, "fe80::1%-1", "80"},
        {AF_PACKET, "127.0.0.1", "80"},
        {AF_UNSPEC, "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee", "80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(parsed(cases[i].family, cases[i].host, cases[i].port), "EINVAL", "%s %s",
                         cases[i].host, cases[i].port);
}

Test(address, the_longest_path_that_fits_fits)
{
    char path[200], expected[210];
    memset(path, 'p', sizeof path);
    path[107] = '\0';
    snprintf(expected, sizeof expected, "unix/:%s", path);
    cr_assert_str_eq(parsed(AF_UNIX, "unix/", path), expected);
    path[107] = 'p';
    path[108] = '\0';
    cr_assert_str_eq(parsed(AF_UNIX, "unix/", path), "ENOBUFS");
}

Test(address, an_abstract_name_may_fill_all_of_the_path)
{
    char name[200], expected[210];
    memset(name, 'n', sizeof name);
    name[0] = '@';
    name[108] = '\0';
    snprintf(expected, sizeof expected, "unix/:%s", name);
    cr_assert_str_eq(parsed(AF_UNIX, "unix/", name), expected);
    name[108] = 'n';
    name[109] = '\0';
    cr_assert_str_eq(parsed(AF_UNIX, "unix/", name), "ENOBUFS");
}

Test(address, hosts_for_others_to_look_up_are_normal)
{
    static const struct {
        const char *host;
        int result;
        const char *normal;
    } cases[] = {
        {"localhost", 0, ""},
        {"127.0.0.1", 0, ""},
        {"0", 0, ""},
        {"[::1]", 1, "::1"},
        {"0:0:0::1", 1, "::1"},
        {"fe80::1%lo", 1, "fe80::1%1"},
        {"[fe80::1%1]", 1, "fe80::1%1"},
        {"127.1", -EINVAL, ""},
        {"0x7f000001", -EINVAL, ""},
        {"010.0.0.1", -EINVAL, ""},
        {"[localhost]", -EINVAL, ""},
        {"::1::", -EINVAL, ""},
        {"::1%", -EINVAL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char normal[ADDRESS_HOST_MAX] = "";
        cr_expect_eq(address_normalize_host(cases[i].host, normal), cases[i].result, "%s",
                     cases[i].host);
        cr_expect_str_eq(normal, cases[i].normal, "%s", cases[i].host);
    }
}

/* The kernel fills all of sun_path when a path of 108 bytes was bound, with no zero behind it. */
Test(address, a_path_without_a_terminator_is_shown_whole)
{
    struct address address;
    struct address_text text;
    struct sockaddr_un from = {.sun_family = AF_UNIX};
    memset(from.sun_path, 'p', sizeof from.sun_path);
    address_set(&address, (struct sockaddr *)&from, sizeof from);
    address_format(&address, &text);
    cr_assert_eq(strlen(text.path), sizeof from.sun_path);
    cr_assert_eq(text.port, -1);
}

Test(address, an_abstract_name_is_the_kernels)
{
    struct address address, found;
    struct address_text text;
    char name[64], shown[ADDRESS_STRING_MAX];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(name, sizeof name, "@sockd-test-%d", (int)getpid());
    cr_assert_eq(address_parse(&address, AF_UNIX, "unix/", name), 0);
    cr_assert_eq(bind(fd, &address.any, address.length), 0);
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&from, &length), 0);
    address_set(&found, (struct sockaddr *)&from, length);
    address_format(&found, &text);
    cr_assert_str_eq(text.path, name);
    cr_assert_str_eq(address_string(&found, shown), address_string(&address, (char[192]){0}));
    close(fd);
}

Test(address, zero_bytes_in_an_abstract_name_do_not_cut_it)
{
    struct address address;
    struct address_text text;
    struct sockaddr_un from = {.sun_family = AF_UNIX, .sun_path = "\0a\0b"};
    address_set(&address, (struct sockaddr *)&from, sizeof(sa_family_t) + 4);
    address_format(&address, &text);
    cr_assert_str_eq(text.path, "@a@b");
}

Test(address, an_unnamed_socket_has_an_empty_path)
{
    struct address address;
    struct address_text text;
    sa_family_t family = AF_UNIX;
    address_set(&address, (struct sockaddr *)&family, sizeof family);
    address_format(&address, &text);
    cr_assert_str_eq(text.host, "unix/");
    cr_assert_str_eq(text.path, "");
    cr_assert_eq(text.port, -1);
}

Test(address, host_and_port_are_told_apart)
{
    struct address address;
    struct address_text text;
    cr_assert_eq(address_parse(&address, AF_UNSPEC, "192.0.2.7", "443"), 0);
    address_format(&address, &text);
    cr_assert_str_eq(text.host, "192.0.2.7");
    cr_assert_eq(text.port, 443);
    cr_assert_str_eq(text.path, "");
    cr_assert_eq(address.length, sizeof(struct sockaddr_in));
    cr_assert_eq(ntohs(address.in.sin_port), 443);
}

Test(address, a_scope_without_a_name_is_shown_as_a_number)
{
    cr_assert_str_eq(parsed(AF_UNSPEC, "fe80::1%4000000", "80"), "[fe80::1%4000000]:80");
}

Test(address, none_and_unknown_families_are_empty)
{
    struct address_text text;
    address_format(&(struct address){0}, &text);
    cr_assert_str_eq(text.host, "");
    struct address address = {.length = 12, .family = AF_NETLINK};
    address_format(&address, &text);
    cr_assert_str_eq(text.host, "");
    cr_assert_eq(text.port, 0);
}

Test(address, more_than_fits_is_cut)
{
    struct sockaddr_storage from = {.ss_family = AF_UNIX};
    memset((char *)&from + 2, 'x', sizeof from - 2);
    struct address address;
    struct address_text text;
    address_set(&address, (struct sockaddr *)&from, sizeof from);
    cr_assert_leq(address.length, sizeof address);
    address_format(&address, &text);
    cr_assert_lt(strlen(text.path), sizeof text.path);
}

Test(address, packed_ones_come_back)
{
    static const struct {
        int family;
        const char *host, *port;
        size_t size;
    } cases[] = {
        {AF_UNSPEC, "192.0.2.7", "443", 8},
        {AF_UNSPEC, "fe80::1%1", "65535", 28},
        {AF_UNSPEC, "unix/", "@name", 2 + 5},
        {AF_UNSPEC, "unix/", "/run/s", 2 + 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t packed[ADDRESS_PACKED_MAX];
        struct address address, back;
        cr_assert_eq(address_parse(&address, cases[i].family, cases[i].host, cases[i].port), 0);
        cr_assert_eq(address_packed_size(&address), cases[i].size, "case %zu: %zu", i,
                     address_packed_size(&address));
        address_pack(&address, packed);
        cr_assert_eq(address_size_of_packed(packed), cases[i].size);
        address_unpack(&back, packed);
        cr_assert_eq(back.length, address.length);
        cr_assert_eq(memcmp(&back.any, &address.any, address.length), 0);
    }
}

Test(address, packed_ones_may_be_none_unnamed_or_as_long_as_can_be)
{
    uint8_t packed[ADDRESS_PACKED_MAX];
    struct address back, unnamed = {.length = sizeof(sa_family_t), .family = AF_UNIX};
    struct address longest = {.length = sizeof longest.un, .family = AF_UNIX};
    memset(longest.un.sun_path, 'x', sizeof longest.un.sun_path);
    address_pack(&(struct address){0}, packed);
    address_unpack(&back, packed);
    cr_assert_eq(back.length, 0);
    address_pack(&unnamed, packed);
    address_unpack(&back, packed);
    cr_assert_eq(back.length, unnamed.length);
    cr_assert_eq(back.family, AF_UNIX);
    cr_assert_leq(address_packed_size(&longest), sizeof packed);
    address_pack(&longest, packed);
    address_unpack(&back, packed);
    cr_assert_eq(back.length, longest.length);
    cr_assert_eq(memcmp(&back.any, &longest.any, longest.length), 0);
}
