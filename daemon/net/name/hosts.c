/* What /etc/hosts knows; see hosts.h. */
#include "net/name/hosts.h"

#include "util/cleanup.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A larger one is as good as none: its look-ups queue. */
#define HOSTS_MOST (8 << 20)

static const char blanks[] = " \t\r";

void hosts_init(struct hosts *hosts, const char *path)
{
    *hosts = (struct hosts){.path = path};
}

void hosts_deinit(struct hosts *hosts)
{
    free(hosts->text);
    hosts->text = NULL;
}

/* ---- reading ---- */

static bool is_same(const struct stat *one, const struct stat *two)
{
    return one->st_dev == two->st_dev && one->st_ino == two->st_ino &&
           one->st_size == two->st_size && one->st_mtim.tv_sec == two->st_mtim.tv_sec &&
           one->st_mtim.tv_nsec == two->st_mtim.tv_nsec;
}

/* Terminated; NULL: it cannot be read. */
static char *read_all(int fd, size_t size)
{
    CLEANUP(freep) char *text = malloc(size + 1);
    size_t length = 0;
    if (text == NULL)
        return NULL;
    for (ssize_t count; length < size; length += (size_t)count)
        if ((count = read(fd, text + length, size - length)) <= 0)
            break;
    text[length] = 0;
    return STEAL(text);
}

static void hosts_read(struct hosts *hosts)
{
    CLEANUP(close_fdp) int fd = open(hosts->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    hosts_deinit(hosts);
    hosts->status = (struct stat){0};
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > HOSTS_MOST)
        return;
    hosts->text = read_all(fd, (size_t)status.st_size);
    hosts->status = status;
}

static void hosts_refresh(struct hosts *hosts)
{
    struct stat status;
    if (stat(hosts->path, &status) < 0)
        status = (struct stat){0};
    if (hosts->text == NULL || !is_same(&status, &hosts->status))
        hosts_read(hosts);
}

/* ---- lines ---- */

/* The next word before `end`, and behind it; false: there is none. */
static bool next_word(const char **at, const char *end, const char **word, size_t *length)
{
    while (*at < end && strchr(blanks, **at) != NULL)
        (*at)++;
    *word = *at;
    while (*at < end && strchr(blanks, **at) == NULL)
        (*at)++;
    *length = (size_t)(*at - *word);
    return *length > 0;
}

struct numeric {
    int family; /* AF_UNSPEC: it is none */
    unsigned char bytes[sizeof(struct in6_addr)];
};

static struct numeric parse(const char *word, size_t length)
{
    struct numeric numeric = {.family = AF_UNSPEC};
    char text[INET6_ADDRSTRLEN];
    if (length >= sizeof text)
        return numeric;
    memcpy(text, word, length);
    text[length] = 0;
    if (inet_pton(AF_INET, text, numeric.bytes) == 1)
        numeric.family = AF_INET;
    else if (inet_pton(AF_INET6, text, numeric.bytes) == 1)
        numeric.family = AF_INET6;
    return numeric;
}

/* Calls `is` for each line's address and what stands behind it, until it agrees. */
static bool any_line(const struct hosts *hosts,
                     bool (*is)(const void *wanted, const struct numeric *address,
                                const char *names, const char *end),
                     const void *wanted)
{
    const char *line = hosts->text;
    while (line != NULL && *line != 0) {
        size_t whole = strcspn(line, "\n");
        const char *at = line, *end = line + strcspn(line, "#\n"), *word;
        size_t length;
        if (next_word(&at, end, &word, &length)) {
            struct numeric address = parse(word, length);
            if (address.family != AF_UNSPEC && is(wanted, &address, at, end))
                return true;
        }
        line += whole + (line[whole] != 0);
    }
    return false;
}

/* ---- questions ---- */

struct wanted_name {
    const char *name;
    size_t length;
    int family;
};

static bool has_name(const void *context, const struct numeric *address, const char *names,
                     const char *end)
{
    const struct wanted_name *wanted = context;
    const char *word;
    size_t length;
    if (wanted->family != AF_UNSPEC && wanted->family != address->family)
        return false;
    while (next_word(&names, end, &word, &length))
        if (length == wanted->length && strncasecmp(word, wanted->name, length) == 0)
            return true;
    return false;
}

bool hosts_have_name(struct hosts *hosts, const char *name, int family)
{
    const struct wanted_name wanted = {name, strlen(name), family};
    hosts_refresh(hosts);
    return any_line(hosts, has_name, &wanted);
}

static bool has_address(const void *context, const struct numeric *address, const char *names,
                        const char *end)
{
    const struct numeric *wanted = context;
    size_t size = address->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    (void)names, (void)end;
    return address->family == wanted->family && memcmp(address->bytes, wanted->bytes, size) == 0;
}

bool hosts_have_address(struct hosts *hosts, const struct sockaddr *address)
{
    struct numeric wanted = {.family = address->sa_family};
    if (address->sa_family == AF_INET)
        memcpy(wanted.bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
               sizeof(struct in_addr));
    else if (address->sa_family == AF_INET6)
        memcpy(wanted.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
               sizeof(struct in6_addr));
    else
        return true; /* no name service knows it */
    hosts_refresh(hosts);
    return any_line(hosts, has_address, &wanted);
}
