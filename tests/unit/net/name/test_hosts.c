/* What /etc/hosts knows. */
#include "net/name/hosts.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/sockd-hosts-XXXXXX";
static struct hosts hosts;

static void write_hosts(const char *text)
{
    char next[sizeof path + 8];
    snprintf(next, sizeof next, "%s.next", path);
    FILE *file = fopen(next, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(rename(next, path), 0);
}

static void setup(void)
{
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    hosts_init(&hosts, path);
}

static void teardown(void)
{
    hosts_deinit(&hosts);
    unlink(path);
}

TestSuite(hosts, .init = setup, .fini = teardown);

Test(hosts, names_and_aliases_are_found_in_any_case)
{
    write_hosts("127.0.0.1\tlocalhost near.example  near # far\n# 10.0.0.1 hidden\n"
                "::1 six\r\n\n  10.0.0.2 last");
    cr_assert(hosts_have_name(&hosts, "localhost", AF_UNSPEC));
    cr_assert(hosts_have_name(&hosts, "NEAR", AF_INET));
    cr_assert(hosts_have_name(&hosts, "near.example", AF_INET));
    cr_assert(hosts_have_name(&hosts, "six", AF_UNSPEC));
    cr_assert(hosts_have_name(&hosts, "last", AF_INET));
    cr_assert_not(hosts_have_name(&hosts, "far", AF_UNSPEC));
    cr_assert_not(hosts_have_name(&hosts, "hidden", AF_UNSPEC));
    cr_assert_not(hosts_have_name(&hosts, "127.0.0.1", AF_UNSPEC));
    cr_assert_not(hosts_have_name(&hosts, "nea", AF_UNSPEC));
    cr_assert_not(hosts_have_name(&hosts, "", AF_UNSPEC));
}

Test(hosts, a_name_without_an_address_of_the_family_is_for_a_name_service)
{
    write_hosts("127.0.0.1 four\n::1 six\n");
    cr_assert_not(hosts_have_name(&hosts, "four", AF_INET6));
    cr_assert_not(hosts_have_name(&hosts, "six", AF_INET));
}

Test(hosts, addresses_are_found_however_they_are_written)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    write_hosts("127.0.0.1 four\n0:0:0:0:0:0:0:1 six\n");
    cr_assert(hosts_have_address(&hosts, (struct sockaddr *)&four));
    cr_assert(hosts_have_address(&hosts, (struct sockaddr *)&six));
    four.sin_addr.s_addr = htonl(0x7f000002);
    cr_assert_not(hosts_have_address(&hosts, (struct sockaddr *)&four));
}

Test(hosts, a_file_that_changes_is_read_anew)
{
    write_hosts("127.0.0.1 one\n");
    cr_assert(hosts_have_name(&hosts, "one", AF_UNSPEC));
    write_hosts("127.0.0.1 two\n");
    cr_assert(hosts_have_name(&hosts, "two", AF_UNSPEC));
    cr_assert_not(hosts_have_name(&hosts, "one", AF_UNSPEC));
    unlink(path);
    cr_assert_not(hosts_have_name(&hosts, "two", AF_UNSPEC));
    write_hosts("127.0.0.1 one\n");
    cr_assert(hosts_have_name(&hosts, "one", AF_UNSPEC));
}

Test(hosts, what_is_no_hosts_file_knows_nothing)
{
    hosts_init(&hosts, "/dev/zero");
    cr_assert_not(hosts_have_name(&hosts, "localhost", AF_UNSPEC));
    hosts_init(&hosts, path);
    write_hosts("no address\n1.2.3 no\n\n   \n#\n:: ");
    cr_assert_not(hosts_have_name(&hosts, "no", AF_UNSPEC));
    cr_assert_not(hosts_have_name(&hosts, "address", AF_UNSPEC));
}
