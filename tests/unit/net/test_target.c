/* Where to connect to, as a user says it. */
#include "net/target.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static void says(const char *given, const char *given_port, const char *host, const char *port)
{
    struct target target;
    cr_assert_eq(target_parse(&target, given, given_port), 0, "%s", given);
    cr_assert_str_eq(target.host, host);
    cr_assert_str_eq(target.port, port);
    target_deinit(&target);
    cr_assert_null(target.host);
}

static void is_wrong(const char *url)
{
    struct target target;
    cr_assert_eq(target_parse(&target, url, NULL), -EINVAL, "%s", url);
    cr_assert(target.host == NULL && target.port == NULL);
}

Test(target, a_host_and_a_port_are_taken_as_they_are)
{
    says("localhost", "80", "localhost", "80");
    says("::1", "http", "::1", "http");
    says("unix/", "/run/a:b", "unix/", "/run/a:b");
    says("host:1", "80", "host:1", "80");
}

Test(target, brackets_are_no_part_of_an_address)
{
    says("[::1]", "80", "::1", "80");
    says("[fe80::1%lo]", "80", "fe80::1%lo", "80");
}

Test(target, urls)
{
    says("tcp://localhost:80", NULL, "localhost", "80");
    says("localhost:80", NULL, "localhost", "80");
    says("127.0.0.1:http", NULL, "127.0.0.1", "http");
    says("[::1]:80", NULL, "::1", "80");
    says("tcp://[2001:db8::1]:443", NULL, "2001:db8::1", "443");
    says("unix/:/run/s", NULL, "unix/", "/run/s");
    says("unix/:/run/a:b", NULL, "unix/", "/run/a:b");
    says("unix/:@name", NULL, "unix/", "@name");
}

Test(target, urls_without_a_port)
{
    is_wrong("localhost");
    is_wrong("localhost:");
    is_wrong("tcp://localhost");
    is_wrong("tcp://localhost:");
    is_wrong("[::1]");
    is_wrong("[::1]:");
    is_wrong("");
    is_wrong(":");
}

Test(target, urls_that_are_ambiguous_or_broken)
{
    is_wrong("::1");
    is_wrong("::1:80");
    is_wrong("2001:db8::1:80");
    is_wrong("[::1:80");
    is_wrong("[]:80");
    is_wrong("[:80");
    is_wrong(":80");
    is_wrong("tcp://:80");
    is_wrong("[::1]x:80");
}

Test(target, other_schemes)
{
    is_wrong("http://localhost:80");
    is_wrong("udp://localhost:80");
    is_wrong("TCP://localhost:80");
    is_wrong("://localhost:80");
}

Test(target, no_host_at_all)
{
    struct target target;
    cr_assert_eq(target_parse(&target, NULL, NULL), -EINVAL);
    cr_assert_eq(target_parse(&target, NULL, "80"), -EINVAL);
}

Test(target, a_fault_names_its_argument)
{
    cr_assert_null(target_fault("localhost", "80"));
    cr_assert_null(target_fault("[::1]", "http"));
    cr_assert_null(target_fault(NULL, "0"));
    cr_assert_null(target_fault("localhost", NULL));
    cr_assert_null(target_fault("unix/", "85616"));
    cr_assert_eq(strncmp(target_fault("localhost", "85616"), "port: ", 6), 0);
    cr_assert_eq(strncmp(target_fault("localhost", ""), "port: ", 6), 0);
    cr_assert_eq(strncmp(target_fault("[::1", "80"), "host: ", 6), 0);
    cr_assert_null(target_fault_of_url("tcp://localhost:80"));
    cr_assert_null(target_fault_of_url("unix/:/run/s"));
    cr_assert_eq(strncmp(target_fault_of_url("localhost"), "host: ", 6), 0);
    cr_assert_eq(strncmp(target_fault_of_url("localhost:85616"), "port: ", 6), 0);
    cr_assert_eq(strncmp(target_fault_of_url("[::1::]:80"), "host: ", 6), 0);
}
