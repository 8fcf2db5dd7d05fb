/*
 * Where to connect to. See target.h.
 */
#include "net/target.h"

#include "net/address.h"
#include "util/error.h"

#include <string.h>

static int target_set(struct target *out, const char *host, size_t host_length, const char *port)
{
    out->host = strndup(host, host_length);
    out->port = strdup(port);
    if (out->host != NULL && out->port != NULL)
        return 0;
    target_deinit(out);
    return -ENOMEM;
}

/* Skips "tcp://"; any other scheme is an error. */
static const char *target_skip_scheme(const char *url)
{
    const char *mark = strstr(url, "://");
    if (mark == NULL)
        return url;
    return strncmp(url, "tcp://", 6) == 0 ? url + 6 : NULL;
}

/* Skips the brackets around an IPv6 address; NULL: they are around something else. */
static const char *target_strip(const char **host, const char *end)
{
    const char *begin = *host + 1;
    if (end <= begin || end[-1] != ']' || memchr(begin, ':', (size_t)(end - begin)) == NULL)
        return NULL;
    *host = begin;
    return end - 1;
}

static int target_parse_url(struct target *out, const char *url)
{
    if (strncmp(url, ADDRESS_UNIX ":", sizeof(ADDRESS_UNIX)) == 0)
        return target_set(out, ADDRESS_UNIX, strlen(ADDRESS_UNIX), url + sizeof(ADDRESS_UNIX));
    const char *host = target_skip_scheme(url);
    if (host == NULL)
        return -EINVAL;
    const char *colon = strrchr(host, ':'), *end = colon;
    if (colon == NULL || colon[1] == '\0' || strchr(colon, ']') != NULL)
        return -EINVAL;
    if (host[0] == '[') {
        end = target_strip(&host, end);
        if (end == NULL)
            return -EINVAL;
    } else if (memchr(host, ':', (size_t)(colon - host)) != NULL) {
        return -EINVAL; /* an IPv6 address without brackets: which colon is the port's? */
    }
    if (end <= host)
        return -EINVAL;
    return target_set(out, host, (size_t)(end - host), colon + 1);
}

int target_parse(struct target *out, const char *host, const char *port)
{
    *out = (struct target){0};
    if (host == NULL)
        return -EINVAL;
    if (port == NULL)
        return target_parse_url(out, host);
    const char *end = host + strlen(host);
    if (host[0] == '[')
        end = target_strip(&host, end);
    return end != NULL ? target_set(out, host, (size_t)(end - host), port) : -EINVAL;
}

void target_deinit(struct target *target)
{
    free(target->host);
    free(target->port);
    *target = (struct target){0};
}

/* Of a host and a port, both there. */
static const char *target_fault_of(const char *host, const char *port)
{
    char normal[ADDRESS_HOST_MAX];
    if (host != NULL && strcmp(host, ADDRESS_UNIX) == 0)
        return NULL;
    if (!address_port_is_right(port))
        return "port: expected a port from 0 to 65535, or a service's name";
    if (host != NULL && address_normalize_host(host, normal) < 0)
        return "host: it is no address";
    return NULL;
}

const char *target_fault(const char *host, const char *port)
{
    return port != NULL ? target_fault_of(host, port) : NULL;
}

const char *target_fault_of_url(const char *url)
{
    struct target target;
    int error = target_parse(&target, url, NULL);
    if (error == -EINVAL)
        return "host: expected a URL such as tcp://host:port, for there is no port beside it";
    const char *fault = error == 0 ? target_fault_of(target.host, target.port) : NULL;
    target_deinit(&target);
    return fault;
}
