/*
 * System calls and allocations that fail on demand. See faults.h.
 */
#include "faults.h"

#include "net_fixture.h"
#include "util/pool.h"

#include <pthread.h>
#include <stdlib.h>

static struct {
    int steps[16];
    unsigned count, calls;
    unsigned failures; /* left; 0: for ever */
    bool counted;
} plans[FAULT_CALLS];

static unsigned allocations, failing;
static bool happened, no_pool, no_threads;

void faults_plan(enum fault_call call, const int *steps, unsigned count)
{
    cr_assert_leq(count, 16);
    memcpy(plans[call].steps, steps, count * sizeof *steps);
    plans[call].count = count;
    plans[call].calls = 0;
    plans[call].counted = false;
}

void faults_fail(enum fault_call call, int error, unsigned times)
{
    faults_plan(call, &error, 1);
    plans[call].counted = true;
    plans[call].failures = times;
}

void faults_clear(void)
{
    memset(plans, 0, sizeof plans);
    failing = 0;
    happened = no_pool = no_threads = false;
}

unsigned faults_calls(enum fault_call call)
{
    return plans[call].calls;
}

void faults_no_memory(unsigned number)
{
    allocations = 0;
    failing = number;
    happened = false;
}

bool faults_happened(void)
{
    return happened;
}

void faults_no_pool(bool none)
{
    no_pool = none;
}

void faults_no_threads(bool none)
{
    no_threads = none;
}

/* ---- system calls ---- */

static int next_step(enum fault_call call, int fd)
{
    if (plans[call].count == 0 || net == NULL || net_find_fd(net, fd) == NULL)
        return FAULT_GO;
    unsigned turn = plans[call].calls++;
    if (plans[call].counted && turn >= plans[call].failures)
        return FAULT_GO;
    return plans[call].steps[turn % plans[call].count];
}

/* True when the call fails; otherwise it may be made shorter. */
static bool fails(enum fault_call call, int fd, size_t *length)
{
    int step = next_step(call, fd);
    if (step == FAULT_ONE_BYTE && *length > 1)
        *length = 1;
    if (step <= 0)
        return false;
    errno = step;
    return true;
}

ssize_t __real_recv(int fd, void *data, size_t length, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t length, int flags);

ssize_t __wrap_recv(int fd, void *data, size_t length, int flags)
{
    return fails(FAULT_RECV, fd, &length) ? -1 : __real_recv(fd, data, length, flags);
}

ssize_t __real_recvfrom(int fd, void *data, size_t length, int flags, struct sockaddr *from,
                        socklen_t *size);
ssize_t __wrap_recvfrom(int fd, void *data, size_t length, int flags, struct sockaddr *from,
                        socklen_t *size);

ssize_t __wrap_recvfrom(int fd, void *data, size_t length, int flags, struct sockaddr *from,
                        socklen_t *size)
{
    return fails(FAULT_RECV, fd, &length) ? -1
                                          : __real_recvfrom(fd, data, length, flags, from, size);
}

ssize_t __real_send(int fd, const void *data, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t length, int flags);

ssize_t __wrap_send(int fd, const void *data, size_t length, int flags)
{
    return fails(FAULT_SEND, fd, &length) ? -1 : __real_send(fd, data, length, flags);
}

ssize_t __real_sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to,
                      socklen_t size);
ssize_t __wrap_sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to,
                      socklen_t size);

ssize_t __wrap_sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to,
                      socklen_t size)
{
    return fails(FAULT_SEND, fd, &length) ? -1 : __real_sendto(fd, data, length, flags, to, size);
}

int __real_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);

int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags)
{
    size_t length = 0;
    return fails(FAULT_ACCEPT, fd, &length) ? -1 : __real_accept4(fd, from, size, flags);
}

int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    size_t length = 0;
    return fails(FAULT_CONNECT, fd, &length) ? -1 : __real_connect(fd, to, size);
}

/* ---- memory and threads ---- */

static bool out_of_memory(void)
{
    if (failing == 0 || ++allocations != failing)
        return false;
    happened = true;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return out_of_memory() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return out_of_memory() ? NULL : __real_calloc(count, size);
}

void *__real_reallocarray(void *block, size_t count, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);

void *__wrap_reallocarray(void *block, size_t count, size_t size)
{
    return out_of_memory() ? NULL : __real_reallocarray(block, count, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text)
{
    return out_of_memory() ? NULL : __real_strdup(text);
}

char *__real_strndup(const char *text, size_t length);
char *__wrap_strndup(const char *text, size_t length);

char *__wrap_strndup(const char *text, size_t length)
{
    return out_of_memory() ? NULL : __real_strndup(text, length);
}

void *__real_pool_take(struct pool *pool, size_t size, size_t *actual);
void *__wrap_pool_take(struct pool *pool, size_t size, size_t *actual);

void *__wrap_pool_take(struct pool *pool, size_t size, size_t *actual)
{
    return no_pool || out_of_memory() ? NULL : __real_pool_take(pool, size, actual);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);

int __wrap_eventfd(unsigned count, int flags)
{
    return out_of_memory() ? -1 : __real_eventfd(count, flags);
}
