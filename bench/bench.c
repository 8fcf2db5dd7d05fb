/* See bench.h. */
#include "bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* How long a server may take until it listens. */
enum { PATIENCE_SECONDS = 10, BACKLOG = 4096 };

void fail(int error, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (error != 0)
        fprintf(stderr, ": %s", strerror(error));
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        fail(ENOMEM, "%zu bytes", count * size);
    return memory;
}

uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

/* ---- addresses ---- */

static void endpoint_unix(struct endpoint *endpoint, const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(name.sun_path))
        fail(ENAMETOOLONG, "%s", path);
    strcpy(name.sun_path, path);
    memcpy(&endpoint->any, &name, sizeof(name));
    endpoint->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

void endpoint_parse(struct endpoint *endpoint, const char *text)
{
    char host[INET_ADDRSTRLEN];
    struct sockaddr_in name = {.sin_family = AF_INET};
    const char *colon = strrchr(text, ':');
    memset(endpoint, 0, sizeof(*endpoint));
    if (strncmp(text, "unix:", 5) == 0) {
        endpoint_unix(endpoint, text + 5);
        return;
    }
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
        fail(0, "'%s' is neither ADDRESS:PORT nor unix:PATH", text);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    name.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    if (inet_pton(AF_INET, host, &name.sin_addr) != 1)
        fail(0, "'%s' is no IPv4 address", host);
    memcpy(&endpoint->any, &name, sizeof(name));
    endpoint->length = sizeof(name);
}

static const struct sockaddr *endpoint_name(const struct endpoint *endpoint)
{
    return (const struct sockaddr *)&endpoint->any;
}

static int endpoint_socket(const struct endpoint *endpoint)
{
    int fd = socket(endpoint->any.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail(errno, "socket");
    return fd;
}

void socket_no_delay(int fd)
{
    static const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int endpoint_begin(const struct endpoint *endpoint)
{
    int fd = endpoint_socket(endpoint);
    if (connect(fd, endpoint_name(endpoint), endpoint->length) == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The outcome of a connection that has been begun, as an errno. */
static int connect_outcome(int fd)
{
    struct sockaddr_storage peer;
    int error = 0;
    for (int i = 0; i < 1000; i++) {
        socklen_t length = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0)
            return 0;
        length = sizeof(error);
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0)
            return error;
        usleep(1000);
    }
    return ETIMEDOUT;
}

int endpoint_connect(const struct endpoint *endpoint)
{
    uint64_t deadline = clock_ns() + PATIENCE_SECONDS * NANOSECONDS;
    int error = 0;
    do {
        int fd = endpoint_begin(endpoint);
        error = fd < 0 ? errno : connect_outcome(fd);
        if (fd >= 0 && error == 0) {
            socket_no_delay(fd);
            return fd;
        }
        if (fd >= 0)
            close(fd);
        usleep(20000);
    } while (clock_ns() < deadline);
    fail(error, "connect");
}

int endpoint_listen(const struct endpoint *endpoint)
{
    static const int on = 1;
    int fd = endpoint_socket(endpoint);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (endpoint->any.ss_family == AF_UNIX)
        (void)unlink(((const struct sockaddr_un *)&endpoint->any)->sun_path);
    if (bind(fd, endpoint_name(endpoint), endpoint->length) < 0 || listen(fd, BACKLOG) < 0)
        fail(errno, "listen");
    return fd;
}

/* ---- figures of a process ---- */

/* The first number in schedstat is the time on the processor, to the nanosecond. */
static uint64_t thread_cpu(pid_t pid, const char *thread)
{
    char path[64];
    unsigned long long spent = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", (int)pid, thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu", &spent) != 1)
        spent = 0;
    fclose(file);
    return spent;
}

uint64_t process_cpu(pid_t pid)
{
    char path[64];
    uint64_t sum = 0;
    if (pid == 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        fail(errno, "%s", path);
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;)
        if (entry->d_name[0] != '.')
            sum += thread_cpu(pid, entry->d_name);
    closedir(threads);
    return sum;
}

struct memory process_memory(pid_t pid)
{
    char line[128];
    unsigned long long kib;
    struct memory memory = {0};
    snprintf(line, sizeof(line), "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(line, "re");
    if (file == NULL)
        fail(errno, "%s", line);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "Private_Dirty: %llu", &kib) == 1)
            memory.private_dirty = kib;
        else if (sscanf(line, "Rss: %llu", &kib) == 1)
            memory.resident = kib;
    }
    fclose(file);
    return memory;
}
