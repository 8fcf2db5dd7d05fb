/* setsockopt, getsockopt, linger. */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>

static struct fixture fixture;
static struct client *client;
static int64_t tcp, udp;

static void start(void)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
    tcp = client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    udp = client_int(client, "socket", "ss", "AF_INET", "SOCK_DGRAM");
}

static void stop(void)
{
    cr_assert(client_true(client, "close", "i", tcp));
    cr_assert(client_true(client, "close", "i", udp));
    client_free(client);
    fixture_stop(&fixture);
}

Test(method_option, integers_take_booleans_and_whole_numbers)
{
    start();
    cr_assert(client_true(client, "setsockopt", "isst", tcp, "SOL_SOCKET", "SO_KEEPALIVE"));
    cr_assert_eq(client_int(client, "getsockopt", "iss", tcp, "socket", "SO_KEEPALIVE"), 1);
    cr_assert(client_true(client, "setsockopt", "issd", tcp, "tcp", "TCP_KEEPIDLE", 70.0));
    cr_assert_eq(client_int(client, "getsockopt", "iii", tcp, (int64_t)6, (int64_t)4), 70);
    client_fails(client, "EINVAL", "setsockopt", "issd", tcp, "tcp", "TCP_KEEPIDLE", 0.5);
    client_fails(client, "EINVAL", "setsockopt", "issd", tcp, "tcp", "TCP_KEEPIDLE", 1e300);
    client_fails(client, "EINVAL", "setsockopt", "isss", tcp, "tcp", "TCP_KEEPIDLE", "7");
    stop();
}

Test(method_option, texts_and_groups)
{
    start();
    client_text(client, "", "getsockopt", "iss", tcp, "socket", "SO_BINDTODEVICE");
    client_fails(client, "EINVAL", "setsockopt", "issi", tcp, "tcp", "TCP_CONGESTION", (int64_t)1);
    cr_assert(client_true(client, "setsockopt", "iss[ss]", udp, "ip", "IP_ADD_MEMBERSHIP",
                          "239.1.2.3", "127.0.0.1"));
    cr_assert(client_true(client, "setsockopt", "iss[ss]", udp, "ip", "IP_DROP_MEMBERSHIP",
                          "239.1.2.3", "127.0.0.1"));
    client_fails(client, "EINVAL", "setsockopt", "iss[]", udp, "ip", "IP_ADD_MEMBERSHIP");
    client_fails(client, "EINVAL", "getsockopt", "iss", udp, "ip", "IP_ADD_MEMBERSHIP");
    stop();
}

Test(method_option, a_map_of_what_tcp_knows)
{
    start();
    struct message answer =
        client_answer(client, client_request(client, "getsockopt", "iss", tcp, "tcp", "TCP_INFO"));
    cr_assert_eq(error_number(&answer, "state"), 7, "closed");
    stop();
}

Test(method_option, what_there_is_not)
{
    start();
    client_fails(client, "EPROTOTYPE", "getsockopt", "iss", tcp, "SOL_X", "SO_TYPE");
    client_fails(client, "ENOPROTOOPT", "getsockopt", "iss", tcp, "socket", "SO_\x01");
    client_fails(client, "ENOPROTOOPT", "getsockopt", "isi", tcp, "socket", (int64_t)9999);
    client_fails(client, "EINVAL", "getsockopt", "iss", tcp, "socket", "SO_LINGER");
    client_fails(client, "EINVAL", "setsockopt", "issi", tcp, "socket", "SO_LINGER", (int64_t)1);
    client_fails(client, "EINVAL", "setsockopt", "issi", tcp, "socket", "SO_TYPE", (int64_t)1);
    cr_assert_eq(client_int(client, "errno", "i", tcp), ENOPROTOOPT, "the kernel's, of the number");
    stop();
}

Test(method_option, what_only_administrators_may_set)
{
    start();
    struct client *other = client_new_as(&fixture, 65534);
    int64_t own = client_int(other, "socket", "ss", "AF_INET", "SOCK_DGRAM");
    client_fails(other, "EPERM", "setsockopt", "issi", own, "socket", "SO_MARK", (int64_t)1);
    client_fails(other, "EPERM", "setsockopt", "isii", own, "socket", (int64_t)SO_MARK, (int64_t)1);
    client_fails(other, "EPERM", "setsockopt", "issi", own, "socket", "SO_PRIORITY", (int64_t)7);
    client_fails(other, "EPERM", "getsockopt", "isi", own, "socket", (int64_t)9999);
    client_fails(other, "EPERM", "getsockopt", "iss", tcp, "socket", "SO_TYPE");
    cr_assert(client_true(other, "setsockopt", "issi", own, "socket", "SO_PRIORITY", (int64_t)6));
    cr_assert(client_true(other, "close", "i", own));
    client_free(other);
    stop();
}

static void lingers(const char *format, bool expected, int64_t seconds, int64_t given)
{
    struct message answer =
        client_answer(client, client_request(client, "linger", format, tcp, given));
    bool active;
    int64_t number;
    uint32_t count;
    cr_assert(view_array(&answer.result, &count) && count == 2);
    cr_assert(view_bool(&answer.result, &active) && active == expected);
    cr_assert(view_int(&answer.result, &number) && number == seconds);
}

Test(method_option, linger_tells_what_it_has_set)
{
    start();
    lingers("i", false, 0, 0);
    lingers("iti", true, 5, 5);
    lingers("i", true, 5, 0);
    lingers("it", true, 0, 0);
    client_fails(client, "EINVAL", "linger", "is", tcp, "yes");
    stop();
}
