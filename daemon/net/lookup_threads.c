/*
 * The threads of the resolver. See lookup_threads.h.
 */
#include "net/lookup_threads.h"

#include "util/cleanup.h"
#include "util/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { THREAD_STACK = 256 << 10, ENTRY_ROOM = 32 << 10 };

/* All but the first member is behind the mutex. */
struct lookup_threads {
    unsigned max;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct list queued, answered;
    struct list workers; /* the threads */
    unsigned count;
    unsigned open;       /* questions queued or under way */
    unsigned references; /* the resolver's and each thread's */
    bool ending;
    int event_fd; /* the resolver's; -1 when that is gone */
};

/* A thread. */
struct worker {
    struct list link;
    struct lookup_threads *threads;
    pthread_t thread;
    bool busy;     /* with a question */
    bool detached; /* nobody joins it, so that it frees itself */
};

void question_free(struct question *question)
{
    if (question->list != NULL)
        freeaddrinfo(question->list);
    free(question->host);
    free(question->service);
    free(question);
}

static void question_free_all(struct list *questions)
{
    struct list *node;
    while ((node = list_shift(questions)) != NULL)
        question_free(CONTAINER_OF(node, struct question, link));
}

/* Unlocks as well. */
static void threads_unref(struct lookup_threads *threads)
{
    bool last = --threads->references == 0;
    pthread_mutex_unlock(&threads->mutex);
    if (!last)
        return;
    question_free_all(&threads->queued);
    question_free_all(&threads->answered);
    pthread_cond_destroy(&threads->work);
    pthread_mutex_destroy(&threads->mutex);
    free(threads);
}

/* ---- in a thread ---- */

static int question_answer_reverse(struct question *question)
{
    char host[NI_MAXHOST], service[NI_MAXSERV];
    const struct sockaddr *address = (const struct sockaddr *)&question->address;
    int code = getnameinfo(address, question->address_length, host, sizeof(host), service,
                           sizeof(service), question->flags);
    if (code != 0)
        return code;
    question->host = strdup(host);
    question->service = strdup(service);
    return question->host != NULL && question->service != NULL ? 0 : EAI_MEMORY;
}

static int question_answer_forward(struct question *question)
{
    const struct addrinfo *hints = question->has_hints ? &question->hints : NULL;
    return getaddrinfo(question->host, question->service, hints, &question->list);
}

static int eai_of_h_errno(int problem)
{
    switch (problem) {
    case TRY_AGAIN:
        return EAI_AGAIN;
    case NO_RECOVERY:
    case NETDB_INTERNAL: /* the entry is too large */
        return EAI_FAIL;
    case NO_DATA:
        return EAI_NODATA;
    default:
        return EAI_NONAME;
    }
}

/* Its names, the official one first, with a space between them; none contains one. */
static char *entry_names(const struct hostent *entry)
{
    size_t size = strlen(entry->h_name) + 1;
    for (char **alias = entry->h_aliases; *alias != NULL; alias++)
        size += strlen(*alias) + 1;
    char *names = malloc(size), *end;
    if (names == NULL)
        return NULL;
    end = stpcpy(names, entry->h_name);
    for (char **alias = entry->h_aliases; *alias != NULL; alias++)
        end = stpcpy(stpcpy(end, " "), *alias);
    return names;
}

static char *entry_addresses(const struct hostent *entry)
{
    size_t count = 0;
    while (entry->h_addr_list[count] != NULL)
        count++;
    char *addresses = calloc(count + 1, INET_ADDRSTRLEN + 1), *end = addresses;
    if (addresses == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = ' ';
        inet_ntop(AF_INET, entry->h_addr_list[i], end, INET_ADDRSTRLEN);
        end += strlen(end);
    }
    return addresses;
}

/* An address in numbers has an entry, too. */
static int question_answer_entry(struct question *question)
{
    char room[ENTRY_ROOM];
    struct hostent entry, *found = NULL;
    struct in_addr address;
    int problem = HOST_NOT_FOUND;
    if (inet_aton(question->host, &address) != 0)
        gethostbyaddr_r(&address, sizeof(address), AF_INET, &entry, room, sizeof(room), &found,
                        &problem);
    else
        gethostbyname_r(question->host, &entry, room, sizeof(room), &found, &problem);
    if (found == NULL)
        return eai_of_h_errno(problem);
    free(question->host);
    question->host = entry_names(found);
    question->service = entry_addresses(found);
    return question->host != NULL && question->service != NULL ? 0 : EAI_MEMORY;
}

static int question_ask(struct question *question)
{
    if (question->entry)
        return question_answer_entry(question);
    return question->reverse ? question_answer_reverse(question)
                             : question_answer_forward(question);
}

static void question_answer(struct question *question)
{
    int code = question_ask(question);
    if (code == EAI_SYSTEM)
        question->result = -errno;
    else
        question->result = code != 0 ? error_from_eai(code) : 0;
}

/* The mutex is held, but for the look-up itself. */
static void worker_serve(struct worker *worker, struct list *node)
{
    struct lookup_threads *threads = worker->threads;
    worker->busy = true;
    pthread_mutex_unlock(&threads->mutex);
    question_answer(CONTAINER_OF(node, struct question, link));
    pthread_mutex_lock(&threads->mutex);
    worker->busy = false;
    threads->open--;
    list_append(&threads->answered, node);
    if (threads->event_fd >= 0)
        (void)eventfd_write(threads->event_fd, 1);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct lookup_threads *threads = worker->threads;
    pthread_mutex_lock(&threads->mutex);
    while (!threads->ending) {
        struct list *node = list_shift(&threads->queued);
        if (node != NULL)
            worker_serve(worker, node);
        else
            pthread_cond_wait(&threads->work, &threads->mutex);
    }
    if (worker->detached)
        free(worker);
    threads_unref(threads);
    return NULL;
}

/* ---- the life of threads; the mutex is held ---- */

/* With all signals blocked: those are the loop's. */
static int worker_start(struct worker *worker)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    int error = pthread_create(&worker->thread, &attributes, worker_main, worker);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static int threads_add(struct lookup_threads *threads)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return -ENOMEM;
    worker->threads = threads;
    int error = worker_start(worker);
    if (error < 0) {
        free(worker);
        return error;
    }
    list_append(&threads->workers, &worker->link);
    threads->count++;
    threads->references++;
    return 0;
}

/* Lets the busy ones go. The others are to be joined. */
static void threads_part(struct lookup_threads *threads, struct list *resting)
{
    LIST_FOREACH_SAFE (node, &threads->workers) {
        struct worker *worker = CONTAINER_OF(node, struct worker, link);
        list_unlink(node);
        worker->detached = worker->busy;
        if (worker->busy)
            pthread_detach(worker->thread);
        else
            list_append(resting, node);
    }
}

/* ---- for the loop's side ---- */

struct lookup_threads *lookup_threads_new(unsigned count)
{
    struct lookup_threads *threads = calloc(1, sizeof(*threads));
    if (threads == NULL)
        return NULL;
    threads->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (threads->event_fd < 0) {
        free(threads);
        return NULL;
    }
    threads->max = count;
    pthread_mutex_init(&threads->mutex, NULL);
    pthread_cond_init(&threads->work, NULL);
    list_init(&threads->queued);
    list_init(&threads->answered);
    list_init(&threads->workers);
    threads->references = 1;
    return threads;
}

/* Only the loop's side changes it. */
int lookup_threads_fd(const struct lookup_threads *threads)
{
    return threads->event_fd;
}

int lookup_threads_ask(struct lookup_threads *threads, struct question *question)
{
    int error = 0;
    pthread_mutex_lock(&threads->mutex);
    if (threads->open >= threads->count && threads->count < threads->max)
        error = threads_add(threads);
    if (threads->count > 0) {
        error = 0;
        threads->open++;
        list_append(&threads->queued, &question->link);
        pthread_cond_signal(&threads->work);
    }
    pthread_mutex_unlock(&threads->mutex);
    return error;
}

bool lookup_threads_withdraw(struct lookup_threads *threads, struct question *question)
{
    bool queued = false;
    pthread_mutex_lock(&threads->mutex);
    LIST_FOREACH_SAFE (node, &threads->queued)
        queued = queued || node == &question->link;
    if (queued) {
        list_unlink(&question->link);
        threads->open--;
    }
    pthread_mutex_unlock(&threads->mutex);
    return queued;
}

void lookup_threads_take(struct lookup_threads *threads, struct list *answered)
{
    eventfd_t count;
    (void)eventfd_read(threads->event_fd, &count);
    pthread_mutex_lock(&threads->mutex);
    list_splice(answered, &threads->answered);
    pthread_mutex_unlock(&threads->mutex);
}

void lookup_threads_end(struct lookup_threads *threads)
{
    struct list resting = LIST_INIT(resting), *node;
    pthread_mutex_lock(&threads->mutex);
    close(STEAL_FD(threads->event_fd));
    threads_part(threads, &resting);
    threads->ending = true;
    pthread_cond_broadcast(&threads->work);
    threads_unref(threads);
    while ((node = list_shift(&resting)) != NULL) {
        struct worker *worker = CONTAINER_OF(node, struct worker, link);
        pthread_join(worker->thread, NULL);
        free(worker);
    }
}
