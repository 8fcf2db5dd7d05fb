/*
 * The threads of the resolver. See lookup_threads.h.
 */
#include "net/name/lookup_threads.h"

#include "net/name/hosts.h"
#include "net/name/question.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { THREAD_STACK = 256 << 10, THREADS_BEYOND = 8 };

enum lane {
    LANE_SORT, /* which of the others a question is for */
    LANE_NEAR, /* what /etc/hosts answers */
    LANE_FAR,  /* what may need a name service */
    LANES,
};

/* A queue and the threads that serve it. */
struct lane_state {
    struct fair queue;
    pthread_cond_t work;
    unsigned count, idle; /* threads */
};

/* All but the first two members is behind the mutex; `hosts` is the sorting thread's. */
struct lookup_threads {
    unsigned max;
    struct hosts hosts;
    pthread_mutex_t mutex;
    struct lane_state lanes[LANES];
    struct list answered;
    struct list workers; /* the threads */
    unsigned lost;       /* of the far ones: with a question that nobody waits for */
    unsigned references; /* the resolver's and each thread's */
    bool ending;
    int event_fd; /* the resolver's; -1 when that is gone */
};

/* A thread. */
struct worker {
    struct list link;
    struct lookup_threads *threads;
    enum lane lane;
    pthread_t thread;
    struct question *question; /* under way, or NULL */
    bool lost;                 /* nobody waits for it */
    bool detached;             /* nobody joins it, so that it frees itself */
};

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
    for (int lane = 0; lane < LANES; lane++) {
        struct fair_item *item;
        while ((item = fair_pop(&threads->lanes[lane].queue)) != NULL)
            question_free(CONTAINER_OF(item, struct question, queued));
        pthread_cond_destroy(&threads->lanes[lane].work);
    }
    question_free_all(&threads->answered);
    hosts_deinit(&threads->hosts);
    pthread_mutex_destroy(&threads->mutex);
    free(threads);
}

/* ---- whose turn it is; the mutex is held ---- */

struct share {
    unsigned waited_for, lost; /* threads that an asker has */
};

static struct share share_of(const struct lookup_threads *threads, uint64_t asker)
{
    struct share share = {0};
    for (struct list *node = threads->workers.next; node != &threads->workers; node = node->next) {
        const struct worker *worker = CONTAINER_OF(node, struct worker, link);
        if (worker->lane != LANE_FAR || !worker->question || worker->question->asker != asker)
            continue;
        share.waited_for += !worker->lost;
        share.lost += worker->lost;
    }
    return share;
}

/* Nobody has more than `max` threads, or with those that are lost more than half of all. */
static bool far_may(void *context, uint64_t asker)
{
    const struct lookup_threads *threads = context;
    struct share share = share_of(threads, asker);
    return share.waited_for < threads->max &&
           share.waited_for + share.lost < threads->max * THREADS_BEYOND / 2;
}

/* Somebody who has no thread at all may have one beyond `max`. */
static bool far_may_begin(void *context, uint64_t asker)
{
    return far_may(context, asker) && share_of(context, asker).waited_for == 0;
}

static bool any_asker(struct fair *queue, bool (*may)(void *context, uint64_t asker), void *context)
{
    LIST_FOREACH_SAFE (node, &queue->leaders)
        if (may(context, CONTAINER_OF(node, struct fair_item, link)->key))
            return true;
    return false;
}

static struct question *threads_pop(struct lookup_threads *threads, enum lane lane)
{
    struct fair_item *item =
        fair_pop_if(&threads->lanes[lane].queue, lane == LANE_FAR ? far_may : NULL, threads);
    return item != NULL ? CONTAINER_OF(item, struct question, queued) : NULL;
}

/* Whether another thread would be put to use, and may be had. */
static bool lane_wants_thread(struct lookup_threads *threads, enum lane lane)
{
    struct lane_state *state = &threads->lanes[lane];
    if (state->idle > 0 || fair_empty(&state->queue))
        return false;
    if (lane != LANE_FAR)
        return state->count == 0;
    if (state->count - threads->lost < threads->max)
        return any_asker(&state->queue, far_may, threads);
    return state->count < threads->max * THREADS_BEYOND &&
           any_asker(&state->queue, far_may_begin, threads);
}

static int threads_add(struct lookup_threads *threads, enum lane lane);

/* Sees to it that somebody serves what is in the queue. The error of a thread that cannot be had.
 */
static int lane_supply(struct lookup_threads *threads, enum lane lane)
{
    struct lane_state *state = &threads->lanes[lane];
    if (lane_wants_thread(threads, lane))
        return threads_add(threads, lane);
    pthread_cond_signal(&state->work);
    return 0;
}

static void threads_answer(struct lookup_threads *threads, struct question *question)
{
    list_append(&threads->answered, &question->link);
    if (threads->event_fd >= 0)
        (void)eventfd_write(threads->event_fd, 1);
}

static void threads_queue(struct lookup_threads *threads, struct question *question, enum lane lane)
{
    question->lane = lane;
    fair_push(&threads->lanes[lane].queue, &question->queued, question->asker);
}

/* ---- in a thread ---- */

/* Each is called with the mutex held, and lets go of it for its work. */

static void worker_sort(struct worker *worker, struct question *question)
{
    struct lookup_threads *threads = worker->threads;
    pthread_mutex_unlock(&threads->mutex);
    enum lane lane = question_is_near(&threads->hosts, question) ? LANE_NEAR : LANE_FAR;
    pthread_mutex_lock(&threads->mutex);
    if (worker->lost) { /* cancelled meanwhile: the loop's side wants it back all the same */
        question->result = -ECANCELED;
        threads_answer(threads, question);
        return;
    }
    threads_queue(threads, question, lane);
    int error = lane_supply(threads, lane);
    if (error < 0 && threads->lanes[lane].count == 0) {
        fair_remove(&question->queued);
        question->result = error;
        threads_answer(threads, question);
    }
}

static void worker_look_up(struct worker *worker, struct question *question)
{
    struct lookup_threads *threads = worker->threads;
    pthread_mutex_unlock(&threads->mutex);
    question_answer(question);
    pthread_mutex_lock(&threads->mutex);
    if (worker->lost && worker->lane == LANE_FAR)
        threads->lost--;
    threads_answer(threads, question);
}

static void worker_serve(struct worker *worker, struct question *question)
{
    worker->question = question;
    worker->lost = false;
    (void)lane_supply(worker->threads, worker->lane); /* for what stands behind it */
    if (worker->lane == LANE_SORT)
        worker_sort(worker, question);
    else
        worker_look_up(worker, question);
    worker->question = NULL;
    worker->lost = false;
}

/* One beyond `max` that has nothing to do. */
static bool worker_is_spare(const struct worker *worker)
{
    const struct lookup_threads *threads = worker->threads;
    return worker->lane == LANE_FAR && !worker->detached &&
           threads->lanes[LANE_FAR].count - threads->lost > threads->max;
}

static void worker_rest(struct worker *worker)
{
    struct lane_state *state = &worker->threads->lanes[worker->lane];
    state->idle++;
    pthread_cond_wait(&state->work, &worker->threads->mutex);
    state->idle--;
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct lookup_threads *threads = worker->threads;
    pthread_mutex_lock(&threads->mutex);
    while (!threads->ending) {
        struct question *question = threads_pop(threads, worker->lane);
        if (question != NULL) {
            worker_serve(worker, question);
        } else if (worker_is_spare(worker)) {
            worker->detached = true;
            pthread_detach(worker->thread);
            break;
        } else {
            worker_rest(worker);
        }
    }
    threads->lanes[worker->lane].count--;
    if (worker->detached) {
        list_unlink(&worker->link);
        free(worker);
    }
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

static int threads_add(struct lookup_threads *threads, enum lane lane)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return -ENOMEM;
    worker->threads = threads;
    worker->lane = lane;
    int error = worker_start(worker);
    if (error < 0) {
        free(worker);
        return error;
    }
    list_append(&threads->workers, &worker->link);
    threads->lanes[lane].count++;
    threads->references++;
    return 0;
}

/* Lets the busy ones go. The others are to be joined. */
static void threads_part(struct lookup_threads *threads, struct list *resting)
{
    LIST_FOREACH_SAFE (node, &threads->workers) {
        struct worker *worker = CONTAINER_OF(node, struct worker, link);
        list_unlink(node);
        worker->detached = worker->question != NULL;
        if (worker->detached)
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
    hosts_init(&threads->hosts, HOSTS_PATH);
    pthread_mutex_init(&threads->mutex, NULL);
    for (int lane = 0; lane < LANES; lane++) {
        fair_init(&threads->lanes[lane].queue);
        pthread_cond_init(&threads->lanes[lane].work, NULL);
    }
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
    pthread_mutex_lock(&threads->mutex);
    list_init(&question->link);
    threads_queue(threads, question, LANE_SORT);
    int error = lane_supply(threads, LANE_SORT);
    if (threads->lanes[LANE_SORT].count > 0)
        error = 0;
    else
        fair_remove(&question->queued);
    pthread_mutex_unlock(&threads->mutex);
    return error;
}

/* The thread of a question that nobody waits for does not count any more. */
static void threads_lose(struct lookup_threads *threads, const struct question *question)
{
    LIST_FOREACH_SAFE (node, &threads->workers) {
        struct worker *worker = CONTAINER_OF(node, struct worker, link);
        if (worker->question != question || worker->lost)
            continue;
        worker->lost = true;
        if (worker->lane == LANE_FAR) {
            threads->lost++;
            (void)lane_supply(threads, LANE_FAR);
        }
    }
}

bool lookup_threads_withdraw(struct lookup_threads *threads, struct question *question)
{
    pthread_mutex_lock(&threads->mutex);
    bool queued = fair_queued(&question->queued);
    if (queued)
        fair_remove(&question->queued);
    else
        threads_lose(threads, question);
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
    for (int lane = 0; lane < LANES; lane++)
        pthread_cond_broadcast(&threads->lanes[lane].work);
    threads_unref(threads);
    while ((node = list_shift(&resting)) != NULL) {
        struct worker *worker = CONTAINER_OF(node, struct worker, link);
        pthread_join(worker->thread, NULL);
        free(worker);
    }
}
