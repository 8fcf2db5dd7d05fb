/*
 * The event loop on libevent.
 *
 * One round: run the tasks deferred so far, then let libevent wait for events and call back. The
 * timers stand in a heap of our own behind a single libevent timer, which is armed for the
 * earliest of them and left alone when that one is stopped: a deadline that never fires costs two
 * heap operations and no system call. Descriptors are in loop_io.c.
 */
#include "loop/loop_private.h"

#include "util/error.h"
#include "util/log.h"

#include <event2/event.h>
#include <math.h>
#include <time.h>

enum { LOOP_SIGNAL_MAGIC = 0x6c736967 };

/* What nobody outlives; keeps sums of deadlines far from overflow. */
#define LOOP_CENTURY (100.0 * 365 * 24 * 3600)

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
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static void loop_on_alarm(evutil_socket_t fd, short events, void *context);

int loop_new(struct loop **out)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return -ENOMEM;
    loop->magic = LOOP_MAGIC;
    loop->armed_for = LOOP_NEVER;
    list_init(&loop->tasks);
    loop->epoll = -1;
    loop->base = loop_base_new();
    if (loop->base != NULL)
        loop->alarm = event_new(loop->base, -1, 0, loop_on_alarm, loop);
    int error = loop->alarm != NULL ? loop_io_init(loop) : -ENOMEM;
    if (error < 0) {
        loop_free(loop);
        return error;
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
    loop_io_deinit(loop);
    if (loop->base != NULL)
        event_base_free(loop->base);
    loop->magic = 0;
    free(loop);
}

size_t loop_busy(const struct loop *loop)
{
    return loop->io_count + loop->signals + loop->task_count + heap_count(&loop->timers);
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

static inline void loop_end_round(struct loop *loop)
{
    if (loop->lag.begun != 0) {
        lag_end(&loop->lag, loop_now());
        pulse_end_round();
    }
}

void loop_stats(const struct loop *loop, struct loop_stats *out)
{
    *out = (struct loop_stats){
        .lag = lag_worst(&loop->lag, loop_now()),
        .slow = loop->lag.slow,
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
        if (!list_empty(&loop->tasks) || loop->unheard)
            flags |= EVLOOP_NONBLOCK;
        if (event_base_loop(loop->base, flags) < 0)
            return errno != 0 ? -errno : -EIO;
        if (loop->unheard && !loop->stopped)
            loop_io_look(loop);
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
    event_base_loopbreak(loop->base);
}

/* ---- time ---- */

uint64_t loop_lately(const struct loop *loop)
{
    return loop->lag.begun != 0 ? loop->lag.begun : loop_now();
}

bool loop_is_late(const struct loop *loop, uint64_t length)
{
    return loop->lag.begun != 0 && loop_now() - loop->lag.begun > length;
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
    const struct heap_slot *first = heap_first(&loop->timers);
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
    const struct heap_slot *first;
    while ((first = heap_first(&loop->timers)) != NULL && first->deadline <= loop->turned) {
        struct heap_slot due = *first;
        heap_remove(&loop->timers, due.timer);
        due.fn(due.timer);
    }
    CHECK(loop_arm(loop) == 0);
}

int loop_timer_add(struct loop *loop, struct loop_timer *timer, uint64_t deadline,
                   loop_timer_fn *fn)
{
    /* One that callbacks start anew, even in the past, has its turn in the next round, and behind
     * those that are due already. */
    uint64_t due = deadline > loop->turned ? deadline : loop->turned + 1;
    int error = heap_add(&loop->timers, &(struct heap_slot){due, timer, fn});
    if (error < 0)
        return error;
    error = loop_arm(loop);
    if (error < 0)
        heap_remove(&loop->timers, timer);
    return error;
}

void loop_timer_remove(struct loop *loop, struct loop_timer *timer)
{
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
