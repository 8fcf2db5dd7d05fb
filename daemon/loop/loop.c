/*
 * The event loop on libevent.
 *
 * One round: run the tasks deferred so far, then let libevent wait for events and call back. The
 * timers stand in a heap of our own behind a single libevent timer, which is armed for the
 * earliest of them and left alone when that one is stopped: a deadline that never fires costs two
 * heap operations and no system call.
 */
#include "loop/loop.h"

#include "loop/heap.h"
#include "loop/lag.h"
#include "util/error.h"
#include "util/log.h"

#include <event2/event.h>
#include <math.h>
#include <time.h>

enum { LOOP_MAGIC = 0x6c6f6f70, LOOP_IO_MAGIC = 0x6c696f21, LOOP_SIGNAL_MAGIC = 0x6c736967 };

/* What nobody outlives; keeps sums of deadlines far from overflow. */
#define LOOP_CENTURY           (100.0 * 365 * 24 * 3600)

/* How often descriptors in doubt are looked at, and how many at a time. */
#define LOOP_TICK_MICROSECONDS 50000
#define LOOP_TICK_BATCH        1024

struct loop {
    unsigned magic;
    bool stopped;
    struct event_base *base;
    struct event *alarm;
    uint64_t armed_for; /* deadline of `alarm`; LOOP_NEVER when it is not set */
    uint64_t turned;    /* timers up to this deadline have had, or are having, their turn */
    struct heap timers;
    struct list tasks;

    /* Descriptors in doubt (loop_io_doubt): since the last tick, and for longer. */
    struct list doubts, old_doubts;
    struct event *tick;
    bool ticking;

    size_t ios, signals, task_count;
    struct lag lag;
};

struct loop_io {
    unsigned magic;
    struct loop *loop;
    struct list doubt; /* in the loop's list of those in doubt, or in none */
    struct event *event;
    loop_io_fn *fn;
    void *context;
};

struct loop_signal {
    unsigned magic;
    struct loop *loop;
    struct event *event;
    loop_signal_fn *fn;
    void *context;
};

/* ---- life ---- */

/* libevent's own warnings tell of failures that its callers hear of anyway. */
static void loop_on_log(int severity, const char *message)
{
    log_write(severity >= EVENT_LOG_ERR ? LOG_ERROR : LOG_DEBUG, "libevent: %s", message);
}

static struct event_base *loop_base_new(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_set_log_callback(loop_on_log);
    event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static void loop_on_alarm(evutil_socket_t fd, short events, void *context);
static void loop_on_tick(evutil_socket_t fd, short events, void *context);

int loop_new(struct loop **out)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return -ENOMEM;
    loop->magic = LOOP_MAGIC;
    loop->armed_for = LOOP_NEVER;
    list_init(&loop->tasks);
    list_init(&loop->doubts);
    list_init(&loop->old_doubts);
    loop->base = loop_base_new();
    if (loop->base != NULL) {
        loop->alarm = event_new(loop->base, -1, 0, loop_on_alarm, loop);
        loop->tick = event_new(loop->base, -1, 0, loop_on_tick, loop);
    }
    if (loop->alarm == NULL || loop->tick == NULL) {
        loop_free(loop);
        return -ENOMEM;
    }
    *out = loop;
    return 0;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    MAGIC_CHECK(loop, LOOP_MAGIC);
    CHECK(loop_busy(loop) == 0);
    heap_deinit(&loop->timers);
    if (loop->alarm != NULL)
        event_free(loop->alarm);
    if (loop->tick != NULL)
        event_free(loop->tick);
    if (loop->base != NULL)
        event_base_free(loop->base);
    loop->magic = 0;
    free(loop);
}

size_t loop_busy(const struct loop *loop)
{
    return loop->ios + loop->signals + loop->task_count + heap_count(&loop->timers);
}

/* Runs what is deferred now; what these tasks defer waits for the next round. */
static void loop_run_tasks(struct loop *loop)
{
    struct list round = LIST_INIT(round);
    list_splice(&round, &loop->tasks);
    struct list *node;
    while ((node = list_shift(&round)) != NULL) {
        struct loop_task *task = CONTAINER_OF(node, struct loop_task, link);
        loop->task_count--;
        task->fn(task);
    }
}

/* Something happens: the round begins, unless it has. */
static inline void loop_begin_round(struct loop *loop)
{
    if (loop->lag.begun == 0)
        lag_begin(&loop->lag, loop_now());
}

static inline void loop_end_round(struct loop *loop)
{
    if (loop->lag.begun != 0)
        lag_end(&loop->lag, loop_now());
}

void loop_stats(const struct loop *loop, struct loop_stats *out)
{
    *out = (struct loop_stats){
        .lag = lag_worst(&loop->lag, loop_now()),
        .busy = loop->lag.busy,
    };
}

int loop_run(struct loop *loop)
{
    MAGIC_CHECK(loop, LOOP_MAGIC);
    loop->stopped = false;
    while (!loop->stopped) {
        if (!list_empty(&loop->tasks))
            loop_begin_round(loop);
        loop_run_tasks(loop);
        loop_end_round(loop);
        if (loop->stopped)
            break;
        int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;
        if (!list_empty(&loop->tasks))
            flags |= EVLOOP_NONBLOCK;
        if (event_base_loop(loop->base, flags) < 0)
            return errno != 0 ? -errno : -EIO;
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
    event_base_loopbreak(loop->base);
}

/* ---- time ---- */

uint64_t loop_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * LOOP_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t loop_deadline(double seconds)
{
    if (isnan(seconds) || seconds <= 0)
        return 0;
    if (seconds > LOOP_CENTURY)
        return LOOP_NEVER;
    return loop_now() + (uint64_t)(seconds * (double)LOOP_SECOND);
}

/* Sees to it that the loop wakes no later than at the earliest deadline. */
static int loop_arm(struct loop *loop)
{
    const struct loop_timer *first = heap_first(&loop->timers);
    if (first == NULL || first->deadline >= loop->armed_for)
        return 0;
    uint64_t now = loop_now();
    uint64_t left = first->deadline > now ? first->deadline - now : 0;
    uint64_t microseconds = (left + 999) / 1000;
    struct timeval wait = {(time_t)(microseconds / 1000000), (suseconds_t)(microseconds % 1000000)};
    if (event_add(loop->alarm, &wait) < 0)
        return -ENOMEM;
    loop->armed_for = first->deadline;
    return 0;
}

static void loop_on_alarm(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct loop *loop = context;
    MAGIC_CHECK(loop, LOOP_MAGIC);
    loop_begin_round(loop);
    loop->armed_for = LOOP_NEVER;
    loop->turned = loop_now();
    struct loop_timer *timer;
    while ((timer = heap_first(&loop->timers)) != NULL && timer->deadline <= loop->turned) {
        heap_remove(&loop->timers, timer);
        timer->fn(timer);
    }
    CHECK(loop_arm(loop) == 0);
}

int loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t deadline)
{
    loop_timer_stop(loop, timer);
    if (deadline == LOOP_NEVER)
        return 0;
    /* One that callbacks start anew, even in the past, has its turn in the next round, and behind
     * those that are due already. */
    timer->deadline = deadline > loop->turned ? deadline : loop->turned + 1;
    int error = heap_add(&loop->timers, timer);
    if (error < 0)
        return error;
    error = loop_arm(loop);
    if (error < 0)
        heap_remove(&loop->timers, timer);
    return error;
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    if (timer->position != 0)
        heap_remove(&loop->timers, timer);
}

/* ---- tasks ---- */

void loop_defer(struct loop *loop, struct loop_task *task)
{
    if (list_linked(&task->link))
        return;
    list_append(&loop->tasks, &task->link);
    loop->task_count++;
}

void loop_defer_cancel(struct loop *loop, struct loop_task *task)
{
    if (!list_linked(&task->link))
        return;
    list_unlink(&task->link);
    loop->task_count--;
}

/* ---- descriptors ---- */

static void loop_on_io(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    struct loop_io *io = context;
    MAGIC_CHECK(io, LOOP_IO_MAGIC);
    loop_begin_round(io->loop);
    unsigned ready = 0;
    if (events & EV_READ)
        ready |= LOOP_READ;
    if (events & EV_WRITE)
        ready |= LOOP_WRITE;
    if (events & EV_CLOSED)
        ready |= LOOP_READ | LOOP_CLOSED;
    list_unlink(&io->doubt);
    io->fn(io->context, ready);
}

static void loop_start_tick(struct loop *loop)
{
    static const struct timeval interval = {0, LOOP_TICK_MICROSECONDS};
    loop->ticking = event_add(loop->tick, &interval) == 0;
}

static void loop_on_tick(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    struct loop *loop = context;
    MAGIC_CHECK(loop, LOOP_MAGIC);
    loop_begin_round(loop);
    for (int i = 0; i < LOOP_TICK_BATCH; i++) {
        struct list *node = list_shift(&loop->old_doubts);
        if (node == NULL)
            break;
        struct loop_io *io = CONTAINER_OF(node, struct loop_io, doubt);
        io->fn(io->context, LOOP_READ);
    }
    list_splice(&loop->old_doubts, &loop->doubts);
    loop->ticking = false;
    if (!list_empty(&loop->old_doubts))
        loop_start_tick(loop);
}

void loop_io_doubt(struct loop_io *io)
{
    list_unlink(&io->doubt);
    list_append(&io->loop->doubts, &io->doubt);
    if (!io->loop->ticking)
        loop_start_tick(io->loop);
}

int loop_io_new(struct loop *loop, int fd, loop_io_fn *fn, void *context, struct loop_io **out)
{
    struct loop_io *io = calloc(1, sizeof(*io));
    if (io == NULL)
        return -ENOMEM;
    *io = (struct loop_io){.magic = LOOP_IO_MAGIC, .loop = loop, .fn = fn, .context = context};
    list_init(&io->doubt);
    io->event = event_new(loop->base, fd, EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST,
                          loop_on_io, io);
    errno = 0;
    if (io->event == NULL || event_add(io->event, NULL) < 0) {
        /* libevent leaves errno 0 where epoll_ctl said EPERM */
        int error = io->event == NULL ? -ENOMEM : errno != 0 ? -errno : -EPERM;
        if (io->event != NULL)
            event_free(io->event);
        free(io);
        return error;
    }
    loop->ios++;
    *out = io;
    return 0;
}

void loop_io_free(struct loop_io *io)
{
    if (io == NULL)
        return;
    MAGIC_CHECK(io, LOOP_IO_MAGIC);
    io->loop->ios--;
    list_unlink(&io->doubt);
    event_free(io->event);
    io->magic = 0;
    free(io);
}

/* ---- signals ---- */

static void loop_on_signal(evutil_socket_t number, short events, void *context)
{
    (void)events;
    struct loop_signal *signal = context;
    MAGIC_CHECK(signal, LOOP_SIGNAL_MAGIC);
    signal->fn(signal->context, (int)number);
}

int loop_signal_new(struct loop *loop, int number, loop_signal_fn *fn, void *context,
                    struct loop_signal **out)
{
    struct loop_signal *signal = calloc(1, sizeof(*signal));
    if (signal == NULL)
        return -ENOMEM;
    *signal = (struct loop_signal){
        .magic = LOOP_SIGNAL_MAGIC, .loop = loop, .fn = fn, .context = context};
    signal->event = evsignal_new(loop->base, number, loop_on_signal, signal);
    if (signal->event == NULL || event_add(signal->event, NULL) < 0) {
        if (signal->event != NULL)
            event_free(signal->event);
        free(signal);
        return -ENOMEM;
    }
    loop->signals++;
    *out = signal;
    return 0;
}

void loop_signal_free(struct loop_signal *signal)
{
    if (signal == NULL)
        return;
    MAGIC_CHECK(signal, LOOP_SIGNAL_MAGIC);
    signal->loop->signals--;
    event_free(signal->event);
    signal->magic = 0;
    free(signal);
}
