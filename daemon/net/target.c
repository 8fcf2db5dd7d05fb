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
        if (end == host || end[-1] != ']')
            return -EINVAL;
        host++;
        end--;
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
    size_t length = strlen(host);
    if (length > 2 && host[0] == '[' && host[length - 1] == ']')
        return target_set(out, host + 1, length - 2, port);
    return target_set(out, host, length, port);
}

void target_deinit(struct target *target)
{
    free(target->host);
    free(target->port);
    *target = (struct target){0};
}
