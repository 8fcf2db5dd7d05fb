/*
 * A name service of the test's own. See fake_names.h.
 */
#include "fake_names.h"

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 8 };

static struct {
    const char *host, *addresses;
} names[NAMES_MAX];

static int count;
static unsigned running, most, begun;
static bool held;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);

void names_add(const char *host, const char *addresses)
{
    pthread_mutex_lock(&mutex);
    names[count].host = host;
    names[count++].addresses = addresses;
    pthread_mutex_unlock(&mutex);
}

static void hold(bool hold_them)
{
    pthread_mutex_lock(&mutex);
    held = hold_them;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&mutex);
}

void names_hold(void)
{
    hold(true);
}

void names_release(void)
{
    hold(false);
}

static unsigned locked(const unsigned *number)
{
    pthread_mutex_lock(&mutex);
    unsigned now = *number;
    pthread_mutex_unlock(&mutex);
    return now;
}

unsigned names_running(void)
{
    return locked(&running);
}

unsigned names_most(void)
{
    return locked(&most);
}

unsigned names_begun(void)
{
    return locked(&begun);
}

/* Notes it, and waits where it shall; the addresses of the name, or NULL. */
static const char *look_up(const char *host)
{
    const char *addresses = NULL;
    pthread_mutex_lock(&mutex);
    begun++;
    if (++running > most)
        most = running;
    while (held && strncmp(host, "slow", 4) == 0)
        pthread_cond_wait(&released, &mutex);
    for (int i = 0; i < count; i++)
        if (strcmp(names[i].host, host) == 0)
            addresses = names[i].addresses;
    running--;
    pthread_mutex_unlock(&mutex);
    return addresses;
}

/* The real answers for each address, in one list. */
static int answer(const char *addresses, const char *service, const struct addrinfo *hints,
                  struct addrinfo **out)
{
    char text[256];
    struct addrinfo **end = out;
    snprintf(text, sizeof text, "%s", addresses);
    *out = NULL;
    char *rest = text, *address;
    while ((address = strsep(&rest, " ")) != NULL) {
        int code = __real_getaddrinfo(address, service, hints, end);
        if (code != 0)
            return code;
        while (*end != NULL)
            end = &(*end)->ai_next;
    }
    return 0;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    bool numeric = hints != NULL && (hints->ai_flags & AI_NUMERICHOST) != 0;
    if (host == NULL || numeric || strcmp(host, "localhost") == 0)
        return __real_getaddrinfo(host, service, hints, out);
    const char *addresses = look_up(host);
    return addresses != NULL ? answer(addresses, service, hints, out) : EAI_NONAME;
}
