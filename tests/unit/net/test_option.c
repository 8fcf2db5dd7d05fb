/* Socket options with values of natural types. */
#include "net_peers.h"

#include "net/option.h"

#include <math.h>

TestSuite(option, .init = fixture_up, .fini = fixture_down);

static struct sock *fresh(int domain, int type)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, domain, type, 0, 0, &sock), 0);
    return sock;
}

static const struct option *named(const char *level, const char *name)
{
    const struct option *option = option_find(option_level(level), name);
    cr_assert_not_null(option, "%s", name);
    return option;
}

static int64_t integer(struct sock *sock, const char *level, const char *name)
{
    struct option_value value;
    cr_assert_eq(sock_get_option(sock, named(level, name), &value), 0, "%s", name);
    return value.integer;
}

static int set_integer(struct sock *sock, const char *level, const char *name, int64_t number)
{
    struct option_value value = {.integer = number};
    return sock_set_option(sock, named(level, name), &value);
}

Test(option, integers)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    static const char *const names[] = {"SO_KEEPALIVE", "SO_REUSEADDR", "SO_REUSEPORT",
                                        "SO_OOBINLINE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_assert_eq(integer(sock, "socket", names[i]), 0);
        cr_assert_eq(set_integer(sock, "socket", names[i], 1), 0);
        cr_assert_eq(integer(sock, "socket", names[i]), 1);
    }
    cr_assert_eq(set_integer(sock, "tcp", "TCP_NODELAY", 1), 0);
    cr_assert_eq(integer(sock, "tcp", "TCP_NODELAY"), 1);
    cr_assert_eq(set_integer(sock, "ip", "IP_TTL", 33), 0);
    cr_assert_eq(integer(sock, "ip", "IP_TTL"), 33);
    sock_unref(sock);
}

/* Some of IP's are a byte in the kernel. */
Test(option, bytes_are_integers_too)
{
    struct sock *sock = fresh(AF_INET, SOCK_DGRAM);
    cr_assert_eq(set_integer(sock, "ip", "IP_MULTICAST_TTL", 200), 0);
    cr_assert_eq(integer(sock, "ip", "IP_MULTICAST_TTL"), 200);
    sock_unref(sock);
}

Test(option, an_integer_that_fits_no_int_is_refused)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(set_integer(sock, "socket", "SO_KEEPALIVE", INT64_MAX), -EINVAL);
    cr_assert_eq(set_integer(sock, "socket", "SO_KEEPALIVE", INT64_MIN), -EINVAL);
    cr_assert_eq(sock_errno(sock), EINVAL);
    sock_unref(sock);
}

Test(option, what_may_only_be_got)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(integer(sock, "socket", "SO_TYPE"), SOCK_STREAM);
    cr_assert_eq(integer(sock, "socket", "SO_DOMAIN"), AF_INET);
    cr_assert_eq(integer(sock, "socket", "SO_PROTOCOL"), IPPROTO_TCP);
    cr_assert_eq(set_integer(sock, "socket", "SO_TYPE", 1), -EPERM);
    sock_unref(sock);
}

static int set_seconds(struct sock *sock, const char *name, double seconds)
{
    struct option_value value = {.seconds = seconds};
    return sock_set_option(sock, named("socket", name), &value);
}

Test(option, timeouts_are_seconds)
{
    struct option_value value;
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(set_seconds(sock, "SO_RCVTIMEO", 1.5), 0);
    cr_assert_eq(sock_get_option(sock, named("socket", "SO_RCVTIMEO"), &value), 0);
    cr_assert_float_eq(value.seconds, 1.5, 0.02);
    cr_assert_eq(set_seconds(sock, "SO_SNDTIMEO", 0), 0);
    cr_assert_eq(set_seconds(sock, "SO_SNDTIMEO", INFINITY), 0);
    cr_assert_eq(sock_get_option(sock, named("socket", "SO_SNDTIMEO"), &value), 0);
    cr_assert_eq(value.seconds, 0);
    cr_assert_eq(set_seconds(sock, "SO_SNDTIMEO", -1), -EDOM);
    cr_assert_eq(set_seconds(sock, "SO_SNDTIMEO", NAN), -EDOM);
    sock_unref(sock);
}

Test(option, texts)
{
    struct option_value value = {.text = "reno"};
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(sock_set_option(sock, named("tcp", "TCP_CONGESTION"), &value), 0);
    cr_assert_eq(sock_get_option(sock, named("tcp", "TCP_CONGESTION"), &value), 0);
    cr_assert_str_eq(value.text, "reno");
    strcpy(value.text, "no-such-control");
    cr_assert_lt(sock_set_option(sock, named("tcp", "TCP_CONGESTION"), &value), 0);
    sock_unref(sock);
}

Test(option, the_peers_credentials)
{
    struct pair pair;
    struct option_value value;
    pair_open(&pair, PAIR_UNIX);
    cr_assert_eq(sock_get_option(pair.sock, named("socket", "SO_PEERCRED"), &value), 0);
    cr_assert_eq(value.credentials.pid, getpid());
    cr_assert_eq(value.credentials.uid, getuid());
    cr_assert_eq(sock_set_option(pair.sock, named("socket", "SO_PEERCRED"), &value), -EPERM);
    pair_close(&pair);
}

Test(option, what_the_kernel_knows_of_a_connection)
{
    struct pair pair;
    struct option_value value;
    pair_open(&pair, PAIR_TCP);
    cr_assert_eq(sock_get_option(pair.sock, named("tcp", "TCP_INFO"), &value), 0);
    cr_assert_eq(value.tcp_info.tcpi_state, 1 /* TCP_ESTABLISHED */);
    pair_close(&pair);
}

Test(option, linger_has_calls_of_its_own)
{
    bool active;
    int seconds;
    struct option_value value = {.integer = 1};
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(sock_set_linger(sock, true, 7), 0);
    cr_assert_eq(sock_get_linger(sock, &active, &seconds), 0);
    cr_assert(active && seconds == 7);
    cr_assert_eq(sock_set_option(sock, named("socket", "SO_LINGER"), &value), -EPERM);
    cr_assert_eq(sock_get_option(sock, named("socket", "SO_LINGER"), &value), -EPERM);
    sock_unref(sock);
}

Test(option, multicast_groups)
{
    struct option_value value = {.group = {.address = "224.0.0.251", .interface = "lo"}};
    struct sock *sock = fresh(AF_INET, SOCK_DGRAM);
    cr_assert_eq(sock_set_option(sock, named("ip", "IP_ADD_MEMBERSHIP"), &value), 0);
    cr_assert_eq(sock_set_option(sock, named("ip", "IP_ADD_MEMBERSHIP"), &value), -EADDRINUSE);
    cr_assert_eq(sock_set_option(sock, named("ip", "IP_DROP_MEMBERSHIP"), &value), 0);
    strcpy(value.group.interface, "no-such-if");
    cr_assert_eq(sock_set_option(sock, named("ip", "IP_ADD_MEMBERSHIP"), &value), -ENODEV);
    strcpy(value.group.address, "no address");
    cr_assert_eq(sock_set_option(sock, named("ip", "IP_ADD_MEMBERSHIP"), &value), -EINVAL);
    cr_assert_eq(sock_get_option(sock, named("ip", "IP_ADD_MEMBERSHIP"), &value), -EPERM);
    sock_unref(sock);
}

Test(option, multicast_groups_of_ipv6)
{
    struct option_value value = {.group = {.address = "ff02::fb", .interface = "lo"}};
    struct sock *sock = fresh(AF_INET6, SOCK_DGRAM);
    cr_assert_eq(sock_set_option(sock, named("ipv6", "IPV6_JOIN_GROUP"), &value), 0);
    cr_assert_eq(sock_set_option(sock, named("ipv6", "IPV6_LEAVE_GROUP"), &value), 0);
    strcpy(value.group.interface, "no-such-if");
    cr_assert_eq(sock_set_option(sock, named("ipv6", "IPV6_JOIN_GROUP"), &value), -ENODEV);
    strcpy(value.group.address, "224.0.0.251");
    cr_assert_eq(sock_set_option(sock, named("ipv6", "IPV6_JOIN_GROUP"), &value), -EINVAL);
    sock_unref(sock);
}

Test(option, the_interface_of_multicast)
{
    struct sock *four = fresh(AF_INET, SOCK_DGRAM), *six = fresh(AF_INET6, SOCK_DGRAM);
    cr_assert_eq(set_integer(four, "ip", "IP_MULTICAST_IF", 1), 0);
    cr_assert_eq(set_integer(six, "ipv6", "IPV6_MULTICAST_IF", 1), 0);
    cr_assert_eq(integer(six, "ipv6", "IPV6_MULTICAST_IF"), 1);
    cr_assert_eq(set_integer(four, "ip", "IP_MULTICAST_IF", -1), -EINVAL);
    cr_assert_lt(set_integer(four, "ip", "IP_MULTICAST_IF", 1 << 30), 0);
    sock_unref(four);
    sock_unref(six);
}

Test(option, a_closed_socket_has_none)
{
    struct option_value value;
    bool active;
    int seconds;
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    fixture_close(sock);
    cr_assert_eq(sock_get_option(sock, named("socket", "SO_TYPE"), &value), -EBADF);
    cr_assert_eq(set_integer(sock, "socket", "SO_KEEPALIVE", 1), -EBADF);
    cr_assert_eq(sock_get_linger(sock, &active, &seconds), -EBADF);
    cr_assert_eq(sock_set_linger(sock, true, 1), -EBADF);
    sock_unref(sock);
}
