/* Who a client is, and what is the administrators' alone. */
#include "rpc/access.h"

#include "net/address.h"
#include "net/option.h"

#include <criterion/criterion.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const struct identity somebody = {.uid = 1000};
static const struct identity admin = {.uid = 0, .admin = true};

static struct access_rules rules_of(const gid_t *admins, const gid_t *members)
{
    return (struct access_rules){
        .has_admins = admins != NULL,
        .admins = admins ? *admins : 0,
        .has_members = members != NULL,
        .members = members ? *members : 0,
    };
}

static struct identity identify(const gid_t *group)
{
    int ends[2];
    struct identity who;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct access_rules groups = rules_of(group, NULL);
    cr_assert_eq(access_identify(&who, ends[0], &groups), 0);
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
                                   const gid_t *admins, const gid_t *members)
{
    int ends[2];
    struct identity who;
    cr_assert_eq(setgroups(groups, list), 0);
    cr_assert_eq(setegid(gid), 0);
    cr_assert_eq(seteuid(uid), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(seteuid(0), 0);
    struct access_rules both = rules_of(admins, members);
    cr_assert_eq(access_identify(&who, ends[0], &both), 0);
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
    cr_assert_not(identify_as(1000, 1000, 0, NULL, NULL, NULL).admin);
    cr_assert_not(identify_as(1000, 1000, 1, &other, &group, NULL).admin);
    cr_assert(identify_as(1000, group, 0, NULL, &group, NULL).admin);
    cr_assert(identify_as(1000, 1000, 1, &group, &group, NULL).admin);
    cr_assert(identify_as(1000, 1000, 200, many, &many[199], NULL).admin);
    cr_assert_not(identify_as(1000, 1000, 200, many, &group, NULL).admin);
}

/* Members of the control socket's group administrate nothing by that. */
Test(access, members_of_the_control_sockets_group)
{
    if (geteuid() != 0)
        cr_skip_test("only root can be somebody else");
    gid_t group = 4242, other = 4343;
    struct identity who = identify_as(1000, group, 0, NULL, NULL, &group);
    cr_assert(who.member && !who.admin);
    cr_assert(identify_as(1000, 1000, 1, &group, &other, &group).member);
    cr_assert_not(identify_as(1000, 1000, 1, &other, NULL, &group).member);
    cr_assert_not(identify_as(1000, group, 0, NULL, NULL, NULL).member);
}

Test(access, the_group_of_a_control_socket)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[] = "/tmp/sockd-access-XXXXXX";
    struct stat file;
    gid_t group;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_not(access_group_of(fd, &group), "it has no file yet");
    cr_assert_not(access_group_of(-1, &group));
    cr_assert_not_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(lstat(address.sun_path, &file), 0);
    cr_assert(access_group_of(fd, &group) && group == file.st_gid);
    unlink(address.sun_path);
    rmdir(folder);
    cr_assert_not(access_group_of(fd, &group));
    close(fd);
}

Test(access, what_is_no_socket_has_no_identity)
{
    struct identity who;
    struct access_rules none = rules_of(NULL, NULL);
    cr_assert_lt(access_identify(&who, -1, &none), 0);
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

static const char *to_congestion(const struct identity *who, const char *name)
{
    struct option_value value = {0};
    const struct option *option = option_find(IPPROTO_TCP, "TCP_CONGESTION");
    snprintf(value.text, sizeof value.text, "%s", name);
    return access_to_option(who, option, &value);
}

/* The machine's list, whatever it is, and what is never in it. */
Test(access, congestion_controls_that_not_everybody_may_use_are_administrators)
{
    char first[64];
    FILE *list = fopen("/proc/sys/net/ipv4/tcp_allowed_congestion_control", "re");
    if (!list || fscanf(list, "%63s", first) != 1)
        cr_skip_test("the kernel has no list");
    fclose(list);
    cr_assert_null(to_congestion(&somebody, first));
    first[strlen(first) - 1] = 0;
    cr_assert_not_null(to_congestion(&somebody, first), "a part of a name is none");
    cr_assert_not_null(to_congestion(&somebody, ""));
    cr_assert_not_null(to_congestion(&somebody, "no_such_thing"));
    cr_assert_null(to_congestion(&admin, "no_such_thing"));
}
