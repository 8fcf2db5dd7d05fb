/*
 * Getting and setting socket options. See option.h.
 *
 * SO_RCVTIMEO and SO_SNDTIMEO mean nothing to a descriptor that never blocks: the kernel keeps
 * them for whoever asks, the engine honours the copy in the socket.
 */
#include "net/option.h"

#include "base/numeral.h"
#include "net/net_private.h"

#include <arpa/inet.h>
#include <limits.h>
#include <math.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define OPTION_YEAR (365.0 * 24 * 3600)

static int option_get(const struct sock *sock, const struct option *option, void *value,
                      socklen_t *length)
{
    return getsockopt(sock->fd, option->level, option->number, value, length) < 0 ? -errno : 0;
}

static int option_set(const struct sock *sock, const struct option *option, const void *value,
                      socklen_t length)
{
    return setsockopt(sock->fd, option->level, option->number, value, length) < 0 ? -errno : 0;
}

/* ---- types ---- */

static int get_integer(struct sock *sock, const struct option *option, struct option_value *out)
{
    int value = 0;
    socklen_t length = sizeof(value);
    int error = option_get(sock, option, &value, &length);
    /* some options of IP are a byte */
    out->integer = length == 1 ? *(unsigned char *)&value : value;
    if (option->level == SOL_SOCKET && option->number == SO_ERROR && out->integer == 0)
        out->integer = -sock_take_kept_error(sock);
    return error;
}

static int set_integer(struct sock *sock, const struct option *option,
                       const struct option_value *value)
{
    if (value->integer < INT32_MIN || value->integer > UINT32_MAX)
        return -EINVAL;
    int number = (int)value->integer;
    return option_set(sock, option, &number, sizeof(number));
}

static int get_seconds(struct sock *sock, const struct option *option, struct option_value *out)
{
    struct timeval value = {0};
    socklen_t length = sizeof(value);
    int error = option_get(sock, option, &value, &length);
    out->seconds = (double)value.tv_sec + (double)value.tv_usec / 1e6;
    return error;
}

static int set_seconds(struct sock *sock, const struct option *option,
                       const struct option_value *value)
{
    double seconds = value->seconds;
    if (isnan(seconds) || seconds < 0)
        return -EDOM;
    if (seconds > OPTION_YEAR)
        seconds = 0; /* no limit */
    double whole = floor(seconds);
    struct timeval time = {(time_t)whole, (suseconds_t)((seconds - whole) * 1e6)};
    int error = sock_make_rare(sock);
    if (error == 0)
        error = option_set(sock, option, &time, sizeof(time));
    if (error < 0)
        return error;
    uint64_t limit = (uint64_t)(seconds * (double)LOOP_SECOND);
    if (option->number == SO_RCVTIMEO)
        sock->rare->receive_limit = limit;
    else
        sock->rare->send_limit = limit;
    return 0;
}

static uint64_t get_limit(struct sock *sock, int number)
{
    const struct option option = {.level = SOL_SOCKET, .number = number};
    struct option_value value;
    int error = get_seconds(sock, &option, &value);
    return error == 0 ? (uint64_t)(value.seconds * (double)LOOP_SECOND) : 0;
}

int option_take_limits(struct sock *sock)
{
    return sock_set_limits(sock, get_limit(sock, SO_RCVTIMEO), get_limit(sock, SO_SNDTIMEO));
}

static int get_text(struct sock *sock, const struct option *option, struct option_value *out)
{
    memset(out->text, 0, sizeof(out->text));
    socklen_t length = sizeof(out->text) - 1;
    return option_get(sock, option, out->text, &length);
}

static int set_text(struct sock *sock, const struct option *option,
                    const struct option_value *value)
{
    return option_set(sock, option, value->text, (socklen_t)strnlen(value->text, 63));
}

static int get_credentials(struct sock *sock, const struct option *option, struct option_value *out)
{
    socklen_t length = sizeof(out->credentials);
    return option_get(sock, option, &out->credentials, &length);
}

static int get_tcp_info(struct sock *sock, const struct option *option, struct option_value *out)
{
    memset(&out->tcp_info, 0, sizeof(out->tcp_info));
    socklen_t length = sizeof(out->tcp_info);
    return option_get(sock, option, &out->tcp_info, &length);
}

/* The index of an interface given by its name or by that index; 0: any. Negative: there is none. */
static int interface_index(const char *name)
{
    unsigned index = if_nametoindex(name);
    uint64_t number = 0;
    if (index > 0 || *name == '\0')
        return (int)index;
    return numeral_unsigned(name, INT_MAX, &number) == NUMERAL_FINE ? (int)number : -ENODEV;
}

static int set_group4(struct sock *sock, const struct option *option,
                      const struct option_value *value)
{
    struct ip_mreqn request = {0};
    if (inet_pton(AF_INET, value->group.address, &request.imr_multiaddr) != 1)
        return -EINVAL;
    if (inet_pton(AF_INET, value->group.interface, &request.imr_address) != 1) {
        int index = interface_index(value->group.interface);
        if (index < 0)
            return index;
        request.imr_ifindex = index;
    }
    return option_set(sock, option, &request, sizeof(request));
}

static int set_group6(struct sock *sock, const struct option *option,
                      const struct option_value *value)
{
    struct ipv6_mreq request = {0};
    if (inet_pton(AF_INET6, value->group.address, &request.ipv6mr_multiaddr) != 1)
        return -EINVAL;
    int index = interface_index(value->group.interface);
    if (index < 0)
        return index;
    request.ipv6mr_interface = (unsigned)index;
    return option_set(sock, option, &request, sizeof(request));
}

static int set_group(struct sock *sock, const struct option *option,
                     const struct option_value *value)
{
    return option->level == IPPROTO_IPV6 ? set_group6(sock, option, value)
                                         : set_group4(sock, option, value);
}

static int set_interface(struct sock *sock, const struct option *option,
                         const struct option_value *value)
{
    if (value->integer < 0 || value->integer > INT32_MAX)
        return -EINVAL;
    if (option->level == IPPROTO_IPV6)
        return set_integer(sock, option, value);
    struct ip_mreqn request = {.imr_ifindex = (int)value->integer};
    return option_set(sock, option, &request, sizeof(request));
}

static const struct {
    int (*get)(struct sock *sock, const struct option *option, struct option_value *out);
    int (*set)(struct sock *sock, const struct option *option, const struct option_value *value);
} accessors[] = {
    [OPTION_INTEGER] = {get_integer, set_integer},
    [OPTION_SECONDS] = {get_seconds, set_seconds},
    [OPTION_TEXT] = {get_text, set_text},
    [OPTION_CREDENTIALS] = {get_credentials, NULL},
    [OPTION_TCP_INFO] = {get_tcp_info, NULL},
    [OPTION_LINGER] = {NULL, NULL},
    [OPTION_GROUP] = {NULL, set_group},
    [OPTION_INTERFACE] = {get_integer, set_interface},
};

/* ---- the calls ---- */

int sock_get_option(struct sock *sock, const struct option *option, struct option_value *out)
{
    if (sock->fd < 0)
        return -EBADF;
    int error = sock_enter(sock);
    if (error < 0)
        return sock_record(sock, error);
    *out = (struct option_value){0};
    if (accessors[option->type].get == NULL)
        return sock_record(sock, -EPERM);
    return sock_record(sock, accessors[option->type].get(sock, option, out));
}

int sock_set_option(struct sock *sock, const struct option *option,
                    const struct option_value *value)
{
    if (sock->fd < 0)
        return -EBADF;
    int error = sock_enter(sock);
    if (error < 0)
        return sock_record(sock, error);
    if (!option->writable || accessors[option->type].set == NULL)
        return sock_record(sock, -EPERM);
    return sock_record(sock, accessors[option->type].set(sock, option, value));
}
