/* The filters of sockd.list: that their texts outlive the message. */
#include "fixture.h"

#include "rpc/method/filters.h"

#include <string.h>

static struct fixture fixture;

Test(filters, what_is_its_own_outlives_the_message)
{
    char handler[] = "echo", domain[] = "AF_INET";
    struct filters filters = {
        .owner = -1, .after = -1, .most = -1, .handler = {handler, 4}, .domain = {domain, 7}};
    cr_assert_eq(filters_own(&filters), 0);
    memset(handler, 'x', 4);
    memset(domain, 'x', 7);
    cr_assert_eq(memcmp(filters.handler.data, "echo", 4), 0);
    cr_assert_eq(memcmp(filters.domain.data, "AF_INET", 7), 0);
    cr_assert_null(filters.name.data);
    filters_free(&filters);
    filters_free(&filters);
}

Test(filters, absent_ones_match_everything)
{
    struct sock *sock;
    struct filters filters = {.owner = -1, .after = -1, .most = -1};
    fixture_start(&fixture, NULL, NULL, NULL);
    cr_assert_eq(sock_new(fixture.net, AF_INET, SOCK_STREAM, 0, 5, &sock), 0);
    cr_assert(filters_match(&filters, fixture.rpc, sock));
    filters.owner = 5;
    cr_assert(filters_match(&filters, fixture.rpc, sock));
    filters.state = (struct arg_bytes){"listening", 9};
    cr_assert_not(filters_match(&filters, fixture.rpc, sock));
    filters.state = (struct arg_bytes){0};
    filters.after = (int64_t)sock_id(sock);
    cr_assert_not(filters_match(&filters, fixture.rpc, sock));
    sock_unref(sock);
    fixture_stop(&fixture);
}
