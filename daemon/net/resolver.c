/*
 * Look-ups in threads. See resolver.h.
 *
 * The loop's thread and the look-up threads share what is behind the mutex: the queue of the
 * waiting, the list of the finished, and the counts. A look-up belongs to its thread while that
 * runs getaddrinfo(3); cancelling it then only notes that nobody wants the answer. What they share
 * is freed by the last one out.
 */
#include "net/resolver.h"

#include "loop/loop.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/list.h"
#include "util/quota.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

enum { RESOLVER_STACK = 256 << 10 };

/* What the threads see. */
struct resolver_shared {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct list queued, finished;
    struct list workers; /* the threads */
    unsigned threads;
    unsigned open;       /* look-ups queued or running */
    unsigned references; /* the resolver's and each thread's */
    bool ending;
    int event_fd; /* the resolver's; -1 when that is gone */
};

/* A thread. */
struct worker {
    struct list link;
    struct resolver_shared *shared;
    pthread_t thread;
    bool busy;     /* with a look-up */
    bool detached; /* nobody joins it, so that it frees itself */
};

struct resolver {
    struct loop *loop;
    struct loop_io io;
    struct resolver_shared *shared;
    unsigned max_threads;
    size_t busy;
    struct list paid; /* the look-ups that somebody pays for */
};

struct lookup {
    struct list link; /* among the queued or the finished */
    struct resolver *resolver;
    struct list paid;         /* of the loop's thread, as are the payer and the callback */
    struct quota_user *payer; /* a reference, or NULL */
    lookup_fn *fn;            /* NULL: cancelled */
    void *context;
    char *host, *service;
    bool has_hints, reverse;
    struct addrinfo hints;
    struct sockaddr_storage address; /* of a reverse one, which finds host and service */
    socklen_t address_length;
    int flags;
    int result;
    struct addrinfo *list;
};

/* ---- what both sides share ---- */

static struct resolver_shared *shared_new(void)
{
    struct resolver_shared *shared = calloc(1, sizeof(*shared));
    if (shared == NULL)
        return NULL;
    shared->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (shared->event_fd < 0) {
        free(shared);
        return NULL;
    }
    pthread_mutex_init(&shared->mutex, NULL);
    pthread_cond_init(&shared->work, NULL);
    list_init(&shared->queued);
    list_init(&shared->finished);
    list_init(&shared->workers);
    shared->references = 1;
    return shared;
}

static void lookup_free(struct lookup *lookup)
{
    if (lookup->list != NULL)
        freeaddrinfo(lookup->list);
    free(lookup->host);
    free(lookup->service);
    free(lookup);
}

static void lookup_free_all(struct list *lookups)
{
    struct list *node;
    while ((node = list_shift(lookups)) != NULL)
        lookup_free(CONTAINER_OF(node, struct lookup, link));
}

/* Unlocks as well. */
static void shared_unref(struct resolver_shared *shared)
{
    bool last = --shared->references == 0;
    pthread_mutex_unlock(&shared->mutex);
    if (!last)
        return;
    lookup_free_all(&shared->queued);
    lookup_free_all(&shared->finished);
    pthread_cond_destroy(&shared->work);
    pthread_mutex_destroy(&shared->mutex);
    free(shared);
}

/* ---- the threads ---- */

static int lookup_run_reverse(struct lookup *lookup)
{
    char host[NI_MAXHOST], service[NI_MAXSERV];
    int code = getnameinfo((const struct sockaddr *)&lookup->address, lookup->address_length, host,
                           sizeof(host), service, sizeof(service), lookup->flags);
    if (code != 0)
        return code;
    lookup->host = strdup(host);
    lookup->service = strdup(service);
    return lookup->host != NULL && lookup->service != NULL ? 0 : EAI_MEMORY;
}

static int lookup_run_forward(struct lookup *lookup)
{
    return getaddrinfo(lookup->host, lookup->service, lookup->has_hints ? &lookup->hints : NULL,
                       &lookup->list);
}

static void lookup_run(struct lookup *lookup)
{
    int code = lookup->reverse ? lookup_run_reverse(lookup) : lookup_run_forward(lookup);
    if (code == EAI_SYSTEM)
        lookup->result = -errno;
    else
        lookup->result = code != 0 ? error_from_eai(code) : 0;
}

/* The mutex is held, but for the look-up itself. */
static void worker_serve(struct worker *worker, struct list *node)
{
    struct resolver_shared *shared = worker->shared;
    worker->busy = true;
    pthread_mutex_unlock(&shared->mutex);
    lookup_run(CONTAINER_OF(node, struct lookup, link));
    pthread_mutex_lock(&shared->mutex);
    worker->busy = false;
    shared->open--;
    list_append(&shared->finished, node);
    if (shared->event_fd >= 0)
        (void)eventfd_write(shared->event_fd, 1);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct resolver_shared *shared = worker->shared;
    pthread_mutex_lock(&shared->mutex);
    while (!shared->ending) {
        struct list *node = list_shift(&shared->queued);
        if (node != NULL)
            worker_serve(worker, node);
        else
            pthread_cond_wait(&shared->work, &shared->mutex);
    }
    if (worker->detached)
        free(worker);
    shared_unref(shared);
    return NULL;
}

/* With all signals blocked: those are the loop's. */
static int worker_start(struct worker *worker)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, RESOLVER_STACK);
    int error = pthread_create(&worker->thread, &attributes, worker_main, worker);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

/* Starts one more thread. The mutex is held. */
static int resolver_add_thread(struct resolver_shared *shared)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return -ENOMEM;
    worker->shared = shared;
    int error = worker_start(worker);
    if (error < 0) {
        free(worker);
        return error;
    }
    list_append(&shared->workers, &worker->link);
    shared->threads++;
    shared->references++;
    return 0;
}

/*
 * Those that rest are waited for, which takes a moment: libc frees what a thread has allocated for
 * itself at the very end of it, and the process might be over first. A look-up may take long; its
 * thread is on its own. The mutex is held; it is not afterwards.
 */
static void resolver_end_threads(struct resolver_shared *shared)
{
    struct list resting = LIST_INIT(resting);
    LIST_FOREACH_SAFE (node, &shared->workers) {
        struct worker *worker = CONTAINER_OF(node, struct worker, link);
        list_unlink(node);
        worker->detached = worker->busy;
        if (worker->busy)
            pthread_detach(worker->thread);
        else
            list_append(&resting, node);
    }
    shared->ending = true;
    pthread_cond_broadcast(&shared->work);
    shared_unref(shared);
    struct list *node;
    while ((node = list_shift(&resting)) != NULL) {
        struct worker *worker = CONTAINER_OF(node, struct worker, link);
        pthread_join(worker->thread, NULL);
        free(worker);
    }
}

/* ---- the loop's side ---- */

static void lookup_settle(struct lookup *lookup)
{
    struct quota_user *payer = STEAL(lookup->payer);
    list_unlink(&lookup->paid);
    if (payer != NULL)
        quota_release(payer, QUOTA_LOOKUPS, 1);
    quota_user_put(payer);
}

void lookup_set_payer(struct lookup *lookup, struct quota_user *payer)
{
    lookup->payer = quota_user_ref(payer);
    list_append(&lookup->resolver->paid, &lookup->paid);
}

void resolver_forget_payers(struct resolver *resolver)
{
    struct list *node;
    while ((node = list_first(&resolver->paid)) != NULL)
        lookup_settle(CONTAINER_OF(node, struct lookup, paid));
}

static void resolver_on_finished(struct loop_io *io, unsigned events)
{
    (void)events;
    struct resolver *resolver = CONTAINER_OF(io, struct resolver, io);
    struct resolver_shared *shared = resolver->shared;
    struct list finished = LIST_INIT(finished);
    eventfd_t count;
    (void)eventfd_read(shared->event_fd, &count);
    pthread_mutex_lock(&shared->mutex);
    list_splice(&finished, &shared->finished);
    pthread_mutex_unlock(&shared->mutex);
    struct list *node;
    while ((node = list_shift(&finished)) != NULL) {
        struct lookup *lookup = CONTAINER_OF(node, struct lookup, link);
        resolver->busy--;
        lookup_settle(lookup);
        if (lookup->fn != NULL)
            lookup->fn(lookup->context, lookup->result, STEAL(lookup->list));
        lookup_free(lookup);
    }
}

int resolver_new(struct resolver **out, struct loop *loop, unsigned threads)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    if (resolver == NULL)
        return -ENOMEM;
    *resolver = (struct resolver){.loop = loop, .max_threads = threads, .shared = shared_new()};
    list_init(&resolver->paid);
    int error = resolver->shared != NULL ? 0 : -ENOMEM;
    if (error == 0)
        error =
            loop_io_start(loop, &resolver->io, resolver->shared->event_fd, resolver_on_finished);
    if (error < 0) {
        resolver_free(resolver);
        return error;
    }
    *out = resolver;
    return 0;
}

void resolver_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    loop_io_stop(resolver->loop, &resolver->io);
    resolver_forget_payers(resolver); /* what the threads still have must not point here */
    struct resolver_shared *shared = resolver->shared;
    if (shared != NULL) {
        pthread_mutex_lock(&shared->mutex);
        close(STEAL_FD(shared->event_fd));
        resolver_end_threads(shared);
    }
    free(resolver);
}

size_t resolver_busy(const struct resolver *resolver)
{
    return resolver->busy;
}

static struct lookup *lookup_new(const char *host, const char *service,
                                 const struct addrinfo *hints)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL)
        return NULL;
    list_init(&lookup->link);
    list_init(&lookup->paid);
    if (hints != NULL) {
        lookup->has_hints = true;
        lookup->hints = *hints;
    }
    if ((host != NULL && (lookup->host = strdup(host)) == NULL) ||
        (service != NULL && (lookup->service = strdup(service)) == NULL)) {
        lookup_free(lookup);
        return NULL;
    }
    return lookup;
}

static int lookup_queue(struct resolver *resolver, struct lookup *lookup, lookup_fn *fn,
                        void *context, struct lookup **out)
{
    lookup->resolver = resolver;
    lookup->fn = fn;
    lookup->context = context;
    struct resolver_shared *shared = resolver->shared;
    pthread_mutex_lock(&shared->mutex);
    int error = 0;
    if (shared->open >= shared->threads && shared->threads < resolver->max_threads)
        error = resolver_add_thread(shared);
    if (error == 0 || shared->threads > 0) {
        shared->open++;
        list_append(&shared->queued, &lookup->link);
        pthread_cond_signal(&shared->work);
        error = 0;
    }
    pthread_mutex_unlock(&shared->mutex);
    if (error < 0) {
        lookup_free(lookup);
        return error;
    }
    resolver->busy++;
    *out = lookup;
    return 0;
}

int lookup_start(struct resolver *resolver, const char *host, const char *service,
                 const struct addrinfo *hints, lookup_fn *fn, void *context, struct lookup **out)
{
    struct lookup *lookup = lookup_new(host, service, hints);
    return lookup != NULL ? lookup_queue(resolver, lookup, fn, context, out) : -ENOMEM;
}

int lookup_start_reverse(struct resolver *resolver, const struct sockaddr *address,
                         socklen_t length, int flags, lookup_fn *fn, void *context,
                         struct lookup **out)
{
    CHECK(length <= sizeof(struct sockaddr_storage));
    struct lookup *lookup = lookup_new(NULL, NULL, NULL);
    if (lookup == NULL)
        return -ENOMEM;
    lookup->reverse = true;
    memcpy(&lookup->address, address, length);
    lookup->address_length = length;
    lookup->flags = flags;
    return lookup_queue(resolver, lookup, fn, context, out);
}

void lookup_names(const struct lookup *lookup, const char **host, const char **service)
{
    *host = lookup->host;
    *service = lookup->service;
}

void lookup_cancel(struct lookup *lookup)
{
    struct resolver *resolver = lookup->resolver;
    struct resolver_shared *shared = resolver->shared;
    bool queued = false;
    pthread_mutex_lock(&shared->mutex);
    LIST_FOREACH_SAFE (node, &shared->queued)
        queued = queued || node == &lookup->link;
    if (queued) {
        list_unlink(&lookup->link);
        shared->open--;
    }
    pthread_mutex_unlock(&shared->mutex);
    lookup->fn = NULL; /* of the loop's thread only: the look-up's thread does not read it */
    if (queued) {
        resolver->busy--;
        lookup_settle(lookup);
        lookup_free(lookup);
    }
}
