/* Who a client is, and what is the administrators' alone. */
#include "rpc/access.h"

#include "net/address.h"

#include <criterion/criterion.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct identity somebody = {.uid = 1000};
static const struct identity admin = {.uid = 0, .admin = true};

static struct identity identify(const gid_t *group)
{
    int ends[2];
    struct identity who;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(access_identify(&who, ends[0], group), 0);
    close(ends[0]);
    close(ends[1]);
    return who;
}

Test(access, the_daemons_own_user_administrates)
{
    struct identity who = identify(NULL);
    cr_assert_eq(who.uid, geteuid());
    cr_assert_eq(who.pid, getpid());
    cr_assert(who.admin);
}

/* The peer's credentials are those at the time of the connection; the daemon's own may change. */
static struct identity identify_as(uid_t uid, gid_t gid, size_t groups, const gid_t *list,
                                   const gid_t *group)
{
    int ends[2];
    struct identity who;
    cr_assert_eq(setgroups(groups, list), 0);
    cr_assert_eq(setegid(gid), 0);
    cr_assert_eq(seteuid(uid), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(seteuid(0), 0);
    cr_assert_eq(access_identify(&who, ends[0], group), 0);
    return who;
}

Test(access, members_of_the_group_administrate)
{
    if (geteuid() != 0)
        cr_skip_test("only root can be somebody else");
    gid_t group = 4242, other = 4343;
    gid_t many[200];
    for (gid_t i = 0; i < 200; i++)
        many[i] = 5000 + i;
    cr_assert_not(identify_as(1000, 1000, 0, NULL, NULL).admin);
    cr_assert_not(identify_as(1000, 1000, 1, &other, &group).admin);
    cr_assert(identify_as(1000, group, 0, NULL, &group).admin);
    cr_assert(identify_as(1000, 1000, 1, &group, &group).admin);
    cr_assert(identify_as(1000, 1000, 200, many, &many[199]).admin);
    cr_assert_not(identify_as(1000, 1000, 200, many, &group).admin);
}

Test(access, what_is_no_socket_has_no_identity)
{
    struct identity who;
    cr_assert_lt(access_identify(&who, -1, NULL), 0);
}

Test(access, raw_sockets_and_strange_domains_are_administrators)
{
    cr_assert_null(access_to_type(&somebody, AF_INET, SOCK_STREAM));
    cr_assert_null(access_to_type(&somebody, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK));
    cr_assert_null(access_to_type(&somebody, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC));
    cr_assert_not_null(access_to_type(&somebody, AF_INET, SOCK_RAW));
    cr_assert_not_null(access_to_type(&somebody, AF_INET, SOCK_RAW | SOCK_NONBLOCK));
    cr_assert_not_null(access_to_type(&somebody, AF_PACKET, SOCK_DGRAM));
    cr_assert_not_null(access_to_type(&somebody, AF_NETLINK, SOCK_DGRAM));
    cr_assert_null(access_to_type(&admin, AF_PACKET, SOCK_RAW));
}

Test(access, unix_paths_are_administrators_in_every_spelling)
{
    const char *hosts[] = {"unix/", "unix/:/tmp/x", "tcp://unix/:x"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_not_null(access_to_host(&somebody, hosts[i]));
        cr_assert_null(access_to_host(&admin, hosts[i]));
    }
    cr_assert_null(access_to_host(&somebody, "unix"));
    cr_assert_null(access_to_host(&somebody, "example.com"));
    cr_assert_null(access_to_host(&somebody, NULL));
    struct address address;
    cr_assert_eq(address_parse(&address, AF_UNSPEC, "unix/", "@name"), 0);
    cr_assert_not_null(access_to_connect(&somebody, &address));
    cr_assert_not_null(access_to_bind(&somebody, &address));
    cr_assert_null(access_to_bind(&admin, &address));
}

Test(access, low_ports_are_administrators)
{
    struct address address;
    static const struct {
        const char *host, *port;
        bool free;
    } cases[] = {{"127.0.0.1", "80", false},
                 {"::1", "1023", false},
                 {"127.0.0.1", "0", true},
                 {"::1", "1024", true},
                 {"127.0.0.1", "65535", true}};
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(address_parse(&address, AF_UNSPEC, cases[i].host, cases[i].port), 0);
        cr_assert_eq(access_to_bind(&somebody, &address) == NULL, cases[i].free);
        cr_assert_null(access_to_connect(&somebody, &address));
        cr_assert_null(access_to_bind(&admin, &address));
    }
}
